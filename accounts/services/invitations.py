"""Invitations: a link that makes one account."""

import logging
import secrets
from datetime import datetime
from smtplib import SMTPException

from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.models import INVITATION_LIFETIME, Invitation, Team, User, hash_secret
from accounts.services.audit import record_audit
from core.errors import DomainError, InvalidTransitionError
from core.http import absolute_url

logger = logging.getLogger(__name__)


@transaction.atomic
def invite(
    *, email: str, role: str, team: Team | None, by: User, at: datetime
) -> tuple[Invitation, str]:
    """Return an invitation and its link, which is kept nowhere and shown once.

    An earlier open invitation of the same address is revoked: one person, one link.
    Raises DomainError when somebody already signs in with the address.
    """
    email = email.strip().lower()
    if User.objects.filter(email__iexact=email).exists():
        raise DomainError(f"{email} already has an account.")
    Invitation.objects.open(at=at).filter(email=email).update(revoked_at=at)
    secret = secrets.token_urlsafe(24)
    invitation = Invitation.objects.create(
        email=email,
        role=role,
        team=team,
        token_hash=hash_secret(secret),
        invited_by=by,
        created_at=at,
        expires_at=at + INVITATION_LIFETIME,
    )
    changes = {"role": [None, role], "team": [None, team.name if team else None]}
    record_audit(
        actor=by, action="invitation.made", target=invitation, changes=changes, at=at
    )
    return invitation, absolute_url(reverse("accounts:invitation", args=[secret]))


def send_invitation(*, invitation: Invitation, link: str) -> bool:
    """E-mail the link. False when the mail server did not take it.

    Nothing is owed then: whoever invited has the link on the screen.
    """
    text = (
        f"{invitation.invited_by} invites you to Headwater, where your data team "
        "handles incidents and on call.\n\n"
        f"Open this link to choose a password:\n\n{link}\n\n"
        f"It works once, until {invitation.expires_at:%d %B %Y, %H:%M} UTC.\n"
    )
    try:
        send_mail("Your invitation to Headwater", text, None, [invitation.email])
    except (OSError, SMTPException) as error:
        logger.warning("invitation %s not mailed: %s", invitation.pk, error)
        return False
    return True


@transaction.atomic
def revoke_invitation(*, invitation_id: int, by: User, at: datetime) -> Invitation:
    """Make the link useless. Safe to repeat.

    Raises Invitation.DoesNotExist, and InvalidTransitionError once it was used.
    """
    invitation = Invitation.objects.select_for_update().get(pk=invitation_id)
    if invitation.accepted_at is not None:
        raise InvalidTransitionError(
            f"{invitation.email} has already accepted. You can deactivate the account."
        )
    if invitation.revoked_at is None:
        invitation.revoked_at = at
        invitation.save(update_fields=["revoked_at"])
        record_audit(
            actor=by, action="invitation.revoked", target=invitation, changes={}, at=at
        )
    return invitation


@transaction.atomic
def accept_invitation(
    *, invitation_id: int, name: str, password: str, time_zone: str, at: datetime
) -> User:
    """Make the account the invitation promises, and put it into the team.

    Of two calls at once the second waits and is refused.
    Raises InvalidTransitionError when the invitation is not open any more, and
    DomainError when its address got an account some other way.
    """
    invitation = (
        Invitation.objects.select_for_update(of=["self"])
        .select_related("team")
        .get(pk=invitation_id)
    )
    if not invitation.is_open(at=at):
        raise InvalidTransitionError("This invitation can no longer be used.")
    try:
        with transaction.atomic():
            person = User.objects.create_user(
                invitation.email,
                password,
                name=name,
                time_zone=time_zone,
                role=invitation.role,
            )
    except IntegrityError as error:
        raise DomainError(
            f"{invitation.email} already has an account. Sign in instead."
        ) from error
    if invitation.team is not None:
        invitation.team.members.add(person)
    invitation.accepted_at = at
    invitation.save(update_fields=["accepted_at"])
    record_audit(
        actor=person,
        action="invitation.accepted",
        target=invitation,
        changes={},
        at=at,
    )
    return person
