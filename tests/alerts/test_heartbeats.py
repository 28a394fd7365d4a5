"""Monitors that alert when nothing came in time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from alerts.models import Alert, Heartbeat, HeartbeatMiss, Integration
from alerts.services import (
    Ping,
    change_heartbeat,
    create_heartbeat,
    delete_heartbeat,
    pause_heartbeat,
    raise_missed,
    record_ping,
    resume_heartbeat,
    say_inlet_lives,
)
from core.errors import DomainError, InvalidTransitionError
from tests.factories import NOON, make_asset, make_integration, make_user

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def after(minutes: float) -> datetime:
    return NOON + minutes * MINUTE


def ping(inlet: Integration, minutes: float = 0, **values: Any) -> Heartbeat:
    told = Ping(**{"name": "nightly", "every": 600, "grace": 60, **values})
    return record_ping(integration_id=inlet.pk, ping=told, at=after(minutes))


def look(minutes: float) -> int:
    """What the beat does, while the inlet lives."""
    steps = int(minutes * 4) + 1
    for step in range(steps):
        say_inlet_lives(at=after(step / 4))
    return raise_missed(at=after(minutes))


def test_the_first_ping_makes_a_heartbeat_that_waits_for_the_next() -> None:
    made = ping(make_integration())
    assert made.status == "on_time"
    assert (made.expected_at, made.due_at) == (after(10), after(11))


def test_nothing_alerts_within_the_grace_and_once_after_it() -> None:
    ping(make_integration(default_severity="SEV2"), name="orders")
    assert look(10.9) == 0
    assert (look(11), look(12)) == (1, 0)
    alert = Alert.objects.get()
    assert (alert.title, alert.status, alert.severity, alert.count) == (
        "orders did not report in time",
        "firing",
        "SEV2",
        1,
    )
    assert alert.occurred_at == after(10)
    miss = HeartbeatMiss.objects.get()
    assert (miss.kind, miss.alert_id, miss.until) == ("missed", alert.pk, None)


def test_the_next_ping_resolves_it_and_the_history_keeps_it() -> None:
    inlet = make_integration()
    ping(inlet)
    look(11)
    again = ping(inlet, 15)
    alert = Alert.objects.get()
    assert (again.status, alert.status) == ("on_time", "resolved")
    assert HeartbeatMiss.objects.get().until == after(15)
    assert (look(16), look(26)) == (0, 1)
    assert Alert.objects.firing().count() == 1


def test_two_workers_at_once_alert_once_for_each(transactional_db: None) -> None:
    inlet = make_integration()
    for number in range(30):
        ping(inlet, name=f"job {number}")
    say_inlet_lives(at=after(0))
    say_inlet_lives(at=after(0.2))
    Heartbeat.objects.update(due_at=after(0.1))

    def one_worker(_: int) -> int:
        try:
            return raise_missed(at=after(0.2))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        raised = list(pool.map(one_worker, range(4)))
    assert sum(raised) == 30
    assert set(Alert.objects.values_list("count", flat=True)) == {1}
    assert (Alert.objects.count(), HeartbeatMiss.objects.count()) == (30, 30)


def test_a_failure_alerts_at_once_with_what_the_job_wrote() -> None:
    inlet = make_integration()
    ping(inlet, kind="fail", said="disk is full")
    alert = Alert.objects.get()
    assert alert.title == "nightly reported a failure"
    assert alert.description == "disk is full"
    assert ping(inlet, 1).status == "on_time"
    assert Alert.objects.get().status == "resolved"


def test_a_start_without_an_end_alerts_after_the_grace() -> None:
    inlet = make_integration()
    ping(inlet)
    ping(inlet, 5, kind="start")
    assert (look(5.9), look(6)) == (0, 1)
    assert Alert.objects.get().title == "nightly started and did not finish in time"


def test_an_end_after_a_start_tells_how_long_it_took() -> None:
    inlet = make_integration()
    ping(inlet, kind="start")
    ended = ping(inlet, 0.5)
    assert ended.recent[0]["seconds"] == 30
    assert ended.due_at == after(11.5)


def test_after_an_hour_away_each_waits_a_turn_and_a_grace_again() -> None:
    inlet = make_integration()
    for number in range(5):
        ping(inlet, name=f"job {number}")
    say_inlet_lives(at=after(2))
    assert raise_missed(at=after(62)) == 0  # the beat is back before the inlet
    assert say_inlet_lives(at=after(62)) == 5
    assert raise_missed(at=after(62)) == 0
    assert not Alert.objects.exists()
    waiting = Heartbeat.objects.first()
    assert waiting is not None
    assert waiting.due_at == after(73)
    assert set(HeartbeatMiss.objects.values_list("kind", flat=True)) == {"unsure"}
    say_inlet_lives(at=after(62.2))
    for minutes in range(63, 74):
        say_inlet_lives(at=after(minutes))
    assert HeartbeatMiss.objects.filter(kind="missed").count() == 0


def test_what_was_due_before_the_absence_is_still_told() -> None:
    ping(make_integration())
    look(10.75)
    for seconds in range(45, 75, 5):
        say_inlet_lives(at=after(10 + seconds / 60))
    say_inlet_lives(at=after(60))
    assert raise_missed(at=after(60)) == 1


def test_one_due_long_after_a_short_absence_is_left_alone() -> None:
    inlet = make_integration()
    ping(inlet)
    say_inlet_lives(at=after(0))
    say_inlet_lives(at=after(2))
    kept = Heartbeat.objects.get()
    assert kept.due_at == after(11)


def test_a_late_beat_finds_what_the_inlet_heard_meanwhile() -> None:
    inlet = make_integration()
    for minutes in range(0, 61, 5):
        ping(inlet, minutes)
    assert look(60) == 0


def test_by_cron_it_is_expected_in_its_own_zone() -> None:
    inlet = make_integration()
    made = create_heartbeat(
        integration=inlet,
        by=make_user(),
        at=NOON,
        name="nightly",
        cron="30 3 * * *",
        time_zone="Europe/Madrid",
        grace_seconds=600,
    )
    assert made.due_at is None
    heard = record_ping(integration_id=inlet.pk, ping=Ping("nightly"), at=NOON)
    assert f"{heard.expected_at:%d %H:%M}" == "30 01:30"
    assert heard.due_at == heard.expected_at + 10 * MINUTE  # type: ignore[operator]  # set


def test_a_ping_just_before_its_time_is_the_one_that_was_expected() -> None:
    inlet = make_integration()
    ping(inlet)
    Heartbeat.objects.update(cron="0 13 * * *")
    early = ping(inlet, 59.5)
    assert f"{early.expected_at:%d %H:%M}" == "30 13:00"


def test_a_paused_one_expects_nothing_and_resolves_what_it_alerted_about() -> None:
    inlet, ana = make_integration(), make_user()
    made = ping(inlet)
    look(11)
    pause_heartbeat(heartbeat_id=made.pk, by=ana, at=after(12))
    assert Alert.objects.get().status == "resolved"
    assert ping(inlet, 13).status == "paused"
    assert look(60) == 0
    resumed = resume_heartbeat(heartbeat_id=made.pk, by=ana, at=after(70))
    assert resumed.due_at == after(81)
    with pytest.raises(InvalidTransitionError):
        resume_heartbeat(heartbeat_id=made.pk, by=ana, at=after(70))


def test_a_shorter_rhythm_does_not_alert_for_the_past() -> None:
    made = ping(make_integration(), every=86_400)
    changed = change_heartbeat(
        heartbeat_id=made.pk, by=make_user(), at=after(300), every_seconds=60
    )
    assert changed.due_at == after(302)


def test_deleting_one_resolves_its_alert() -> None:
    made = ping(make_integration())
    look(11)
    delete_heartbeat(heartbeat_id=made.pk, by=make_user(), at=after(12))
    assert Alert.objects.get().status == "resolved"
    assert not Heartbeat.objects.exists()


def test_two_of_a_name_are_refused() -> None:
    inlet, ana = make_integration(), make_user()
    create_heartbeat(integration=inlet, by=ana, at=NOON, name="nightly")
    with pytest.raises(DomainError):
        create_heartbeat(integration=inlet, by=ana, at=NOON, name="nightly")


def test_its_asset_is_that_of_the_alert() -> None:
    inlet, asset = make_integration(), make_asset("orders", type="pipeline")
    ping(inlet)
    Heartbeat.objects.update(asset=asset)
    look(11)
    alert = Alert.objects.get()
    assert (alert.asset_namespace, alert.asset_name) == ("warehouse", "orders")


def test_a_disabled_inlet_misses_nothing() -> None:
    inlet = make_integration()
    ping(inlet)
    Integration.objects.update(disabled_at=NOON)
    assert look(30) == 0
