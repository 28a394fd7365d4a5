"""Rotating keys, wanting signatures, deleting: by page and by API."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, hash_secret
from accounts.sealing import unseal
from alerts.models import Alert, Event, Heartbeat, Integration, RefusedCount
from alerts.services import Ping, purge_deleted, record_ping
from tests.alerts.receiving import incoming, receive, text_of
from tests.factories import make_integration

pytestmark = pytest.mark.django_db
KEY = "0123456789abcdef0123456789abcdef"
LIST = "/api/v1/integrations/"


def test_the_old_key_is_kept_for_the_time_that_was_chosen(signed_in: Client) -> None:
    inlet = make_integration(KEY)
    page = signed_in.post(
        f"/integrations/{inlet.pk}/rotate/", {"overlap": "60"}, follow=True
    )
    inlet.refresh_from_db()
    assert inlet.previous_key_hash == hash_secret(KEY)
    assert inlet.previous_key_until is not None
    left = inlet.previous_key_until - timezone.now()
    assert timedelta(minutes=59) < left <= timedelta(minutes=60)
    assert "and 0123… until" in text_of(page)
    signed_in.post(f"/integrations/{inlet.pk}/old-key/end/")
    inlet.refresh_from_db()
    assert inlet.previous_key_hash == ""


def test_by_api_the_old_key_stops_at_once_unless_an_overlap_is_given(
    signed_in: Client,
) -> None:
    inlet = make_integration(KEY)
    path = f"{LIST}{inlet.pk}/rotate/"
    told = {"overlap_minutes": 30}
    answer = signed_in.post(path, told, content_type="application/json")
    assert (answer.status_code, len(answer.json()["key"])) == (200, 32)
    inlet.refresh_from_db()
    assert inlet.previous_key_hash == hash_secret(KEY)
    signed_in.post(path, content_type="application/json")
    inlet.refresh_from_db()
    assert inlet.previous_key_hash == ""
    wrong = signed_in.post(
        path, {"overlap_minutes": -1}, content_type="application/json"
    )
    assert wrong.status_code == 400


def test_a_secret_is_stored_sealed_and_never_shown(signed_in: Client) -> None:
    inlet = make_integration()
    path = f"/integrations/{inlet.pk}/signature/"
    told = {"scheme": "monte_carlo", "secret": "hush-hush", "header": ""}
    shown = signed_in.post(path, told, follow=True)
    inlet.refresh_from_db()
    assert "hush-hush" not in inlet.signature_secret
    assert unseal(inlet.signature_secret) == "hush-hush"
    pages = shown.content + signed_in.get(path).content
    api = signed_in.get(f"{LIST}{inlet.pk}/")
    assert b"hush-hush" not in pages + api.content
    assert api.json()["signature"] == {
        "scheme": "monte_carlo",
        "header": "x-mcd-signature",
    }
    assert "hush" not in str(AuditEntry.objects.get().changes)


def test_without_a_new_secret_the_old_one_stays(signed_in: Client) -> None:
    inlet = make_integration()
    path = f"/integrations/{inlet.pk}/signature/"
    assert signed_in.post(path, {"scheme": "github"}).status_code == 400
    signed_in.post(path, {"scheme": "github", "secret": "hush"})
    signed_in.post(path, {"scheme": "hmac_sha256", "header": "X-Mine"})
    inlet.refresh_from_db()
    assert (unseal(inlet.signature_secret), inlet.signature_header) == (
        "hush",
        "X-Mine",
    )
    signed_in.post(path, {"scheme": ""})
    inlet.refresh_from_db()
    assert (inlet.signature_scheme, inlet.signature_secret) == ("", "")


def test_the_page_says_how_many_were_refused_and_when(signed_in: Client) -> None:
    inlet = make_integration(signature_scheme="github", signature_secret="x")
    RefusedCount.objects.create(
        integration=inlet, minute=timezone.now(), reason="unsigned", count=3
    )
    text = text_of(signed_in.get(inlet.get_absolute_url()))
    assert "3 refused in 24 hours, last" in text
    assert "signature does not match" in text


def test_the_api_takes_and_shows_mapping_and_signature(signed_in: Client) -> None:
    told = {
        "name": "Checks",
        "format": "generic",
        "mapping": {"title": "@.name"},
        "signature": {"scheme": "github", "secret": "hush"},
    }
    made = signed_in.post(LIST, told, content_type="application/json")
    assert made.status_code == 201
    path = f"{LIST}{made.json()['id']}/"
    shown = signed_in.get(path).json()
    assert shown["mapping"] == {"title": "@.name"}
    assert shown["signature"]["scheme"] == "github"
    wrong = signed_in.patch(
        path, {"mapping": {"title": "@.["}}, content_type="application/json"
    )
    assert wrong.status_code == 400
    assert "“@.[” cannot be read" in wrong.json()["mapping.title"][0]
    gone = {"mapping": None, "signature": None}
    cleared = signed_in.patch(path, gone, content_type="application/json").json()
    assert (cleared["mapping"], cleared["signature"]) == (None, None)


def test_a_bad_mapping_makes_no_integration(signed_in: Client) -> None:
    told = {"name": "n", "format": "generic", "mapping": {}}
    answer = signed_in.post(LIST, told, content_type="application/json")
    assert (answer.status_code, Integration.objects.count()) == (400, 0)


def test_deleting_says_what_is_lost_and_wants_the_name(signed_in: Client) -> None:
    inlet = make_integration(name="Airflow, old")
    receive(inlet, incoming())
    record_ping(integration_id=inlet.pk, ping=Ping("nightly"), at=timezone.now())
    path = f"/integrations/{inlet.pk}/delete/"
    text = text_of(signed_in.get(path))
    assert "Raw events 1 is deleted" in text
    assert "Firing alerts 1 is resolved" in text
    assert signed_in.post(path, {"name": "Airflow"}).status_code == 400
    signed_in.post(path, {"name": "Airflow, old"})
    alert = Alert.objects.get()
    assert (alert.status, alert.has_changed) == ("resolved", True)
    assert not Heartbeat.objects.exists()
    assert purge_deleted() == 1
    assert not Event.objects.exists()
    assert signed_in.get("/integrations/").context["rows"] == []
    assert "deleted" in text_of(signed_in.get(inlet.get_absolute_url()))
    assert signed_in.get(alert.get_absolute_url()).status_code == 200
    assert signed_in.get(f"/integrations/{inlet.pk}/edit/").status_code == 404


def test_by_api_it_is_deleted_only_when_that_is_said(signed_in: Client) -> None:
    inlet = make_integration()
    assert signed_in.delete(f"{LIST}{inlet.pk}/").status_code == 204
    assert signed_in.get(f"{LIST}{inlet.pk}/").status_code == 200
    assert signed_in.delete(f"{LIST}{inlet.pk}/?forever=true").status_code == 204
    assert signed_in.get(f"{LIST}{inlet.pk}/").status_code == 404


def test_a_long_list_is_paged(signed_in: Client) -> None:
    for _ in range(51):
        make_integration()
    text = text_of(signed_in.get("/integrations/"))
    assert "1–50 of 51" in text
    assert "51–51 of 51" in text_of(signed_in.get("/integrations/?page=2"))
