"""What happened to assets: changes and runs."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from accounts.models import User
from catalog.models.asset import Asset


class Change(models.Model):
    """A deploy, schema change, config change or backfill that touched an asset."""

    class Kind(models.TextChoices):
        DEPLOY = "deploy", "Deploy"
        SCHEMA = "schema", "Schema change"
        CONFIG = "config", "Config change"
        BACKFILL = "backfill", "Backfill"
        OTHER = "other", "Other"

    asset = models.ForeignKey(
        Asset, models.SET_NULL, null=True, blank=True, related_name="changes"
    )
    title = models.CharField(max_length=1024)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.OTHER)
    url = models.CharField(max_length=2000, blank=True)
    author = models.CharField(max_length=200, blank=True)
    occurred_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-occurred_at"]
        indexes = [
            models.Index(fields=["asset", "-occurred_at"], name="change_by_asset")
        ]

    def __str__(self) -> str:
        return self.title


class Load(models.Model):
    """How many rows a run wrote into an asset."""

    asset = models.ForeignKey(Asset, models.CASCADE, related_name="loads")
    run_id = models.CharField(max_length=300)
    rows = models.PositiveBigIntegerField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["asset", "run_id"], name="load_once_per_run"
            )
        ]
        indexes = [models.Index(fields=["asset", "-at"], name="load_by_asset")]

    def __str__(self) -> str:
        return f"{self.rows} rows"


class KnownIssue(models.Model):
    """Something people should know of an asset's data, from `starts_at` to `ends_at`.

    Taken back early by moving its end to now: what was shown stays on record.
    """

    asset = models.ForeignKey(Asset, models.CASCADE, related_name="known_issues")
    text = models.CharField(max_length=500)
    url = models.URLField(max_length=2000, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    created_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["ends_at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="known_issue_ends_after_it_starts",
                condition=Q(starts_at__lte=F("ends_at")),
            )
        ]
        indexes = [
            models.Index(fields=["asset", "ends_at"], name="known_issue_by_asset")
        ]

    def __str__(self) -> str:
        return self.text


class Run(models.Model):
    """One run of an asset's job, as its orchestrator reported it."""

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        SUCCESS = "success", "Succeeded"
        FAILED = "failed", "Failed"
        SKIPPED = "skipped", "Skipped"

    asset = models.ForeignKey(Asset, models.CASCADE, related_name="runs")
    run_id = models.CharField(max_length=300)
    state = models.CharField(max_length=7, choices=State)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField()
    error = models.TextField(blank=True)
    url = models.CharField(max_length=2000, blank=True)

    class Meta:
        ordering = ["-updated_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["asset", "run_id"], name="run_once_per_asset"
            )
        ]
        indexes = [models.Index(fields=["asset", "-updated_at"], name="run_by_asset")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.state}"
