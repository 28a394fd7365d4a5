"""What happened, when, and who or what did it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models import User
from alerts.models import Alert


class TimelineEntry(models.Model):
    """One fact in an incident's history. Added, never edited; may be pinned.

    `at` is when it happened, `recorded_at` when it was written down. The one exception
    counts how often a key fired again since its first alert, `repeats_of`: there is
    one for each, and it is of the last time.
    """

    class Kind(models.TextChoices):
        OPENED = "opened"
        ALERT = "alert"
        ACKNOWLEDGED = "acknowledged"
        STATUS = "status"
        SEVERITY = "severity"
        ROLE = "role"
        NOTE = "note"
        UPDATE = "update"
        CAUSE = "cause"
        TIMES = "times"
        PAGED = "paged"
        TOLD = "told"
        MERGED = "merged"
        CHANGED = "changed"
        RESOLVED = "resolved"
        REOPENED = "reopened"

    incident = models.ForeignKey(
        "incidents.Incident",
        models.CASCADE,
        related_name="timeline",
        db_index=False,
    )
    kind = models.CharField(max_length=12, choices=Kind)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    actor = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    text = models.TextField(blank=True)
    pinned = models.BooleanField(default=False)
    repeats_of = models.ForeignKey(
        Alert, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )

    class Meta:
        ordering = ["at", "pk"]
        indexes = [
            models.Index(fields=["incident", "at", "id"], name="timeline_in_order"),
            models.Index(
                fields=["actor"],
                name="timeline_by_actor",
                condition=Q(actor__isnull=False),
            ),
            models.Index(
                fields=["repeats_of"],
                name="timeline_of_repeats",
                condition=Q(repeats_of__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%H:%M} {self.kind}"
