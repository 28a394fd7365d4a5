"""What is old goes away; what is new, or needed, stays; nobody waits for it."""

from datetime import timedelta

import httpx
import pytest
from django.db import transaction
from pytest_django import Settings

from alerts.models import Alert, Event, LastTold, RefusedCount
from alerts.services import forget_keys, remove_old, retention
from incidents.services import correlate_changed_alerts
from tests.alerts.receiving import incoming, receive
from tests.factories import NOON, make_alert, make_integration

KEY = "0123456789abcdef0123456789abcdef"
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _days(settings: Settings) -> None:
    settings.EVENT_RETENTION = 30 * DAY
    settings.ALERT_RETENTION = 400 * DAY


@pytest.mark.django_db
def test_events_go_after_their_time_in_as_many_batches_as_it_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    integration = make_integration()
    for days in (31, 31, 31, 40, 29, 0):
        receive(integration, at=NOON - days * DAY)
    for days in (31, 0):
        RefusedCount.objects.create(
            integration=integration, minute=NOON - days * DAY, reason="rate", count=1
        )
    assert remove_old(at=NOON) == 4
    left = Event.objects.values_list("received_at", flat=True)
    assert set(left) == {NOON - 29 * DAY, NOON}
    assert RefusedCount.objects.get().minute == NOON


@pytest.mark.django_db
def test_an_event_the_catalog_still_waits_for_stays() -> None:
    event = receive(make_integration(), at=NOON - 31 * DAY)
    Event.objects.update(has_catalog_facts=True)
    remove_old(at=NOON)
    assert Event.objects.get() == event


@pytest.mark.django_db
def test_no_retention_keeps_everything(settings: Settings) -> None:
    settings.EVENT_RETENTION = settings.ALERT_RETENTION = timedelta(0)
    receive(make_integration(), at=NOON - 9000 * DAY)
    assert remove_old(at=NOON) == 0
    assert Event.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_old_alerts_go_unless_they_fire_or_belong_to_an_incident() -> None:
    integration, then = make_integration(), NOON - 500 * DAY
    receive(integration, incoming(dedup_key="of an incident"), at=then)
    correlate_changed_alerts(at=then)
    receive(integration, incoming(dedup_key="of none", pages=False), at=then)
    for key in ("of an incident", "of none"):
        receive(integration, incoming(dedup_key=key, status="resolved"), at=then)
    receive(integration, incoming(dedup_key="still firing", pages=False), at=then)
    Alert.objects.update(has_changed=False)
    remove_old(at=NOON)
    left = set(Alert.objects.values_list("dedup_key", flat=True))
    assert left == {"of an incident", "still firing"}


@pytest.mark.django_db
def test_the_order_of_a_keys_messages_is_kept_while_it_fires_or_was_told_of_lately(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    integration, long_ago = make_integration(), NOON - 31 * DAY
    make_alert(integration=integration, dedup_key="fires", at=long_ago)
    make_alert(integration=integration, dedup_key="over", at=long_ago,
               status="resolved", resolved_at=long_ago)  # fmt: skip
    for key, fired_at, resolved_at in [
        ("fires", long_ago, None),
        ("over", long_ago, long_ago),
        ("lately", long_ago, NOON - 29 * DAY),
        *((f"gone {n}", None, long_ago) for n in range(4)),
    ]:
        LastTold.objects.create(
            integration=integration, dedup_key=key, fired_at=fired_at,
            resolved_at=resolved_at,
        )  # fmt: skip
    assert forget_keys(at=NOON) == 5
    assert set(LastTold.objects.values_list("dedup_key", flat=True)) == {
        "fires",
        "lately",
    }


def test_messages_are_taken_while_a_deletion_is_not_yet_committed(
    server: httpx.Client,
) -> None:
    integration = make_integration(KEY)
    receive(integration, incoming(), at=NOON - 31 * DAY)
    with transaction.atomic():
        assert remove_old(at=NOON) == 1
        answer = server.post(f"/in/{KEY}", json={"title": "t", "dedup_key": "orders"})
        assert answer.status_code == 202
    assert Event.objects.count() == 1
