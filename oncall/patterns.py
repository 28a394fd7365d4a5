"""Layers that are no rotations, between the reference form and what people fill in.

Shifts that repeat, people who are always on, and shifts made by hand.
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from oncall.resolver import format_instant, parse_instant
from oncall.rotations import (
    Group,
    Hours,
    Json,
    UsualRotation,
    read_hours,
    read_layer,
    read_turns,
    write_hours,
    write_layer,
)

HandMadeShift = tuple[datetime, datetime, Group]


@dataclass(frozen=True, slots=True)
class RepeatingShift:
    """A shift of `minutes` that repeats from `start` (local) on. `freq` is hourly,
    daily, weekly or monthly; `begins` and `until` (local) bound it, None: not."""

    name: str
    start: datetime
    minutes: int
    freq: str
    interval: int
    turns: tuple[Group, ...]
    by_day: tuple[str, ...] = ()
    by_monthday: tuple[int, ...] = ()
    week_start: str = "MO"
    begins: datetime | None = None
    until: datetime | None = None
    priority: int = 0
    hours: Hours | None = None


@dataclass(frozen=True, slots=True)
class AlwaysOn:
    """The same people at all times, or at certain hours."""

    name: str
    people: Group
    priority: int = 0
    hours: Hours | None = None


@dataclass(frozen=True, slots=True)
class HandMade:
    """Shifts made by hand: from when to when (instants), and who."""

    name: str
    shifts: tuple[HandMadeShift, ...]
    priority: int = 0
    hours: Hours | None = None


Pattern = UsualRotation | RepeatingShift | AlwaysOn | HandMade


def read_patterns(layers: list[Json]) -> list[Pattern] | None:
    """Return all layers as people fill them in; None when one says more than that."""
    try:
        read = [read_pattern(layer) for layer in layers]
    except (KeyError, ValueError, TypeError):  # stored by an older version
        return None
    known = [one for one in read if one is not None]
    return known if len(known) == len(read) else None


def read_pattern(layer: Json) -> Pattern | None:
    match layer["kind"]:
        case "rotation":
            return read_layer(layer)
        case "recurring_shift":
            return _read_shift(layer)
        case "always":
            return AlwaysOn(
                people=tuple(str(user) for user in layer["users"]), **_head(layer)
            )
        case "fixed":
            return HandMade(
                shifts=tuple(
                    (
                        parse_instant(one["start"]),
                        parse_instant(one["end"]),
                        tuple(str(user) for user in one["users"]),
                    )
                    for one in layer["shifts"]
                ),
                **_head(layer),
            )
    return None


def write_pattern(
    pattern: Pattern, *, zone: ZoneInfo, at: datetime, before: Json | None
) -> Json:
    """Return the layer of a pattern as from `at` on; `before` is the layer it was made
    from, None for a new one."""
    if isinstance(pattern, UsualRotation):
        was = before if before and before["kind"] == "rotation" else None
        return write_layer(pattern, zone=zone, at=at, before=was)
    if before is not None and read_pattern(before) == pattern:
        return before
    restricted = {"restriction": write_hours(pattern.hours)} if pattern.hours else {}
    return {
        "name": pattern.name,
        "priority": pattern.priority,
        **_body(pattern),
        **restricted,
    }


def _head(layer: Json) -> Json:
    return {
        "name": layer.get("name") or "",
        "priority": layer.get("priority") or 0,
        "hours": read_hours(layer.get("restriction")),
    }


def _read_shift(layer: Json) -> RepeatingShift | None:
    shift = layer["shift"]
    seconds = shift.get("duration_seconds") or 60 * (shift.get("duration_minutes") or 0)
    start = datetime.fromisoformat(shift["start_local"])
    begins = _local(shift.get("effective_from_local"))
    until = _local(shift.get("until_local"))
    if seconds % 60 or any(one and one.second for one in (start, begins, until)):
        return None
    return RepeatingShift(
        start=start,
        minutes=seconds // 60,
        freq=shift["freq"],
        interval=shift.get("interval") or 1,
        turns=read_turns(shift["participants"]),
        by_day=tuple(shift.get("by_day") or ()),
        by_monthday=tuple(shift.get("by_monthday") or ()),
        week_start=shift.get("week_start") or "MO",
        begins=begins if begins != start else None,
        until=until,
        **_head(layer),
    )


def _local(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _body(pattern: RepeatingShift | AlwaysOn | HandMade) -> Json:
    match pattern:
        case RepeatingShift():
            return {"kind": "recurring_shift", "shift": _shift(pattern)}
        case AlwaysOn(people=people):
            return {"kind": "always", "users": list(people)}
        case HandMade(shifts=shifts):
            return {
                "kind": "fixed",
                "shifts": [
                    {
                        "start": format_instant(start),
                        "end": format_instant(end),
                        "users": list(users),
                    }
                    for start, end, users in shifts
                ],
            }


def _shift(pattern: RepeatingShift) -> Json:
    begins, until = pattern.begins or pattern.start, pattern.until
    return {
        "start_local": pattern.start.isoformat(timespec="minutes"),
        "duration_minutes": pattern.minutes,
        "freq": pattern.freq,
        "interval": pattern.interval,
        "by_day": list(pattern.by_day),
        "by_monthday": list(pattern.by_monthday),
        "week_start": pattern.week_start,
        "effective_from_local": begins.isoformat(timespec="minutes"),
        "until_local": until.isoformat(timespec="minutes") if until else None,
        "participants": [list(group) for group in pattern.turns],
    }
