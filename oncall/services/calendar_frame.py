"""What a calendar is drawn from: a window of days, bars in rows, the same as a list.

Positions are shares of the whole span, 0 to 1, and a day is as long as it is: 23 or 25
hours when the clocks change.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from accounts.models import User
from oncall.links import override_path
from oncall.models import Schedule
from oncall.queries import names
from oncall.resolver import Gap, Resolution, Shift
from oncall.services.absences import NeedsCover
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
    """A shift in a row; `kind` is shift, override or away, `hue` None is by the name.
    `away`: one of its people is away for a part of it. `users` are their ids.
    `clock` is when it begins, "" where it began before what is drawn."""

    start: float
    width: float
    name: str
    title: str
    url: str
    kind: str = "shift"
    mine: bool = False
    away: bool = False
    hue: int | None = None
    users: tuple[str, ...] = ()
    clock: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """`kind` is layer, override, away or final; only the final one has gaps."""

    name: str
    kind: str
    shifts: tuple[Bar, ...]
    gaps: tuple[Bar, ...] = ()
    url: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list that says the same as the final row. `name` "" is a gap.

    `away` are those of its people who are away for a part of it. `begun`: it began
    before the window; `open`: it goes on after it.
    """

    start: datetime
    end: datetime
    name: str
    mine: bool
    is_now: bool
    url: str
    begun: bool
    open: bool
    away: str = ""
    users: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Calendar:
    """What components/calendar.html takes, and the same as a list. Dragging over it
    leads to `new_url`, "" for those who may not."""

    zone: str
    label: str
    now: float | None
    days: tuple[Day, ...]
    rows: tuple[Row, ...]
    entries: tuple[Entry, ...]
    start: datetime
    end: datetime
    new_url: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """The window that is drawn, in the zone it is drawn in, and for whom. Without a
    schedule nothing in it can be changed."""

    schedule: Schedule | None
    start: datetime
    end: datetime
    zone: ZoneInfo
    reader: User
    at: datetime
    known: dict[str, User]
    away: Sequence[NeedsCover] = field(default_factory=tuple)

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
            clock=f"{start.astimezone(self.zone):%H:%M}" if start > self.start else "",
            **fields,  # type: ignore[arg-type]  # fields of Bar
        )

    def shift(self, shift: Shift) -> Bar:
        return self.bar(
            shift.start,
            shift.end,
            names(shift.users, self.known),
            url=self.override_url(shift.start, shift.end, shift.users),
            mine=str(self.reader.pk) in shift.users,
            away=bool(self.away_in(shift)),
            users=shift.users,
        )

    def away_in(self, shift: Shift) -> list[str]:
        """Those of a shift's people who are away for a part of it."""
        return [
            one.user
            for one in self.away
            if one.user in shift.users
            and one.start < shift.end
            and one.end > shift.start
        ]

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
        if self.schedule is None or not self.reader.can_respond:
            return ""
        return override_path(self.schedule, start, end, users)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant a day begins, in UTC: differences of two count what passes."""
    return datetime.combine(day, time(0), tzinfo=zone).astimezone(UTC)


def days_of(first: date, count: int, frame: Frame) -> Iterable[Day]:
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


def final_row(final: Resolution, frame: Frame, name: str = "On call") -> Row:
    return Row(
        name,
        "final",
        tuple(map(frame.shift, final.shifts)),
        tuple(frame.bar(gap.start, gap.end, "") for gap in final.gaps),
    )


def entries_of(final: Resolution, frame: Frame) -> Iterable[Entry]:
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
            away=names(_away(span, frame), frame.known),
            users=users,
        )


def _away(span: Shift | Gap, frame: Frame) -> list[str]:
    return sorted(set(frame.away_in(span))) if isinstance(span, Shift) else []
