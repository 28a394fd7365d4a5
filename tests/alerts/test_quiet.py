"""Silences, held alerts and routing rules, from the alert to the page."""

from datetime import timedelta

import pytest

from alerts.models import Alert, Handling, InletQuiet, RouteCount, SilencedAlert
from alerts.services import release_due_alerts
from alerts.services.rulebook import change_rules
from incidents.models import Incident
from oncall.models import Escalation
from tests.factories import (
    make_integration,
    make_policy,
    make_route,
    make_silence,
    make_team,
)
from tests.incidents.world import correlate, end, fire, make_lineage, minutes, texts

pytestmark = pytest.mark.django_db


def tick(at: float) -> None:
    """What the beat does at that minute after noon."""
    release_due_alerts(at=minutes(at))
    correlate(at)


def test_a_silenced_alert_opens_nothing_and_counts_as_new_when_the_silence_ends() -> (
    None
):
    assets = make_lineage("raw > staging")
    silence = make_silence(asset_ids=[assets["raw"].pk])
    alert = fire("staging", at=1)
    correlate(1)

    assert not Incident.objects.exists()
    assert Handling.objects.get().silence == silence
    hidden = SilencedAlert.objects.get()
    assert (hidden.silence, hidden.alert, hidden.until) == (silence, alert, None)

    tick(119)
    assert not Incident.objects.exists()
    tick(120)
    incident = Incident.objects.get()
    assert (incident.detected_at, incident.impact_started_at) == (
        minutes(120),
        minutes(1),
    )
    assert Escalation.objects.running().get().subject == incident.subject
    hidden.refresh_from_db()
    assert (hidden.until, hidden.resolved) == (minutes(120), False)
