"""Who carried how much: hours on call, nights, weekends, pages; for balance and pay."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import QuerySet

from accounts.models import User
from oncall.load import ZERO, Hours, hours_of, is_night, median
from oncall.models import Page, Schedule
from oncall.queries import people
from oncall.resolver import format_instant
from oncall.services.feeds import final_between
from oncall.services.history import personal_spans

# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Stint:
    """A person's whole time on call in a schedule, cut to the period."""

    schedule: Schedule
    user: User
    start: datetime
    end: datetime
    hours: Hours


@dataclass(slots=True)
class Load:
    """What one person carried in a period. `share` is of the hours of everybody."""

    user: User
    stints: int = 0
    hours: Hours = field(default_factory=Hours)
    pages: int = 0
    night_pages: int = 0
    acknowledged_in: timedelta | None = None
    share: float = 0.0
    from_even: timedelta = ZERO

    @property
    def percent(self) -> int:
        return round(self.share * 100)

    @property
    def off_by(self) -> timedelta:
        return abs(self.from_even)

    @property
    def is_over(self) -> bool:
        return self.from_even >= timedelta(minutes=1)

    @property
    def is_under(self) -> bool:
        return self.from_even <= -timedelta(minutes=1)


def stints_between(
    *, start: datetime, end: datetime, schedules: QuerySet[Schedule] | None = None
) -> list[Stint]:
    """Return all time on call in a period: as recorded, then as defined. Seven
    queries."""
    spans = [
        (schedule, *span)
        for schedule, final in final_between(start=start, end=end, schedules=schedules)
        for span in personal_spans(final.shifts)
    ]
    known = people(user for _, user, _, _ in spans)
    return [
        Stint(
            schedule,
            known[user],
            begins,
            ends,
            hours_of(begins, ends, known[user].tz),
        )
        for schedule, user, begins, ends in spans
        if user in known
    ]


def loads_of(stints: Iterable[Stint], *, start: datetime, end: datetime) -> list[Load]:
    """Return the load of each person, the heaviest first. One query.

    Pages are those that came while the person was on call by one of the stints.
    """
    loads: dict[int, Load] = {}
    spans: dict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    for stint in stints:
        load = loads.setdefault(stint.user.pk, Load(stint.user))
        load.stints += 1
        load.hours += stint.hours
        spans[stint.user.pk].append((stint.start, stint.end))
    _count_pages(loads, spans, start, end)
    total = sum((one.hours.total for one in loads.values()), ZERO)
    for load in loads.values():
        load.share = load.hours.total / total if total else 0.0
        load.from_even = load.hours.total - total / len(loads)
    return sorted(loads.values(), key=lambda one: one.hours.total, reverse=True)


def _count_pages(
    loads: dict[int, Load],
    spans: dict[int, list[tuple[datetime, datetime]]],
    start: datetime,
    end: datetime,
) -> None:
    pages = Page.objects.filter(
        user__in=loads, created_at__gte=start, created_at__lt=end
    )
    answered: dict[int, list[timedelta]] = defaultdict(list)
    for user_id, at, acknowledged_at in pages.values_list(
        "user_id", "created_at", "acknowledged_at"
    ):
        if not any(begins <= at < ends for begins, ends in spans[user_id]):
            continue
        load = loads[user_id]
        load.pages += 1
        load.night_pages += is_night(at, load.user.tz)
        if acknowledged_at is not None:
            answered[user_id].append(acknowledged_at - at)
    for user_id, spent in answered.items():
        loads[user_id].acknowledged_in = median(spent)


def loads_csv(loads: Iterable[Load]) -> str:
    """The loads for a spreadsheet, a line for each person."""
    head = [
        *("person", "email", "stints", "hours", "night_hours", "weekend_hours"),
        *("pages", "night_pages", "median_seconds_to_acknowledge"),
    ]
    lines = [
        [
            *(str(one.user), one.user.email, one.stints, *_hours(one.hours)),
            *(one.pages, one.night_pages, _seconds(one.acknowledged_in)),
        ]
        for one in loads
    ]
    return _csv(head, lines)


def stints_csv(stints: Iterable[Stint]) -> str:
    """Each time on call for pay: who, where, from when to when, nights, weekends."""
    head = [
        *("person", "email", "schedule", "start", "end"),
        *("hours", "night_hours", "weekend_hours"),
    ]
    lines = [
        [
            *(str(one.user), one.user.email, str(one.schedule)),
            *(format_instant(one.start), format_instant(one.end)),
            *_hours(one.hours),
        ]
        for one in sorted(stints, key=lambda one: (one.user.email, one.start))
    ]
    return _csv(head, lines)


def _csv(head: list[str], lines: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(head)
    writer.writerows([_safe(value) for value in line] for line in lines)
    return out.getvalue()


def _safe(value: object) -> object:
    is_formula = isinstance(value, str) and value.startswith(_FORMULA)
    return f"'{value}" if is_formula else value


def _hours(hours: Hours) -> list[str]:
    return [
        f"{span / timedelta(hours=1):.2f}"
        for span in (hours.total, hours.nights, hours.weekends)
    ]


def _seconds(span: timedelta | None) -> object:
    return "" if span is None else round(span.total_seconds())
