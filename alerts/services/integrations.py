"""Making inlets and changing them. The key leaves this file once, in clear."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.models import User, hash_secret
from accounts.sealing import seal
from accounts.services import record_audit
from alerts.mappings import compile_mapping
from alerts.models import Integration
from alerts.signatures import SCHEMES
from core.errors import DomainError, InvalidInputError
from core.live import publish

KEY_BYTES = 16
NO_OVERLAP = timedelta(0)
LONGEST_OVERLAP = timedelta(days=30)


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
def rotate_key(
    integration: Integration,
    *,
    by: User,
    at: datetime,
    overlap: timedelta = NO_OVERLAP,
) -> str:
    """Replace the key and return the new one.

    The old one works for `overlap` more, and one older than that no longer: there are
    at most two. Without overlap it stops at once.
    """
    key = new_key()
    Integration.objects.select_for_update().get(pk=integration.pk)
    integration.refresh_from_db()
    integration.previous_key_hash = integration.key_hash if overlap else ""
    integration.previous_key_prefix = integration.key_prefix if overlap else ""
    integration.previous_key_until = at + overlap if overlap else None
    integration.key_hash = hash_secret(key)
    integration.key_prefix = key[:4]
    integration.save(update_fields=["key_hash", "key_prefix", *_PREVIOUS])
    until = integration.previous_key_until
    changes = {"old key until": [None, until.isoformat()]} if until else {}
    _record("rotate_key", integration, changes, by=by, at=at)
    return key


@transaction.atomic
def end_previous_key(integration: Integration, *, by: User, at: datetime) -> None:
    """Let the key before the present one stop working now. Safe to repeat."""
    if not integration.previous_key_hash:
        return
    integration.previous_key_hash = integration.previous_key_prefix = ""
    integration.previous_key_until = None
    integration.save(update_fields=_PREVIOUS)
    _record("end_previous_key", integration, {}, by=by, at=at)


_PREVIOUS = ("previous_key_hash", "previous_key_prefix", "previous_key_until")


@transaction.atomic
def set_mapping(
    integration: Integration,
    mapping: dict[str, Any] | None,
    *,
    by: User,
    at: datetime,
) -> None:
    """Read its messages by `mapping`; None: as its format does.

    Raises InvalidInputError naming field and expression, and DomainError for an
    integration of another format.
    """
    if mapping is not None:
        if integration.format != "generic":
            raise DomainError("Only an integration of Generic JSON has a mapping.")
        compile_mapping(mapping)
    changes = {"mapping": [integration.mapping, mapping]}
    integration.mapping = mapping
    integration.save(update_fields=["mapping"])
    _record("set_mapping", integration, changes, by=by, at=at)


@transaction.atomic
def set_signature(
    integration: Integration,
    *,
    scheme: str,
    header: str = "",
    secret: str = "",
    by: User,
    at: datetime,
) -> None:
    """Refuse what is not signed by `scheme`; "" takes all again.

    The secret is stored sealed; "" keeps the one there is. Raises InvalidInputError
    for an unknown scheme, or when there is no secret to check with.
    """
    if scheme and scheme not in SCHEMES:
        raise InvalidInputError({"scheme": ["There is no such scheme."]})
    if scheme and not (secret or integration.signature_secret):
        raise InvalidInputError({"secret": ["This field is required."]})
    changes: dict[str, Any] = {"signature": [integration.signature_scheme, scheme]}
    if secret:
        changes["secret"] = "replaced"
        integration.signature_secret = seal(secret)
    integration.signature_scheme = scheme
    integration.signature_header = header if scheme else ""
    if not scheme:
        integration.signature_secret = ""
    integration.save(
        update_fields=["signature_scheme", "signature_header", "signature_secret"]
    )
    _record("set_signature", integration, changes, by=by, at=at)


def disable_integration(integration: Integration, *, by: User, at: datetime) -> None:
    """Take nothing more from it. What it sent is kept."""
    change_integration(integration, by=by, at=at, disabled_at=at)


def enable_integration(integration: Integration, *, by: User, at: datetime) -> None:
    change_integration(integration, by=by, at=at, disabled_at=None)


def _record(
    act: str,
    integration: Integration,
    changes: dict[str, Any],
    *,
    by: User,
    at: datetime,
) -> None:
    """Note it, and let inlets and pages hear of it at commit."""
    record_audit(
        actor=by,
        action=f"integration.{act}",
        target=integration,
        changes=changes,
        at=at,
    )
    publish("inlets", f"integration:{integration.pk}")
