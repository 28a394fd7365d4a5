"""Calendars people subscribe to. RFC 5545, RFC 7986.

Whoever has the address reads the calendar, as calendar programs cannot sign in.
"""

import secrets
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from icalendar import Calendar, Event

from accounts.models import User
from accounts.services import record_audit
from core.errors import InvalidInputError
from core.http import absolute_url
from oncall.models import PersonalFeed, Schedule
from oncall.queries import names, people
from oncall.resolver import Resolution, Shift
from oncall.services.schedules import exceptions_between, final_schedule

PAST = timedelta(days=7)
AHEAD = timedelta(days=90)
REFRESH = timedelta(hours=1)


def feed_path(secret: str) -> str:
    return reverse("oncall:feed", args=[secret])


def schedule_calendar(schedule: Schedule, *, at: datetime) -> bytes:
    """Who is on call in a schedule, from a week ago to 90 days ahead."""
    shifts = shifts_of(schedule, start=at - PAST, end=at + AHEAD)
    known = people(user for shift in shifts for user in shift.users)
    return _calendar(
        f"{schedule}: on call",
        (_event(schedule, one, names(one.users, known), at) for one in shifts),
    )


def person_calendar(user: User, *, at: datetime) -> bytes:
    """When a person is on call, over all schedules."""
    mine = personal_shifts(user, start=at - PAST, end=at + AHEAD)
    return _calendar(
        f"{user}: on call",
        (_event(one.schedule, one.shift, str(user), at) for one in mine),
    )


@dataclass(frozen=True, slots=True)
class PersonalShift:
    """One person's shift, others may be on call with them. `is_open`: it goes on after
    the window that was asked for."""

    schedule: Schedule
    shift: Shift
    is_open: bool


def personal_shifts(
    user: User, *, start: datetime, end: datetime
) -> list[PersonalShift]:
    """The person's shifts in a window, by their start. Six queries."""
    found = [
        PersonalShift(schedule, shift, is_open=shift.end == end)
        for schedule, final in final_between(start=start, end=end)
        for shift in final.shifts
        if str(user.pk) in shift.users
    ]
    return sorted(found, key=lambda one: one.shift.start)


def final_between(
    *, start: datetime, end: datetime, schedules: QuerySet[Schedule] | None = None
) -> Iterator[tuple[Schedule, Resolution]]:
    """Each schedule (None: all) and who is on call by it in a window; those that
    cannot be read are left out. Six queries."""
    wanted = Schedule.objects.all() if schedules is None else schedules
    for one in wanted.prefetch_related(*exceptions_between(start, end)):
        with suppress(InvalidInputError):
            yield one, final_schedule(one, start=start, end=end)


def shifts_of(
    schedule: Schedule, *, start: datetime, end: datetime
) -> tuple[Shift, ...]:
    """The final shifts in a window; none when what is stored is no schedule."""
    try:
        return final_schedule(schedule, start=start, end=end).shifts
    except InvalidInputError:
        return ()


def personal_feed(user: User) -> PersonalFeed:
    """The address of the person's own calendar, made when first asked for."""
    feed, _ = PersonalFeed.objects.get_or_create(
        user=user, defaults={"secret": secrets.token_urlsafe(24)}
    )
    return feed


@transaction.atomic
def renew_personal_feed(*, by: User, at: datetime) -> PersonalFeed:
    """Give the person's calendar another address; the old one stops working."""
    feed = personal_feed(by)
    feed.secret = secrets.token_urlsafe(24)
    feed.save(update_fields=["secret"])
    record_audit(actor=by, action="person.feed_renewed", target=by, changes={}, at=at)
    return feed


def _calendar(name: str, events: Iterable[Event]) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", "-//Headwater//On call//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    for event in events:
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def _event(schedule: Schedule, shift: Shift, who: str, at: datetime) -> Event:
    event = Event()
    url = absolute_url(schedule)
    users = "-".join(shift.users)
    event.add("uid", f"{schedule.pk}-{shift.start:%Y%m%dT%H%M%SZ}-{users}@headwater")
    event.add("dtstamp", at)
    event.add("dtstart", shift.start)
    event.add("dtend", shift.end)
    event.add("summary", f"{who} on call: {schedule}")
    event.add("url", url)
    event.add("transp", "TRANSPARENT")
    return event
