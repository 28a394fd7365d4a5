"""The OpenLineage project's own Python client, pointed at Headwater."""

from datetime import UTC, datetime

import pytest
from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import (
    InputDataset,
    Job,
    OutputDataset,
    Run,
    RunEvent,
    RunState,
)
from openlineage.client.facet_v2 import error_message_run
from openlineage.client.transport.http import (
    ApiKeyTokenProvider,
    HttpConfig,
    HttpTransport,
)
from openlineage.client.uuid import generate_new_uuid

from tests.clients.conftest import Headwater
from tests.server import wait_until

pytestmark = pytest.mark.client

WAREHOUSE = "postgres://warehouse.example.com:5432"
JOB = Job(namespace="airflow-prod", name="orders_daily.load_orders")


@pytest.fixture
def client(headwater: Headwater) -> OpenLineageClient:
    config = HttpConfig(
        url=f"{headwater.url}/",
        endpoint="api/v1/lineage",
        auth=ApiKeyTokenProvider({"apiKey": headwater.make_integration("openlineage")}),
    )
    return OpenLineageClient(transport=HttpTransport(config))


def event(state: RunState, run: Run) -> RunEvent:
    return RunEvent(
        eventType=state,
        eventTime=datetime.now(UTC).isoformat(),
        run=run,
        job=JOB,
        producer="https://example.com/producer",
        inputs=[InputDataset(namespace=WAREHOUSE, name="shop.raw.orders")],
        outputs=[OutputDataset(namespace=WAREHOUSE, name="shop.marts.orders")],
    )


def test_a_failed_run_opens_an_incident_and_the_next_good_one_closes_its_alert(
    headwater: Headwater, client: OpenLineageClient
) -> None:
    reason = error_message_run.ErrorMessageRunFacet(
        message="relation raw.orders does not exist", programmingLanguage="SQL"
    )
    failed = Run(runId=str(generate_new_uuid()), facets={"errorMessage": reason})
    client.emit(event(RunState.START, Run(runId=failed.runId)))
    client.emit(event(RunState.FAIL, failed))

    incident = headwater.incident_on(JOB.namespace, JOB.name)
    assert headwater.statuses(incident) == ["firing"]
    assert headwater.status(incident) == "triggered"

    good = Run(runId=str(generate_new_uuid()))
    client.emit(event(RunState.START, good))
    client.emit(event(RunState.COMPLETE, good))

    wait_until(lambda: headwater.statuses(incident) == ["resolved"], what="the resolve")
    wait_until(lambda: headwater.status(incident) == "monitoring", what="monitoring")


def test_what_a_run_reads_and_writes_is_in_the_catalog(
    headwater: Headwater, client: OpenLineageClient
) -> None:
    client.emit(event(RunState.START, Run(runId=str(generate_new_uuid()))))

    def assets(**query: str) -> list[int]:
        return [one["id"] for one in headwater.get("assets/", **query)["results"]]

    wait_until(lambda: assets(name="shop.raw.orders"), what="the job's input")
    [source] = assets(namespace=WAREHOUSE, name="shop.raw.orders")

    def downstream() -> dict[str, int]:
        found = headwater.get(f"assets/{source}/downstream/")["results"]
        return {one["asset"]["name"]: one["distance"] for one in found}

    wanted = {JOB.name: 1, "shop.marts.orders": 2}
    wait_until(lambda: downstream() == wanted, what=lambda: str(downstream()))
