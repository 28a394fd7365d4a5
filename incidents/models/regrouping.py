"""What was put together or taken apart after the fact, by the machine or a person."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from accounts.models import User
from catalog.models import Asset


class Regrouping(models.Model):
    """Alerts that went from one incident to another, and why; can be undone.

    `by` None: the machine. What a person did, undoing included, the machine never
    does the other way round.
    """

    class Kind(models.TextChoices):
        MERGED = "merged", "Merged"
        MOVED = "moved", "Moved"
        SPLIT = "split", "Split"

    kind = models.CharField(max_length=6, choices=Kind)
    source = models.ForeignKey(
        "incidents.Incident", models.CASCADE, related_name="regroupings_from"
    )
    target = models.ForeignKey(
        "incidents.Incident", models.CASCADE, related_name="regroupings_to"
    )
    alerts = ArrayField(models.BigIntegerField())
    why = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # Whether a person did it, also when that person is gone.
    is_by_hand = models.BooleanField(default=False)

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="regrouping_between_two_incidents",
                condition=~Q(source=F("target")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.source_id} to #{self.target_id}"

    @property
    def keeps_apart(self) -> bool:
        """Whether a person has said that these are two faults."""
        by_hand = self.is_by_hand and self.kind != self.Kind.MERGED
        return by_hand or self.undone_at is not None


class AssetHabit(models.Model):
    """What earlier faults have shown of one asset: how often it alerted when it was
    broken (`spoke`), and how often it did not (`silent`, in shares where one of
    several must have been)."""

    asset = models.OneToOneField(
        Asset, models.CASCADE, primary_key=True, related_name="+"
    )
    spoke = models.PositiveIntegerField(default=0)
    silent = models.FloatField(default=0)

    def __str__(self) -> str:
        return f"{self.asset_id}: {self.spoke}/{self.silent}"


class EdgeHabit(models.Model):
    """What earlier faults have shown of one edge of the lineage.

    Of the times its upper end was broken: how often the lower end alerted (`passed`)
    or did not (`held`), and the mean seconds it took, over those that passed.
    """

    upstream = models.ForeignKey(Asset, models.CASCADE, related_name="+")
    downstream = models.ForeignKey(Asset, models.CASCADE, related_name="+")
    passed = models.PositiveIntegerField(default=0)
    held = models.PositiveIntegerField(default=0)
    lag_seconds = models.FloatField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["upstream", "downstream"], name="habit_once_per_edge"
            )
        ]

    def __str__(self) -> str:
        return f"{self.upstream_id} → {self.downstream_id}: {self.passed}/{self.held}"
