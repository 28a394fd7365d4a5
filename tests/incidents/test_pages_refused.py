"""What cannot be accepted is shown beside its field, with what was typed."""

from typing import Any

import pytest
from django.test import Client

from incidents.models import Incident
from tests.factories import make_incident

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident(db: None) -> Incident:
    return make_incident()


def send(client: Client, incident: Incident, act: str, **data: Any) -> Any:
    return client.post(f"/incidents/{incident.pk}/{act}/", data)


@pytest.mark.parametrize(
    ("act", "data", "problem", "kept"),
    [
        ("severity", {"severity": "SEV9"}, "SEV9 is not one of", ""),
        (
            "details",
            {"title": "", "private": "on"},
            "This field is required",
            "checked",
        ),
        ("details", {"title": "x" * 1025}, "at most 1024", "x" * 1025),
        (
            "times",
            {"impact_started_at": "2026-03-29T13:00"},
            "Must not be after “detected” (29 Mar 12:00)",
            "2026-03-29T13:00",
        ),
        (
            "times",
            {"detected_at": "2999-01-01T00:00"},
            "This lies in the future",
            "2999-01-01T00:00",
        ),
        ("times", {"detected_at": "soon"}, "Enter a valid date/time", "soon"),
        (
            "root-cause",
            {"category": "gremlins", "summary": "Typed with care"},
            "gremlins is not one of",
            "Typed with care",
        ),
        ("roles", {"role": "scribe", "user": "999999"}, "Select a valid choice", ""),
        ("snooze", {"until": "2001-01-01T00:00"}, "at most 30 days", "2001-01-01"),
        ("snooze", {"until": ""}, "This field is required", ""),
        ("merge", {"number": "424242"}, "no other open incident #424242", "424242"),
        ("merge", {"number": str(10**30)}, "less than or equal", str(10**30)),
        ("merge", {}, "Choose an incident", ""),
        ("notes", {"text": "  "}, "This field is required", ""),
        (
            "notes",
            {"text": "Seen tomorrow", "happened_at": "2999-01-01T00:00"},
            "This lies in the future",
            "Seen tomorrow",
        ),
        (
            "updates",
            {"text": "All is well", "audience": "martians"},
            "martians is not one of",
            "All is well",
        ),
    ],
)
def test_a_refused_form_is_shown_again_with_what_was_typed(
    signed_in: Client,
    incident: Incident,
    act: str,
    data: dict[str, str],
    problem: str,
    kept: str,
) -> None:
    response = send(signed_in, incident, act, **data)
    assert response.status_code == 422
    page = response.content.decode()
    assert problem in page
    assert "field__error" in page
    assert kept in page
    incident.refresh_from_db()
    assert incident.severity == "SEV3"
    assert not incident.timeline.exists()


def test_a_merge_with_itself_or_a_resolved_one_is_refused(
    signed_in: Client, incident: Incident
) -> None:
    done = make_incident(status="resolved", resolved_at=incident.detected_at)
    for number in (incident.pk, done.pk):
        refused = send(signed_in, incident, "merge", number=number)
        assert refused.status_code == 422


def test_a_rule_that_was_broken_meanwhile_is_409_with_the_form(
    signed_in: Client, incident: Incident
) -> None:
    Incident.objects.update(status="resolved", resolved_at=incident.detected_at)
    refused = send(signed_in, incident, "snooze", until="2999-01-01T00:00")
    assert refused.status_code in (409, 422)
    other = make_incident()
    refused = send(signed_in, incident, "merge", into=other.pk)
    assert refused.status_code == 409
    assert "is resolved and cannot be merged" in refused.content.decode()


def test_a_refused_htmx_request_is_told_in_plain_words(
    signed_in: Client, incident: Incident
) -> None:
    response = signed_in.post(
        f"/incidents/{incident.pk}/notes/",
        {"text": "x", "happened_at": "2999-01-01T00:00"},
        headers={"HX-Request": "true"},
    )
    assert response.status_code == 400
    assert response["Content-Type"].startswith("text/plain")
    assert response.content.decode() == "When it happened: This lies in the future."
    assert "HX-Trigger" not in response


def test_nothing_of_a_refused_edit_shows_elsewhere_on_the_page(
    signed_in: Client, incident: Incident
) -> None:
    """The refused times must not leak into the crumbs' copy of the incident."""
    response = send(signed_in, incident, "times", detected_at="2999-01-01T00:00")
    assert response.context["incident"].detected_at == incident.detected_at
