"""Messages taken in as the inlet does, and pages read as people do."""

import html
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from alerts.formats.base import IncomingAlert
from alerts.ingest.writing import Message
from alerts.models import Event, Integration
from alerts.services import store_messages


def text_of(response: Any) -> str:
    """The words of a page, without its tags."""
    plain = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", html.unescape(plain))


def receive(
    integration: Integration,
    *alerts: IncomingAlert,
    at: datetime | None = None,
    body: bytes = b"{}",
    problem: str = "",
    path: str = "/in/…",
    severity: str | Sequence[str] = "SEV3",
) -> Event:
    """Take in a message as the inlet does; `severity` is of each alert or of all."""
    each = [severity] * len(alerts) if isinstance(severity, str) else severity
    store_messages(
        [
            Message(
                integration_id=integration.pk,
                received_at=at or timezone.now(),
                path=path,
                body=body,
                problem=problem,
                alerts=tuple(zip(alerts, each, strict=True)),
            )
        ]
    )
    return Event.objects.latest("pk")


def incoming(title: str = "orders failed", **values: Any) -> IncomingAlert:
    return IncomingAlert(**{"title": title, "dedup_key": "orders", **values})
