"""The pages of one event and of one alert."""

from datetime import timedelta

import pytest
from django.test import Client

from alerts.models import Alert, Event
from incidents.models import IncidentAlert
from tests.alerts.receiving import incoming, receive, text_of
from tests.factories import (
    NOON,
    make_alert,
    make_asset,
    make_incident,
    make_integration,
)


@pytest.mark.django_db
def test_an_event_is_shown_as_it_came(signed_in: Client) -> None:
    body = b'{"title":"<script>alert(1)</script>","n":12345678901234567890123.10}'
    event = receive(make_integration(), incoming(), body=body)
    page = signed_in.get(event.get_absolute_url()).content.decode()
    assert "&quot;title&quot;: &quot;&lt;script&gt;" in page
    assert "12345678901234567890123.10" in page
    raw = signed_in.get(f"{event.get_absolute_url()}raw/")
    assert raw.content == body
    assert raw["Content-Type"] == "application/octet-stream"
    assert raw["Content-Disposition"].startswith("attachment")
    assert raw["X-Content-Type-Options"] == "nosniff"


@pytest.mark.django_db
def test_what_is_no_json_is_shown_as_text_or_as_bytes(signed_in: Client) -> None:
    inlet = make_integration()
    said = {
        b"host is down": "host is down",
        b"\x89PNG\x00": "00000000 89 50 4e 47 00 ·PNG·",
        b"": "The body is empty.",
        b"[" * 5000: "[[[[",
        b'{"long": "' + b"x" * 300_000 + b'"}': "Only the beginning is shown.",
    }
    for body, words in said.items():
        event = receive(inlet, body=body, problem="It is no JSON.")
        page = signed_in.get(event.get_absolute_url())
        assert words in text_of(page)
        assert "It was not understood" in text_of(page)


@pytest.mark.django_db
def test_an_alert_page_tells_what_is_known(signed_in: Client) -> None:
    inlet, asset = make_integration(), make_asset("shop.orders")
    told = incoming(
        description="column amount\ndoes not exist",
        labels={"env": "prod"},
        run_id="run-7",
        url="https://airflow.example.com/run-7",
    )
    receive(inlet, told, at=NOON)
    receive(inlet, incoming(), at=NOON + timedelta(minutes=3))
    alert = Alert.objects.get()
    alert.asset = asset
    alert.save(update_fields=["asset"])
    page = signed_in.get(alert.get_absolute_url())
    text = text_of(page)
    for words in ("column amount", "env prod", "run-7", "2 times", "shop.orders"):
        assert words in text
    assert f'href="{asset.get_absolute_url()}"' in page.content.decode()
    assert "It is part of no incident." in text


@pytest.mark.django_db
def test_the_incident_of_an_alert_is_shown_to_those_who_may_see_it(
    signed_in: Client,
) -> None:
    open_one = make_incident(title="Orders are stale")
    hidden = make_incident(title="Salaries leaked", private=True)
    for incident, words in ((open_one, "Orders are stale"), (hidden, "no incident")):
        alert = make_alert()
        IncidentAlert.objects.create(
            incident=incident, alert=alert, added_at=NOON, reason="same asset"
        )
        text = text_of(signed_in.get(alert.get_absolute_url()))
        assert words in text
        assert "Salaries" not in text


@pytest.mark.django_db
def test_an_alert_of_a_busy_inlet_still_shows_its_first_event(
    signed_in: Client,
) -> None:
    inlet = make_integration()
    first = receive(inlet, incoming(), at=NOON)
    for number in range(520):
        Event.objects.create(
            integration=inlet,
            received_at=NOON + timedelta(seconds=number),
            path="",
            body=b"",
        )
    last = receive(inlet, incoming(), at=NOON + timedelta(hours=1))
    page = signed_in.get(Alert.objects.get().get_absolute_url()).content.decode()
    assert page.count('<li class="row" id="event') == 2
    assert first.get_absolute_url() in page
    assert last.get_absolute_url() in page
