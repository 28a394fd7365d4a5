"""Calendars kept elsewhere, and when people are away."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from accounts.models import User
from oncall.models.schedule import Schedule


class CalendarQuerySet(models.QuerySet["ImportedCalendar"]):
    def due(self, *, at: datetime) -> CalendarQuerySet:
        return self.filter(next_fetch_at__lte=at)


class ImportedCalendar(models.Model):
    """An iCalendar address whose events are fetched again and again.

    Of a schedule, they are a layer of it: `events` are fixed shifts in the reference
    form, of the people whom the events name. Of a person, they are vacations. What was
    fetched last stays when a fetch fails; `error` says why it failed.
    """

    schedule = models.ForeignKey(
        Schedule, models.CASCADE, null=True, blank=True, related_name="calendars"
    )
    user = models.OneToOneField(
        User, models.CASCADE, null=True, blank=True, related_name="vacation_calendar"
    )
    name = models.CharField(max_length=80, blank=True)
    url = models.CharField(max_length=2048)
    priority = models.IntegerField(default=0)
    events = models.JSONField(default=list)
    unmatched = models.JSONField(default=list)
    etag = models.CharField(max_length=300, blank=True)
    error = models.TextField(blank=True)
    fetched_at = models.DateTimeField(null=True, blank=True)
    tried_at = models.DateTimeField(null=True, blank=True)
    next_fetch_at = models.DateTimeField()

    objects = CalendarQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="imported_calendar_is_of_a_schedule_or_a_person",
                condition=Q(schedule__isnull=False, user=None)
                | Q(schedule=None, user__isnull=False),
            )
        ]
        indexes = [models.Index(fields=["next_fetch_at"], name="calendar_due")]

    def __str__(self) -> str:
        return self.name or "calendar"


class Vacation(models.Model):
    """A person is away. `calendar` is where it was read, None when typed in here."""

    user = models.ForeignKey(User, models.CASCADE, related_name="vacations")
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    note = models.CharField(max_length=200, blank=True)
    calendar = models.ForeignKey(
        ImportedCalendar, models.CASCADE, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["start_at"]
        constraints = [
            models.CheckConstraint(
                name="vacation_ends_after_it_starts",
                condition=Q(end_at__gt=models.F("start_at")),
            )
        ]
        indexes = [models.Index(fields=["end_at"], name="vacation_by_end")]

    def __str__(self) -> str:
        return f"{self.user} away from {self.start_at:%Y-%m-%d}"
