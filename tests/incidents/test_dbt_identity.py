"""A dbt model told by dbt-ol in either mode and by dbt's artifacts is one thing."""

from itertools import permutations

import msgspec
import pytest

from alerts.formats.base import ParseContext
from alerts.formats.registry import FORMATS
from alerts.ingest.messages import message_of
from alerts.models import Alert
from alerts.services import store_messages
from alerts.services.catalog_facts import record_catalog_facts
from catalog.models import Asset
from tests.factories import NOON, make_integration
from tests.incidents.world import correlate
from tests.payloads import captured

pytestmark = pytest.mark.django_db

BUILT = captured("dbt-ol-build/08").body
FOLLOWED = captured("dbt-ol-structured/15").body
MANIFEST = {
    "metadata": {"project_name": "shop", "adapter_type": "duckdb"},
    "nodes": {
        "model.shop.refunds": {
            "resource_type": "model",
            "name": "refunds",
            "relation_name": '"shop"."main"."refunds"',
        }
    },
}
RESULT = {"unique_id": "model.shop.refunds", "status": "error", "message": "no column"}
ARTIFACTS = {"manifest": MANIFEST, "run_results": {"results": [RESULT]}}
SENT = {
    "built": ("openlineage", BUILT),
    "followed": ("openlineage", FOLLOWED),
    "artifacts": ("dbt", ARTIFACTS),
}


def send(name: str) -> None:
    """Take in a message, correlate it, and only then write what it tells of lineage."""
    format_, payload = SENT[name]
    integration = make_integration(format=format_)
    parsed = FORMATS[format_].parse(payload, ParseContext(received_at=NOON))
    message = message_of(
        parsed,
        integration_id=integration.pk,
        default_severity="SEV3",
        received_at=NOON,
        path="/in/…",
        body=msgspec.json.encode(payload),
    )
    store_messages([message])
    correlate()
    record_catalog_facts(at=NOON)


@pytest.mark.parametrize("order", [*permutations(SENT)], ids=" ".join)
def test_whoever_tells_of_it_first_it_is_one_table_and_one_job(
    order: tuple[str, ...],
) -> None:
    for name in order:
        send(name)

    refunds = Asset.objects.filter(name__contains="refunds")
    assert sorted(asset.type for asset in refunds) == ["dataset", "task"]
    failing = Alert.objects.firing().values_list("asset__type", flat=True)
    assert sorted(str(one) for one in failing) == ["dataset", "task", "task"]
