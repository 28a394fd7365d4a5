"""Debian's Prometheus Alertmanager, unchanged, pointed at Headwater three times: as if
it were PagerDuty, as if it were Opsgenie, and by its webhook."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tests.clients.conftest import Headwater
from tests.processes import free_port
from tests.server import wait_until

PROGRAM = "prometheus-alertmanager"

pytestmark = [
    pytest.mark.client,
    pytest.mark.skipif(
        shutil.which(PROGRAM) is None,
        reason=f"{PROGRAM} is missing: apt-get install {PROGRAM}",
    ),
]


@dataclass(frozen=True, slots=True)
class Alertmanager:
    url: str
    began: dict[str, str] = field(default_factory=dict)

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/-/ready").status_code == 200
        except httpx.HTTPError:
            return False

    def fire(self, **labels: str) -> None:
        self._post(labels)

    def end(self, **labels: str) -> None:
        self._post(labels, endsAt=datetime.now(UTC).isoformat())

    def _post(self, labels: dict[str, str], **times: str) -> None:
        named = json.dumps(labels, sort_keys=True)
        starts_at = self.began.setdefault(named, datetime.now(UTC).isoformat())
        alert = {
            "labels": {"alertname": "TaskFailed", "severity": "critical", **labels},
            "annotations": {"summary": f"{labels['task_id']} failed"},
            "startsAt": starts_at,
            **times,
        }
        answer = httpx.post(f"{self.url}/api/v2/alerts", json=[alert])
        assert answer.status_code == 200, answer.text


def configuration(headwater: Headwater) -> str:
    """What docs/integrations/ says to write, with short waits. JSON is YAML."""
    pagerduty = {
        "routing_key": headwater.make_integration("pagerduty"),
        "url": f"{headwater.url}/v2/enqueue",
    }
    webhook = {
        "url": f"{headwater.url}/in/{headwater.make_integration('alertmanager')}"
    }
    opsgenie = {
        "api_key": headwater.make_integration("opsgenie"),
        "api_url": f"{headwater.url}/",
        "priority": "P1",
    }
    routes = [
        {"matchers": [f'receiver = "{name}"'], "receiver": name}
        for name in ("pagerduty", "opsgenie", "webhook")
    ]
    return json.dumps(
        {
            "route": {
                "receiver": "webhook",
                "group_by": ["receiver", "dag_id"],
                "group_wait": "200ms",
                "group_interval": "500ms",
                "repeat_interval": "1h",
                "routes": routes,
            },
            "receivers": [
                {"name": "pagerduty", "pagerduty_configs": [pagerduty]},
                {"name": "opsgenie", "opsgenie_configs": [opsgenie]},
                {"name": "webhook", "webhook_configs": [webhook]},
            ],
        }
    )


@pytest.fixture
def alertmanager(headwater: Headwater, tmp_path: Path) -> Iterator[Alertmanager]:
    config = tmp_path / "alertmanager.yml"
    config.write_text(configuration(headwater))
    url = f"http://127.0.0.1:{free_port()}"
    command = [
        PROGRAM,
        f"--config.file={config}",
        f"--storage.path={tmp_path / 'storage'}",
        f"--web.listen-address={url.removeprefix('http://')}",
        "--cluster.listen-address=",
    ]
    log = tmp_path / "alertmanager.log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
    try:
        running = Alertmanager(url)
        wait_until(running.is_ready, what=log.read_text)
        yield running
    finally:
        process.terminate()
        process.wait(10)


def test_the_webhook_opens_updates_and_ends_an_incident(
    headwater: Headwater, alertmanager: Alertmanager
) -> None:
    load = {"receiver": "webhook", "dag_id": "orders", "task_id": "load"}
    check = {**load, "alertname": "RowsMissing"}
    alertmanager.fire(**load)
    incident = headwater.incident_on("airflow", "orders.load")
    assert headwater.status(incident) == "triggered"

    alertmanager.fire(**check)
    wait_until(
        lambda: headwater.statuses(incident) == ["firing", "firing"],
        what="the second alert",
    )

    alertmanager.end(**load)
    wait_until(
        lambda: headwater.statuses(incident) == ["firing", "resolved"],
        what="the first resolve",
    )
    assert headwater.status(incident) == "triggered"

    alertmanager.end(**check)
    wait_until(lambda: headwater.status(incident) == "monitoring", what="monitoring")
    assert headwater.statuses(incident) == ["resolved", "resolved"]


def test_as_pagerduty_it_opens_updates_and_ends_an_incident(
    headwater: Headwater, alertmanager: Alertmanager
) -> None:
    load = {"receiver": "pagerduty", "dag_id": "customers", "task_id": "load"}
    check = {**load, "alertname": "RowsMissing"}
    alertmanager.fire(**load)
    incident = headwater.incident_on("airflow", "customers.load")
    [alert] = headwater.alerts(incident)
    assert alert["status"] == "firing"

    # Alertmanager sends one event for the whole group, under the group's key.
    alertmanager.fire(**check)
    wait_until(lambda: headwater.alerts(incident)[0]["count"] > 1, what="the repeat")

    alertmanager.end(**load)
    alertmanager.end(**check)
    wait_until(lambda: headwater.status(incident) == "monitoring", what="monitoring")
    assert headwater.statuses(incident) == ["resolved"]


def test_as_opsgenie_it_opens_and_ends_an_incident(
    headwater: Headwater, alertmanager: Alertmanager
) -> None:
    load = {"receiver": "opsgenie", "dag_id": "refunds", "task_id": "load"}
    alertmanager.fire(**load)
    incident = headwater.incident_on("airflow", "refunds.load")
    [alert] = headwater.alerts(incident)
    assert (alert["status"], alert["severity"]) == ("firing", "SEV1")

    alertmanager.end(**load)
    wait_until(lambda: headwater.status(incident) == "monitoring", what="monitoring")
    assert headwater.statuses(incident) == ["resolved"]
