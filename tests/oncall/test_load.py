"""Hours, nights, weekends and pages: who carried how much."""

import csv
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.models import User
from oncall.load import hours_of
from oncall.models import Escalation, Page
from oncall.services.editing import create_schedule
from oncall.services.loads import loads_csv, loads_of, stints_between, stints_csv
from tests.factories import make_user

HOUR = timedelta(hours=1)
START = datetime(2026, 3, 23, tzinfo=UTC)  # a Monday
END = START + timedelta(days=7)
MADRID = ZoneInfo("Europe/Madrid")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=MADRID).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "end", "nights", "weekends"),
    [
        ("2026-03-23T09:00", "2026-03-23T17:00", 0, 0),
        ("2026-03-23T21:00", "2026-03-24T08:00", 9, 0),
        ("2026-03-23T23:00", "2026-03-24T01:00", 2, 0),
        ("2026-03-27T18:00", "2026-03-30T08:00", 26, 47),  # one hour is left out
        ("2026-10-24T18:00", "2026-10-25T12:00", 10, 19),  # one hour comes twice
        ("2026-03-23T00:00", "2026-03-30T00:00", 62, 47),
    ],
)
def test_nights_and_weekends_are_counted_as_they_pass(
    start: str, end: str, nights: int, weekends: int
) -> None:
    hours = hours_of(at(start), at(end), MADRID)
    assert (hours.nights / HOUR, hours.weekends / HOUR) == (nights, weekends)
    assert hours.total == at(end) - at(start)


@pytest.fixture
def week(db: None) -> tuple[User, User]:
    """Ada has Monday to Thursday, Bo the rest, in the zone of Madrid."""
    ada = make_user(name="Ada Winter", time_zone="Europe/Madrid")
    bo = make_user(name="=Bo()", time_zone="Europe/Madrid")
    shifts = [(0, 4, ada), (4, 7, bo)]
    layer = {
        "kind": "fixed",
        "shifts": [
            {
                "start": (START + timedelta(days=first)).isoformat(),
                "end": (START + timedelta(days=last)).isoformat(),
                "users": [str(user.pk)],
            }
            for first, last, user in shifts
        ],
    }
    form = {"name": "data", "timezone": "UTC", "layers": [layer]}
    create_schedule(form=form, team=None, by=ada, at=START)
    return ada, bo


def page(user: User, created_at: datetime, seconds: int | None) -> None:
    escalation = Escalation.objects.create(
        subject=f"s{created_at}",
        title="x",
        url="/",
        policy_name="p",
        policy_version=1,
        steps=[],
        repeats=0,
        started_at=created_at,
    )
    answered = created_at + timedelta(seconds=seconds) if seconds else None
    Page.objects.create(
        escalation=escalation,
        lap=0,
        step=0,
        user=user,
        created_at=created_at,
        acknowledged_at=answered,
    )


def test_a_persons_load_is_hours_pages_and_answers(week: tuple[User, User]) -> None:
    ada, bo = week
    page(ada, START + 2 * HOUR, 30)  # 03:00 in Madrid
    page(ada, START + 12 * HOUR, 90)
    page(ada, START + 13 * HOUR, None)
    page(ada, START + timedelta(days=5), 5)  # not her time
    period = {"start": START, "end": END}
    first, second = loads_of(stints_between(start=START, end=END), **period)
    assert (first.user, first.hours.total, first.stints) == (ada, 96 * HOUR, 1)
    assert (first.pages, first.night_pages) == (3, 1)
    assert first.acknowledged_in == timedelta(seconds=60)
    assert (second.user, second.pages) == (bo, 0)
    assert first.from_even == 12 * HOUR == -second.from_even
    assert first.share == pytest.approx(96 / 168)


def test_the_sheet_for_pay_has_a_line_a_stint_and_no_formulas(
    week: tuple[User, User],
) -> None:
    period = {"start": START, "end": END}
    stints = stints_between(start=START, end=END)
    lines = list(csv.DictReader(stints_csv(stints).splitlines()))
    assert [(line["person"], line["hours"]) for line in lines] == [
        ("Ada Winter", "96.00"),
        ("'=Bo()", "72.00"),
    ]
    assert lines[0]["night_hours"] == "36.00"
    sums = list(csv.DictReader(loads_csv(loads_of(stints, **period)).splitlines()))
    assert [line["weekend_hours"] for line in sums] == ["0.00", "47.00"]
