"""The pipeline that fails while you watch: real requests to the running app."""

import json
import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import httpx
from django.conf import settings
from django.utils import timezone

from accounts.models import hash_secret
from alerts.models import Integration
from alerts.services import create_integration, new_key
from config.demo.world import AIRFLOW, WAREHOUSE
from config.environment import DATA_DIR

logger = logging.getLogger(__name__)

KEY_FILE = DATA_DIR / "demo_keys.json"
INLETS = {
    "airflow": "Airflow production",
    "generic": "Warehouse tests",
    "pagerduty": "Deploys",
}
READY_SECONDS = 60

# (seconds after the start, severity, table, what its monitor says). Those in BAD_DATA
# found bad data, the others mean that nothing new came.
FAILURES = (
    (4.0, "warning", "RAW.ORDERS", "RAW.ORDERS received no rows for 40 minutes"),
    (8.0, "error", "STAGING.STG_ORDERS", "Model stg_orders failed"),
    (9.0, "error", "CORE.INT_ORDER_PAYMENTS", "Model int_order_payments failed"),
    (10.0, "error", "MARTS.FCT_ORDERS", "Model fct_orders was built from stale input"),
    (11.0, "warning", "MARTS.FCT_REFUNDS", "fct_refunds is 2 h behind its deadline"),
    (12.0, "error", "MARTS.RPT_DAILY_REVENUE", "Daily revenue is 0.00 since 02:00"),
    (13.0, "warning", "MARTS.RPT_NET_REVENUE", "rpt_net_revenue misses today"),
    (14.0, "warning", "ML.FEAT_CUSTOMER_ORDERS", "Feature freshness below target"),
)
BAD_DATA = frozenset({"MARTS.RPT_DAILY_REVENUE"})


def inlet_keys() -> dict[str, str]:
    """{format: key} of the demonstration's inlets, made when they are missing."""
    if KEY_FILE.exists():
        keys: dict[str, str] = json.loads(KEY_FILE.read_text())
    else:
        keys = {format_: new_key() for format_ in INLETS}
        KEY_FILE.touch(mode=0o600)
        KEY_FILE.write_text(json.dumps(keys))
    for format_, key in keys.items():
        if not Integration.objects.filter(key_hash=hash_secret(key)).exists():
            create_integration(
                by=None,
                at=timezone.now(),
                key=key,
                name=INLETS[format_],
                format=format_,
            )
    return keys


def start_failing(keys: dict[str, str]) -> None:
    """Send the failing pipeline's alerts from a thread, once the app answers."""
    Thread(target=_fail, args=[keys], name="demo", daemon=True).start()


def _fail(keys: dict[str, str]) -> None:
    address = f"http://{settings.BIND_ADDRESS}:{settings.PORT}"
    with httpx.Client(base_url=address, timeout=10) as client:
        _wait_until_up(client)
        started = time.monotonic()
        for seconds, path, body in _requests(keys):
            time.sleep(max(0.0, started + seconds - time.monotonic()))
            answer = client.post(path, json=body)
            if answer.status_code != 202:
                logger.warning("the demonstration got %s", answer.text)


def _wait_until_up(client: httpx.Client) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            if client.get("/healthz").status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.3)


def _requests(keys: dict[str, str]) -> Iterator[tuple[float, str, dict[str, Any]]]:
    """(seconds after the start, path, body), in time order."""
    now = datetime.now(UTC)
    yield 2.0, "/v2/change/enqueue", _deploy(keys["pagerduty"], now)
    generic = f"/in/{keys['generic']}"
    for seconds, severity, table, title in FAILURES[:1]:
        yield seconds, generic, _failure(table, title, severity)
    yield 6.0, f"/in/{keys['airflow']}", _airflow_failure(now)
    for seconds, severity, table, title in FAILURES[1:]:
        yield seconds, generic, _failure(table, title, severity)
    yield 22.0, generic, _failure_elsewhere()


def _deploy(key: str, now: datetime) -> dict[str, Any]:
    return {
        "routing_key": key,
        "payload": {
            "summary": "Deployed ingest_orders 2.3.0: column amount renamed",
            "source": "ci",
            "timestamp": (now - timedelta(minutes=18)).isoformat(),
            "custom_details": {"dag_id": "ingest_orders", "kind": "deploy"},
        },
        "links": [{"href": "https://ci.example.com/builds/1204", "text": "build"}],
    }


def _airflow_failure(now: datetime) -> dict[str, Any]:
    return {
        "event": "failed",
        "dag_id": "ingest_orders",
        "run_id": f"scheduled__{now:%Y-%m-%dT%H}:00:00+00:00",
        "exception": 'KeyError: column "amount" is not in shop.public.orders',
        "log_url": "https://airflow.example.com/dags/ingest_orders/grid",
    }


def _failure(table: str, title: str, severity: str) -> dict[str, Any]:
    return {
        "title": title,
        "severity": severity,
        "dedup_key": f"{table} {severity}",
        "asset": {"namespace": WAREHOUSE, "name": table},
        "labels": {
            "env": "prod",
            "data_state": "wrong" if table in BAD_DATA else "stale",
        },
    }


def _failure_elsewhere() -> dict[str, Any]:
    return {
        "title": "ingest_events is slower than usual",
        "severity": "info",
        "dedup_key": "ingest_events slow",
        "asset": {"namespace": AIRFLOW, "name": "ingest_events", "type": "pipeline"},
    }
