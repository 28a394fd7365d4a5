"""A schedule as a calendar: rows of layers, overrides and the final answer.

The same resolver draws it that routes the pages. Positions are shares of the whole
span, 0 to 1, and a day is as long as it is: 23 or 25 hours when the clocks change.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from accounts.models import User
from oncall.links import override_path
from oncall.models import Override, Schedule
from oncall.queries import names, people
from oncall.resolver import Gap, Resolution, Shift, layer_shifts
from oncall.services.exceptions import describe
from oncall.services.schedules import (
    definition,
    exceptions_between,
    final_schedule,
)
from oncall.spans import span_text


@dataclass(frozen=True, slots=True)
class Day:
    start: float
    width: float
    label: str
    weekend: bool
    monday: bool
    today: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """A shift in a row; `kind` is shift or override, `hue` None is by the name."""

    start: float
    width: float
    name: str
    title: str
    url: str
    kind: str = "shift"
    mine: bool = False
    hue: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """`kind` is layer, override or final; only the final one has gaps."""

    name: str
    kind: str
    shifts: tuple[Bar, ...]
    gaps: tuple[Bar, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list that says the same as the final row. `name` "" is a gap.

    `begun`: it began before the window; `open`: it goes on after it.
    """

    start: datetime
    end: datetime
    name: str
    mine: bool
    is_now: bool
    url: str
    begun: bool
    open: bool


@dataclass(frozen=True, slots=True)
class Calendar:
    """What components/calendar.html takes, and the same as a list."""

    zone: str
    label: str
    now: float | None
    days: tuple[Day, ...]
    rows: tuple[Row, ...]
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """The window that is drawn, in the zone it is drawn in, and for whom."""

    schedule: Schedule
    start: datetime
    end: datetime
    zone: ZoneInfo
    reader: User
    at: datetime
    known: dict[str, User]

    def share(self, moment: datetime) -> float:
        return (moment - self.start) / (self.end - self.start)

    def bar(self, start: datetime, end: datetime, name: str, **values: object) -> Bar:
        begins, ends = max(start, self.start), min(end, self.end)
        told = f"{name or 'Nobody'}: {self.told(start, end)}"
        fields = {"title": told, "url": self.override_url(start, end), **values}
        fields["url"] = fields["url"] or "#shifts"
        return Bar(
            start=self.share(begins),
            width=self.share(ends) - self.share(begins),
            name=name,
            **fields,  # type: ignore[arg-type]  # fields of Bar
        )

    def shift(self, shift: Shift) -> Bar:
        return self.bar(
            shift.start,
            shift.end,
            names(shift.users, self.known),
            url=self.override_url(shift.start, shift.end, shift.users),
            mine=str(self.reader.pk) in shift.users,
        )

    def told(self, start: datetime, end: datetime) -> str:
        """ "Mon 5 Jan 09:00 to 17:00 Europe/Madrid", in the reader's zone too."""
        here = span_text(start, end, self.zone)
        if self.zone.key == self.reader.tz.key:
            return f"{here} {self.zone.key}"
        there = span_text(start, end, self.reader.tz)
        return f"{here} {self.zone.key} ({there} {self.reader.tz.key})"

    def override_url(
        self, start: datetime, end: datetime, users: Sequence[str] = ()
    ) -> str:
        """Where an exception to this time is made; "" for those who may not."""
        if not self.reader.can_respond:
            return ""
        return override_path(self.schedule, start, end, users)


def build_calendar(
    schedule: Schedule,
    *,
    first_day: date,
    weeks: int,
    zone: ZoneInfo,
    reader: User,
    at: datetime,
) -> Calendar:
    """Draw `weeks` weeks from `first_day` on, with days as they are in `zone`.

    Raises InvalidInputError when what is stored is no schedule. Four queries.
    """
    last = first_day + timedelta(weeks=weeks)
    start, end = midnight(first_day, zone), midnight(last, zone)
    fresh = Schedule.objects.prefetch_related(
        *exceptions_between(start, end), "overrides__add", "overrides__remove"
    ).get(pk=schedule.pk)
    defined = definition(fresh)
    final = final_schedule(fresh, start=start, end=end)
    tracks = [
        layer_shifts(defined, index, start=start, end=end)
        for index in range(len(defined.layers))
    ]
    mentioned = {
        user
        for shifts in [*tracks, final.shifts]
        for shift in shifts
        for user in shift.users
    }
    frame = Frame(schedule, start, end, zone, reader, at, people(mentioned))
    layers = [
        Row(layer.name or f"Layer {n + 1}", "layer", tuple(map(frame.shift, track)))
        for n, (layer, track) in enumerate(zip(defined.layers, tracks, strict=True))
    ]
    rows = [*layers, *_override_rows(fresh, frame), _final_row(final, frame)]
    return Calendar(
        zone=zone.key,
        label=f"{schedule}, {weeks} weeks from {first_day:%d %B %Y}",
        now=frame.share(at) if start <= at < end else None,
        days=tuple(_days(first_day, weeks * 7, frame)),
        rows=tuple(rows),
        entries=tuple(_entries(final, frame)),
    )


def preview(
    schedule: Schedule, extra: Override, *, zone: ZoneInfo, reader: User, at: datetime
) -> tuple[Calendar, Calendar]:
    """The days around an override that is not stored, without it and with it."""
    margin = timedelta(days=1)
    start, end = extra.start_at - margin, extra.end_at + margin
    first = start.astimezone(zone).date()
    days = min((end.astimezone(zone).date() - first).days + 1, 62)
    start, end = midnight(first, zone), midnight(first + timedelta(days=days), zone)
    drawn = []
    for additions in ([], [extra]):
        fresh = Schedule.objects.prefetch_related(*exceptions_between(start, end)).get(
            pk=schedule.pk
        )
        kept = list(fresh.overrides.all()) + additions
        fresh._prefetched_objects_cache["overrides"] = kept  # type: ignore[attr-defined]  # as Prefetch leaves it
        final = final_schedule(fresh, start=start, end=end)
        users = {user for shift in final.shifts for user in shift.users}
        frame = Frame(schedule, start, end, zone, reader, at, people(users))
        drawn.append(
            Calendar(
                zone=zone.key,
                label="After" if additions else "Before",
                now=frame.share(at) if start <= at < end else None,
                days=tuple(_days(first, days, frame)),
                rows=(_final_row(final, frame),),
                entries=tuple(_entries(final, frame)),
            )
        )
    before, after = drawn
    return before, after


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(0), tzinfo=zone)


def _days(first: date, count: int, frame: Frame) -> Iterable[Day]:
    today = timezone.localtime(frame.at, frame.zone).date()
    for day in (first + timedelta(days=n) for n in range(count)):
        start = frame.share(midnight(day, frame.zone))
        end = frame.share(midnight(day + timedelta(days=1), frame.zone))
        yield Day(
            start=start,
            width=end - start,
            label=f"{day:%a} {day.day}",
            weekend=day.weekday() >= 5,
            monday=day.weekday() == 0,
            today=day == today,
        )


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


def _final_row(final: Resolution, frame: Frame) -> Row:
    return Row(
        "On call",
        "final",
        tuple(map(frame.shift, final.shifts)),
        tuple(frame.bar(gap.start, gap.end, "") for gap in final.gaps),
    )


def _entries(final: Resolution, frame: Frame) -> Iterable[Entry]:
    spans: list[Shift | Gap] = sorted(
        [*final.shifts, *final.gaps], key=lambda one: one.start
    )
    for span in spans:
        users = span.users if isinstance(span, Shift) else ()
        yield Entry(
            start=span.start,
            end=span.end,
            name=names(users, frame.known),
            mine=str(frame.reader.pk) in users,
            is_now=span.start <= frame.at < span.end,
            url=frame.override_url(span.start, span.end, users),
            begun=span.start == frame.start,
            open=span.end == frame.end,
        )
