"""Several workers and people at once, in transactions of their own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.db import connection, transaction

from accounts.models import User
from alerts.models import Alert
from catalog.services.upserts import AssetFacts, upsert_assets
from incidents.models import Incident, IncidentAlert
from incidents.services import acknowledge_incident, correlate_changed_alerts
from oncall.models import Escalation, Page
from oncall.services import acknowledge_page
from tests.alerts.receiving import incoming, receive
from tests.factories import make_integration, make_user
from tests.incidents.world import correlate, fire, make_lineage, minutes
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: Callable[[], object]) -> None:
    """Run all in threads; raise what any of them raised."""

    def run(act: Callable[[], object]) -> None:
        try:
            act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        for done in [pool.submit(run, act) for act in acts]:
            done.result(timeout=30)


def test_many_workers_open_one_incident_for_one_fault() -> None:
    make_user(role="admin")
    make_lineage("raw > staging > mart")
    inlet = make_integration()
    for number in range(60):
        fire(("raw", "staging", "mart")[number % 3], integration=inlet)

    def work() -> None:
        for _ in range(40):
            correlate_changed_alerts(at=minutes(10), limit=5)

    at_once(*[work] * 4)
    correlate()
    assert Incident.objects.get().alert_count == 60
    assert IncidentAlert.objects.count() == 60
    assert Escalation.objects.count() == 1


def test_acknowledging_on_the_page_and_by_link_at_once_is_fine() -> None:
    make_user(role="admin")
    by = make_user()
    for number in range(8):
        fire(f"table_{number}")
    correlate()
    for incident in Incident.objects.all():
        page = Page.objects.get(escalation__subject=incident.subject)
        at_once(*_both(incident.pk, page.pk, by=by, at=minutes(11)))
    assert set(Incident.objects.values_list("status", flat=True)) == {"investigating"}
    assert not Escalation.objects.running().exists()


def _both(
    incident_id: int, page_id: int, *, by: User, at: datetime
) -> list[Callable[[], object]]:
    return [
        lambda: acknowledge_incident(incident_id=incident_id, by=by, at=at),
        lambda: acknowledge_page(page_id=page_id, at=at, via="link"),
    ]


def test_alerts_that_arrive_while_somebody_acknowledges_are_kept() -> None:
    make_user(role="admin")
    by = make_user()
    make_lineage("raw > mart")
    inlet = make_integration()
    fire("raw", integration=inlet)
    correlate()
    incident = Incident.objects.get()
    for _ in range(20):
        fire("mart", at=1, integration=inlet)
    at_once(
        lambda: correlate(11),
        lambda: acknowledge_incident(incident_id=incident.pk, by=by, at=minutes(11)),
    )
    correlate(12)
    incident.refresh_from_db()
    assert (incident.status, incident.alert_count) == ("investigating", 21)


def test_an_import_under_way_holds_up_no_page() -> None:
    admin = make_user(role="admin")
    fire("orders")
    written, is_paged = threading.Event(), threading.Event()

    def bring_assets() -> None:
        with transaction.atomic():
            upsert_assets(
                [AssetFacts("warehouse", "orders")], at=minutes(0), overwrite=True
            )
            written.set()
            assert is_paged.wait(20)

    def page() -> None:
        assert written.wait(20)
        correlate()
        assert Page.objects.get().user == admin
        is_paged.set()

    at_once(bring_assets, page)
    fire("orders", at=1)
    correlate()
    assert Incident.objects.filter(failing_assets__asset__name="orders").exists()


def while_the_worker_waits(act: Callable[[], object]) -> None:
    """Run `act` while a worker is in the middle of a batch, held up by an incident."""
    is_locked, is_done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Incident.objects.select_for_update().get()
            is_locked.set()
            assert is_done.wait(20)

    def work() -> None:
        assert is_locked.wait(20)
        correlate_changed_alerts(at=minutes(10))

    def go_on() -> None:
        assert is_locked.wait(20)
        wait_until(somebody_waits_for_a_lock)
        act()
        is_done.set()

    at_once(hold, work, go_on)


def somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return bool(cursor.fetchone()[0])


def test_repeats_do_not_wait_for_the_worker() -> None:
    make_user(role="admin")
    inlet = make_integration()
    receive(inlet, incoming())
    correlate()
    receive(inlet, incoming(severity="critical"), severity="SEV1")
    while_the_worker_waits(lambda: receive(inlet, incoming(), incoming()))
    alert = Alert.objects.get()
    assert (alert.count, alert.has_changed) == (4, False)
    assert Incident.objects.get().severity == "SEV1"


def test_what_changes_while_the_worker_is_at_it_is_taken_again() -> None:
    make_user(role="admin")
    inlet = make_integration()
    receive(inlet, incoming())
    correlate()
    receive(inlet, incoming(severity="critical"), severity="SEV1")
    while_the_worker_waits(lambda: receive(inlet, incoming(status="resolved")))
    assert Alert.objects.get().has_changed
    correlate(11)
    assert not Alert.objects.get().has_changed
    assert Incident.objects.get().status == "monitoring"
