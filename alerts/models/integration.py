"""Inlets, and how bad what they bring may be."""

from __future__ import annotations

from django.db import models
from django.urls import reverse

from accounts.models import Team, User
from alerts.formats.registry import choices as format_choices
from alerts.signatures import choices as signature_choices
from oncall.models import EscalationPolicy

DEFAULT_RATE_LIMIT = 10_000


class Severity(models.TextChoices):
    """SEV1 is worst, so the smaller string is the more severe."""

    SEV1 = "SEV1", "SEV1"
    SEV2 = "SEV2", "SEV2"
    SEV3 = "SEV3", "SEV3"
    SEV4 = "SEV4", "SEV4"


SEVERITY_OF_WORD = {
    "critical": Severity.SEV1,
    "error": Severity.SEV2,
    "warning": Severity.SEV3,
    "info": Severity.SEV4,
}


class IntegrationQuerySet(models.QuerySet["Integration"]):
    def kept(self) -> IntegrationQuerySet:
        """Those that nobody has deleted."""
        return self.filter(deleted_at=None)


class Integration(models.Model):
    """A configured inlet. The key is stored hashed and shown once.

    After a rotation the previous key may stay good for a while. `mapping` says how to
    read JSON of an unknown shape; None: as the format does. The secret a sender signs
    with is stored sealed and never shown. One that is deleted stays as a name for the
    alerts it brought, while its events are taken away.
    """

    name = models.CharField(max_length=120)
    format = models.CharField(max_length=30, choices=format_choices)
    key_hash = models.CharField(max_length=64, unique=True)
    key_prefix = models.CharField(max_length=8)
    team = models.ForeignKey(
        Team, models.SET_NULL, null=True, blank=True, related_name="integrations"
    )
    default_severity = models.CharField(
        max_length=4, choices=Severity, default=Severity.SEV3
    )
    escalation_policy = models.ForeignKey(
        EscalationPolicy, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    rate_limit = models.PositiveIntegerField(default=DEFAULT_RATE_LIMIT)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    disabled_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    previous_key_hash = models.CharField(max_length=64, blank=True)
    previous_key_prefix = models.CharField(max_length=8, blank=True)
    previous_key_until = models.DateTimeField(null=True, blank=True)
    mapping = models.JSONField(null=True, blank=True)
    signature_scheme = models.CharField(
        max_length=20, blank=True, choices=signature_choices
    )
    signature_header = models.CharField(max_length=100, blank=True)
    signature_secret = models.TextField(blank=True)

    objects = IntegrationQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("alerts:integration", args=[self.pk])


class RefusedCount(models.Model):
    """How many messages of an integration were refused in a minute, and why."""

    class Reason(models.TextChoices):
        RATE = "rate", "Past the rate limit"
        BUSY = "busy", "Faster than could be stored"
        UNPARSED = "unparsed", "Not understood"
        UNSIGNED = "unsigned", "Signature does not match"

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="refused")
    minute = models.DateTimeField()
    reason = models.CharField(max_length=8, choices=Reason)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["integration", "minute", "reason"],
                name="refused_count_once_per_minute",
            )
        ]

    def __str__(self) -> str:
        return f"{self.count} {self.reason}"
