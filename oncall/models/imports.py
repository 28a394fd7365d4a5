"""What was brought over from another on-call tool."""

from __future__ import annotations

from django.db import models
from django.urls import reverse

from accounts.models import User


class OnCallImport(models.Model):
    """The answers of another tool's API, kept to be looked at before they count.

    `report` is written when it is applied: {"people": [names], "teams", "schedules",
    "policies", "kept", "notes"}.
    """

    class Tool(models.TextChoices):
        GRAFANA = "grafana", "Grafana OnCall"
        OPSGENIE = "opsgenie", "Opsgenie"
        PAGERDUTY = "pagerduty", "PagerDuty"

    tool = models.CharField(max_length=10, choices=Tool)
    documents = models.JSONField()
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True, blank=True)
    report = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.get_tool_display()} {self.created_at:%Y-%m-%d %H:%M}"

    def get_absolute_url(self) -> str:
        return reverse("oncall:import", args=[self.pk])
