"""Small schedules in the reference form, and their answers in short."""

from datetime import UTC, datetime
from typing import Any

from oncall.resolver import Shift, layer_shifts, parse_schedule, resolve

Json = dict[str, Any]

EVERY_DAY = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
WORKDAYS = EVERY_DAY[:5]
WEEKEND = EVERY_DAY[5:]


def make_schedule(*layers: Json, zone: str = "UTC", **fields: object) -> Json:
    return {"name": "data", "timezone": zone, "layers": list(layers), **fields}


def make_rotation(
    unit: str,
    start_local: str,
    *,
    every: int = 1,
    people: str = "A B C",
    anchor: Json | None = None,
    **layer: object,
) -> Json:
    """A rotation layer; `people` are groups: "A B+C" is A, then B and C together."""
    rotation = {
        "unit": unit,
        "every": every,
        "start_local": start_local,
        "participants": make_groups(people),
    }
    if anchor:
        rotation["anchor"] = anchor
    return {"kind": "rotation", "rotation": rotation, **layer}


def make_recurring(
    freq: str,
    start_local: str,
    *,
    minutes: int = 60,
    people: str = "A B C",
    priority: int = 0,
    restriction: Json | None = None,
    **shift: object,
) -> Json:
    fields = {
        "freq": freq,
        "start_local": start_local,
        "duration_minutes": minutes,
        "participants": make_groups(people),
        **shift,
    }
    return {
        "kind": "recurring_shift",
        "shift": fields,
        "priority": priority,
        "restriction": restriction,
    }


def make_always(people: str, **layer: object) -> Json:
    return {"kind": "always", "users": people.split("+"), **layer}


def make_fixed(*shifts: Json, **layer: object) -> Json:
    return {"kind": "fixed", "shifts": list(shifts), **layer}


def make_span(start: str, end: str, **fields: object) -> Json:
    return {"start": f"{start}Z", "end": f"{end}Z", **fields}


def make_restriction(start: str, end: str, weekdays: list[str] = EVERY_DAY) -> Json:
    return {"weekdays": weekdays, "start_clock": start, "end_clock": end}


def make_groups(people: str) -> list[list[str]]:
    return [group.split("+") if group != "-" else [] for group in people.split()]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def on_call(
    schedule: Json, start: str, end: str, now: str | None = None
) -> list[tuple[str, str, str]]:
    """Who is on call between two times in UTC: ("03-08 08:00", "03-09 07:30", "A")."""
    resolution = resolve(
        parse_schedule(schedule),
        start=at(start),
        end=at(end),
        now=at(now) if now else None,
    )
    return [_short(shift) for shift in resolution.shifts]


def gaps(schedule: Json, start: str, end: str) -> list[tuple[str, str]]:
    resolution = resolve(parse_schedule(schedule), start=at(start), end=at(end))
    return [(_clock(gap.start), _clock(gap.end)) for gap in resolution.gaps]


def row(schedule: Json, index: int, start: str, end: str) -> list[tuple[str, str, str]]:
    shifts = layer_shifts(parse_schedule(schedule), index, start=at(start), end=at(end))
    return [_short(shift) for shift in shifts]


def starts(schedule: Json, start: str, end: str) -> list[tuple[str, str]]:
    """When each shift starts, and whose it is: [("03-08 08:00", "A")]."""
    return [(begins, users) for begins, _, users in on_call(schedule, start, end)]


def _short(shift: Shift) -> tuple[str, str, str]:
    return _clock(shift.start), _clock(shift.end), "+".join(shift.users)


def _clock(moment: datetime) -> str:
    assert moment.utcoffset() == UTC.utcoffset(None)
    return f"{moment:%m-%d %H:%M}"
