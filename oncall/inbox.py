"""Mail that stays here: the e-mail backend of a run without a mail server.

People read it on the local inbox page, so that a first run and a demonstration show
what would have been delivered.
"""

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

from oncall.models import InboxMessage


class EmailBackend(BaseEmailBackend):
    """Keeps each message as a row; a message is kept once however often it is sent."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for mail in email_messages:
            for recipient in mail.recipients():
                InboxMessage.objects.get_or_create(
                    message_id=str(mail.message()["Message-ID"])[:300],
                    recipient=recipient[:254],
                    defaults={
                        "subject": mail.subject[:1024],
                        "body": str(mail.body),
                        "received_at": timezone.now(),
                    },
                )
        return len(email_messages)
