"""Schedules, and the exceptions people make to them."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse

from accounts.models import Team, User

SCHEDULE_NAME_LENGTH = 120


class Schedule(models.Model):
    """Who is on call when. `layers` is the reference form of docs/api.md, in which
    users are primary keys written as strings.

    From `recorded_from` until `recorded_until` who was on call is recorded
    (RecordedShift) and edits do not change it. `history` is what was told about the
    time before.
    """

    name = models.CharField(max_length=SCHEDULE_NAME_LENGTH)
    team = models.ForeignKey(
        Team, models.SET_NULL, null=True, blank=True, related_name="schedules"
    )
    timezone = models.CharField(max_length=64, default="UTC")
    layers = models.JSONField(default=list)
    temporary_schedules = models.JSONField(default=list, blank=True)
    history = models.JSONField(default=list, blank=True)
    recorded_from = models.DateTimeField(null=True, blank=True)
    recorded_until = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    feed_secret = models.CharField(max_length=64, unique=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"), name="schedule_name_unique_ignoring_case"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("oncall:schedule", args=[self.pk])


class PersonalFeed(models.Model):
    """The secret address of a person's own calendar, over all schedules."""

    user = models.OneToOneField(User, models.CASCADE, related_name="calendar_feed")
    secret = models.CharField(max_length=64, unique=True)

    def __str__(self) -> str:
        return f"calendar of {self.user}"


class Override(models.Model):
    """A hand-made exception to a schedule for a time."""

    class Type(models.TextChoices):
        ADD = "add", "Add"
        REMOVE = "remove", "Take off"
        REPLACE = "replace", "Replace"
        COVER = "cover", "Cover"

    schedule = models.ForeignKey(Schedule, models.CASCADE, related_name="overrides")
    type = models.CharField(max_length=7, choices=Type, default=Type.COVER)
    add = models.ForeignKey(
        User, models.CASCADE, null=True, blank=True, related_name="+"
    )
    remove = models.ForeignKey(
        User, models.CASCADE, null=True, blank=True, related_name="+"
    )
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    priority = models.IntegerField(default=0)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["start_at"]
        constraints = [
            models.CheckConstraint(
                name="override_ends_after_it_starts",
                condition=Q(end_at__gt=models.F("start_at")),
            ),
            models.CheckConstraint(
                name="override_names_who_its_type_needs",
                condition=Q(type__in=["add", "cover"], add__isnull=False)
                | Q(type="remove", remove__isnull=False)
                | Q(type="replace", add__isnull=False, remove__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.start_at:%Y-%m-%d %H:%M}"


class SwapQuerySet(models.QuerySet["Swap"]):
    def open(self, *, at: datetime) -> SwapQuerySet:
        """Offers that can still be taken."""
        return self.filter(taken_at=None, end_at__gt=at)

    def offered_to(self, user: User) -> SwapQuerySet:
        """Offers of others that this person may take."""
        named = Q(taker=user) | Q(offered_to=user)
        anybody = Q(taker=None, offered_to=None)
        return self.filter(named | anybody).exclude(giver=user).distinct()


class Swap(models.Model):
    """An offer of `giver` to hand over their shifts; counts once it is taken.

    It is for `taker`, else for those in `offered_to`, else for anybody.
    """

    schedule = models.ForeignKey(Schedule, models.CASCADE, related_name="swaps")
    giver = models.ForeignKey(User, models.CASCADE, related_name="+")
    taker = models.ForeignKey(
        User, models.CASCADE, null=True, blank=True, related_name="+"
    )
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True, blank=True)
    offered_to = models.ManyToManyField(User, blank=True, related_name="+")
    note = models.CharField(max_length=300, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)

    objects = SwapQuerySet.as_manager()

    class Meta:
        ordering = ["start_at"]
        constraints = [
            models.CheckConstraint(
                name="swap_ends_after_it_starts",
                condition=Q(end_at__gt=models.F("start_at")),
            ),
            models.CheckConstraint(
                name="swap_has_a_taker_when_taken",
                condition=Q(taken_at=None) | Q(taker__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.giver} {self.start_at:%Y-%m-%d %H:%M}"
