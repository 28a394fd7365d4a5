"""What people do with accounts. Each act is in the audit log of its transaction."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Model, Q

from accounts.models import ApiToken, AuditEntry, User, hash_secret

LAST_USE_PRECISION = timedelta(minutes=1)


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


@transaction.atomic
def create_api_token(*, owner: User, name: str, at: datetime) -> tuple[ApiToken, str]:
    """Return a new token and its secret, which is kept nowhere and shown once."""
    secret = ApiToken.new_secret()
    token = ApiToken.objects.create(
        user=owner,
        name=name,
        token_hash=hash_secret(secret),
        prefix=secret[:7],
        created_at=at,
    )
    record_audit(actor=owner, action="token.created", target=token, changes={}, at=at)
    return token, secret


def use_api_token(*, secret: str, at: datetime) -> ApiToken | None:
    """Return the live token with this secret, its user loaded; None if there is none.

    Notes the use, but at most once a minute, so that a busy program does not
    rewrite the row with each request.
    """
    token = (
        ApiToken.objects.live()
        .select_related("user")
        .filter(token_hash=hash_secret(secret))
        .first()
    )
    if token is None:
        return None
    ApiToken.objects.filter(
        Q(last_used_at=None) | Q(last_used_at__lte=at - LAST_USE_PRECISION),
        pk=token.pk,
    ).update(last_used_at=at)
    return token
