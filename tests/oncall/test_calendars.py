"""Calendars kept elsewhere: fetched, understood, kept while they cannot be fetched."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pytest_django import Settings

from accounts.models import User
from core.errors import InvalidInputError
from oncall.ical import CalendarError, CalendarEvent, people_of, read_events
from oncall.models import ImportedCalendar, Schedule, Vacation
from oncall.services.calendars import (
    FETCH_EVERY,
    add_layer_calendar,
    delete_layer_calendar,
    fetch_due_calendars,
    set_vacation_calendar,
)
from oncall.services.schedules import on_call_ids
from tests.factories import make_schedule, make_user
from tests.fakes.webhook import Answer, FakeWebhook

NOW = datetime(2026, 3, 23, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MADRID = ZoneInfo("Europe/Madrid")


def ics(*events: str) -> bytes:
    blocks = "".join(
        f"BEGIN:VEVENT\r\nUID:{number}\r\nDTSTAMP:20260101T000000Z\r\n{event}"
        "\r\nEND:VEVENT\r\n"
        for number, event in enumerate(events)
    )
    head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\n"
    return f"{head}{blocks}END:VCALENDAR\r\n".encode()


def event(title: str, start: str = "20260323T080000Z", hours: int = 4) -> str:
    return f"SUMMARY:{title}\r\nDTSTART:{start}\r\nDURATION:PT{hours}H"


def read(*events: str) -> list[CalendarEvent]:
    return read_events(
        ics(*events), zone=MADRID, start=NOW, end=NOW + timedelta(days=30)
    )


def test_a_repeating_event_keeps_its_wall_clock() -> None:
    rule = (
        "SUMMARY:Ada\r\nDTSTART;TZID=Europe/Madrid:20260323T090000\r\n"
        "DTEND;TZID=Europe/Madrid:20260323T170000\r\nRRULE:FREQ=WEEKLY;COUNT=2"
    )
    assert [one.start.hour for one in read(rule)] == [8, 7]


def test_days_and_bare_times_are_those_of_the_zone() -> None:
    whole, bare = read(
        "SUMMARY:x\r\nDTSTART;VALUE=DATE:20260324\r\nDTEND;VALUE=DATE:20260325",
        "SUMMARY:y\r\nDTSTART:20260324T090000\r\nDTEND:20260324T100000",
    )
    assert (whole.start, whole.all_day) == (datetime(2026, 3, 23, 23, tzinfo=UTC), True)
    assert (bare.start, bare.all_day) == (datetime(2026, 3, 24, 8, tzinfo=UTC), False)


def test_cancelled_and_empty_events_are_left_out() -> None:
    assert read(event("x") + "\r\nSTATUS:CANCELLED", event("y", hours=0)) == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"BEGIN:VCALENDAR",
        b"\xff\xfe\x00",
        b"BEGIN:VEVENT\r\nEND:VEVENT\r\n",
        ics(event("x") + "\r\nRRULE:FREQ=SECONDLY"),
        ics(event("x") + "\r\nRRULE:FREQ=MINUTELY"),
        ics("SUMMARY:x\r\nDTSTART:nonsense"),
    ],
)
def test_what_is_no_calendar_is_refused_or_empty(content: bytes) -> None:
    try:
        found = read_events(content, zone=MADRID, start=NOW, end=NOW + HOUR)
    except CalendarError:
        return
    assert found == []


@pytest.mark.parametrize(
    ("title", "attendee", "expected"),
    [
        ("bo@example.com", "", ("2",)),
        ("anything", "bo@example.com", ("2",)),
        ("Ada Winter, Bo", "", ("1", "2")),
        ("On call: ada winter", "", ("1",)),
        ("On Call - Ada Winter - Data", "", ("1",)),
        ("Ada Winter is on call", "", ("1",)),
        ("Bonus day", "", ()),
        ("Team offsite", "", ()),
    ],
)
def test_people_are_found_by_address_and_by_name(
    title: str, attendee: str, expected: tuple[str, ...]
) -> None:
    more = f"\r\nATTENDEE:mailto:{attendee}" if attendee else ""
    [one] = read(event(title) + more)
    found = people_of(
        one,
        by_address={"ada@example.com": "1", "bo@example.com": "2"},
        by_name={"ada winter": "1", "bo": "2"},
    )
    assert found == expected


@pytest.fixture
def ada(db: None) -> User:
    return make_user(name="Ada Winter", time_zone="Europe/Madrid")


def add(schedule: Schedule, url: str, by: User) -> ImportedCalendar:
    return add_layer_calendar(
        schedule_id=schedule.pk, name="theirs", url=url, priority=0, by=by, at=NOW
    )


def test_the_events_of_a_calendar_are_a_layer(
    webhook_server: FakeWebhook, ada: User
) -> None:
    schedule = make_schedule(layers=[])
    webhook_server.answer = Answer(body=ics(event("Ada Winter"), event("Someone else")))
    calendar = add(schedule, webhook_server.url, ada)
    assert fetch_due_calendars(at=NOW) == 1
    calendar.refresh_from_db()
    assert (calendar.error, calendar.unmatched) == ("", ["Someone else"])
    assert on_call_ids(schedule, at=NOW + HOUR) == [ada.pk]
    assert fetch_due_calendars(at=NOW + HOUR / 6) == 0
    delete_layer_calendar(calendar_id=calendar.pk, by=ada, at=NOW + HOUR)
    fresh = Schedule.objects.get(pk=schedule.pk)
    assert on_call_ids(fresh, at=NOW + 2 * HOUR) == []
    assert on_call_ids(Schedule.objects.get(pk=schedule.pk), at=NOW + HOUR / 2) == [
        ada.pk
    ]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=500),
        Answer(body=b"<html>sign in</html>"),
        Answer(behaviour="cut"),
        Answer(status=302, headers={"Location": "http://169.254.169.254/"}),
    ],
)
def test_a_calendar_that_fails_keeps_what_it_had_and_says_why(
    webhook_server: FakeWebhook, ada: User, answer: Answer
) -> None:
    schedule = make_schedule(layers=[])
    webhook_server.next_answers += [Answer(body=ics(event("Ada Winter"))), answer]
    calendar = add(schedule, webhook_server.url, ada)
    fetch_due_calendars(at=NOW)
    fetch_due_calendars(at=NOW + FETCH_EVERY)
    calendar.refresh_from_db()
    assert calendar.error
    assert calendar.fetched_at == NOW
    assert on_call_ids(schedule, at=NOW + HOUR) == [ada.pk]


def test_a_calendar_that_has_not_changed_is_asked_for_its_tag(
    webhook_server: FakeWebhook, ada: User
) -> None:
    schedule = make_schedule(layers=[])
    tagged = Answer(body=ics(event("Ada Winter")), headers={"ETag": '"7"'})
    webhook_server.next_answers += [tagged, Answer(status=304, body=b"")]
    add(schedule, webhook_server.url, ada)
    fetch_due_calendars(at=NOW)
    fetch_due_calendars(at=NOW + FETCH_EVERY)
    assert webhook_server.requests[-1].headers["if-none-match"] == '"7"'
    assert on_call_ids(schedule, at=NOW + HOUR) == [ada.pk]


def test_an_address_inside_is_refused(settings: Settings, ada: User) -> None:
    settings.ALLOW_PRIVATE_URLS = False
    schedule = make_schedule(layers=[])
    for url in ("http://127.0.0.1/x.ics", "webcal://127.0.0.1/x", "file:///etc/passwd"):
        with pytest.raises(InvalidInputError):
            add(schedule, url, ada)


def test_vacations_come_from_a_persons_calendar(
    webhook_server: FakeWebhook, ada: User
) -> None:
    away = "SUMMARY:Skiing\r\nDTSTART;VALUE=DATE:20260325\r\nDTEND;VALUE=DATE:20260328"
    webhook_server.next_answers += [
        Answer(body=ics(away, event("Stand-up", hours=1))),
        Answer(body=ics()),
    ]
    set_vacation_calendar(user=ada, url=webhook_server.url, at=NOW)
    fetch_due_calendars(at=NOW)
    [vacation] = Vacation.objects.filter(user=ada)
    assert (vacation.note, vacation.start_at.hour) == ("Skiing", 23)
    fetch_due_calendars(at=NOW + FETCH_EVERY)
    assert not Vacation.objects.filter(user=ada).exists()
    set_vacation_calendar(user=ada, url="", at=NOW)
    assert not ImportedCalendar.objects.exists()
