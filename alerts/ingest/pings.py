"""Pings of heartbeats over HTTP: /in/<key>/heartbeat/<name>, by GET or POST.

They are few beside alerts, so each is a transaction of its own on a thread, with
Django, rather than a part of the group commit. As healthchecks.io has it, the address
may end in /start, /fail or an exit status, and a body that is no JSON is what the job
wrote.
"""

import asyncio
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import msgspec
from django.db import Error, connection

from alerts.cadence import MOST_SECONDS
from alerts.ingest.committer import StoreUnavailableError
from alerts.models import Heartbeat
from alerts.models.heartbeat import NAME_LENGTH
from alerts.services.pings import SAID_LENGTH, Kind, Ping, record_ping
from core.errors import InvalidInputError
from core.text import clean, one_line

_ADDRESS = re.compile(
    r"/in/([^/]+)/heartbeat/([^/]+)(?:/(success|start|fail|\d{1,3}))?/?"
)
MOST_QUERY = 2_000


@dataclass(frozen=True, slots=True)
class Address:
    """Where a ping is sent to: an integration's key, a heartbeat, and what it says."""

    key: str
    name: str
    kind: Kind


def address_of(path: str) -> Address | None:
    """Read a decoded path; None when it is no heartbeat's."""
    match = _ADDRESS.fullmatch(path)
    if match is None:
        return None
    said = match[3] or "success"
    kind: Kind = "start" if said == "start" else "success"
    if said == "fail" or (said.isdecimal() and int(said)):
        kind = "fail"
    return Address(match[1], match[2], kind)


def read_ping(address: Address, query: bytes, body: bytes) -> Ping:
    """Raises InvalidInputError naming the field."""
    name = one_line(address.name, NAME_LENGTH + 1)
    errors: dict[str, list[str]] = {}
    if not 0 < len(name) <= NAME_LENGTH:
        errors["name"] = [f"Must have 1 to {NAME_LENGTH} characters."]
    told = _in_body(body)
    given = {**_in_query(query), **(told or {})}
    every = _seconds(given, "every", 1, errors)
    grace = _seconds(given, "grace", 0, errors)
    if errors:
        raise InvalidInputError(errors)
    said = "" if told is not None else body.decode(errors="replace")
    return Ping(name, address.kind, every, grace, clean(said.strip(), SAID_LENGTH))


async def store_ping(integration_id: int, ping: Ping) -> dict[str, object]:
    """Commit the ping and return what to answer. Raises
    StoreUnavailableError and DomainError."""
    return await asyncio.to_thread(_store, integration_id, ping)


def _store(integration_id: int, ping: Ping) -> dict[str, object]:
    try:
        heartbeat = record_ping(
            integration_id=integration_id, ping=ping, at=datetime.now(UTC)
        )
    except Error as error:
        raise StoreUnavailableError from error
    finally:
        connection.close()
    return answer_of(heartbeat)


def answer_of(heartbeat: Heartbeat) -> dict[str, object]:
    return {
        "name": heartbeat.name,
        "status": heartbeat.status,
        "expected_at": _instant(heartbeat.expected_at),
        "due_at": _instant(heartbeat.due_at),
    }


def _instant(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None


def _in_query(query: bytes) -> dict[str, Any]:
    try:
        text = query[:MOST_QUERY].decode("ascii")
        return {name: values[-1] for name, values in parse_qs(text).items()}
    except ValueError:
        return {}


def _in_body(body: bytes) -> dict[str, Any] | None:
    """The fields of a JSON object or of a form; None for any other body."""
    if not body:
        return {}
    try:
        told = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        form = _in_query(body)
        return form if form.keys() and form.keys() <= {"every", "grace"} else None
    return told if isinstance(told, dict) else None


def _seconds(
    given: dict[str, Any], field: str, least: int, errors: dict[str, list[str]]
) -> int | None:
    value = given.get(field)
    if value is None:
        return None
    text = str(value) if isinstance(value, int | str) else ""
    if re.fullmatch(r"[0-9]{1,9}", text) and least <= int(text) <= MOST_SECONDS:
        return int(text)
    errors[field] = [f"Must be seconds, from {least} to {MOST_SECONDS}."]
    return None
