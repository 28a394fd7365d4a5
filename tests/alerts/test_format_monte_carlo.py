from datetime import UTC, datetime
from typing import Any

import pytest

from alerts.formats import monte_carlo
from alerts.formats.base import AssetRef, IncomingAlert, ParseContext
from core.errors import InvalidInputError
from tests.payloads import captured

CONTEXT = ParseContext(received_at=datetime(2026, 1, 10, 3, 5, tzinfo=UTC))


def body(**changes: object) -> dict[str, Any]:
    told: dict[str, Any] = captured("from_docs/montecarlo_anomaly").body
    told["payload"].update(changes)
    return told


def read(payload: object) -> IncomingAlert:
    return monte_carlo.parse(payload, CONTEXT).alerts[0]


def test_an_anomaly_is_read() -> None:
    alert = read(body())

    assert alert.title == "Anomaly incident on zeus.ares.artemis"
    assert alert.dedup_key == "f83867b6-8f25-428b-807c-08518f63384c"
    assert alert.asset == AssetRef("monte_carlo", "zeus.ares.artemis")
    assert alert.description == "Has 42 rows vs. 101 expected"
    assert alert.url.startswith("https://getmontecarlo.com/incidents/")


@pytest.mark.parametrize("status", ["Resolved", "No action needed", "FIXED"])
def test_a_closed_incident_is_resolved(status: str) -> None:
    assert read(body(status=status)).status == "resolved"


def test_a_full_table_id_is_written_with_dots() -> None:
    alert = read(body(event_list=[{"full_table_id": "db:schema.table"}, None]))
    assert alert.asset == AssetRef("monte_carlo", "db.schema.table")


@pytest.mark.parametrize("payload", [None, {}, {"payload": {"incident_id": None}}])
def test_a_message_without_incident_is_refused(payload: object) -> None:
    with pytest.raises(InvalidInputError, match="incident_id"):
        read(payload)
