"""What messages told of is written to the catalog, and one cannot hold up others."""

import json
from typing import Any

import pytest
from django.db import connection

from alerts.models import Event, Integration
from alerts.services import record_catalog_facts
from catalog.models import Asset, Change, Edge
from tests.factories import NOON, make_integration

DBT = {
    "metadata": {
        "dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json",
        "adapter_type": "postgres",
    },
    "nodes": {
        "model.shop.stg_orders": {
            "unique_id": "model.shop.stg_orders",
            "resource_type": "model",
            "name": "stg_orders",
            "database": "shop",
            "schema": "staging",
            "relation_name": '"shop"."staging"."stg_orders"',
            "depends_on": {"nodes": []},
        },
        "model.shop.orders": {
            "unique_id": "model.shop.orders",
            "resource_type": "model",
            "name": "orders",
            "database": "shop",
            "schema": "marts",
            "relation_name": '"shop"."marts"."orders"',
            "depends_on": {"nodes": ["model.shop.stg_orders"]},
        },
    },
    "sources": {},
    "exposures": {},
}

NO_RESULTS: dict[str, object] = {
    "metadata": {
        "dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v6.json"
    },
    "results": [],
}


def run_event(output: str) -> dict[str, Any]:
    return {
        "eventType": "COMPLETE",
        "eventTime": "2026-01-10T03:02:00Z",
        "run": {"runId": "01a0219e-0800-799a-8d0b-85b504fd9919"},
        "job": {"namespace": "airflow", "name": "orders.load"},
        "inputs": [{"namespace": "postgres://db:5432", "name": "shop.raw.orders"}],
        "outputs": [{"namespace": "postgres://db:5432", "name": output}],
        "producer": "https://example.com",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json",
    }


def make_told(integration: Integration, body: object, path: str = "/in/…") -> Event:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Event.objects.create(
        integration=integration,
        received_at=NOON,
        path=path,
        body=raw,
        has_catalog_facts=True,
    )


@pytest.mark.django_db
def test_openlineage_becomes_assets_and_edges() -> None:
    make_told(make_integration(format="openlineage"), run_event("shop.marts.orders"))
    assert record_catalog_facts(at=NOON) == 1
    assert Asset.objects.filter(name="shop.marts.orders").exists()
    assert set(Edge.objects.values_list("source", flat=True)) == {"openlineage"}
    assert not Event.objects.filter(has_catalog_facts=True).exists()


@pytest.mark.django_db
def test_the_lineage_of_dbt_is_known_as_dbts() -> None:
    make_told(
        make_integration(format="dbt"), {"manifest": DBT, "run_results": NO_RESULTS}
    )
    record_catalog_facts(at=NOON)
    assert set(Edge.objects.values_list("source", flat=True)) == {"dbt"}


@pytest.mark.django_db
def test_openlineage_sent_with_the_key_of_a_dbt_inlet_is_openlineages() -> None:
    told = run_event("shop.marts.orders")
    make_told(make_integration(format="dbt"), told, path="/api/v1/lineage")
    record_catalog_facts(at=NOON)
    assert set(Edge.objects.values_list("source", flat=True)) == {"openlineage"}


@pytest.mark.django_db
def test_a_change_is_kept_once() -> None:
    body = {"routing_key": "a" * 32, "payload": {"summary": "Deployed 1.4.2"}}
    make_told(make_integration(format="pagerduty"), body, path="/v2/change/enqueue")
    for _ in range(2):
        record_catalog_facts(at=NOON)
    assert Change.objects.get().title == "Deployed 1.4.2"


@pytest.mark.parametrize(
    "body",
    [b"{not json", b"[" * 100_000, b'{"eventType": 5}', b"\xff", b'{"run": []}'],
)
@pytest.mark.django_db
def test_a_message_no_longer_understood_is_passed_over(body: bytes) -> None:
    make_told(make_integration(format="openlineage"), body)
    assert record_catalog_facts(at=NOON) == 1
    assert record_catalog_facts(at=NOON) == 0


@pytest.mark.django_db
def test_one_the_database_refuses_does_not_hold_up_the_others() -> None:
    """A constraint of the test stands for whatever cannot be foreseen."""
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE catalog_asset ADD CONSTRAINT no_poison "
            "CHECK (name <> 'shop.poison')"
        )
    integration = make_integration(format="openlineage")
    for output in ("shop.before", "shop.poison", "shop.after"):
        make_told(integration, run_event(output))
    assert record_catalog_facts(at=NOON) == 3
    assert record_catalog_facts(at=NOON) == 0
    names = set(Asset.objects.values_list("name", flat=True))
    assert {"shop.before", "shop.after"} <= names
    assert "shop.poison" not in names
