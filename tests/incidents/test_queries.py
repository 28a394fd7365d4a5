"""What pages ask: home, facets, the asset's page; and who may know of what."""

from typing import Any

import pytest

from accounts.models import User
from catalog.signals import asset_panels
from incidents.models import Incident
from incidents.queries import facets, home, incidents_of_asset, open_count
from incidents.services import (
    PageTargets,
    acknowledge_incident,
    declare_incident,
    resolve_incident,
)
from tests.factories import NOON, make_incident, make_team, make_user
from tests.incidents.world import correlate, fire, make_lineage, minutes

pytestmark = pytest.mark.django_db


def test_home_shows_what_waits_for_this_person_first(user: User) -> None:
    other = make_user()
    waiting = declare_incident(
        title="x", by=other, at=NOON, page=PageTargets(users=(user,))
    )
    shown = home(user, at=minutes(1))
    assert shown.needs_you == [waiting]
    assert home(other, at=minutes(1)).needs_you == []
    acknowledge_incident(incident_id=waiting.pk, by=other, at=minutes(2))
    assert home(user, at=minutes(3)).needs_you == []


def test_home_puts_ones_own_incidents_before_others(user: User) -> None:
    team = make_team()
    team.members.add(user)
    make_incident(title="others", at=minutes(5))
    make_incident(title="ours", team=team)
    make_incident(title="worse", severity="SEV1")
    shown = home(user, at=minutes(9))
    assert [i.title for i in shown.mine] == ["ours"]
    assert [i.title for i in shown.others] == ["worse", "others"]


def test_private_incidents_are_in_no_count(user: User) -> None:
    make_incident(private=True)
    make_incident()
    admin = make_user(role="admin")
    assert (open_count(user), open_count(admin)) == (1, 2)
    assert home(user, at=NOON).open_count == 1
    assert facets(Incident.objects.visible_to(user)).status["open"] == 1


def test_facets_count_every_choice(user: User) -> None:
    team = make_team()
    make_incident(team=team, severity="SEV1")
    make_incident(severity="SEV1")
    make_incident(status="resolved", resolved_at=NOON)
    counted = facets(Incident.objects.all())
    assert counted.status == {"triggered": 2, "resolved": 1, "open": 2}
    assert counted.severity == {"SEV1": 2, "SEV3": 1}
    assert counted.team == {team.pk: 1, 0: 2}


def test_the_assets_page_tells_open_upstream_and_past_incidents(user: User) -> None:
    assets = make_lineage("raw > mart > board")
    fire("mart")
    correlate()
    past = Incident.objects.get()
    resolve_incident(incident_id=past.pk, by=user, at=minutes(11))
    fire("raw", at=12)
    correlate(13)
    upstream = Incident.objects.open().get()
    found = incidents_of_asset(assets["mart"], user=user)
    assert (found.open, found.upstream, found.past) == ([], [upstream], [past])


def test_the_assets_page_gets_a_panel_of_incidents(user: User) -> None:
    asset = make_lineage("raw > mart")["raw"]
    fire("raw")
    correlate()
    answers: list[Any] = [
        panel
        for _, panels in asset_panels.send(None, asset=asset, user=user, at=NOON)
        for panel in panels or []
    ]
    (panel,) = [p for p in answers if p.template == "incidents/_asset_panel.html"]
    assert panel.context["open_incidents"] == [Incident.objects.get()]


@pytest.mark.parametrize("count", [1, 6])
def test_the_list_costs_two_queries(count: int, django_assert_num_queries: Any) -> None:
    for _ in range(count):
        incident = make_incident(team=make_team(), acknowledged_by=make_user())
        incident.roles.create(role="commander", user=make_user(), assigned_at=NOON)
    with django_assert_num_queries(2):
        for incident in Incident.objects.for_list():
            assert [str(r.user) for r in incident.roles.all()]
            assert f"{incident.team} {incident.acknowledged_by}"
