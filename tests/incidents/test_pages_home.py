"""The home page and the list of incidents."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from alerts.models import Event
from catalog.models import Asset
from incidents.models import Incident
from incidents.services import PageTargets, declare_incident
from incidents.signals import HomeItem, home_items
from oncall.models import Swap
from tests.factories import (
    NOON,
    make_asset,
    make_incident,
    make_integration,
    make_policy,
    make_schedule,
    make_team,
    make_user,
)
from tests.incidents.world import correlate, fire, make_lineage

pytestmark = pytest.mark.django_db


def main_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    page = response.content.decode()
    return page[page.index("<main") : page.index("</main>")]


def queries_of(client: Client, address: str) -> int:
    """Count a warm page's queries: of three, as one may look for newer lineage."""
    client.get(address)
    return min(_queries_once(client, address) for _ in range(3))


def _queries_once(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def page_to(user: User, title: str) -> Incident:
    targets = PageTargets(users=(user,))
    return declare_incident(title=title, by=make_user(), at=NOON, page=targets)


def test_an_empty_home_says_what_to_do_first(signed_in: Client) -> None:
    page = main_of(signed_in, "/")
    assert "Nothing has failed yet" in page
    assert "Connect a tool" in page


def test_an_admin_is_led_through_what_a_new_installation_lacks(
    sign_in: Callable[..., Client],
) -> None:
    def done(page: str) -> list[str]:
        steps = page[page.index('id="first-steps"') :]
        return re.findall(r'data-status="(done|due)"', steps)[:4]

    admin = sign_in(role="admin")
    assert done(main_of(admin, "/")) == ["due", "due", "due", "due"]
    make_lineage("raw > mart")
    make_schedule()
    make_incident()
    assert done(main_of(admin, "/")) == ["due", "done", "done", "due"]
    make_policy()
    Event.objects.create(integration=make_integration(), received_at=NOON)
    assert "first-steps" not in main_of(admin, "/")


def test_home_begins_with_what_waits_for_this_person(
    signed_in: Client, user: User
) -> None:
    make_incident(title="Somebody else has this", severity="SEV1")
    waiting = page_to(user, "This waits for you")
    page = main_of(signed_in, "/")
    assert page.index("This waits for you") < page.index("Somebody else has this")
    assert page.count("This waits for you</a>") == 1
    assert page.count("btn--primary") == 1
    assert f'action="/incidents/{waiting.pk}/acknowledge/"' in page


def test_more_than_fit_are_counted_and_linked(signed_in: Client, user: User) -> None:
    for number in range(22):
        page_to(user, f"page {number}")
    page = main_of(signed_in, "/")
    assert page.count('id="waiting-') == 20
    assert "22 incidents wait for you" in page


def test_what_other_parts_know_of_waits_too(signed_in: Client, user: User) -> None:
    def items(sender: object, user: User, **_: object) -> list[HomeItem]:
        return [HomeItem(f"Review for {user}", "/review/", "Review", is_late=True)]

    home_items.connect(items)
    try:
        page = main_of(signed_in, "/")
    finally:
        home_items.disconnect(items)
    assert "Review for Robin Responder" in page
    assert 'data-status="overdue"' in page


def test_a_shift_that_is_on_offer_waits_too(signed_in: Client, user: User) -> None:
    begins = timezone.now() + timedelta(hours=3)
    offer = Swap.objects.create(
        schedule=make_schedule(name="Warehouse on call"),
        giver=make_user(name="Gil Giver"),
        start_at=begins,
        end_at=begins + timedelta(hours=1),
    )
    offer.offered_to.set([user])
    asked = "Gil Giver looks for somebody to take Warehouse on call"
    page = main_of(signed_in, "/")
    assert f'href="/on-call/me/shifts/" dir="auto">{asked}</a>' in page
    offer.offered_to.set([make_user()])
    assert asked not in main_of(signed_in, "/")
    offer.offered_to.set([])  # to anybody, of another team
    assert asked not in main_of(signed_in, "/")


def test_incidents_of_ones_teams_stand_before_others(
    signed_in: Client, user: User
) -> None:
    team = make_team()
    team.members.add(user)
    make_incident(title="Elsewhere and worse", severity="SEV1")
    make_incident(title="Of our team", team=team)
    page = main_of(signed_in, "/")
    assert page.index("Of our team") < page.index("Open elsewhere")
    assert page.index("Open elsewhere") < page.index("Elsewhere and worse")


def test_data_health_shows_each_team_with_its_assets(signed_in: Client) -> None:
    team = make_team(name="Ingestion")
    make_asset("good", team=team)
    make_asset("bad", team=team, health="failing")
    make_asset("of nobody")
    page = main_of(signed_in, "/")
    assert "1 failing" in page
    assert page.index("bad: failing") < page.index("good: healthy")
    assert page.index("Ingestion") < page.index("No team")


def test_data_health_tells_stale_from_wrong_and_what_is_being_fixed(
    signed_in: Client,
) -> None:
    assets = make_lineage("raw > mart", "src > sheet", "job > out")
    team = make_team(name="Ingestion")
    Asset.objects.update(team=team)
    fire("raw", labels={"data_state": "wrong"})
    fire("src", labels={"data_state": "stale"})
    fire("job", labels={"data_state": "stale"})
    correlate()
    answered = Incident.objects.get(failing_assets__asset=assets["job"])
    answered.acknowledge(by=make_user(), at=NOON)
    page = main_of(signed_in, "/")
    assert "3 failing, 3 affected" in page
    for words in (
        "raw: failing<",
        "mart: may be wrong<",
        "sheet: may be stale<",
        "out: may be stale, being fixed<",
    ):
        assert words in page
    listed = main_of(signed_in, "/assets/")
    assert listed.count('data-health="wrong"') == 1
    assert listed.count('data-health="fixing"') == 2
    drawn = main_of(signed_in, f"{assets['mart'].get_absolute_url()}picture/")
    assert 'class="node" data-health="wrong"' in drawn
    assert ", Dataset, may be wrong" in drawn


def test_what_a_private_incident_says_is_kept_from_others(signed_in: Client) -> None:
    make_lineage("raw > mart")
    fire("raw", labels={"data_state": "wrong"})
    correlate()
    Incident.objects.update(private=True)
    assert "may be stale or wrong" in main_of(signed_in, "/assets/")


def test_the_part_of_home_comes_without_a_frame(signed_in: Client) -> None:
    part = signed_in.get("/", headers={"HX-Request": "true"}).content.decode()
    assert 'id="home"' in part
    assert "<html" not in part


def test_the_list_groups_open_before_resolved(signed_in: Client) -> None:
    now = timezone.now()
    old = now - timedelta(days=400)
    make_incident(title="Long ago", status="resolved", resolved_at=old, at=old)
    make_incident(title="Just over", status="resolved", resolved_at=now, at=now)
    make_incident(title="Open since long", at=old)
    page = main_of(signed_in, "/incidents/")
    order = ["Open <span>1", "Open since long", "Just over", "Earlier", "Long ago"]
    places = [page.index(word) for word in order]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"a", "b", "c"}),
        ("status=open", {"a", "b"}),
        ("status=investigating", {"b"}),
        ("severity=SEV1", {"a"}),
        ("team=ours", {"b"}),
        ("mine=1", {"b"}),
        ("q=C", {"c"}),
        ("q=stg_orders", {"a"}),
        ("status=open&q=c", set()),
        ("status=nonsense", set()),
        ("team=nobody", set()),
        ("page=abc&q=%00", {"a", "b", "c"}),
    ],
)
def test_the_list_is_narrowed_by_its_address(
    signed_in: Client, user: User, query: str, found: set[str]
) -> None:
    team = make_team(slug="ours")
    team.members.add(user)
    make_incident(title="a", severity="SEV1", suspected_asset=make_asset("stg_orders"))
    make_incident(title="b", status="investigating", team=team)
    make_incident(title="c", status="resolved", resolved_at=NOON)
    response = signed_in.get(f"/incidents/?{query}")
    shown = {i.title for i in response.context["page_obj"]}
    assert shown == found


def test_a_number_leads_to_its_incident_in_the_list(signed_in: Client) -> None:
    incident = make_incident(title="quite something")
    make_incident(title="something else")
    for q in (f"{incident.pk}", f"%23{incident.pk}"):
        response = signed_in.get(f"/incidents/?q={q}")
        assert [i.pk for i in response.context["page_obj"]] == [incident.pk]


def test_what_was_merged_away_counts_as_no_incident_that_was_resolved(
    signed_in: Client,
) -> None:
    now = timezone.now()
    kept = make_incident(status="resolved", resolved_at=now)
    make_incident(status="resolved", resolved_at=now, merged_into=kept)
    assert "1 resolved in the last 24 h" in main_of(signed_in, "/")
    assert main_of(signed_in, "/incidents/").count("merged into another") == 1


def test_facets_count_only_what_the_reader_may_see(
    signed_in: Client, sign_in: Callable[..., Client]
) -> None:
    make_incident(severity="SEV1")
    make_incident(severity="SEV1", private=True)

    def sev1(client: Client) -> int:
        facets = dict(client.get("/incidents/").context["facets"])
        return int(facets["Severity"][0].count)

    assert sev1(signed_in) == 1
    assert sev1(sign_in(role="admin")) == 2


def test_an_empty_list_says_why(signed_in: Client) -> None:
    assert "No incident yet" in main_of(signed_in, "/incidents/")
    assert "No incident fits" in main_of(signed_in, "/incidents/?status=open")


@pytest.mark.parametrize("address", ["/", "/incidents/", "/incidents/?mine=1&q=a"])
def test_lists_cost_the_same_for_one_and_for_six(
    signed_in: Client, user: User, address: str
) -> None:
    def make(number: int) -> None:
        team = make_team()
        team.members.add(user)
        cause = make_asset(team=team)
        incident = make_incident(
            title=f"a {number}", team=team, suspected_asset=cause, acknowledged_by=user
        )
        role = {"role": "commander", "user": make_user(), "assigned_at": NOON}
        incident.roles.create(**role)
        page_to(user, f"a page {number}")

    make(0)
    one = queries_of(signed_in, address)
    for number in range(1, 6):
        make(number)
    assert queries_of(signed_in, address) == one
    assert one <= 30


def test_chosen_incidents_are_acknowledged_together(
    signed_in: Client, user: User
) -> None:
    waiting = [make_incident() for _ in range(2)]
    hidden, done = make_incident(private=True), make_incident(status="identified")
    page = main_of(signed_in, "/incidents/?status=open")
    assert page.count('form="chosen"') == 2
    chosen = [*(i.pk for i in waiting), hidden.pk, done.pk, "x", "9" * 30]
    response = signed_in.post(
        "/incidents/acknowledge/", {"incidents": chosen, "back": "status=open"}
    )
    assert response["Location"] == "/incidents/?status=open"
    answered = Incident.objects.filter(acknowledged_by=user)
    assert set(answered) == set(waiting)
    assert "2 incidents are acknowledged" in main_of(signed_in, response["Location"])


def test_a_viewer_chooses_nothing(sign_in: Callable[..., Client]) -> None:
    viewer, incident = sign_in(role="viewer"), make_incident()
    assert 'form="chosen"' not in main_of(viewer, "/incidents/")
    data = {"incidents": [incident.pk]}
    assert viewer.post("/incidents/acknowledge/", data).status_code == 403


def test_what_nobody_responds_to_stands_first_then_the_worst_then_the_oldest(
    signed_in: Client,
) -> None:
    def opened(title: str, severity: str, minute: int, **values: object) -> None:
        at = NOON + timedelta(minutes=minute)
        make_incident(title=title, severity=severity, at=at, **values)

    opened("six", "SEV1", 0, status="investigating")
    opened("four", "SEV3", 9)
    opened("three", "SEV2", 8)
    opened("two", "SEV2", 7)
    opened("five", "SEV1", 1, snoozed_until=NOON + timedelta(days=900))
    opened("one", "SEV1", 2)
    ended = NOON + timedelta(hours=1)
    opened("seven", "SEV4", 5, status="resolved", resolved_at=ended)
    shown = signed_in.get("/incidents/").context["page_obj"]
    numbers = ["one", "two", "three", "four", "six", "five", "seven"]
    assert [incident.title for incident in shown] == numbers
    page = main_of(signed_in, "/incidents/?status=open")
    assert "unacknowledged first" in page
    assert page.index("one</a>") < page.index("two</a>") < page.index("six</a>")
