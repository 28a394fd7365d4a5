"""Making inlets and changing them. The key leaves this file once, in clear."""

import secrets
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User, hash_secret
from accounts.services import record_audit
from alerts.models import Integration
from core.live import publish

KEY_BYTES = 16


def new_key() -> str:
    """A key of 32 lower-case hex characters, as PagerDuty's clients expect it."""
    return secrets.token_hex(KEY_BYTES)


@transaction.atomic
def create_integration(
    *, by: User | None, at: datetime, key: str = "", **fields: Any
) -> tuple[Integration, str]:
    """Make an inlet; return it and its key, which is not stored."""
    key = key or new_key()
    integration = Integration.objects.create(
        key_hash=hash_secret(key),
        key_prefix=key[:4],
        created_at=at,
        created_by=by,
        **fields,
    )
    record_audit(
        actor=by,
        action="integration.create",
        target=integration,
        changes={"format": integration.format},
        at=at,
    )
    publish("inlets")
    return integration, key


@transaction.atomic
def change_integration(
    integration: Integration, *, by: User, at: datetime, **fields: Any
) -> Integration:
    """Set the given fields; inlets hear of it at commit."""
    changes = {
        name: [str(getattr(integration, name)), str(value)]
        for name, value in fields.items()
        if getattr(integration, name) != value
    }
    if not changes:
        return integration
    for name in changes:
        setattr(integration, name, fields[name])
    integration.save(update_fields=list(changes))
    record_audit(
        actor=by,
        action="integration.change",
        target=integration,
        changes=changes,
        at=at,
    )
    publish("inlets", f"integration:{integration.pk}")
    return integration


@transaction.atomic
def rotate_key(integration: Integration, *, by: User, at: datetime) -> str:
    """Replace the key and return the new one. The old one stops working at once."""
    key = new_key()
    integration.key_hash = hash_secret(key)
    integration.key_prefix = key[:4]
    integration.save(update_fields=["key_hash", "key_prefix"])
    record_audit(
        actor=by,
        action="integration.rotate_key",
        target=integration,
        changes={},
        at=at,
    )
    publish("inlets", f"integration:{integration.pk}")
    return key


def disable_integration(integration: Integration, *, by: User, at: datetime) -> None:
    """Take nothing more from it. What it sent is kept."""
    change_integration(integration, by=by, at=at, disabled_at=at)


def enable_integration(integration: Integration, *, by: User, at: datetime) -> None:
    change_integration(integration, by=by, at=at, disabled_at=None)
