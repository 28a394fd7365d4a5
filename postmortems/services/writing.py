"""Drafting a postmortem and saving its text. Nothing written is ever overwritten."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.services import record_audit
from core.errors import DomainError, InvalidInputError, StaleVersionError
from core.live import publish
from incidents.models import Incident
from postmortems.drafting import draft
from postmortems.models import Postmortem, PostmortemVersion
from postmortems.services.collecting import facts_of

TITLE_LENGTH = 1024
BODY_LENGTH = 200_000


@transaction.atomic
def draft_postmortem(
    *, incident_id: int, by: User, at: datetime
) -> tuple[Postmortem, bool]:
    """Write the first version from what was recorded of a resolved incident.

    Returns the postmortem and whether it is new: an incident has one, and a second
    call gives the first. Raises Incident.DoesNotExist, and DomainError where the
    incident is open or was merged into another. Times are written in `by`'s zone.
    """
    # Of two at once the second waits here and finds the first one's.
    incident = Incident.objects.select_for_update(no_key=True).get(pk=incident_id)
    existing = Postmortem.objects.filter(incident=incident).first()
    if existing is not None:
        return existing, False
    if incident.is_open:
        raise DomainError(
            f"{incident} is not resolved yet. Its postmortem can be drafted once it is."
        )
    if incident.merged_into_id is not None:
        raise DomainError(
            f"{incident} was merged into #{incident.merged_into_id}: "
            "the postmortem belongs to that one."
        )
    written = draft(facts_of(incident), tz=by.tz)
    postmortem = Postmortem.objects.create(
        incident=incident,
        title=written.title,
        body=written.body_markdown,
        created_by=by,
        created_at=at,
        updated_at=at,
    )
    postmortem.keep_version(by=by, at=at)
    incident.action_items.update(postmortem=postmortem)
    _announce(postmortem, "postmortem.drafted", by=by, at=at, incident=incident.pk)
    return postmortem, True


@transaction.atomic
def save_text(
    *,
    postmortem_id: int,
    version: int,
    by: User,
    at: datetime,
    title: str | None = None,
    body: str | None = None,
) -> Postmortem:
    """Save what was written on top of `version`; None leaves a part as it is.

    Text equal to what is stored makes no new version. Raises StaleVersionError,
    whose `current` is the stored postmortem, when `version` is not the newest;
    InvalidTransitionError when it is published; InvalidInputError.
    """
    postmortem = lock_postmortem(postmortem_id)
    title = postmortem.title if title is None else title.strip()
    body = postmortem.body if body is None else body
    check_text(title, body)
    if version != postmortem.version:
        raise StaleVersionError(
            f"Version {postmortem.version} was saved meanwhile; this was written on "
            f"top of version {version}. Nothing was overwritten.",
            current=postmortem,
        )
    if (title, body) == (postmortem.title, postmortem.body):
        return postmortem
    postmortem.write(title=title, body=body, by=by, at=at)
    versions = [version, postmortem.version]
    _announce(postmortem, "postmortem.saved", by=by, at=at, version=versions)
    return postmortem


@transaction.atomic
def restore_version(
    *, postmortem_id: int, version: int, by: User, at: datetime
) -> Postmortem:
    """Make an old version's text the newest one, as a version of its own.

    Raises PostmortemVersion.DoesNotExist, and InvalidTransitionError when published.
    """
    postmortem = lock_postmortem(postmortem_id)
    old = PostmortemVersion.objects.get(postmortem=postmortem, version=version)
    if (old.title, old.body) == (postmortem.title, postmortem.body):
        return postmortem
    postmortem.write(title=old.title, body=old.body, by=by, at=at)
    restored = {"from": version, "version": postmortem.version}
    _announce(postmortem, "postmortem.version_restored", by=by, at=at, **restored)
    return postmortem


def check_text(title: str, body: str) -> None:
    """Raise InvalidInputError naming what is too long or missing."""
    errors: dict[str, list[str]] = {}
    if not title:
        errors["title"] = ["Must not be empty."]
    for name, text, most in (
        ("title", title, TITLE_LENGTH),
        ("body", body, BODY_LENGTH),
    ):
        if len(text) > most:
            errors[name] = [
                f"Must be at most {most:,} characters; it has {len(text):,}."
            ]
        elif "\0" in text:
            errors[name] = ["Must not contain the character U+0000."]
    if errors:
        raise InvalidInputError(errors)


def lock_postmortem(postmortem_id: int) -> Postmortem:
    """The postmortem, until the end of the transaction in nobody else's hands."""
    return Postmortem.objects.select_for_update(no_key=True).get(pk=postmortem_id)


def _announce(
    postmortem: Postmortem, action: str, *, by: User, at: datetime, **changes: object
) -> None:
    record_audit(actor=by, action=action, target=postmortem, changes=changes, at=at)
    publish(postmortem.topic)
