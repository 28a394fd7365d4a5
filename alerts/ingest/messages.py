"""What is kept of a message, and what comes of it."""

from datetime import datetime
from typing import NamedTuple

from msgspec import Struct

from alerts.formats.base import NO_LINEAGE, IncomingAlert, Parsed
from alerts.models import SEVERITY_OF_WORD

REJECTIONS_SHOWN = 20
PROBLEM_LENGTH = 2000
_SEVERITIES = {word: severity.value for word, severity in SEVERITY_OF_WORD.items()}


class Message(Struct, frozen=True):
    """One message to keep, and the alerts read out of it.

    `alerts` are (alert, severity) in the order sent.
    """

    integration_id: int
    received_at: datetime
    path: str
    body: bytes
    problem: str = ""
    alerts: tuple[tuple[IncomingAlert, str], ...] = ()
    has_catalog_facts: bool = False


class Stored(NamedTuple):
    """What became of one alert. `id` is None when there was nothing to resolve."""

    id: int | None
    is_new: bool


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
        problem=_rejections(parsed) if parsed.rejected else "",
        alerts=tuple(
            [
                (
                    alert,
                    _SEVERITIES[alert.severity] if alert.severity else default_severity,
                )
                for alert in parsed.alerts
            ]
        ),
        has_catalog_facts=bool(
            parsed.changes
            or parsed.runs
            or parsed.loads
            or (parsed.lineage is not NO_LINEAGE and parsed.lineage != NO_LINEAGE)
        ),
    )


def _rejections(parsed: Parsed) -> str:
    return "; ".join(
        f"item {one.index}: "
        + ", ".join(f"{name}: {' '.join(texts)}" for name, texts in one.errors.items())
        for one in parsed.rejected[:REJECTIONS_SHOWN]
    )[:PROBLEM_LENGTH]
