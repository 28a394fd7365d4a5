"""From stored schedules to the pure resolver's values, and its answers.

`final_schedule` is who is on call: for the calendar, the API, feeds and pages.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Prefetch, Q, prefetch_related_objects

from oncall.models import (
    ImportedCalendar,
    Override,
    PlannedChange,
    RecordedShift,
    Schedule,
    Swap,
)
from oncall.resolver import (
    Always,
    Fixed,
    HistoryEntry,
    Layer,
    RecurringShift,
    Resolution,
    Rotation,
    ScheduleDefinition,
    consecutive,
    format_instant,
    parse_schedule,
    resolve,
)

Json = dict[str, Any]
# How far ahead the next change is looked for, nearest first because that is cheap.
HORIZONS = (timedelta(days=14), timedelta(days=62), timedelta(days=400))


def reference_form(schedule: Schedule) -> Json:
    """The schedule as docs/api.md shows it; users are primary keys as strings."""
    return {
        "name": schedule.name,
        "timezone": schedule.timezone,
        "layers": schedule.layers,
        "overrides": [_override(one) for one in schedule.overrides.all()],
        "swaps": [_swap(one) for one in schedule.swaps.all() if one.taker_id],
        "temporary_schedules": schedule.temporary_schedules,
        "history": schedule.history,
    }


def recorded_form(schedule: Schedule) -> list[Json]:
    """What was told about the past and what was recorded since, as `history` of the
    reference form."""
    recorded = [
        {
            "user": str(one.user_id),
            "start": format_instant(one.start_at),
            "end": format_instant(one.end_at) if one.end_at else None,
        }
        for one in schedule.recorded_shifts.all()
    ]
    return [*schedule.history, *recorded]


def definition(schedule: Schedule) -> ScheduleDefinition:
    """What the resolver takes: the layers of now, those of imported calendars, and the
    recorded past. Five queries, or none when prefetched."""
    form = reference_form(schedule)
    calendars = [_calendar_layer(one) for one in schedule.calendars.all()]
    defined = parse_schedule({**form, "layers": [*schedule.layers, *calendars]})
    recorded = tuple(
        HistoryEntry(str(one.user_id), one.start_at, one.end_at)
        for one in schedule.recorded_shifts.all()
    )
    if schedule.recorded_from is None:
        return defined
    told = tuple(
        replace(one, end=_earlier(one.end, schedule.recorded_from))
        for one in defined.history
        if one.start < schedule.recorded_from
    )
    return replace(defined, history=told + recorded)


def later_definition(
    schedule: Schedule, defined: ScheduleDefinition, change: PlannedChange
) -> ScheduleDefinition:
    """The definition from `change.effective_at` on."""
    calendars = [_calendar_layer(one) for one in schedule.calendars.all()]
    later = parse_schedule(
        {"timezone": change.timezone, "layers": [*change.layers, *calendars]}
    )
    return replace(defined, zone=later.zone, layers=later.layers)


def final_schedule(schedule: Schedule, *, start: datetime, end: datetime) -> Resolution:
    """Who is on call in a window: the past as it was recorded, the rest as it is
    defined, with the change that is planned.

    Raises InvalidInputError when what is stored is no schedule, or for the window.
    """
    defined = definition(schedule)
    change: PlannedChange | None = getattr(schedule, "planned_change", None)
    if change is None or change.effective_at >= end:
        return _resolved(schedule, defined, start, end)
    later = later_definition(schedule, defined, change)
    if change.effective_at <= start:
        return _resolved(schedule, later, start, end)
    return consecutive(
        _resolved(schedule, defined, start, change.effective_at),
        _resolved(schedule, later, change.effective_at, end),
    )


def exceptions_between(
    start: datetime, end: datetime | None = None, *, with_past: bool = True
) -> "list[str | Prefetch[Any, Any, Any]]":
    """What matters to a schedule from `start` on, for `prefetch_related`.

    A schedule gathers exceptions for years; reading only those that matter keeps it
    quick, and below what the resolver takes at once. `with_past` reads what was
    recorded, which only the past needs.
    """
    overlap = {"end_at__gt": start} | ({"start_at__lt": end} if end else {})
    running = Q(end_at=None) | Q(end_at__gt=start)
    recorded = RecordedShift.objects.filter(running)
    if end:
        recorded = recorded.filter(start_at__lt=end)
    return [
        Prefetch("overrides", Override.objects.filter(**overlap)),
        Prefetch("swaps", Swap.objects.filter(**overlap)),
        Prefetch(
            "recorded_shifts", recorded if with_past else RecordedShift.objects.none()
        ),
        Prefetch("calendars", ImportedCalendar.objects.all()),
        "planned_change",
    ]


def on_call_ids(schedule: Schedule, *, at: datetime) -> list[int]:
    """Primary keys of the people on call at `at`, in a stable order."""
    past = schedule.recorded_until is not None and at < schedule.recorded_until
    prefetch_related_objects([schedule], *exceptions_between(at, with_past=past))
    just_after = at + datetime.resolution
    shifts = final_schedule(schedule, start=at, end=just_after).shifts
    return [int(user) for shift in shifts for user in shift.users]


def next_on_call_ids(schedule: Schedule, *, at: datetime) -> list[int]:
    """Primary keys of those who come on call next and are not on call at `at`; nobody
    if that is more than 400 days away."""
    past = schedule.recorded_until is not None and at < schedule.recorded_until
    prefetch_related_objects([schedule], *exceptions_between(at, with_past=past))
    for horizon in HORIZONS:
        shifts = final_schedule(schedule, start=at, end=at + horizon).shifts
        now = {one for shift in shifts if shift.start == at for one in shift.users}
        for shift in shifts:
            coming = [int(one) for one in shift.users if one not in now]
            if coming:
                return coming
    return []


def roster_ids(schedule: Schedule, *, at: datetime) -> list[int]:
    """Primary keys of everyone whom the layers name, in the order of the turns."""
    prefetch_related_objects([schedule], *exceptions_between(at, with_past=False))
    named = (one for layer in definition(schedule).layers for one in _named(layer))
    return [int(one) for one in dict.fromkeys(named)]


def _named(layer: Layer) -> Iterator[str]:
    match layer.pattern:
        case Rotation(participants=groups) | RecurringShift(participants=groups):
            yield from (one for group in groups for one in group)
        case Always(users=users):
            yield from users
        case Fixed(shifts=shifts):
            yield from (one for shift in shifts for one in shift.users)


def _resolved(
    schedule: Schedule, defined: ScheduleDefinition, start: datetime, end: datetime
) -> Resolution:
    return resolve(
        defined,
        start=start,
        end=end,
        now=schedule.recorded_until,
        recorded_from=None if schedule.history else schedule.recorded_from,
    )


def _calendar_layer(calendar: ImportedCalendar) -> Json:
    return {
        "kind": "fixed",
        "name": calendar.name,
        "priority": calendar.priority,
        "shifts": calendar.events,
    }


def _earlier(end: datetime | None, bound: datetime) -> datetime:
    return bound if end is None else min(end, bound)


def _override(one: Override) -> Json:
    named = {"add": one.add_id, "remove": one.remove_id}
    return {
        "type": one.type,
        "start": format_instant(one.start_at),
        "end": format_instant(one.end_at),
        "priority": one.priority,
        **{role: str(pk) for role, pk in named.items() if pk is not None},
    }


def _swap(one: Swap) -> Json:
    return {
        "from": str(one.giver_id),
        "to": str(one.taker_id),
        "taken": one.taken_at is not None,
        "start": format_instant(one.start_at),
        "end": format_instant(one.end_at),
    }
