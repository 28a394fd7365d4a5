"""What goes from one shift to the next: notes, and notices of starts and ends."""

from __future__ import annotations

from datetime import timedelta

from django.db import models

from accounts.models import User
from oncall.models.schedule import Schedule


class HandoffNote(models.Model):
    """Written by who leaves, sent to who comes next.

    It is sent at `send_at`, when the shift it was written in ends.
    """

    schedule = models.ForeignKey(Schedule, models.CASCADE, related_name="handoff_notes")
    author = models.ForeignKey(User, models.CASCADE, related_name="+")
    is_open = models.TextField(blank=True)
    is_known = models.TextField(blank=True)
    written_at = models.DateTimeField()
    send_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    sent_to = models.ManyToManyField(User, blank=True, related_name="+")

    class Meta:
        ordering = ["-written_at", "-pk"]
        indexes = [
            models.Index(
                fields=["send_at"],
                name="handoff_note_due",
                condition=models.Q(sent_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"{self.schedule} {self.written_at:%Y-%m-%d %H:%M}"


class ShiftNotices(models.Model):
    """Which notices a person wants about their shifts. `before` zero: none ahead."""

    user = models.OneToOneField(User, models.CASCADE, related_name="shift_notices")
    before = models.DurationField(default=timedelta(hours=12))
    at_start = models.BooleanField(default=True)
    at_end = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"notices of {self.user}"
