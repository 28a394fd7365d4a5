"""API tokens."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from accounts.models import ApiToken, User, hash_secret
from accounts.services.audit import record_audit

LAST_USE_PRECISION = timedelta(minutes=1)


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


@transaction.atomic
def revoke_api_token(*, token_id: int, by: User, at: datetime) -> ApiToken:
    """Make the token useless at once. Revoking twice keeps the first time.

    Raises ApiToken.DoesNotExist, also for a token of somebody else.
    """
    token = ApiToken.objects.select_for_update().get(pk=token_id, user=by)
    if token.revoked_at is None:
        token.revoked_at = at
        token.save(update_fields=["revoked_at"])
        record_audit(actor=by, action="token.revoked", target=token, changes={}, at=at)
    return token


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
    if token.last_used_at is None or at - token.last_used_at >= LAST_USE_PRECISION:
        # The condition again, so that requests at one instant write once.
        ApiToken.objects.filter(
            Q(last_used_at=None) | Q(last_used_at__lte=at - LAST_USE_PRECISION),
            pk=token.pk,
        ).update(last_used_at=at)
    return token
