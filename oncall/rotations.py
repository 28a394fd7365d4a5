"""Rotations, between the reference form and what people fill in.

Turns of hours, days, weeks or months, handed on at one time of the day, perhaps only
at certain hours. A turn is one person's, several people's, or nobody's.
"""

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from oncall.resolver import format_instant, layer_shifts, parse_schedule
from oncall.resolver.reader import WEEKDAYS

Json = dict[str, Any]
Group = tuple[str, ...]
EVERY_DAY = tuple(WEEKDAYS)


@dataclass(frozen=True, slots=True)
class Hours:
    """On call only on these weekdays ("MO"…), between these times of the day."""

    weekdays: tuple[str, ...]
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class UsualRotation:
    """`unit` is hour, day, week or month; `weekday` ("MO"…) matters to weeks only and
    `monthday` to months only. `turns` are groups of users as the reference form writes
    them, in order."""

    name: str
    unit: str
    every: int
    weekday: str
    handoff: time
    turns: tuple[Group, ...]
    priority: int = 0
    hours: Hours | None = None
    monthday: int = 1


def read_layer(layer: Json) -> UsualRotation | None:
    """Return the layer as a usual rotation, None when it is something else."""
    rotation: Json = layer.get("rotation") or {}
    if layer["kind"] != "rotation":
        return None
    start = datetime.fromisoformat(rotation["start_local"])
    if start.second or start.microsecond:
        return None
    return UsualRotation(
        name=layer.get("name") or "",
        unit=rotation["unit"],
        every=rotation.get("every") or 1,
        weekday=WEEKDAYS[start.weekday()],
        handoff=start.time(),
        turns=read_turns(rotation["participants"]),
        priority=layer.get("priority") or 0,
        hours=read_hours(layer.get("restriction")),
        monthday=start.day if rotation["unit"] == "month" else 1,
    )


def read_turns(groups: list[list[Any]]) -> tuple[Group, ...]:
    return tuple(tuple(str(user) for user in group) for group in groups)


def write_layer(
    rotation: UsualRotation, *, zone: ZoneInfo, at: datetime, before: Json | None
) -> Json:
    """Return the layer of a rotation as from `at` on.

    `before` is the layer it was made from, None for a new one. Whoever is on call in
    it at `at` stays so until the next hand-off, if still among the people; in a new
    one the first of them is on call.
    """
    known = read_layer(before) if before else None
    if before is not None and known is not None and _is_same(known, rotation):
        return before
    start = _last_handoff(rotation, zone=zone, at=at)
    if before is not None and known is not None and _hands_over_alike(known, rotation):
        start = datetime.fromisoformat(before["rotation"]["start_local"])
    return {
        "name": rotation.name,
        "priority": rotation.priority,
        "kind": "rotation",
        "rotation": {
            "unit": rotation.unit,
            "every": rotation.every,
            "start_local": start.isoformat(timespec="minutes"),
            "participants": [list(group) for group in rotation.turns],
            "anchor": {
                "at": format_instant(at.replace(microsecond=0)),
                "index": _turn(rotation, zone=zone, at=at, before=before),
            },
        },
        **({"restriction": write_hours(rotation.hours)} if rotation.hours else {}),
    }


def _is_same(known: UsualRotation, wanted: UsualRotation) -> bool:
    # What the unit does not need nobody sees or sets.
    if known.unit != "week":
        known = replace(known, weekday=wanted.weekday)
    if known.unit != "month":
        known = replace(known, monthday=wanted.monthday)
    return known == wanted


def _hands_over_alike(one: UsualRotation, other: UsualRotation) -> bool:
    days = {
        "week": one.weekday == other.weekday,
        "month": one.monthday == other.monthday,
    }
    return (one.unit, one.every, one.handoff) == (
        other.unit,
        other.every,
        other.handoff,
    ) and days.get(one.unit, True)


def _last_handoff(rotation: UsualRotation, *, zone: ZoneInfo, at: datetime) -> datetime:
    """The latest hand-off at or before `at`, on the wall clock."""
    local = at.astimezone(zone).replace(tzinfo=None)
    if rotation.unit == "month":
        return _last_in_month(rotation, local)
    back = 0
    if rotation.unit == "week":
        back = (local.weekday() - WEEKDAYS.index(rotation.weekday)) % 7
    last = datetime.combine(local.date() - timedelta(days=back), rotation.handoff)
    turn = timedelta(days=7 if rotation.unit == "week" else 1)
    return last if last <= local else last - turn


def _last_in_month(rotation: UsualRotation, local: datetime) -> datetime:
    """The latest such day of a month that has it: hand-offs are counted from there,
    and a month without the day uses its last."""
    day = local.date()
    while True:
        if day.day == rotation.monthday:
            last = datetime.combine(day, rotation.handoff)
            if last <= local:
                return last
        day -= timedelta(days=1)


def _turn(
    rotation: UsualRotation, *, zone: ZoneInfo, at: datetime, before: Json | None
) -> int:
    """Whose turn it is at `at`: as it was, if they are still among the people."""
    if before is None:
        return 0
    alone = {**before, "restriction": None}
    defined = parse_schedule({"timezone": zone.key, "layers": [alone]})
    end = at + timedelta(microseconds=1)
    on_call = [
        user
        for shift in layer_shifts(defined, 0, start=at, end=end)
        for user in shift.users
    ]
    same = [n for n, group in enumerate(rotation.turns) if sorted(group) == on_call]
    some = [n for n, group in enumerate(rotation.turns) if set(group) & set(on_call)]
    return next(iter([*same, *some]), 0)


def read_hours(restriction: Json | None) -> Hours | None:
    if not restriction:
        return None
    return Hours(
        weekdays=tuple(restriction.get("weekdays") or EVERY_DAY),
        start=time.fromisoformat(restriction.get("start_clock") or "00:00"),
        end=time.fromisoformat(restriction.get("end_clock") or "00:00"),
    )


def write_hours(hours: Hours) -> Json:
    return {
        "weekdays": list(hours.weekdays),
        "start_clock": f"{hours.start:%H:%M}",
        "end_clock": f"{hours.end:%H:%M}",
    }
