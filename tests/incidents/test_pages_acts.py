"""What people do on an incident's page: with and without JavaScript, and undone."""

import json
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from accounts.models import User
from incidents.models import Incident, MergeOffer, TimelineEntry
from tests.factories import NOON, make_asset, make_incident, make_user
from tests.incidents.world import correlate, fire, make_lineage

pytestmark = pytest.mark.django_db
Kind = TimelineEntry.Kind


class Browser:
    """One person's browser on the page of one incident."""

    def __init__(self, client: Client, incident: Incident) -> None:
        self.client, self.incident = client, incident
        self.base = f"/incidents/{incident.pk}/"

    def post(self, act: str, *, htmx: bool = False, **data: Any) -> Any:
        headers = {"HX-Request": "true"} if htmx else {}
        return self.client.post(f"{self.base}{act}/", data, headers=headers)

    def undo(self, response: Any) -> None:
        """Press "Undo" of the message that `response` brought."""
        *_, message = get_messages(response.wsgi_request)
        address = str(message.extra_tags).removeprefix("undo=")
        assert address.startswith("/incidents/")
        assert self.client.post(address).status_code == 302

    def now(self) -> Incident:
        self.incident.refresh_from_db()
        return self.incident

    def said(self) -> list[str]:
        return [entry.text for entry in self.incident.timeline.all()]


@pytest.fixture
def browser(signed_in: Client) -> Browser:
    return Browser(signed_in, make_incident())


@pytest.fixture
def broken(signed_in: Client) -> Browser:
    make_lineage("raw > mart > board", board="dashboard")
    fire("raw"), fire("mart", at=1)
    correlate()
    return Browser(signed_in, Incident.objects.get())


def test_without_javascript_an_act_leads_back_and_says_so(browser: Browser) -> None:
    response = browser.post("acknowledge")
    assert response.status_code == 302
    assert response["Location"] == browser.base
    page = browser.client.get(browser.base).content.decode()
    assert "Acknowledged. Nobody else is paged." in page
    assert browser.now().status == "investigating"


def test_with_htmx_an_act_answers_nothing_and_lets_the_parts_fetch_themselves(
    browser: Browser,
) -> None:
    response = browser.post("severity", htmx=True, severity="SEV1")
    assert (response.status_code, response.content) == (204, b"")
    events = json.loads(response["HX-Trigger"])
    assert "changed" in events
    assert events["toast"] == {
        "text": "Severity is SEV1.",
        "undo": f"{browser.base}undo/severity/SEV3/",
        "level": "success",
    }


def test_acts_are_posted(browser: Browser) -> None:
    for act in ("acknowledge", "resolve", "notes", "split", "undo/severity/SEV1"):
        assert browser.client.get(f"{browser.base}{act}/").status_code == 405


def test_the_way_through_the_states(browser: Browser) -> None:
    for status in ("investigating", "identified", "monitoring", "resolved"):
        assert browser.post("status", status=status).status_code == 302
        assert browser.now().status == status
    browser.post("reopen")
    assert browser.now().status == "investigating"
    browser.post("resolve")
    assert browser.now().status == "resolved"


def test_what_cannot_follow_is_409_on_the_page_itself(browser: Browser) -> None:
    browser.post("resolve")
    response = browser.post("acknowledge")
    assert response.status_code == 409
    assert "is already resolved" in response.content.decode()
    assert 'id="incident-strip"' in response.content.decode()
    toast = browser.post("escalate", htmx=True)
    assert toast.status_code == 409
    assert toast["Content-Type"].startswith("text/plain")
    assert "cannot be escalated" in toast.content.decode()


@pytest.mark.parametrize(
    ("act", "data"),
    [("status", {"status": "lost"}), ("causes/1", {"verdict": "maybe"})],
)
def test_an_act_nobody_offered_is_not_there(
    browser: Browser, act: str, data: Any
) -> None:
    assert browser.post(act, **data).status_code == 404


def test_a_severity_is_undone(browser: Browser) -> None:
    browser.undo(browser.post("severity", severity="SEV1"))
    assert browser.now().severity == "SEV3"


def test_a_status_is_undone_where_it_may_go_back(browser: Browser) -> None:
    browser.post("acknowledge")
    browser.undo(browser.post("status", status="monitoring"))
    assert browser.now().status == "investigating"
    forward = Browser(browser.client, make_incident()).post(
        "status", status="identified"
    )
    *_, message = get_messages(forward.wsgi_request)
    assert "undo" not in str(message.extra_tags)


def test_resolving_is_undone_by_reopening(browser: Browser) -> None:
    browser.post("acknowledge")
    browser.undo(browser.post("resolve"))
    assert browser.now().status == "investigating"


def test_a_role_goes_back_to_who_had_it(browser: Browser, user: User) -> None:
    ana, bo = make_user(name="Ana"), make_user(name="Bo")
    browser.post("roles", role="commander", user=ana.pk)
    response = browser.post("roles", role="commander", user=bo.pk)
    assert browser.now().roles.get(role="commander").user == bo
    browser.undo(response)
    assert browser.now().roles.get(role="commander").user == ana
    browser.undo(browser.post("roles", role="commander", user=ana.pk, remove="on"))
    assert browser.now().roles.get(role="commander").user == ana


def test_a_first_holder_of_a_role_is_taken_off_again(browser: Browser) -> None:
    scribe = make_user()
    browser.undo(browser.post("roles", role="scribe", user=scribe.pk))
    assert not browser.now().roles.exists()


def test_nobody_inactive_gets_a_role(browser: Browser) -> None:
    gone = make_user(is_active=False)
    assert browser.post("roles", role="scribe", user=gone.pk).status_code == 422


@pytest.mark.parametrize(
    "address",
    [
        "severity/SEV9",
        "status/resolved",
        "hold/king-1",
        "hold/scribe-x",
        "hold/scribe-999999",
        "verdict/x",
        "verdict/99999999999999999999",
        "anything/1",
    ],
)
def test_an_undo_of_nothing_is_not_there(browser: Browser, address: str) -> None:
    assert browser.post(f"undo/{address}").status_code == 404


def test_a_verdict_is_kept_and_taken_back(broken: Browser) -> None:
    suspect = broken.incident.causes[0]["asset"]
    rejection = broken.post(f"causes/{suspect}", verdict="rejected")
    assert suspect not in [cause["asset"] for cause in broken.now().causes]
    page = broken.client.get(broken.base).content.decode()
    assert "1 ruled out" in page
    broken.undo(rejection)
    assert broken.now().causes[0]["asset"] == suspect
    assert not broken.incident.verdicts.exists()
    broken.post(f"causes/{suspect}", verdict="confirmed")
    assert "Confirmed cause" in broken.client.get(broken.base).content.decode()


def test_a_note_is_added_at_its_own_time(browser: Browser, user: User) -> None:
    user.time_zone = "Europe/Madrid"
    user.save(update_fields=["time_zone"])
    browser.post("notes", text="Saw it", happened_at="2026-03-29T13:30")
    entry = browser.incident.timeline.get(kind="note")
    assert entry.at.isoformat() == "2026-03-29T11:30:00+00:00"


def test_an_entry_is_pinned_and_let_go(browser: Browser) -> None:
    browser.post("notes", text="The **decisive** thing")
    entry = browser.incident.timeline.get(kind="note")
    response = browser.post(f"notes/{entry.pk}/pin")
    page = browser.client.get(browser.base).content.decode()
    assert page.index(f'id="pinned-{entry.pk}"') < page.index(f'id="entry-{entry.pk}"')
    browser.undo(response)
    assert "pinned-" not in browser.client.get(browser.base).content.decode()
    assert browser.post("notes/999999/pin").status_code == 404
    elsewhere = make_incident().record(Kind.NOTE, "x", at=NOON)
    assert browser.post(f"notes/{elsewhere.pk}/pin").status_code == 404


def test_the_situation_times_and_root_cause_are_written_down(browser: Browser) -> None:
    asset = make_asset("raw")
    browser.incident.failing_assets.create(asset=asset, since=NOON)
    browser.post("situation", situation="We **know** it.")
    browser.post("times", impact_started_at="2026-03-29T11:00")
    browser.post("root-cause", category="schema", asset=asset.pk, summary="A column.")
    browser.post("details", title="New title", team="", private="on")
    incident = browser.now()
    assert incident.situation == "We **know** it."
    assert incident.impact_started_at.isoformat() == "2026-03-29T11:00:00+00:00"
    assert (incident.root_cause_category, incident.root_cause_asset) == (
        "schema",
        asset,
    )
    assert (incident.title, incident.private) == ("New title", True)
    page = browser.client.get(browser.base).content.decode()
    assert "<strong>know</strong>" in page
    assert "A column." in page


def test_an_update_may_move_the_incident_on(browser: Browser) -> None:
    browser.post("acknowledge")
    browser.post("updates", text="Found it", audience="internal", status="identified")
    assert browser.now().status == "identified"
    page = browser.client.get(f"{browser.base}?tab=updates").content.decode()
    assert "Found it" in page


def test_merging_goes_on_with_the_other_one(browser: Browser) -> None:
    other = make_incident(title="The one that stays")
    response = browser.post("merge", into=other.pk)
    assert response["Location"] == f"/incidents/{other.pk}/"
    assert browser.now().merged_into == other
    page = browser.client.get(browser.base).content.decode()
    assert f'Merged into <a href="/incidents/{other.pk}/">' in page


def test_an_offered_merge_stands_on_both_pages(browser: Browser) -> None:
    other = make_incident(title="Acknowledged before")
    tie = make_asset("tie")
    MergeOffer.objects.create(
        incident=browser.incident, other=other, asset=tie, at=NOON
    )
    here = browser.client.get(browser.base).content.decode()
    there = browser.client.get(f"/incidents/{other.pk}/").content.decode()
    assert f"Merge #{other.pk} into this" in here
    assert f"Merge this into #{browser.incident.pk}" in there
    assert "tie ties them together" in here


def test_chosen_alerts_move_to_an_incident_of_their_own(broken: Browser) -> None:
    page = broken.client.get(f"{broken.base}?tab=alerts").content.decode()
    assert page.count('form="split"') == 2
    moved = broken.incident.members.get(alert__asset__name="mart").alert
    response = broken.post("split", alerts=[moved.pk])
    new = Incident.objects.exclude(pk=broken.incident.pk).get()
    assert response["Location"] == f"/incidents/{new.pk}/"
    assert [member.alert for member in new.members.all()] == [moved]
    assert broken.now().alert_count == 1


def test_an_alert_of_another_incident_cannot_be_moved(broken: Browser) -> None:
    stranger = fire("elsewhere", at=2)
    everything = [member.alert_id for member in broken.incident.members.all()]
    for alerts, problem in (
        ([stranger.pk], "is not one of the available choices"),
        ([], "Choose at least one alert"),
        (everything, "Leave at least one alert where it is"),
        (["x"], "is not a valid value"),
    ):
        response = broken.post("split", alerts=alerts)
        assert response.status_code == 422
        assert problem in response.content.decode()
    assert Incident.objects.count() == 1
