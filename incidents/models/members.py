"""What belongs to an incident: its alerts and its failing assets."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from alerts.models import Alert
from catalog.models import Asset


class IncidentAlert(models.Model):
    """An alert belongs to at most one incident; `reason` says why to this one.

    `status` and `acknowledge_seen_at` are what the incident has taken into account
    of the alert so far, so that each change reaches the timeline once. `is_placed`:
    a person has put it here, and here it stays.
    """

    incident = models.ForeignKey(
        "incidents.Incident", models.CASCADE, related_name="members"
    )
    alert = models.OneToOneField(Alert, models.CASCADE, related_name="membership")
    added_at = models.DateTimeField()
    reason = models.CharField(max_length=300)
    status = models.CharField(
        max_length=8, choices=Alert.Status, default=Alert.Status.FIRING
    )
    acknowledge_seen_at = models.DateTimeField(null=True, blank=True)
    is_placed = models.BooleanField(default=False)

    class Meta:
        ordering = ["added_at", "pk"]
        indexes = [
            models.Index(
                fields=["incident"],
                name="member_firing",
                condition=Q(status="firing"),
            ),
            models.Index(
                fields=["incident"],
                name="member_placed",
                condition=Q(is_placed=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.alert_id} in #{self.incident_id}"


class FailingAsset(models.Model):
    """An asset this incident is about: one that alerted, or that a person named.

    `until` is set while none of the asset's alerts in the incident is firing.
    """

    incident = models.ForeignKey(  # the unique index begins with it
        "incidents.Incident",
        models.CASCADE,
        related_name="failing_assets",
        db_index=False,
    )
    asset = models.ForeignKey(Asset, models.CASCADE, related_name="failures")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["since", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "asset"], name="failing_asset_once_per_incident"
            )
        ]

    def __str__(self) -> str:
        return f"{self.asset} in #{self.incident_id}"


class MergeOffer(models.Model):
    """Two incidents that look like one fault, left apart because `other` had been
    acknowledged when `asset` tied them together. A person decides."""

    incident = models.ForeignKey(
        "incidents.Incident", models.CASCADE, related_name="merge_offers"
    )
    other = models.ForeignKey(
        "incidents.Incident", models.CASCADE, related_name="merge_offers_from"
    )
    asset = models.ForeignKey(Asset, models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "other"], name="merge_offered_once"
            ),
            models.CheckConstraint(
                name="merge_offer_joins_two_incidents",
                condition=~Q(incident=F("other")),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.other_id} into #{self.incident_id}"


class UncorrelatedAlert(models.Model):
    """An alert that could not be taken into an incident, and why. It is tried again
    at `next_try_at`, and whenever it changes."""

    alert = models.OneToOneField(Alert, models.CASCADE, related_name="uncorrelated")
    at = models.DateTimeField()
    problem = models.TextField()
    tries = models.PositiveSmallIntegerField(default=1)
    next_try_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.alert_id}: {self.problem[:60]}"
