"""What is expected of an asset's data: to be fresh, and to be about so much."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from accounts.models import User
from alerts.models.integration import Integration, Severity
from catalog.models import Asset


class Expectation(models.Model):
    """Runs of an asset that must come in time, or loads that must be of some size.

    Freshness: a run succeeds every `every_seconds`, or by each instant of `cron` in
    `time_zone` when that is set; one counts for a deadline from `early_seconds` before
    it (None: half of the shorter time to its neighbours). `opens_at`, `expected_at`
    and `due_at` are of the turn that is awaited: from when a run counts, by when it is
    wanted, and when its absence becomes an alert.

    Volume: a load has `least` to `most` rows; with neither, a band learnt from the
    loads before it.

    `met_at` is the last run, or load, that was as expected.
    """

    class Kind(models.TextChoices):
        FRESHNESS = "freshness", "Freshness"
        VOLUME = "volume", "Volume"

    class Status(models.TextChoices):
        BREACHED = "breached", "Not met"
        WAITING = "waiting", "Nothing seen yet"
        MET = "met", "Met"

    asset = models.ForeignKey(Asset, models.CASCADE, related_name="expectations")
    integration = models.ForeignKey(Integration, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=9, choices=Kind)
    every_seconds = models.PositiveIntegerField(default=0)
    cron = models.CharField(max_length=100, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    grace_seconds = models.PositiveIntegerField(default=0)
    early_seconds = models.PositiveIntegerField(null=True, blank=True)
    least = models.PositiveBigIntegerField(null=True, blank=True)
    most = models.PositiveBigIntegerField(null=True, blank=True)
    severity = models.CharField(max_length=4, choices=Severity, blank=True)
    status = models.CharField(max_length=8, choices=Status, default=Status.WAITING)
    opens_at = models.DateTimeField(null=True, blank=True)
    expected_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    met_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["status", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["asset", "kind"], name="expectation_once_per_asset_and_kind"
            ),
            models.CheckConstraint(
                name="freshness_has_a_rhythm",
                condition=~Q(kind="freshness") | Q(every_seconds__gte=1) | ~Q(cron=""),
            ),
            models.CheckConstraint(
                name="volume_band_is_no_less_than_nothing",
                condition=Q(least=None) | Q(most=None) | Q(least__lte=F("most")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="expectation_due",
                condition=Q(kind="freshness"),
            ),
            models.Index(
                fields=["kind"],
                name="expectation_breached",
                condition=Q(status="breached"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.asset}"

    def get_absolute_url(self) -> str:
        return reverse("alerts:asset-expectations", args=[self.asset_id])

    @property
    def dedup_key(self) -> str:
        return f"{self.kind}:{self.pk}"


class Breach(models.Model):
    """A time in which an expectation was not met. `until` None: still.

    UNSURE is a run that could not be heard of, as Headwater was away when it should
    have come: it is told here and alerts nobody.
    """

    class Kind(models.TextChoices):
        LATE = "late", "No run succeeded in time"
        SIZE = "size", "Another size than expected"
        UNSURE = "unsure", "Headwater was away"

    expectation = models.ForeignKey(
        Expectation, models.CASCADE, related_name="breaches"
    )
    kind = models.CharField(max_length=6, choices=Kind)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    said = models.TextField(blank=True)
    alert_id = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["-since", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["expectation"],
                name="one_open_breach_per_expectation",
                condition=Q(until=None),
            )
        ]
        indexes = [
            models.Index(fields=["expectation", "-since"], name="breach_by_expectation")
        ]

    def __str__(self) -> str:
        return f"{self.expectation_id} {self.kind}"
