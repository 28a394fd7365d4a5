"""A schedule as a calendar: rows of layers, overrides and the final answer.

The same resolver draws it that routes the pages.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.urls import reverse

from accounts.models import User
from oncall.models import Override, Schedule, Swap
from oncall.queries import names, people
from oncall.resolver import Resolution, Shift, layer_shifts
from oncall.services.absences import away_in, vacations_between
from oncall.services.calendar_frame import (
    Bar,
    Calendar,
    Frame,
    Row,
    days_of,
    entries_of,
    final_row,
    midnight,
)
from oncall.services.exceptions import describe
from oncall.services.schedules import (
    definition,
    exceptions_between,
    final_schedule,
    later_definition,
)

MOST_PREVIEW_DAYS = 62


def build_calendar(
    schedule: Schedule,
    *,
    first_day: date,
    days: int,
    zone: ZoneInfo,
    reader: User,
    at: datetime,
) -> Calendar:
    """Draw `days` days from `first_day` on, as days are in `zone`.

    Raises InvalidInputError when what is stored is no schedule. Nine queries.
    """
    last = first_day + timedelta(days=days)
    start, end = midnight(first_day, zone), midnight(last, zone)
    fresh = Schedule.objects.prefetch_related(
        *exceptions_between(start, end), "overrides__add", "overrides__remove"
    ).get(pk=schedule.pk)
    final = final_schedule(fresh, start=start, end=end)
    tracks = list(_layers(fresh, start, end))
    mentioned = {
        user
        for shifts in [final.shifts, *(track for _, track in tracks)]
        for shift in shifts
        for user in shift.users
    }
    away = away_in(fresh, final, vacations_between(start, end))
    known = people(mentioned)
    frame = Frame(schedule, start, end, zone, reader, at, known, away)
    rows = [
        *(Row(name, "layer", tuple(map(frame.shift, track))) for name, track in tracks),
        *_override_rows(fresh, frame),
        *_away_rows(frame),
        final_row(final, frame),
    ]
    return _calendar(
        frame, rows, final, f"{schedule}, {days} days from {first_day:%d %B %Y}", days
    )


def _calendar(
    frame: Frame, rows: list[Row], final: Resolution, label: str, days: int
) -> Calendar:
    schedule = frame.schedule
    may_change = frame.reader.can_respond
    first = frame.start.astimezone(frame.zone).date()
    is_now_inside = frame.start <= frame.at < frame.end
    return Calendar(
        zone=frame.zone.key,
        label=label,
        now=frame.share(frame.at) if is_now_inside else None,
        days=tuple(days_of(first, days, frame)),
        rows=tuple(rows),
        entries=tuple(entries_of(final, frame)),
        start=frame.start,
        end=frame.end,
        new_url=reverse("oncall:add_override", args=[schedule.pk])
        if schedule and may_change
        else "",
    )


def _layers(
    schedule: Schedule, start: datetime, end: datetime
) -> Iterator[tuple[str, tuple[Shift, ...]]]:
    """Yield each layer's name and shifts; those of a planned change come after."""
    change = getattr(schedule, "planned_change", None)
    defined = definition(schedule)
    border = min(max(change.effective_at, start), end) if change else end
    if start < border:
        for index, layer in enumerate(defined.layers):
            track = layer_shifts(defined, index, start=start, end=border)
            yield layer.name or f"Layer {index + 1}", track
    if change and border < end:
        later = later_definition(schedule, defined, change)
        for index, layer in enumerate(later.layers):
            track = layer_shifts(later, index, start=border, end=end)
            yield f"{layer.name or f'Layer {index + 1}'}, changed", track


def preview(
    schedule: Schedule,
    extra: Override | Swap,
    *,
    zone: ZoneInfo,
    reader: User,
    at: datetime,
) -> tuple[Calendar, Calendar]:
    """The days around an exception that is not stored, without it and with it."""
    margin = timedelta(days=1)
    start, end = extra.start_at - margin, extra.end_at + margin
    first = start.astimezone(zone).date()
    days = min((end.astimezone(zone).date() - first).days + 1, MOST_PREVIEW_DAYS)
    start, end = midnight(first, zone), midnight(first + timedelta(days=days), zone)
    drawn = []
    for with_it in (False, True):
        fresh = Schedule.objects.prefetch_related(*exceptions_between(start, end)).get(
            pk=schedule.pk
        )
        if with_it:
            _add(fresh, extra)
        final = final_schedule(fresh, start=start, end=end)
        users = {user for shift in final.shifts for user in shift.users}
        away = away_in(fresh, final, vacations_between(start, end))
        frame = Frame(schedule, start, end, zone, reader, at, people(users), away)
        label = "After" if with_it else "Before"
        row = final_row(final, frame, label)
        drawn.append(_calendar(frame, [row], final, label, days))
    before, after = drawn
    return before, after


def _add(schedule: Schedule, extra: Override | Swap) -> None:
    """Let an exception count as if it were stored."""
    kind = "overrides" if isinstance(extra, Override) else "swaps"
    stored = [*getattr(schedule, kind).all(), extra]
    schedule._prefetched_objects_cache[kind] = stored  # type: ignore[attr-defined]  # as Prefetch leaves it


def _override_rows(schedule: Schedule, frame: Frame) -> list[Row]:
    """Overrides in as few rows as show each one whole."""
    lanes: list[list[Override]] = []
    for one in sorted(schedule.overrides.all(), key=lambda one: one.start_at):
        lane = next((row for row in lanes if row[-1].end_at <= one.start_at), None)
        if lane is None:
            lanes.append([one])
        else:
            lane.append(one)
    return [
        Row("Overrides", "override", tuple(_override_bar(one, frame) for one in lane))
        for lane in lanes
    ]


def _override_bar(one: Override, frame: Frame) -> Bar:
    told = describe(one)
    url = f"#override-{one.pk}"
    return frame.bar(one.start_at, one.end_at, told, url=url, kind="override")


def _away_rows(frame: Frame) -> list[Row]:
    """A row of the parts of shifts whose people are away, if there are any."""
    bars = []
    for one in frame.away:
        name = f"{names([one.user], frame.known)} is away"
        url = frame.override_url(one.start, one.end, [one.user])
        bars.append(frame.bar(one.start, one.end, name, url=url, kind="away"))
    return [Row("Needs cover", "away", tuple(bars))] if bars else []
