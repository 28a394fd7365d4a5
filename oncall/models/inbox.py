"""Mail that stays here in a run without a mail server."""

from django.db import models


class InboxMessage(models.Model):
    """A mail that was kept here because no mail server is configured."""

    message_id = models.CharField(max_length=300)
    recipient = models.CharField(max_length=254)
    subject = models.CharField(max_length=1024)
    body = models.TextField()
    received_at = models.DateTimeField()

    class Meta:
        ordering = ["-received_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["message_id", "recipient"], name="inbox_message_once"
            )
        ]

    def __str__(self) -> str:
        return self.subject
