"""The audit log."""

from datetime import datetime
from typing import Any

from django.db.models import Model

from accounts.models import AuditEntry, User


def record_audit(
    *,
    actor: User | None,
    action: str,
    target: Model,
    changes: dict[str, Any],
    at: datetime,
) -> AuditEntry:
    """Note who changed what. Call it in the transaction of the change itself.

    `action` is a dotted name such as "team.renamed"; `changes` is JSON, by custom
    {"field": [old, new]}; it never holds a secret. `actor` None: the program itself.
    """
    return AuditEntry.objects.create(
        actor=actor,
        at=at,
        action=action,
        target_type=target._meta.label_lower,
        target_id=str(target.pk),
        target_label=str(target)[:200],
        changes=changes,
    )
