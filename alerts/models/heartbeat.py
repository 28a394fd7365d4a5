"""Monitors that alert when nothing came in time."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.urls import reverse

from accounts.models import User
from alerts.formats.base import AssetRef
from alerts.models.integration import Integration, Severity
from catalog.models import Asset

NAME_LENGTH = 100
DEFAULT_EVERY_SECONDS = 24 * 60 * 60
DEFAULT_GRACE_SECONDS = 60 * 60


class Heartbeat(models.Model):
    """A job that reports each time it ran, and when it is to report next.

    It reports every `every_seconds`, or by `cron` in `time_zone` when that is set.
    `expected_at` is when the next report should come and `due_at` when its absence
    becomes an alert: the grace later. `due_at` is None while there is nothing to wait
    for: before the first report, while it is missed or failing, and while paused.
    `recent` holds the last reports, newest first: {"at", "kind", "seconds"?}.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", "Waiting for its first report"
        ON_TIME = "on_time", "On time"
        MISSED = "missed", "Missed"
        FAILING = "failing", "Failing"
        PAUSED = "paused", "Paused"

    integration = models.ForeignKey(
        Integration, models.CASCADE, related_name="heartbeats"
    )
    name = models.CharField(max_length=NAME_LENGTH)
    every_seconds = models.PositiveIntegerField(default=DEFAULT_EVERY_SECONDS)
    cron = models.CharField(max_length=100, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    grace_seconds = models.PositiveIntegerField(default=DEFAULT_GRACE_SECONDS)
    severity = models.CharField(max_length=4, choices=Severity, blank=True)
    asset = models.ForeignKey(
        Asset, models.SET_NULL, null=True, blank=True, related_name="heartbeats"
    )
    status = models.CharField(
        max_length=7, choices=Status, default=Status.WAITING, db_index=True
    )
    started_at = models.DateTimeField(null=True, blank=True)
    last_at = models.DateTimeField(null=True, blank=True)
    expected_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    recent = models.JSONField(default=list)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["integration", "name"], name="heartbeat_once_per_inlet"
            ),
            models.CheckConstraint(
                name="heartbeat_every_is_a_time", condition=Q(every_seconds__gte=1)
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="heartbeat_due",
                condition=Q(due_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("alerts:heartbeat", args=[self.pk])

    @property
    def dedup_key(self) -> str:
        return f"heartbeat:{self.name}"

    @property
    def asset_ref(self) -> AssetRef | None:
        """Its asset as an alert names one."""
        if self.asset is None:
            return None
        return AssetRef(self.asset.namespace, self.asset.name, self.asset.type)


class HeartbeatMiss(models.Model):
    """A report that did not come, came too late, or said that the job failed.

    `until` is when the next good report came. UNSURE is one that could not have come,
    as Headwater was away when it was expected: it is told here and alerts nobody.
    """

    class Kind(models.TextChoices):
        MISSED = "missed", "Nothing came"
        OVERRAN = "overran", "Started and did not finish"
        FAILED = "failed", "Reported a failure"
        UNSURE = "unsure", "Headwater was away"

    heartbeat = models.ForeignKey(Heartbeat, models.CASCADE, related_name="misses")
    kind = models.CharField(max_length=7, choices=Kind)
    expected_at = models.DateTimeField(null=True)
    at = models.DateTimeField()
    until = models.DateTimeField(null=True)
    said = models.TextField(blank=True)
    alert_id = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["heartbeat"],
                name="one_open_miss_per_heartbeat",
                condition=Q(until=None),
            )
        ]
        indexes = [models.Index(fields=["heartbeat", "-at"], name="miss_by_heartbeat")]

    def __str__(self) -> str:
        return f"{self.heartbeat_id} {self.kind}"


class InletWatch(models.Model):
    """One row. When the inlet last said that it lives: while it is away no report can
    come, so no absence means anything."""

    alive_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="inlet_watch_is_one_row", condition=Q(pk=1))
        ]

    def __str__(self) -> str:
        return self.alive_at.isoformat()
