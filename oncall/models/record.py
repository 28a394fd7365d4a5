"""Who was on call, as it happened, and what is to change later."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models import User
from oncall.models.schedule import Schedule


class RecordedShift(models.Model):
    """A person was on call. `end_at` None: still was when last recorded.

    Rows are added and closed, never changed otherwise: an edit of the schedule
    cannot rewrite who was on call before it.
    """

    schedule = models.ForeignKey(
        Schedule, models.CASCADE, related_name="recorded_shifts"
    )
    user = models.ForeignKey(User, models.PROTECT, related_name="recorded_shifts")
    start_at = models.DateTimeField()
    end_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["start_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["schedule", "user"],
                name="one_running_recorded_shift_per_person",
                condition=Q(end_at=None),
            ),
            models.CheckConstraint(
                name="recorded_shift_ends_after_it_starts",
                condition=Q(end_at=None) | Q(end_at__gt=models.F("start_at")),
            ),
        ]
        indexes = [
            models.Index(fields=["schedule", "start_at"], name="recorded_by_schedule")
        ]

    def __str__(self) -> str:
        return f"{self.user} from {self.start_at:%Y-%m-%d %H:%M}"


class PlannedChange(models.Model):
    """Layers and zone that a schedule has from `effective_at` on."""

    schedule = models.OneToOneField(
        Schedule, models.CASCADE, related_name="planned_change"
    )
    effective_at = models.DateTimeField()
    timezone = models.CharField(max_length=64)
    layers = models.JSONField()
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.schedule} from {self.effective_at:%Y-%m-%d %H:%M}"
