"""Messages as they arrive and the deduplicated signals behind them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse

from alerts.models.integration import Integration, Severity
from catalog.models import Asset


class Event(models.Model):
    """One message as it arrived; what it said is never edited.

    `problem` is why it was not understood, "" when it was. `alert_ids` are the alerts
    it opened, repeated or resolved. `has_catalog_facts` is set while the lineage,
    runs or changes it told of wait to be written to the catalog.
    """

    # Without a constraint, here and below: PostgreSQL checks it row by row, which was
    # a third of its work for an event. Integrations are marked deleted, never removed.
    integration = models.ForeignKey(
        Integration,
        models.CASCADE,
        related_name="events",
        db_index=False,
        db_constraint=False,
    )
    received_at = models.DateTimeField()
    path = models.CharField(max_length=200)
    body = models.BinaryField()
    problem = models.TextField(blank=True)
    alert_ids = ArrayField(models.BigIntegerField(), default=list)
    has_catalog_facts = models.BooleanField(default=False)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            # Newest first, and counted over a time without reading the rows.
            models.Index(
                fields=["integration", "-received_at", "-id"],
                name="event_newest_per_inlet",
            ),
            models.Index(
                fields=["integration", "-received_at", "-id"],
                name="event_not_understood",
                condition=~Q(problem=""),
            ),
            models.Index(
                fields=["id"],
                name="event_with_catalog_facts",
                condition=Q(has_catalog_facts=True),
            ),
        ]

    def __str__(self) -> str:
        return f"event {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("alerts:event", args=[self.pk])


class AlertQuerySet(models.QuerySet["Alert"]):
    def firing(self) -> AlertQuerySet:
        return self.filter(status=Alert.Status.FIRING)

    def changed(self) -> AlertQuerySet:
        """Alerts that changed since the incidents app last looked at them."""
        return self.filter(has_changed=True)


class Alert(models.Model):
    """The deduplicated signal behind one or more events.

    (integration, dedup key) has at most one firing alert. A trigger after a resolve
    is a new alert. `has_changed` is set by every write of the inlet and cleared by
    whoever has taken the change into account.

    `severity_is_told` is False while `severity` is only the integration's default.
    `parent_run_id` is the run that the failed run was a part of, as a task's is of
    its DAG's. `repeats_parts` marks the failure of a whole for no reason but that a
    part has failed.
    """

    class Status(models.TextChoices):
        FIRING = "firing", "Firing"
        RESOLVED = "resolved", "Resolved"

    integration = models.ForeignKey(
        Integration,
        models.CASCADE,
        related_name="alerts",
        db_index=False,
        db_constraint=False,
    )
    dedup_key = models.CharField(max_length=255)
    status = models.CharField(max_length=8, choices=Status, default=Status.FIRING)
    severity = models.CharField(max_length=4, choices=Severity)
    title = models.CharField(max_length=1024)
    description = models.TextField(blank=True)
    url = models.TextField(blank=True)
    severity_is_told = models.BooleanField(default=True)
    run_id = models.CharField(max_length=300, blank=True)
    parent_run_id = models.CharField(max_length=300, blank=True)
    repeats_parts = models.BooleanField(default=False)
    labels = models.JSONField(default=dict)
    asset = models.ForeignKey(
        Asset,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="alerts",
        db_index=False,
    )
    asset_namespace = models.CharField(max_length=500, blank=True)
    asset_name = models.CharField(max_length=1000, blank=True)
    asset_type = models.CharField(max_length=9, blank=True)
    pages = models.BooleanField(default=True)
    count = models.PositiveBigIntegerField(default=1)
    occurred_at = models.DateTimeField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    acknowledge_asked_at = models.DateTimeField(null=True, blank=True)
    first_event_id = models.BigIntegerField(null=True)
    last_event_id = models.BigIntegerField(null=True)
    has_changed = models.BooleanField(default=True)

    objects = AlertQuerySet.as_manager()

    class Meta:
        ordering = ["-last_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["integration", "dedup_key"],
                name="one_firing_alert_per_key",
                condition=Q(status="firing"),
            ),
            models.CheckConstraint(
                name="alert_resolved_at_iff_resolved",
                condition=Q(status="resolved", resolved_at__isnull=False)
                | Q(status="firing", resolved_at=None),
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"], name="alert_changed", condition=Q(has_changed=True)
            ),
            models.Index(
                fields=["integration", "dedup_key", "-id"], name="alert_by_key"
            ),
            # No index holds what each repeat changes, so that a repeat is written in
            # its place (a heap-only tuple) and no index grows.
            models.Index(
                fields=["asset", "-id"],
                name="alert_by_asset",
                condition=Q(asset__isnull=False),
            ),
            models.Index(
                fields=["integration", "parent_run_id"],
                name="alert_by_parent_run",
                condition=~Q(parent_run_id=""),
            ),
            models.Index(
                fields=["integration", "run_id"],
                name="alert_whole_by_run",
                condition=Q(repeats_parts=True),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("alerts:alert", args=[self.pk])


class LastTold(models.Model):
    """When, by its sender's clock, a key was last told to fire and to be over.

    So that an older message that comes late neither reopens nor resolves what a newer
    one has settled. Kept only of senders that say when things happened; an instant
    that was still to come is taken for the time the message came.
    """

    integration = models.ForeignKey(
        Integration, models.CASCADE, related_name="+", db_index=False
    )
    dedup_key = models.CharField(max_length=255)
    fired_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["integration", "dedup_key"], name="last_told_once_per_key"
            )
        ]

    def __str__(self) -> str:
        return self.dedup_key
