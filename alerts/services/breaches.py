"""Alerts about expectations: opening and ending what is told of one."""

from __future__ import annotations

from datetime import datetime

import msgspec

from accounts.models import User
from alerts.formats.base import AssetRef, IncomingAlert, Parsed
from alerts.ingest.messages import message_of
from alerts.models import Alert, Breach, Expectation, Integration
from alerts.services.storing import store_messages
from core.http import absolute_url
from core.live import publish
from core.text import clean, one_line

PATH = "expectation"
NAME = "Expectations"
# Stands where the hash of a key does. No key has it, so nothing can be sent there.
NO_KEY = "expectations"
States = Expectation.Status


def inlet_of_expectations(*, by: User, at: datetime) -> Integration:
    """The integration that alerts about expectations come from; made when needed."""
    inlet, _ = Integration.objects.get_or_create(
        key_hash=NO_KEY,
        defaults={
            "name": NAME,
            "format": "generic",
            "key_prefix": "none",
            "created_at": at,
            "created_by": by,
        },
    )
    if inlet.deleted_at is not None:
        inlet.deleted_at = inlet.disabled_at = None
        inlet.save(update_fields=["deleted_at", "disabled_at"])
    return inlet


def open_breach(
    expectation: Expectation, kind: str, *, title: str, said: str, since: datetime,
    at: datetime,
) -> None:  # fmt: skip
    """Alert, and write it in the history unless a breach is open there already. Needs
    the row locked."""
    expectation.status = States.BREACHED
    alert_id = _store(
        expectation,
        IncomingAlert(
            title=one_line(title, 300),
            dedup_key=expectation.dedup_key,
            asset=_ref(expectation),
            description=clean(said, 2000),
            url=absolute_url(expectation),
            labels={"expectation": expectation.kind},
            occurred_at=since,
        ),
        at=at,
    )
    Breach.objects.get_or_create(
        expectation=expectation,
        until=None,
        defaults={"kind": kind, "since": since, "said": said, "alert_id": alert_id},
    )


def end_breach(expectation: Expectation, *, why: str, at: datetime) -> None:
    """Resolve what was alerted about, if anything. Needs the row locked."""
    open_now = expectation.breaches.filter(until=None)
    found = open_now.first()
    if found is None:
        return
    open_now.update(until=max(at, found.since))
    alert = Alert.objects.firing().filter(
        integration=expectation.integration_id, dedup_key=expectation.dedup_key
    )
    if alert.exists():  # a person may have closed its incident
        told = IncomingAlert(
            title=one_line(f"{expectation}: {why}", 300),
            dedup_key=expectation.dedup_key,
            status="resolved",
            asset=_ref(expectation),
        )
        _store(expectation, told, at=at)


def _ref(expectation: Expectation) -> AssetRef:
    asset = expectation.asset
    return AssetRef(asset.namespace, asset.name, asset.type)


def _store(
    expectation: Expectation, alert: IncomingAlert, *, at: datetime
) -> int | None:
    """Write the alert as the inlet does; return its id."""
    facts = {"expectation": expectation.pk, "kind": expectation.kind}
    message = message_of(
        Parsed(alerts=(alert,)),
        integration_id=expectation.integration_id,
        default_severity=expectation.severity
        or expectation.integration.default_severity,
        received_at=at,
        path=PATH,
        body=msgspec.json.encode({**facts, "title": alert.title}),
    )
    publish(f"asset:{expectation.asset_id}", "expectations")
    return store_messages([message])[0][0].id
