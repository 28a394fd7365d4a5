"""Repairs of data that was bad: re-runs and backfills."""

from __future__ import annotations

from django.db import models
from django.urls import reverse

from accounts.models import User
from catalog.models.asset import Asset


class Backfill(models.Model):
    """A re-run or backfill of assets, and how far it is.

    `partitions` says which part, in the words of whoever runs it ("2026-01-01 to
    2026-01-05"); blank: all. Verified is the end of one that was done and looked at.
    """

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        VERIFIED = "verified", "Verified"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    title = models.CharField(max_length=200)
    partitions = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=9, choices=State, default=State.PLANNED)
    url = models.URLField(max_length=2000, blank=True)
    assets = models.ManyToManyField(
        Asset, through="BackfillAsset", related_name="backfills"
    )
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField()
    created_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    verified_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("catalog:backfill", args=[self.pk])


class BackfillAsset(models.Model):
    """An asset that a backfill repairs."""

    backfill = models.ForeignKey(Backfill, models.CASCADE, related_name="parts")
    asset = models.ForeignKey(Asset, models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["backfill", "asset"], name="backfill_has_an_asset_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.asset_id} in {self.backfill_id}"
