"""What schedules do by themselves: notices, hand-off notes, reminders, readiness."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts.models import User
from core.errors import InvalidInputError, InvalidTransitionError
from oncall.models import ContactMethod, Notification, Override, Schedule, Swap
from oncall.services.absences import add_vacation, needing_cover
from oncall.services.editing import create_schedule
from oncall.services.handoffs import write_handoff_note
from oncall.services.readiness import readiness
from oncall.services.roster import keep_rosters
from oncall.services.schedules import on_call_ids
from oncall.services.shift_notices import set_shift_notices
from oncall.services.swaps import (
    SwapValues,
    cover_me,
    offer_swap,
    take_swap,
    withdraw_swap,
)
from tests.factories import make_user

pytestmark = pytest.mark.django_db

START = datetime(2026, 3, 23, 8, 0, tzinfo=UTC)  # a Monday
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def make_daily(*people: User, name: str = "data") -> Schedule:
    rotation = {
        "unit": "day",
        "every": 1,
        "start_local": "2026-03-23T08:00",
        "participants": [[str(one.pk)] for one in people],
    }
    layer: dict[str, Any] = {"kind": "rotation", "rotation": rotation}
    form = {"name": name, "timezone": "UTC", "layers": [layer]}
    return create_schedule(form=form, team=None, by=people[0], at=START)


def told(user: User) -> list[str]:
    rows = Notification.objects.filter(address=user.email).order_by("created_at", "pk")
    return [row.title for row in rows]


def test_notices_come_as_each_person_wants_and_once() -> None:
    ada, bo = make_user(), make_user()
    make_daily(ada, bo)
    set_shift_notices(user=bo, before=2 * HOUR, at_start=True, at_end=True)
    set_shift_notices(user=ada, before=timedelta(0), at_start=False, at_end=False)
    for minute in range(0, 49 * 60, 30):
        keep_rosters(at=START + HOUR + timedelta(minutes=minute))
    assert told(bo) == [
        "You will be on call: data",
        "You are on call now: data",
        "Your shift is over: data",
    ]
    assert told(ada) == []


def test_an_engine_that_was_down_for_hours_tells_nobody_of_old_starts() -> None:
    ada, bo = make_user(), make_user()
    make_daily(ada, bo)
    keep_rosters(at=START + DAY + 5 * HOUR)
    assert told(bo) == []


def test_a_handoff_note_goes_to_who_comes_next_when_the_shift_ends() -> None:
    ada, bo = make_user(name="Ada Winter"), make_user()
    schedule = make_daily(ada, bo)
    for known in ("first", "the loader is slow"):
        write_handoff_note(
            schedule=schedule, by=ada, is_open="", is_known=known, at=START + HOUR
        )
    keep_rosters(at=START + 23 * HOUR)
    assert not Notification.objects.filter(idempotency_key__startswith="hand").exists()
    for _ in range(2):
        keep_rosters(at=START + DAY)
    [note] = Notification.objects.filter(idempotency_key__startswith="handoff:")
    assert (note.address, note.body) == (bo.email, "Known\nthe loader is slow")
    assert schedule.handoff_notes.get().sent_to.get() == bo


def test_an_empty_handoff_note_is_refused() -> None:
    ada = make_user()
    with pytest.raises(InvalidInputError):
        write_handoff_note(
            schedule=make_daily(ada), by=ada, is_open=" ", is_known="", at=START
        )


def offer(schedule: Schedule, giver: User, **values: Any) -> Swap:
    given = SwapValues(
        giver=giver, start_at=START + DAY, end_at=START + 2 * DAY, **values
    )
    return offer_swap(schedule_id=schedule.pk, values=given, by=giver, at=START)


def test_an_offer_to_some_is_told_to_them_and_taken_by_them_only() -> None:
    ada, bo, cy, di = (make_user() for _ in range(4))
    schedule = make_daily(ada, bo, cy)
    swap = offer(schedule, bo, offered_to=[cy, di])
    assert len(told(cy)) == len(told(di)) == 1
    assert told(ada) == []
    with pytest.raises(InvalidTransitionError):
        take_swap(swap_id=swap.pk, by=ada, at=START)
    for _ in range(2):
        take_swap(swap_id=swap.pk, by=di, at=START)
    assert on_call_ids(schedule, at=START + DAY) == [di.pk]
    assert any("takes your shift" in title for title in told(bo))


def test_an_offer_to_anybody_is_told_to_those_of_the_schedule() -> None:
    ada, bo, stranger = make_user(), make_user(), make_user()
    offer(make_daily(ada, bo), bo)
    assert len(told(ada)) == 1
    assert told(bo) == told(stranger) == []


def test_an_offer_nobody_took_is_brought_up_again_a_day_before() -> None:
    ada, bo = make_user(), make_user()
    offer(make_daily(ada, bo), bo)
    for _ in range(3):
        keep_rosters(at=START + HOUR)
    assert [title for title in told(ada) if "still needs somebody" in title] == [
        f"{bo} still needs somebody: data"
    ]
    assert any("Nobody took your shift" in title for title in told(bo))


def test_an_offer_can_be_taken_back_until_it_is_taken() -> None:
    ada, bo = make_user(), make_user()
    schedule = make_daily(ada, bo)
    withdraw_swap(swap_id=offer(schedule, bo).pk, by=bo, at=START)
    assert not Swap.objects.exists()
    taken = offer(schedule, bo)
    take_swap(swap_id=taken.pk, by=ada, at=START)
    with pytest.raises(InvalidTransitionError):
        withdraw_swap(swap_id=taken.pk, by=bo, at=START)


def test_cover_me_puts_somebody_in_in_every_schedule_at_once() -> None:
    ada, bo, cy = make_user(), make_user(), make_user()
    one, other = make_daily(ada, bo), make_daily(ada, cy, name="second")
    make_daily(cy, name="third")
    values = SwapValues(
        giver=ada, start_at=START + HOUR, end_at=START + 3 * HOUR, taker=bo
    )
    touched = cover_me(values=values, by=ada, at=START)
    assert {schedule.pk for schedule in touched} == {one.pk, other.pk}
    for schedule in (one, other):
        assert on_call_ids(schedule, at=START + 2 * HOUR) == [bo.pk]
        assert on_call_ids(schedule, at=START + 3 * HOUR) == [ada.pk]
    assert len(told(bo)) == 2


def test_cover_me_says_so_when_there_is_nothing_to_cover() -> None:
    ada, bo = make_user(), make_user()
    make_daily(ada, bo)
    values = SwapValues(
        giver=bo, start_at=START + HOUR, end_at=START + 2 * HOUR, taker=ada
    )
    with pytest.raises(InvalidInputError):
        cover_me(values=values, by=bo, at=START)
    assert not Override.objects.exists()


def test_a_vacation_in_a_shift_needs_cover_until_there_is_one() -> None:
    ada, bo = make_user(), make_user()
    schedule = make_daily(ada, bo)
    add_vacation(
        user=bo,
        start_at=START + DAY + 4 * HOUR,
        end_at=START + 10 * DAY,
        note="skiing",
        at=START,
    )
    end = START + 3 * DAY
    [gap] = needing_cover(start=START, end=end)
    assert (gap.user, gap.start, gap.end) == (
        str(bo.pk),
        START + DAY + 4 * HOUR,
        START + 2 * DAY,
    )
    values = SwapValues(giver=bo, start_at=gap.start, end_at=gap.end, taker=ada)
    cover_me(values=values, by=bo, at=START)
    assert needing_cover(start=START, end=end) == []
    assert on_call_ids(schedule, at=gap.start) == [ada.pk]


def test_readiness_names_what_is_missing() -> None:
    ada = make_user()
    make_daily(ada)
    assert [check.is_ok for check in readiness(ada, at=START)] == [False, False, True]
    add_vacation(user=ada, start_at=START, end_at=START + DAY, note="", at=START)
    ContactMethod.objects.create(
        user=ada, kind="email", address="a@example.com", verified_at=START
    )
    Notification.objects.create(
        subject=f"user:{ada.pk}",
        channel="email",
        address="a@example.com",
        title="Test",
        idempotency_key="test",
        state="sent",
        created_at=START,
        due_at=START,
        sent_at=START,
    )
    checks = readiness(ada, at=START + DAY / 2)
    assert [check.is_ok for check in checks] == [True, True, False]
