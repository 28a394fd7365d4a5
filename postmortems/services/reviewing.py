"""The way of a postmortem from draft to published. Every step says who took it.

Each raises Postmortem.DoesNotExist, and InvalidTransitionError where it cannot follow.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.services import record_audit
from core.errors import InvalidInputError
from core.live import publish
from postmortems.models import Postmortem
from postmortems.services.writing import lock_postmortem

NOTE_LENGTH = 2000


def submit_postmortem(
    *, postmortem_id: int, by: User, at: datetime, note: str = ""
) -> Postmortem:
    """Ask others to read a draft."""
    return _step(postmortem_id, Postmortem.submit, by=by, at=at, note=note)


def approve_postmortem(
    *, postmortem_id: int, by: User, at: datetime, note: str = ""
) -> Postmortem:
    return _step(postmortem_id, Postmortem.approve, by=by, at=at, note=note)


def publish_postmortem(
    *, postmortem_id: int, by: User, at: datetime, note: str = ""
) -> Postmortem:
    return _step(postmortem_id, Postmortem.publish, by=by, at=at, note=note)


def return_postmortem(
    *, postmortem_id: int, by: User, at: datetime, note: str = ""
) -> Postmortem:
    """Make it a draft again, from any later status."""
    return _step(postmortem_id, Postmortem.return_to_draft, by=by, at=at, note=note)


@transaction.atomic
def _step(
    postmortem_id: int,
    step: Callable[..., None],
    *,
    by: User,
    at: datetime,
    note: str,
) -> Postmortem:
    note = note.strip()
    if len(note) > NOTE_LENGTH:
        raise InvalidInputError(
            {"note": [f"Must be at most {NOTE_LENGTH:,} characters."]}
        )
    postmortem = lock_postmortem(postmortem_id)
    before = postmortem.status
    step(postmortem, by=by, at=at, note=note)
    changes = {"status": [before, postmortem.status], "version": postmortem.version}
    record_audit(
        actor=by,
        action=f"postmortem.{step.__name__}",
        target=postmortem,
        changes=changes,
        at=at,
    )
    publish(postmortem.topic)
    return postmortem
