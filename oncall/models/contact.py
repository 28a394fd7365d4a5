"""How a person is reached."""

from __future__ import annotations

from datetime import timedelta

from django.db import models

from accounts.models import User
from oncall.channels.registry import choices as channel_choices


class ContactMethod(models.Model):
    """One way to reach a person. Unverified ones are never used for pages."""

    user = models.ForeignKey(User, models.CASCADE, related_name="contact_methods")
    kind = models.CharField(max_length=20, choices=channel_choices)
    address = models.CharField(max_length=500)
    position = models.PositiveSmallIntegerField(default=0)
    delay = models.DurationField(default=timedelta(0))
    verified_at = models.DateTimeField(null=True, blank=True)
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
