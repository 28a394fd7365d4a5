"""Action items: agreed on, owned, due, done; and what the home page says of them."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from core.errors import InvalidInputError
from incidents.signals import HomeItem
from postmortems.models import ActionItem, Postmortem
from postmortems.queries import open_action_items, overdue_count
from postmortems.receivers import add_home_items
from postmortems.services import (
    add_action_item,
    change_action_item,
    draft_postmortem,
    finish_action_item,
    submit_postmortem,
)
from tests.factories import (
    NOON,
    make_action_item,
    make_incident,
    make_postmortem,
    make_user,
)
from tests.postmortems.test_pages import html

pytestmark = pytest.mark.django_db

TODAY = NOON.date()
NEW = {
    "title": "Alert on empty loads",
    "owner": "",
    "due_on": "",
    "kind": "detect",
    "priority": "high",
}


@pytest.fixture
def postmortem() -> Postmortem:
    return make_postmortem()


def test_one_is_added_on_the_page(
    signed_in: Client, user: User, postmortem: Postmortem
) -> None:
    url = postmortem.get_absolute_url()
    sent = {**NEW, "owner": user.pk, "due_on": "2126-04-01"}
    shown = html(signed_in.post(f"{url}action-items/", sent, follow=True))
    assert "Alert on empty loads" in shown
    item = ActionItem.objects.get()
    assert (item.owner, item.due_on) == (user, date(2126, 4, 1))
    assert (item.kind, item.priority, item.postmortem) == ("detect", "high", postmortem)


def test_a_bad_one_comes_back_as_it_was_typed(
    signed_in: Client, postmortem: Postmortem
) -> None:
    url = f"{postmortem.get_absolute_url()}action-items/"
    shown = html(
        signed_in.post(url, {**NEW, "due_on": "soon", "title": "Typed it"}), 422
    )
    assert 'value="Typed it"' in shown
    assert "field__error" in shown


def test_done_can_be_undone(signed_in: Client, postmortem: Postmortem) -> None:
    item = make_action_item(postmortem)
    done = signed_in.post(f"{item.get_absolute_url()}done/", follow=True)
    assert f"{item.get_absolute_url()}reopen/" in html(done)
    item.refresh_from_db()
    assert item.is_done
    signed_in.post(f"{item.get_absolute_url()}reopen/")
    item.refresh_from_db()
    assert not item.is_done


def test_the_act_leads_back_to_where_it_was_pressed(
    signed_in: Client, postmortem: Postmortem
) -> None:
    url = f"{make_action_item(postmortem).get_absolute_url()}done/"
    page = f"http://testserver{postmortem.get_absolute_url()}"
    assert signed_in.post(url, headers={"Referer": page}).headers["Location"] == page
    elsewhere = {"Referer": "https://evil.example/x"}
    back = signed_in.post(url, headers=elsewhere).headers["Location"]
    assert back == "/action-items/"


def test_the_page_lists_mine_first_and_marks_the_late(
    signed_in: Client, user: User, postmortem: Postmortem
) -> None:
    make_action_item(postmortem, title="Theirs", owner=make_user())
    make_action_item(postmortem, title="Unowned")
    make_action_item(postmortem, title="Done one", done_at=NOON)
    make_action_item(postmortem, title="Mine", owner=user, due_on=TODAY)
    shown = html(signed_in.get("/action-items/")).split("<main")[1]
    assert shown.index("Mine") < shown.index("Theirs") < shown.index("Unowned")
    assert "Done one" not in shown
    assert "1 overdue" in shown


def test_with_none_open_the_page_says_where_they_come_from(signed_in: Client) -> None:
    assert "Nothing left to do" in html(signed_in.get("/action-items/"))


def test_one_is_changed_and_the_change_is_kept_in_the_audit(
    signed_in: Client, postmortem: Postmortem
) -> None:
    item = make_action_item(postmortem, due_on=TODAY)
    html(signed_in.post(item.get_absolute_url(), {**NEW, "title": "New"}, follow=True))
    item.refresh_from_db()
    assert (item.title, item.due_on, item.priority) == ("New", None, "high")


def test_a_day_is_over_when_it_is_over_for_the_reader(postmortem: Postmortem) -> None:
    user = make_user()
    make_action_item(postmortem, owner=user, due_on=TODAY)
    assert overdue_count(user, today=TODAY) == 0
    assert overdue_count(user, today=TODAY + timedelta(days=1)) == 1


def test_open_ones_are_split_into_mine_and_others(postmortem: Postmortem) -> None:
    user = make_user()
    late = make_action_item(postmortem, owner=user, due_on=TODAY)
    undated = make_action_item(postmortem, owner=user)
    other = make_action_item(postmortem)
    found = open_action_items(user)
    assert list(found.mine) == [late, undated]
    assert list(found.others) == [other]


def test_the_owner_of_a_private_ones_item_must_be_let_in() -> None:
    private = make_incident(private=True, status="resolved", resolved_at=NOON)
    stranger, admin = make_user(), make_user(role="admin")
    with pytest.raises(InvalidInputError, match="may not see"):
        add_action_item(incident=private, title="x", owner=stranger, by=admin, at=NOON)
    item = add_action_item(incident=private, title="x", owner=admin, by=admin, at=NOON)
    assert item.owner == admin


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "t" * 301}, "title"),
        ({"kind": "blame"}, "kind"),
        ({"priority": "P0"}, "priority"),
    ],
)
def test_values_that_cannot_be_are_refused_by_name(
    postmortem: Postmortem, values: dict[str, str], field: str
) -> None:
    by = make_user()
    item = make_action_item(postmortem)
    with pytest.raises(InvalidInputError) as refused:
        change_action_item(item_id=item.pk, by=by, at=NOON, **values)
    assert list(refused.value.errors) == [field]


def test_one_of_an_incident_joins_its_postmortem_when_that_is_drafted() -> None:
    incident = make_incident(status="resolved", resolved_at=NOON)
    by = make_user()
    item = add_action_item(incident=incident, title="Alert", by=by, at=NOON)
    drafted, _ = draft_postmortem(incident_id=incident.pk, by=by, at=NOON)
    item.refresh_from_db()
    assert item.postmortem == drafted


def test_home_hears_of_what_is_late_and_of_reviews(postmortem: Postmortem) -> None:
    user = make_user(name="Robin", time_zone="Europe/Madrid")
    item = make_action_item(postmortem, owner=user, due_on=TODAY - timedelta(days=1))
    make_action_item(postmortem, owner=user, due_on=TODAY)
    submit_postmortem(postmortem_id=postmortem.pk, by=make_user(), at=NOON)
    found = add_home_items(None, user=user, at=NOON)
    assert [(one.word, one.title) for one in found] == [
        ("Action item, overdue", item.title),
        ("Postmortem to review", postmortem.title),
    ]
    assert isinstance(found[0], HomeItem)
    assert found[0].is_late
    finish_action_item(item_id=item.pk, by=user, at=NOON)
    assert len(add_home_items(None, user=user, at=NOON)) == 1


def test_the_home_page_shows_them(signed_in: Client, user: User) -> None:
    yesterday = timezone.localdate() - timedelta(days=2)
    item = make_action_item(make_postmortem(), owner=user, due_on=yesterday)
    assert item.title in html(signed_in.get("/"))
