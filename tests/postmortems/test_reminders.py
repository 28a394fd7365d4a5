"""Owners hear of their action items before the day, on it, and while it is past."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from incidents.services import save_preferences
from incidents.services.preferences import preference_of, stop_telling
from oncall.models import Notification
from postmortems.models import ActionItem, Postmortem
from postmortems.services import change_action_item, finish_action_item, remind_owners
from tests.factories import NOON, make_action_item, make_postmortem, make_user

pytestmark = pytest.mark.django_db

# NOON's morning in UTC, 30 days on: nothing in these tests is new.
DUE = NOON.date() + timedelta(days=30)


def morning(days: int, hour: int = 8) -> datetime:
    """That many days after the item is due, in UTC."""
    day = DUE + timedelta(days=days)
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def titles() -> list[str]:
    owed = Notification.objects.filter(subject__startswith="action-item:")
    return [one.title for one in owed.order_by("created_at", "pk")]


@pytest.fixture
def item(user: User) -> ActionItem:
    return make_action_item(
        make_postmortem(), title="Alert on empty loads", owner=user, due_on=DUE
    )


def test_three_days_before_on_the_day_and_every_week_after_it(
    item: ActionItem, user: User
) -> None:
    for day in range(-10, 16):
        for hour in (7, 8, 12, 20):
            remind_owners(at=morning(day, hour))
    assert titles() == [
        "Due in 3 days: Alert on empty loads",
        "Due today: Alert on empty loads",
        "7 days overdue: Alert on empty loads",
        "14 days overdue: Alert on empty loads",
    ]
    sent = Notification.objects.filter(title__startswith="Due today").get()
    assert (sent.channel, sent.address) == ("email", user.email)
    assert sent.url.endswith(item.get_absolute_url())
    assert str(item.incident) in sent.body


def test_it_is_the_owners_own_morning_that_counts(item: ActionItem) -> None:
    User.objects.update(time_zone="America/Los_Angeles")
    remind_owners(at=morning(0, 3))  # it is the evening before
    assert titles() == ["Due tomorrow: Alert on empty loads"]
    remind_owners(at=morning(0, 12))
    assert len(titles()) == 1
    remind_owners(at=morning(0, 16))
    assert titles()[1:] == ["Due today: Alert on empty loads"]


def test_a_reminder_that_nobody_could_send_on_its_day_follows(item: ActionItem) -> None:
    remind_owners(at=morning(2))
    assert titles() == ["2 days overdue: Alert on empty loads"]


def test_what_was_agreed_on_today_waits_until_tomorrow(user: User) -> None:
    made = NOON.replace(hour=6)
    today = made.date()
    make_action_item(make_postmortem(), owner=user, due_on=today, created_at=made)
    remind_owners(at=made + timedelta(hours=8))
    assert titles() == []
    remind_owners(at=made + timedelta(days=1, hours=8))
    assert titles() == ["Due yesterday: Alert on empty loads"]


def test_another_day_or_another_owner_begins_again(
    item: ActionItem, user: User
) -> None:
    remind_owners(at=morning(0))
    other = make_user(email="bo@example.com")
    change_action_item(item_id=item.pk, by=user, at=morning(0), owner=other)
    remind_owners(at=morning(0))
    later = DUE + timedelta(days=10)
    change_action_item(item_id=item.pk, by=user, at=morning(0), due_on=later)
    remind_owners(at=morning(1))
    remind_owners(at=morning(10))
    owed = Notification.objects.order_by("pk")
    assert list(owed.values_list("address", "title")) == [
        (user.email, "Due today: Alert on empty loads"),
        ("bo@example.com", "Due today: Alert on empty loads"),
        ("bo@example.com", "Due today: Alert on empty loads"),
    ]


def test_nobody_is_reminded_of_what_is_done_or_has_no_day_or_owner(
    item: ActionItem, user: User
) -> None:
    postmortem = item.postmortem
    assert isinstance(postmortem, Postmortem)
    finish_action_item(item_id=item.pk, by=user, at=NOON)
    make_action_item(postmortem, owner=user)
    make_action_item(postmortem, due_on=DUE)
    gone = make_user(email="gone@example.com", is_active=False)
    make_action_item(postmortem, owner=gone, due_on=DUE)
    assert remind_owners(at=morning(0)) == 0


def test_who_may_not_see_a_private_incident_any_more_hears_nothing_of_it(
    item: ActionItem,
) -> None:
    item.incident.private = True
    item.incident.save(update_fields=["private"])
    assert remind_owners(at=morning(0)) == 0


def test_a_person_switches_reminders_off_on_the_page_of_settings(
    signed_in: Client, user: User, item: ActionItem
) -> None:
    page = signed_in.get("/settings/messages/")
    form = {
        name: value
        for name, value in page.context["form"].initial.items()
        if value and name != "reminders"
    }
    assert signed_in.post("/settings/messages/", form).status_code == 302
    assert preference_of(user.email).start is True
    assert remind_owners(at=morning(0)) == 0
    save_preferences(email=user.email, values={**_defaults(), "reminders": True})
    assert remind_owners(at=morning(0)) == 1
    stop_telling(email=user.email, incident_id=None, at=NOON)
    assert remind_owners(at=morning(7)) == 0


def test_the_number_of_queries_does_not_grow_with_the_number_of_items(
    item: ActionItem, user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    assert isinstance(item.postmortem, Postmortem)
    for number in range(5):
        make_action_item(item.postmortem, title=f"{number}", owner=user, due_on=DUE)
    assert remind_owners(at=morning(0)) == 6
    with django_assert_num_queries(2):
        remind_owners(at=morning(0, 9))


def test_the_page_of_open_items_is_paged_and_shows_the_overdue_first(
    signed_in: Client, user: User
) -> None:
    postmortem = make_postmortem()
    for number in range(101):
        due = DUE + timedelta(days=number)
        make_action_item(postmortem, title=f"Item {number}.", owner=user, due_on=due)
    past = date(2020, 1, 1)
    make_action_item(postmortem, title="Long overdue", owner=user, due_on=past)
    first = signed_in.get("/action-items/").content.decode()
    assert first.index("Long overdue") < first.index("Item 0.")
    assert "Item 100." not in first
    assert "Item 100." in signed_in.get("/action-items/?page=2").content.decode()


def test_home_names_three_that_are_overdue_and_counts_the_rest(
    signed_in: Client, user: User
) -> None:
    postmortem = make_postmortem()
    for number in range(5):
        past = date(2020, 1, 1 + number)
        make_action_item(postmortem, title=f"Item {number}", owner=user, due_on=past)
    home = signed_in.get("/").content.decode()
    assert "Item 2" in home
    assert "Item 3" not in home
    assert "All 5 of yours that are overdue" in home


def _defaults() -> dict[str, object]:
    preference = preference_of("nobody@example.com")
    return {name: getattr(preference, name) for name in preference.FIELDS}
