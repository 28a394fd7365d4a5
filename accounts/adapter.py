"""What allauth does our way: its settings that are code."""

import logging
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.sealing import seal, unseal
from accounts.services import record_audit
from core.errors import DomainError
from core.http import absolute_url

logger = logging.getLogger(__name__)

PASSWORD_RESET = "account/email/password_reset_key"
Context = dict[str, Any]


class MailNotSentError(DomainError):
    """A mail that somebody waits for could not be sent."""

    status = 503


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is untyped
    """Nobody signs up: people come by first run or by invitation."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    @transaction.atomic
    def set_password(self, user: User, password: str) -> None:
        user.set_password(password)
        user.save(update_fields=["password"])
        record_audit(
            actor=user,
            action="person.password",
            target=user,
            changes={},
            at=timezone.now(),
        )

    def send_mail(self, template_prefix: str, email: str, context: Context) -> None:
        """Send; a mail somebody waits for fails loudly, a mere notice does not."""
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException) as error:
            logger.warning("%s not mailed: %s", template_prefix, error)
            if template_prefix == PASSWORD_RESET:
                raise MailNotSentError(
                    "The mail server did not take the mail. Try again later, or ask "
                    "an admin."
                ) from error

    def format_email_subject(self, subject: str) -> str:
        return f"Headwater: {subject}"

    def get_reset_password_from_key_url(self, key: str) -> str:
        # Not from the Host header of whoever asked for the mail.
        path = reverse("account_reset_password_from_key", args=["UID", "KEY"])
        return absolute_url(path.replace("UID-KEY", key))

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("accounts:settings")


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth is untyped
    """Second factors, whose secrets are stored encrypted."""

    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text)

    def get_totp_issuer(self) -> str:
        return "Headwater"
