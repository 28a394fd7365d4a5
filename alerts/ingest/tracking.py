"""What became of a request, as Opsgenie's clients ask: GET /v2/alerts/requests/<id>."""

import asyncio

from django.db import Error, connection

from alerts.formats import opsgenie
from alerts.ingest.committer import StoreUnavailableError
from alerts.ingest.reading import OPSGENIE
from alerts.models import Alert

_PREFIX = f"{OPSGENIE}/requests/"
BIGGEST_ID = 2**63 - 1


def request_of(path: str) -> str | None:
    """Return the request's id out of a path; None when it is another address."""
    asked = path.removeprefix(_PREFIX).rstrip("/")
    return asked if path.startswith(_PREFIX) and asked and "/" not in asked else None


async def status_of(integration_id: int, asked: str) -> dict[str, object] | None:
    """Return what to answer, None for a request this integration never made.

    Raises StoreUnavailableError.
    """
    return await asyncio.to_thread(_status_of, integration_id, asked)


def _status_of(integration_id: int, asked: str) -> dict[str, object] | None:
    told = opsgenie.read_request_id(asked)
    if told is None or told[0] > BIGGEST_ID:
        return None
    alert_id, done = told
    try:
        alert = Alert.objects.filter(pk=alert_id, integration=integration_id).first()
    except Error as error:
        raise StoreUnavailableError("the database is away") from error
    finally:
        connection.close()
    if alert is None and alert_id:
        return None
    return opsgenie.status_answer(
        asked,
        alias=alert.dedup_key if alert else "",
        done=done,
        integration_id=integration_id,
        at=alert.last_at if alert else None,
    )
