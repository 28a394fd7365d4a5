"""From the reference form of a schedule (JSON) to its definition.

The form is that of docs/api.md. Fields it does not name are left alone, so that what
the API answers can be sent back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.errors import InvalidInputError
from oncall.resolver.definitions import (
    Always,
    Fixed,
    FixedShift,
    Frequency,
    HistoryEntry,
    Layer,
    Override,
    OverrideType,
    RecurringShift,
    Restriction,
    Rotation,
    RotationUnit,
    ScheduleDefinition,
    Swap,
    TemporarySchedule,
    Users,
)
from oncall.resolver.reader import Errors, Reader

MAX_NAME_LENGTH = 200
MAX_LAYERS = 100
MAX_GROUPS = 500
MAX_GROUP_SIZE = 100
MAX_EXCEPTIONS = 2_000
MAX_FIXED_SHIFTS = 5_000
MAX_HISTORY = 100_000
MAX_EVERY = 10_000
MAX_MONTHS = 1_200
MAX_PRIORITY = 1_000_000
MAX_SHIFT_SECONDS = 366 * 24 * 3600

_EVERY_DAY = frozenset(range(7))


class LayerKind(StrEnum):
    ROTATION = "rotation"
    RECURRING_SHIFT = "recurring_shift"
    ALWAYS = "always"
    FIXED = "fixed"


def parse_schedule(payload: object) -> ScheduleDefinition:
    """Return the schedule a payload describes.

    Raises InvalidInputError with all that is wrong, by field path:
    {"layers[0].rotation.unit": ["'year' is not one of hour, day, week, month."]}.
    """
    errors: Errors = {}
    reader = Reader(payload, "", errors)
    exceptions = MAX_EXCEPTIONS
    schedule = ScheduleDefinition(
        name=reader.text("name", longest=MAX_NAME_LENGTH),
        zone=_zone(reader),
        layers=tuple(map(_layer, reader.parts("layers", most=MAX_LAYERS))),
        overrides=tuple(map(_override, reader.parts("overrides", most=exceptions))),
        swaps=tuple(map(_swap, reader.parts("swaps", most=exceptions))),
        temporary_schedules=tuple(
            map(_temporary, reader.parts("temporary_schedules", most=exceptions))
        ),
        history=tuple(map(_history, reader.parts("history", most=MAX_HISTORY))),
    )
    if errors:
        raise InvalidInputError(errors)
    return schedule


def _zone(reader: Reader) -> ZoneInfo:
    name = reader.text("timezone", longest=64)
    try:
        return ZoneInfo(name)
    # A name that is a folder or leaves it ("America", "../x") is not a KeyError.
    except (ZoneInfoNotFoundError, ValueError, OSError):
        reader.error(
            "timezone", f"{name!r} is not the name of a time zone, as Europe/Madrid."
        )
        return ZoneInfo("UTC")


def _layer(reader: Reader) -> Layer:
    kind = reader.choice("kind", LayerKind)
    return Layer(
        name=reader.text("name", longest=MAX_NAME_LENGTH),
        priority=reader.integer(
            "priority", least=-MAX_PRIORITY, most=MAX_PRIORITY, default=0
        ),
        pattern=_PATTERNS[kind](reader),
        restriction=(
            _restriction(reader.part("restriction"))
            if reader.has("restriction")
            else None
        ),
    )


def _rotation(layer: Reader) -> Rotation:
    reader = layer.part("rotation")
    unit = reader.choice("unit", RotationUnit)
    most = MAX_MONTHS if unit is RotationUnit.MONTH else MAX_EVERY
    rotation = Rotation(
        unit=unit,
        every=reader.integer("every", least=1, most=most, default=1),
        start_local=reader.local("start_local"),
        participants=_participants(reader),
    )
    if not reader.has("anchor"):
        return rotation
    anchor = reader.part("anchor")
    groups = len(rotation.participants) or MAX_GROUPS
    return replace(
        rotation,
        anchor_at=anchor.year_bound_instant("at"),
        anchor_index=anchor.integer("index", least=0, most=groups - 1),
    )


def _recurring_shift(layer: Reader) -> RecurringShift:
    reader = layer.part("shift")
    start = reader.local("start_local")
    return RecurringShift(
        start_local=start,
        duration=_duration(reader),
        freq=reader.choice("freq", Frequency),
        interval=reader.integer("interval", least=1, most=MAX_EVERY, default=1),
        by_day=reader.weekdays("by_day"),
        by_monthday=reader.monthdays("by_monthday"),
        week_start=reader.weekday("week_start", default=0),
        effective_from_local=(
            reader.local("effective_from_local")
            if reader.has("effective_from_local")
            else start
        ),
        until_local=(
            reader.local("until_local") if reader.has("until_local") else None
        ),
        participants=_participants(reader),
    )


def _participants(reader: Reader) -> tuple[Users, ...]:
    groups = reader.groups("participants", most=MAX_GROUPS, largest=MAX_GROUP_SIZE)
    return tuple(groups)


def _duration(reader: Reader) -> timedelta:
    if reader.has("duration_minutes") and reader.has("duration_seconds"):
        reader.error("duration_seconds", "Give this or duration_minutes, not both.")
    if reader.has("duration_seconds"):
        seconds = reader.integer("duration_seconds", least=1, most=MAX_SHIFT_SECONDS)
        return timedelta(seconds=seconds)
    minutes = reader.integer("duration_minutes", least=1, most=MAX_SHIFT_SECONDS // 60)
    return timedelta(minutes=minutes)


def _always(layer: Reader) -> Always:
    return Always(layer.users("users", most=MAX_GROUP_SIZE, may_be_empty=False))


def _fixed(layer: Reader) -> Fixed:
    return Fixed(_fixed_shifts(layer))


def _fixed_shifts(reader: Reader) -> tuple[FixedShift, ...]:
    return tuple(map(_fixed_shift, reader.parts("shifts", most=MAX_FIXED_SHIFTS)))


def _fixed_shift(reader: Reader) -> FixedShift:
    start, end = reader.span()
    users = reader.users("users", most=MAX_GROUP_SIZE, may_be_empty=True)
    return FixedShift(start, end, users)


_PATTERNS: dict[
    LayerKind, Callable[[Reader], Rotation | RecurringShift | Always | Fixed]
] = {
    LayerKind.ROTATION: _rotation,
    LayerKind.RECURRING_SHIFT: _recurring_shift,
    LayerKind.ALWAYS: _always,
    LayerKind.FIXED: _fixed,
}


def _restriction(reader: Reader) -> Restriction:
    return Restriction(
        weekdays=(
            reader.weekdays("weekdays") if reader.has("weekdays") else _EVERY_DAY
        ),
        start_clock=reader.clock("start_clock"),
        end_clock=reader.clock("end_clock"),
    )


def _override(reader: Reader) -> Override:
    kind = reader.choice("type", OverrideType)
    start, end = reader.span()
    adds = kind is not OverrideType.REMOVE
    removes = kind in (OverrideType.REMOVE, OverrideType.REPLACE)
    return Override(
        type=kind,
        start=start,
        end=end,
        add=reader.user("add") if adds else "",
        remove=reader.user("remove") if removes else "",
        priority=reader.integer(
            "priority", least=-MAX_PRIORITY, most=MAX_PRIORITY, default=0
        ),
    )


def _swap(reader: Reader) -> Swap:
    start, end = reader.span()
    taken = reader.flag("taken", default=False)
    return Swap(
        giver=reader.user("from"),
        taker=reader.user("to") if taken else "",
        taken=taken,
        start=start,
        end=end,
    )


def _temporary(reader: Reader) -> TemporarySchedule:
    start, end = reader.span()
    return TemporarySchedule(start, end, _fixed_shifts(reader))


def _history(reader: Reader) -> HistoryEntry:
    if reader.has("end"):
        start, end = reader.span()
        return HistoryEntry(reader.user("user"), start, end)
    return HistoryEntry(reader.user("user"), reader.instant("start"), None)
