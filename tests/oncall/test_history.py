"""Who was on call is recorded as it happens, and no edit rewrites it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.models import User
from oncall.models import Override, PlannedChange, RecordedShift, Schedule
from oncall.services.editing import (
    change_schedule,
    create_schedule,
    drop_planned_change,
)
from oncall.services.exceptions import OverrideValues, add_override
from oncall.services.history import keep_record
from oncall.services.planning import (
    balances,
    effective_moment,
    moments_of_change,
    what_changes,
)
from oncall.services.schedules import final_schedule, on_call_ids
from tests.factories import make_user

pytestmark = pytest.mark.django_db

# A Monday; the clock of Madrid changes on the 29th.
START = datetime(2026, 3, 23, 8, 0, tzinfo=UTC)
WEEK = timedelta(weeks=1)


def daily(*people: User) -> list[dict[str, Any]]:
    rotation = {
        "unit": "day",
        "every": 1,
        "start_local": "2026-03-23T09:00",
        "participants": [[str(one.pk)] for one in people],
    }
    return [{"name": "daily", "kind": "rotation", "rotation": rotation}]


def make_daily(*people: User, at: datetime = START) -> Schedule:
    form = {"name": "data", "timezone": "Europe/Madrid", "layers": daily(*people)}
    return create_schedule(form=form, team=None, by=people[0], at=at)


def edit(schedule: Schedule, *people: User, at: datetime, **values: Any) -> Schedule:
    return change_schedule(
        schedule_id=schedule.pk,
        form={"layers": daily(*people)},
        team=None,
        version=None,
        by=people[0],
        at=at,
        **values,
    )


def who(schedule: Schedule, start: datetime, end: datetime) -> list[tuple[str, str]]:
    """[("2026-03-23T08", "1"), …]: who comes on when."""
    fresh = Schedule.objects.get(pk=schedule.pk)
    shifts = final_schedule(fresh, start=start, end=end).shifts
    return [(f"{one.start:%m-%dT%H}", "+".join(one.users)) for one in shifts]


def recorded(schedule: Schedule) -> list[tuple[int, str, str]]:
    rows = RecordedShift.objects.filter(schedule=schedule)
    return [
        (
            row.user_id,
            f"{row.start_at:%m-%dT%H:%M}",
            f"{row.end_at:%m-%dT%H:%M}" if row.end_at else "",
        )
        for row in rows
    ]


def test_a_shift_is_recorded_when_it_starts_and_closed_when_it_ends() -> None:
    ada, bo = make_user(), make_user()
    schedule = make_daily(ada, bo)
    assert recorded(schedule) == [(ada.pk, "03-23T08:00", "")]
    keep_record(schedule_id=schedule.pk, at=START + timedelta(hours=3))
    assert recorded(schedule) == [(ada.pk, "03-23T08:00", "")]
    keep_record(schedule_id=schedule.pk, at=START + timedelta(hours=25))
    assert recorded(schedule) == [
        (ada.pk, "03-23T08:00", "03-24T08:00"),
        (bo.pk, "03-24T08:00", ""),
    ]


@pytest.mark.parametrize("hours", [1, 7, 24, 168])
def test_however_often_it_is_recorded_it_says_the_same(hours: int) -> None:
    ada, bo = make_user(), make_user()
    schedule = make_daily(ada, bo)
    for hour in range(hours, 7 * 24 + 1, hours):
        keep_record(schedule_id=schedule.pk, at=START + timedelta(hours=hour))
    assert len(recorded(schedule)) == 8
    # From Sunday to Monday the handoff at 09:00 is one hour earlier in UTC.
    assert recorded(schedule)[-2] == (ada.pk, "03-29T07:00", "03-30T07:00")


def test_an_edit_changes_nothing_that_was() -> None:
    ada, bo, cy = make_user(), make_user(), make_user()
    schedule = make_daily(ada, bo)
    before = who(schedule, START, START + timedelta(days=3))
    edit(schedule, cy, at=START + timedelta(days=3))
    assert who(schedule, START, START + timedelta(days=3)) == before
    after = who(schedule, START + timedelta(days=3), START + timedelta(days=5))
    assert after == [("03-26T08", str(cy.pk))]


def test_an_override_for_the_past_changes_nothing_that_was() -> None:
    ada, bo = make_user(), make_user()
    schedule = make_daily(ada)
    noon = START + timedelta(hours=4)
    add_override(
        schedule_id=schedule.pk,
        values=OverrideValues("cover", START, noon + timedelta(hours=4), add=bo),
        by=ada,
        at=noon,
    )
    assert who(schedule, START, START + timedelta(days=1)) == [
        ("03-23T08", str(ada.pk)),
        ("03-23T12", str(bo.pk)),
        ("03-23T16", str(ada.pk)),
    ]
    Override.objects.all().delete()
    keep_record(schedule_id=schedule.pk, at=noon)
    assert who(schedule, START, noon) == [("03-23T08", str(ada.pk))]


def test_before_it_was_made_here_the_definition_answers() -> None:
    ada, bo = make_user(), make_user()
    schedule = make_daily(ada, bo)
    assert who(schedule, START - timedelta(days=2), START) == [
        ("03-21T08", str(ada.pk)),
        ("03-22T08", str(bo.pk)),
    ]


def test_an_edit_can_wait_for_its_time() -> None:
    ada, bo, cy = make_user(), make_user(), make_user()
    schedule = make_daily(ada, bo)
    later = START + timedelta(days=2)
    at = START + timedelta(hours=1)
    changed = edit(schedule, cy, at=at, effective_at=later)
    assert changed.layers == daily(ada, bo)
    expected = [
        ("03-23T09", str(ada.pk)),
        ("03-24T08", str(bo.pk)),
        ("03-25T08", str(cy.pk)),
    ]
    assert who(schedule, at, START + timedelta(days=9)) == expected
    assert on_call_ids(changed, at=later) == [cy.pk]
    keep_record(schedule_id=schedule.pk, at=later + timedelta(hours=1))
    schedule.refresh_from_db()
    assert schedule.layers == daily(cy)
    assert not PlannedChange.objects.exists()
    assert who(schedule, at, START + timedelta(days=9)) == expected


def test_a_planned_edit_can_be_given_up() -> None:
    ada, bo = make_user(), make_user()
    schedule = make_daily(ada)
    edit(schedule, bo, at=START, effective_at=START + WEEK)
    drop_planned_change(schedule_id=schedule.pk, by=ada, at=START)
    assert on_call_ids(schedule, at=START + 2 * WEEK) == [ada.pk]


def test_after_this_shift_and_after_a_turn_are_times_of_the_schedule() -> None:
    people = [make_user() for _ in range(3)]
    schedule = make_daily(*people)
    at = START + timedelta(hours=30)  # the second person's day
    moments = moments_of_change(schedule, at=at)
    assert moments.after_shift == START + timedelta(days=2)
    assert moments.after_turn == START + timedelta(days=4)
    assert effective_moment("after_turn", schedule, at=at) == moments.after_turn


def test_what_an_edit_changes_is_told_for_each_person() -> None:
    ada, bo = make_user(), make_user()
    schedule = make_daily(ada)
    changes = what_changes(
        schedule,
        timezone="Europe/Madrid",
        layers=daily(ada, bo),
        effective_at=START + timedelta(days=1),
        at=START,
    )
    assert changes[0].start == START + timedelta(days=1)
    assert (changes[0].before, changes[0].after) == ((str(ada.pk),), (str(bo.pk),))
    sums = {one.user: one for one in balances(changes)}
    assert sums[str(bo.pk)].gained == sums[str(ada.pk)].lost > timedelta(days=20)
    assert not PlannedChange.objects.exists()
