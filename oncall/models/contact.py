"""How a person is reached."""

from __future__ import annotations

from datetime import timedelta

from django.db import models

from accounts.models import User
from oncall.channels.registry import choices as channel_choices


class ContactMethod(models.Model):
    """One way to reach a person. Unverified ones are never used for pages.

    `failing_since` is set while the last message through it failed for good.

    `delays` are those of single severities, in minutes, None where it is not used:
    {"SEV1": 0, "SEV4": None}; for the others, `delay` holds.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="contact_methods")
    kind = models.CharField(max_length=20, choices=channel_choices)
    address = models.CharField(max_length=1000)
    position = models.PositiveSmallIntegerField(default=0)
    delay = models.DurationField(default=timedelta(0))
    delays = models.JSONField(default=dict, blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    code_hash = models.CharField(max_length=64, blank=True)
    code_expires_at = models.DateTimeField(null=True, blank=True)
    code_tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind", "address"], name="contact_method_once_per_user"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.address}"

    def delay_for(self, severity: str) -> timedelta | None:
        """How long after a page about `severity` it is used; None for never."""
        if severity not in self.delays:
            return self.delay
        minutes = self.delays[severity]
        return None if minutes is None else timedelta(minutes=minutes)
