"""What is kept of a message that was understood."""

from datetime import datetime

from alerts.formats.base import Parsed
from alerts.ingest.writing import Message
from alerts.models import SEVERITY_OF_WORD
from catalog.importers.base import FoundLineage

REJECTIONS_SHOWN = 20
PROBLEM_LENGTH = 2000


def message_of(
    parsed: Parsed,
    *,
    integration_id: int,
    default_severity: str,
    received_at: datetime,
    path: str,
    body: bytes,
) -> Message:
    """The message with its alerts, each with the severity it will have."""
    return Message(
        integration_id=integration_id,
        received_at=received_at,
        path=path,
        body=body,
        problem=_rejections(parsed),
        alerts=tuple(
            (
                alert,
                SEVERITY_OF_WORD[alert.severity].value
                if alert.severity
                else default_severity,
            )
            for alert in parsed.alerts
        ),
        has_catalog_facts=bool(
            parsed.changes or parsed.runs or parsed.lineage != FoundLineage()
        ),
    )


def _rejections(parsed: Parsed) -> str:
    return "; ".join(
        f"item {one.index}: "
        + ", ".join(f"{name}: {' '.join(texts)}" for name, texts in one.errors.items())
        for one in parsed.rejected[:REJECTIONS_SHOWN]
    )[:PROBLEM_LENGTH]
