"""The picture of an incident, and the same in words."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from alerts.models import Alert
from incidents.affected_dates import Days, affected_days
from incidents.models import Incident
from incidents.services import impact_of, resolve_incident
from tests.factories import make_user
from tests.incidents.world import correlate, end, fire, make_lineage, minutes

pytestmark = pytest.mark.django_db

SignIn = Callable[..., Client]


@pytest.fixture
def incident() -> Incident:
    chains = [f"raw > mart > board_{number}" for number in range(70)]
    make_lineage(*chains, **{f"board_{n}": "dashboard" for n in range(70)})
    fire("raw", labels={"run_id": "scheduled__2026-03-28T00:00:00+00:00"})
    correlate()
    return Incident.objects.get()


def page_of(client: Client, incident: Incident, query: str = "") -> str:
    return client.get(f"/incidents/{incident.pk}/picture/{query}").content.decode()


def test_a_resolved_incident_draws_what_recovered_and_nothing_as_failing(
    incident: Incident, sign_in: SignIn
) -> None:
    client = sign_in()
    assert 'data-health="cause"' in page_of(client, incident)
    resolve_incident(incident_id=incident.pk, by=make_user(), at=minutes(30))
    page = page_of(client, incident)
    assert 'data-health="recovered"' in page
    assert 'class="node" data-health="failing"' not in page
    assert 'class="node" data-health="cause"' not in page


def test_an_open_incident_whose_alerts_are_over_draws_nothing_as_stale(
    incident: Incident, sign_in: SignIn
) -> None:
    end(Alert.objects.get(), at=20)
    correlate(21)
    page = page_of(sign_in(), incident)
    assert 'class="node" data-health="fixing"' in page
    assert 'class="node" data-health="stale"' not in page
    assert 'class="node" data-health="failing"' not in page


def test_what_is_looked_for_stands_out_of_its_group(
    incident: Incident, sign_in: SignIn
) -> None:
    client = sign_in()
    assert 'data-focus=""' not in page_of(client, incident)
    page = page_of(client, incident, "?find=BOARD_42")
    assert page.count('data-focus=""') == 1
    assert "1 found" in page
    assert "Nothing here is called" in page_of(client, incident, "?find=nosuch")


def test_the_picture_is_gathered_and_resized_by_plain_links(
    incident: Incident, sign_in: SignIn
) -> None:
    client = sign_in()
    page = page_of(client, incident, "?gather=health&zoom=double")
    assert 'href="?gather=health&amp;zoom=larger"' in page
    assert re.search(r"<text[^>]*>◌ \d\d dashboards<", page)
    assert page_of(client, incident, "?gather=x&zoom=x&find=%00").count("<svg") > 1


def test_impact_says_since_when_and_for_which_days(incident: Incident) -> None:
    impact = impact_of(incident)
    assert impact.words == "70 dashboards"
    assert {one.expected.since for one in impact.dashboards} == {minutes(0)}
    assert str(impact.days and impact.days.first) == "2026-03-28"


def test_days_come_from_intervals_partitions_and_scheduled_runs_alone() -> None:
    found = affected_days(
        [
            {"data_interval_start": "2026-03-27T00:00:00Z", "run_id": "x"},
            {"partition": "dt=2026-03-29"},
            {"run_id": "manual__2026-04-02T10:00:00+00:00"},
            {"logical_date": "2026-13-45"},
        ]
    )
    assert found is not None
    assert (str(found.first), str(found.last)) == ("2026-03-27", "2026-03-29")
    assert affected_days([{"run_id": "manual__2026-04-02"}]) is None
    assert isinstance(found, Days)
