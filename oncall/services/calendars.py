"""Calendars kept elsewhere: a schedule's layer, or a person's vacations.

A worker fetches them through the guard of core/outgoing. What was fetched last stays
when a fetch fails, and the reason is shown.
"""

import logging
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
from django.conf import settings
from django.db import transaction

from accounts.models import User
from accounts.services import record_audit
from core.errors import DomainError, InvalidInputError
from core.live import publish
from core.outgoing import RefusedURLError, check_outgoing_url, outgoing_client
from core.text import one_line
from oncall.ical import CalendarError, CalendarEvent, people_of, read_events
from oncall.models import ImportedCalendar, Schedule, Vacation
from oncall.resolver import format_instant
from oncall.services.history import record_until

logger = logging.getLogger(__name__)

FETCH_EVERY = timedelta(minutes=15)
TIMEOUT_SECONDS = 15.0
LEASE = timedelta(minutes=2)
MOST_BYTES = 4 * 1024 * 1024
PAST = timedelta(days=2)
AHEAD = timedelta(days=400)
MOST_CALENDARS = 10
MOST_UNMATCHED = 20
AWAY_AT_LEAST = timedelta(hours=8)


@transaction.atomic
def add_layer_calendar(
    *, schedule_id: int, name: str, url: str, priority: int, by: User, at: datetime
) -> ImportedCalendar:
    """Make the events of a calendar a layer; a worker fetches it at once.

    Raises Schedule.DoesNotExist, InvalidInputError for the address, and DomainError
    when there are too many.
    """
    address = _checked(url)
    schedule = Schedule.objects.select_for_update().get(pk=schedule_id)
    record_until(schedule, at=at)
    if schedule.calendars.count() >= MOST_CALENDARS:
        raise DomainError(f"A schedule has at most {MOST_CALENDARS} calendars.")
    made = schedule.calendars.create(
        name=name, url=address, priority=priority, next_fetch_at=at
    )
    _audit(schedule, [None, name], by, at)
    return made


@transaction.atomic
def delete_layer_calendar(*, calendar_id: int, by: User, at: datetime) -> Schedule:
    """Take the layer of a calendar away. Raises Schedule.DoesNotExist."""
    schedule = Schedule.objects.select_for_update().get(calendars=calendar_id)
    record_until(schedule, at=at)
    calendar = schedule.calendars.get(pk=calendar_id)
    told = [calendar.name, None]
    calendar.delete()
    _audit(schedule, told, by, at)
    return schedule


@transaction.atomic
def set_vacation_calendar(*, user: User, url: str, at: datetime) -> None:
    """Read a person's vacations from an address; "" stops that.

    Raises InvalidInputError for the address.
    """
    address = _checked(url) if url else ""
    ImportedCalendar.objects.filter(user=user).exclude(url=address).delete()
    if address:
        ImportedCalendar.objects.update_or_create(
            user=user, defaults={"url": address, "next_fetch_at": at}
        )


def _checked(url: str) -> str:
    # webcal: is what calendar programs call an address to subscribe to.
    address = url.strip()
    if address.lower().startswith("webcal://"):
        address = "https" + address[len("webcal") :]
    try:
        return check_outgoing_url(address, allow_private=settings.ALLOW_PRIVATE_URLS)
    except RefusedURLError as error:
        raise InvalidInputError({"url": [str(error)]}) from error


def _audit(
    schedule: Schedule, change: list[str | None], by: User, at: datetime
) -> None:
    schedule.save(update_fields=["updated_at"])
    record_audit(
        actor=by,
        action="schedule.changed",
        target=schedule,
        changes={"calendar": change},
        at=at,
    )
    publish("oncall")


def fetch_due_calendars(*, at: datetime) -> int:
    """Fetch every calendar that is due; returns how many. Safe in many processes."""
    count = 0
    while (calendar := _claim(at)) is not None:
        fetch_calendar(calendar, at=at)
        count += 1
    return count


@transaction.atomic
def _claim(at: datetime) -> ImportedCalendar | None:
    due = ImportedCalendar.objects.due(at=at).order_by("next_fetch_at")
    calendar = due.select_for_update(skip_locked=True, of=["self"]).first()
    if calendar is not None:
        calendar.next_fetch_at = at + LEASE
        calendar.tried_at = at
        calendar.save(update_fields=["next_fetch_at", "tried_at"])
    return calendar


def fetch_calendar(calendar: ImportedCalendar, *, at: datetime) -> None:
    """Fetch one claimed calendar and keep what it says, or why it could not be read."""
    try:
        answer = _get(calendar)
        if answer.status_code == httpx.codes.NOT_MODIFIED:
            _finish(calendar, at=at)
            return
        zone = _zone(calendar)
        events = read_events(answer.content, zone=zone, start=at - PAST, end=at + AHEAD)
    except (CalendarError, RefusedURLError, httpx.HTTPError) as error:
        logger.info("calendar %s was not fetched", calendar.pk)
        _finish(calendar, at=at, error=one_line(str(error), 300) or "No answer.")
        return
    calendar.etag = answer.headers.get("etag", "")[:300]
    if calendar.schedule_id is not None:
        _keep_shifts(calendar, events, at=at)
    else:
        _keep_vacations(calendar, events, at=at)


def _get(calendar: ImportedCalendar) -> httpx.Response:
    headers = {"Accept": "text/calendar", "User-Agent": "Headwater"}
    if calendar.etag and not calendar.error:
        headers["If-None-Match"] = calendar.etag
    with outgoing_client(
        timeout_seconds=TIMEOUT_SECONDS,
        allow_private=settings.ALLOW_PRIVATE_URLS,
        most_bytes=MOST_BYTES,
    ) as client:
        answer = client.get(calendar.url, headers=headers)
    if answer.status_code == httpx.codes.NOT_MODIFIED:
        return answer
    if answer.status_code != httpx.codes.OK:
        raise CalendarError(f"The server answered {answer.status_code}.")
    if len(answer.content) >= MOST_BYTES:
        raise CalendarError("The calendar is larger than 4 MiB.")
    return answer


def _zone(calendar: ImportedCalendar) -> ZoneInfo:
    if calendar.schedule is not None:
        return ZoneInfo(calendar.schedule.timezone)
    assert calendar.user is not None
    return calendar.user.tz


@transaction.atomic
def _keep_shifts(
    calendar: ImportedCalendar, events: list[CalendarEvent], *, at: datetime
) -> None:
    schedule = Schedule.objects.select_for_update().filter(calendars=calendar).first()
    if schedule is None:
        return  # taken away meanwhile
    record_until(schedule, at=at)
    people = User.objects.filter(is_active=True)
    by_address = {one.email.lower(): str(one.pk) for one in people}
    by_name = {one.name.casefold(): str(one.pk) for one in people if one.name}
    shifts = []
    unmatched: dict[str, None] = {}
    for event in events:
        users = people_of(event, by_address=by_address, by_name=by_name)
        if users:
            shifts.append(
                {
                    "start": format_instant(event.start),
                    "end": format_instant(event.end),
                    "users": list(users),
                }
            )
        else:
            unmatched[event.title or "(no title)"] = None
    is_new = calendar.events != shifts
    calendar.events = shifts
    calendar.unmatched = list(unmatched)[:MOST_UNMATCHED]
    calendar.fetched_at = at
    _finish(calendar, at=at)
    if is_new:
        schedule.save(update_fields=["updated_at"])
        publish("oncall")


@transaction.atomic
def _keep_vacations(
    calendar: ImportedCalendar, events: list[CalendarEvent], *, at: datetime
) -> None:
    assert calendar.user is not None
    Vacation.objects.filter(calendar=calendar, end_at__gt=at - PAST).delete()
    Vacation.objects.bulk_create(
        Vacation(
            user=calendar.user,
            start_at=event.start,
            end_at=event.end,
            note=event.title,
            calendar=calendar,
        )
        for event in events
        if event.all_day or event.end - event.start >= AWAY_AT_LEAST
    )
    calendar.fetched_at = at
    _finish(calendar, at=at)
    publish("oncall")


def _finish(calendar: ImportedCalendar, *, at: datetime, error: str = "") -> None:
    if not error:
        calendar.fetched_at = at
    calendar.error = error
    calendar.next_fetch_at = at + FETCH_EVERY
    calendar.save(
        update_fields=[
            *("events", "unmatched", "etag", "error"),
            *("fetched_at", "next_fetch_at"),
        ]
    )
