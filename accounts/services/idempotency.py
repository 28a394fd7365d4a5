"""Answering a repeated write with the first answer (docs/api.md, manners)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import IdempotentAnswer, User
from accounts.sealing import seal, unseal
from core.errors import DomainError

LIFETIME = timedelta(hours=24)
PRUNED_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Answer:
    """What was sent, or is to be sent, to a program."""

    status: int
    content_type: str
    body: str


@transaction.atomic
def answer_once(
    *,
    user: User,
    key: str,
    request_hash: str,
    write: Callable[[], Answer],
    at: datetime,
) -> tuple[Answer, bool]:
    """Return the answer for `key`, and whether it was given before.

    `write` runs in this transaction, so its answer is kept exactly when its rows
    are. The reserved row makes the same key elsewhere wait until this transaction
    ends. Only 2xx answers are kept; after another one the key is free again.
    Raises DomainError when the key came with a different request before.
    """
    _prune(user, key, at)
    reservation = IdempotentAnswer(
        user=user, key=key, request_hash=request_hash, created_at=at
    )
    # ON CONFLICT DO NOTHING waits for whoever holds the same key uncommitted.
    IdempotentAnswer.objects.bulk_create([reservation], ignore_conflicts=True)
    kept = IdempotentAnswer.objects.get(user=user, key=key)
    if kept.request_hash != request_hash:
        raise DomainError(
            "This Idempotency-Key was used for a different request. Use a new key."
        )
    if kept.status:
        return Answer(kept.status, kept.content_type, unseal(kept.body)), True
    answer = write()
    if 200 <= answer.status < 300:
        kept.status, kept.content_type = answer.status, answer.content_type
        kept.body = seal(answer.body)  # it may hold a key that is shown once
        kept.save(update_fields=["status", "content_type", "body"])
    else:
        kept.delete()
    return answer, False


def _prune(user: User, key: str, at: datetime) -> None:
    """Drop what this key answered too long ago, and some of the oldest of others.

    Done here because rows come from here alone; SKIP LOCKED keeps it from waiting.
    """
    old = IdempotentAnswer.objects.filter(created_at__lte=at - LIFETIME)
    old.filter(user=user, key=key).delete()
    oldest = (
        old.select_for_update(skip_locked=True)
        .order_by("created_at")
        .values_list("pk", flat=True)[:PRUNED_AT_ONCE]
    )
    IdempotentAnswer.objects.filter(pk__in=list(oldest)).delete()
