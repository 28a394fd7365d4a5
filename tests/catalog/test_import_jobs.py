"""Imports that run by themselves: looked at first, watched, cancelled, cut off."""

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from catalog.models import Asset, Edge, ImportJob, Sighting
from catalog.services import run_next_import, start_import
from catalog.services.jobs import fail_dead_imports
from tests.factories import NOON, make_user
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

URL = "/api/v1/imports/"


def catalog(*names: str, replace: bool = False) -> dict[str, Any]:
    """A chain of datasets."""
    ends = [{"namespace": "w", "name": name} for name in names]
    edges = [
        {"upstream": up, "downstream": down}
        for up, down in zip(ends, ends[1:], strict=False)
    ]
    return {"edges": edges, "replace": replace}


def send(client: Client, document: object, **values: Any) -> dict[str, Any]:
    body = {"kind": "catalog", "document": document, **values}
    response = client.post(URL, body, "application/json")
    assert response.status_code == 202, response.content
    answer: dict[str, Any] = response.json()
    return answer


def run() -> None:
    while run_next_import(clock=timezone.now):
        pass


def state(client: Client, job: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = client.get(f"{URL}{job['id']}/").json()
    return answer


def test_what_would_change_is_shown_before_anything_does(signed_in: Client) -> None:
    send(signed_in, catalog("a", "b", "c", replace=True))
    run()
    job = send(signed_in, catalog("a", "b", "d", replace=True), preview=True)
    run()

    seen = state(signed_in, job)
    assert seen["state"] == "previewed"
    assert seen["result"]["edges"] == {"count": 1, "first": ["b → d"]}
    assert seen["result"]["ended"] == {"count": 1, "first": ["b → c"]}
    assert seen["result"]["gone"]["first"] == ["c"]
    assert seen["result"]["assets"]["first"] == ["d"]
    assert not Asset.objects.filter(name="d").exists()

    signed_in.post(f"{URL}{job['id']}/apply/")
    run()
    assert state(signed_in, job)["state"] == "done"
    current = Edge.objects.current().values_list("downstream__name", flat=True)
    assert set(current) == {"b", "d"}
    assert Sighting.objects.get(asset__name="c").ended_at is not None


def test_the_same_again_changes_nothing(signed_in: Client) -> None:
    document = catalog("a", "b", "c", replace=True)
    send(signed_in, document)
    run()
    again = send(signed_in, document)
    run()
    result = state(signed_in, again)["result"]
    assert not any(
        result[kind]["count"]
        for kind in ("assets", "changed", "gone", "edges", "ended")
    )


def test_an_edge_made_by_hand_is_never_ended_by_an_import(signed_in: Client) -> None:
    send(signed_in, catalog("a", "b"))
    run()
    a, b = Asset.objects.order_by("name")
    ends = {"upstream": b.pk, "downstream": a.pk}
    assert signed_in.post("/api/v1/edges/", ends, "application/json").status_code == 201
    send(signed_in, catalog("a", "c", replace=True))
    run()
    by_hand = Edge.objects.current().get(source="hand")
    assert (by_hand.upstream, by_hand.downstream) == (b, a)
    assert signed_in.delete(f"/api/v1/edges/{by_hand.pk}/").status_code == 204
    assert not Edge.objects.current().filter(source="hand").exists()


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"edges": 5}'])
def test_what_cannot_be_read_fails_with_the_reason(body: bytes) -> None:
    job = start_import(
        kind="catalog", document=body, is_preview=False, by=make_user(), at=NOON
    )
    run()
    job.refresh_from_db()
    assert (job.state, Asset.objects.count()) == ("failed", 0)
    assert job.problem


def test_a_job_is_cancelled_while_it_waits_and_stays_so(signed_in: Client) -> None:
    job = send(signed_in, catalog("a", "b"))
    for _ in range(2):
        answer = signed_in.post(f"{URL}{job['id']}/cancel/")
        assert answer.json()["state"] == "cancelled"
    run()
    assert not Asset.objects.exists()
    assert signed_in.post(f"{URL}{job['id']}/apply/").status_code == 409


def test_a_running_job_stops_when_asked_and_keeps_nothing(signed_in: Client) -> None:
    send(signed_in, catalog("a", "b"))
    run()
    job = send(signed_in, catalog("b", "c"))

    def work() -> None:
        try:
            run()
        finally:
            connection.close()

    def hold() -> None:
        """Keep a row the job needs, so that it runs for as long as the test likes."""
        try:
            with transaction.atomic():
                Asset.objects.create(namespace="w", name="c")
                is_held.set()
                may_go.wait(60)
                transaction.set_rollback(True)
        finally:
            connection.close()

    is_held, may_go = threading.Event(), threading.Event()
    threads = [threading.Thread(target=hold), threading.Thread(target=work)]
    threads[0].start()
    assert is_held.wait(60)
    threads[1].start()
    wait_until(
        lambda: state(signed_in, job)["state"] == "running", what="a running job"
    )
    signed_in.post(f"{URL}{job['id']}/cancel/")
    row = ImportJob.objects.get(pk=job["id"])
    assert row.cancel_asked_at is not None
    for _ in range(2):  # the pulse that reads it may have begun before the act
        before = ImportJob.objects.get(pk=row.pk).alive_at
        wait_until(
            lambda: ImportJob.objects.get(pk=row.pk).alive_at != before,  # noqa: B023
            what="a pulse after the act",
        )
    may_go.set()
    for thread in threads:
        thread.join()
    assert state(signed_in, job)["state"] == "cancelled"
    assert set(Asset.objects.values_list("name", flat=True)) == {"a", "b"}


def test_a_job_whose_worker_died_is_said_to_be_dead_and_runs_again(
    signed_in: Client,
) -> None:
    job = send(signed_in, catalog("a", "b"))
    ImportJob.objects.update(
        state="running", tries=1, started_at=NOON, alive_at=timezone.now()
    )
    assert fail_dead_imports(at=timezone.now()) == 0
    assert fail_dead_imports(at=timezone.now() + timedelta(minutes=1)) == 1
    dead = state(signed_in, job)
    assert (dead["state"], "stopped" in dead["problem"]) == ("failed", True)
    page = signed_in.get(f"/assets/imports/{job['id']}/").content.decode()
    assert "Start it again" in page

    signed_in.post(f"/assets/imports/{job['id']}/start/")
    run()
    assert state(signed_in, job)["state"] == "done"


def test_a_file_sent_by_the_page_is_looked_at_first(signed_in: Client) -> None:
    file = SimpleUploadedFile("all.json", json.dumps(catalog("a", "b")).encode())
    form = {"kind": "catalog", "file": file}
    page = signed_in.post("/assets/imports/", form, follow=True)
    assert "waits for a worker" in page.content.decode()
    run()
    page = signed_in.get(page.redirect_chain[-1][0])
    assert "a → b" in page.content.decode()
    assert "Assets to add" in page.content.decode()
    assert not Asset.objects.exists()

    wrong = SimpleUploadedFile("all.json", b"{")
    page = signed_in.post("/assets/imports/", {"kind": "dbt", "file": wrong})
    assert page.status_code == 400
    assert "Must be JSON" in page.content.decode()
