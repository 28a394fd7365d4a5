"""What a key that fires again and again does to the timeline."""

import pytest
from pytest_django.fixtures import Settings

from incidents.models import Incident
from incidents.services import merge_incidents
from tests.factories import make_integration, make_user
from tests.incidents.world import correlate, end, fire, make_lineage, minutes, texts

pytestmark = pytest.mark.django_db


def flap(times: int, *, begin: float = 0) -> None:
    """Fire and resolve one key, each taken before the next comes."""
    integration = make_integration(name=f"checks {begin}")
    for number in range(times):
        at = begin + 2 * number
        alert = fire("raw", at=at, integration=integration, dedup_key="raw check")
        correlate(at)
        end(alert, at=at + 1)
        correlate(at + 1)


def about_alerts(incident: Incident) -> list[str]:
    return [text for text in texts(incident) if "raw failed" in text]


def test_a_key_that_flaps_adds_one_entry_that_counts(settings: Settings) -> None:
    settings.FLAP_CHANGES = 0  # what damping holds back would not be counted
    make_lineage("raw > mart")
    fire("mart", at=-1)  # keeps the incident open
    flap(2)
    incident = Incident.objects.get()
    assert "raw failed: fired again at 12:02 UTC; over at 12:03 UTC" in texts(incident)
    before = len(about_alerts(incident))
    flap_on = incident.members.get(alert__first_at=minutes(2)).alert
    for number in range(11):
        alert = fire("raw", at=4 + number, integration=flap_on.integration,
                     dedup_key="raw check")  # fmt: skip
        correlate(4 + number)
        end(alert, at=4.5 + number)
        correlate(4.5 + number)
    assert len(about_alerts(incident)) == before
    last = "raw failed: fired 12 times more, last 12:14 UTC; over at 12:14 UTC"
    assert last in texts(incident)
    assert incident.members.filter(alert__dedup_key="raw check").count() == 13


def test_after_a_merge_the_repeats_are_counted_where_they_are_now() -> None:
    make_lineage("raw > mart")
    fire("mart", at=-1)
    fire("elsewhere", at=-1)
    correlate(0)
    flap(2)
    gone = Incident.objects.get(failing_assets__asset__name="raw")
    kept = Incident.objects.exclude(pk=gone.pk).get()
    merge_incidents(
        incident_id=gone.pk, into_id=kept.pk, by=make_user(), at=minutes(10)
    )
    known = kept.members.filter(alert__dedup_key="raw check").first()
    assert known is not None
    fire("raw", at=11, integration=known.alert.integration, dedup_key="raw check")
    correlate(11)
    said = "raw failed: fired 2 times more, last 12:11 UTC"
    assert [text for text in texts(kept) if text == said] == [said]
