"""The usual rotations, between the reference form and what people fill in.

Weekly or daily turns of one person each, handed on at one time of the day, perhaps
only at certain hours. Everything else is edited as JSON.
"""

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from oncall.resolver import format_instant, layer_shifts, parse_schedule
from oncall.resolver.reader import WEEKDAYS

Json = dict[str, Any]
EVERY_DAY = tuple(WEEKDAYS)


@dataclass(frozen=True, slots=True)
class Hours:
    """On call only on these weekdays ("MO"…), between these times of the day."""

    weekdays: tuple[str, ...]
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class UsualRotation:
    """`unit` is week or day; `weekday` ("MO"…) matters to weeks only. `people` are
    users as the reference form writes them, in order of their turns."""

    name: str
    unit: str
    every: int
    weekday: str
    handoff: time
    people: tuple[str, ...]
    priority: int = 0
    hours: Hours | None = None


def read_layer(layer: Json) -> UsualRotation | None:
    """Return the layer as a usual rotation, None when it is something else."""
    rotation: Json = layer.get("rotation") or {}
    if layer["kind"] != "rotation" or rotation["unit"] not in ("week", "day"):
        return None
    groups = rotation["participants"]
    start = datetime.fromisoformat(rotation["start_local"])
    if any(len(group) != 1 for group in groups) or start.second or start.microsecond:
        return None
    return UsualRotation(
        name=layer.get("name") or "",
        unit=rotation["unit"],
        every=rotation.get("every") or 1,
        weekday=WEEKDAYS[start.weekday()],
        handoff=start.time(),
        people=tuple(str(group[0]) for group in groups),
        priority=layer.get("priority") or 0,
        hours=_read_hours(layer.get("restriction")),
    )


def read_layers(layers: list[Json]) -> list[UsualRotation] | None:
    """Return all layers as usual rotations, None when one of them is something else."""
    read = [read_layer(layer) for layer in layers]
    usual = [one for one in read if one is not None]
    return usual if len(usual) == len(read) else None


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
            "participants": [[person] for person in rotation.people],
            "anchor": {
                "at": format_instant(at.replace(microsecond=0)),
                "index": _turn(rotation, zone=zone, at=at, before=before),
            },
        },
        **({"restriction": _write_hours(rotation.hours)} if rotation.hours else {}),
    }


def _is_same(known: UsualRotation, wanted: UsualRotation) -> bool:
    if known.unit == "day":  # whose weekday nobody sees or sets
        known = replace(known, weekday=wanted.weekday)
    return known == wanted


def _hands_over_alike(one: UsualRotation, other: UsualRotation) -> bool:
    return (one.unit, one.every, one.handoff) == (
        other.unit,
        other.every,
        other.handoff,
    ) and (one.unit == "day" or one.weekday == other.weekday)


def _last_handoff(rotation: UsualRotation, *, zone: ZoneInfo, at: datetime) -> datetime:
    """The latest hand-off at or before `at`, on the wall clock."""
    local = at.astimezone(zone).replace(tzinfo=None)
    back = 0
    if rotation.unit == "week":
        back = (local.weekday() - WEEKDAYS.index(rotation.weekday)) % 7
    last = datetime.combine(local.date() - timedelta(days=back), rotation.handoff)
    turn = timedelta(days=7 if rotation.unit == "week" else 1)
    return last if last <= local else last - turn


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
    turns = [n for n, person in enumerate(rotation.people) if person in on_call]
    return turns[0] if turns else 0


def _read_hours(restriction: Json | None) -> Hours | None:
    if not restriction:
        return None
    return Hours(
        weekdays=tuple(restriction.get("weekdays") or EVERY_DAY),
        start=time.fromisoformat(restriction.get("start_clock") or "00:00"),
        end=time.fromisoformat(restriction.get("end_clock") or "00:00"),
    )


def _write_hours(hours: Hours) -> Json:
    return {
        "weekdays": list(hours.weekdays),
        "start_clock": f"{hours.start:%H:%M}",
        "end_clock": f"{hours.end:%H:%M}",
    }
