"""Whom to page, in what order."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse

from accounts.models import Team, User
from oncall.conditions import said
from oncall.models.schedule import Schedule


class EscalationPolicy(models.Model):
    """Ordered steps: whom to page, and how long to wait. `repeats` is how often the
    whole ladder is walked again after its first lap."""

    name = models.CharField(max_length=120)
    team = models.ForeignKey(
        Team, models.SET_NULL, null=True, blank=True, related_name="policies"
    )
    repeats = models.PositiveSmallIntegerField(default=2)
    is_default = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "escalation policies"
        constraints = [
            models.UniqueConstraint(
                Lower("name"), name="policy_name_unique_ignoring_case"
            ),
            models.UniqueConstraint(
                fields=["team"],
                name="one_default_policy_per_team",
                condition=Q(is_default=True),
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("oncall:policy", args=[self.pk])


class EscalationStep(models.Model):
    """Page all targets, then wait `delay` before the next step.

    `when` is a `conditions.When`: at other times the step is passed over at once.
    """

    policy = models.ForeignKey(EscalationPolicy, models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    delay = models.DurationField(default=timedelta(minutes=5))
    when = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["policy", "position"],
                name="step_position_once_per_policy",
                deferrable=models.Deferrable.DEFERRED,
            )
        ]

    def __str__(self) -> str:
        return f"step {self.position + 1}"

    @property
    def when_said(self) -> str:
        """In words; empty for always."""
        return said(self.when)


class StepTarget(models.Model):
    """One of: a user, whoever a schedule names, every member of a team."""

    step = models.ForeignKey(EscalationStep, models.CASCADE, related_name="targets")
    user = models.ForeignKey(
        User, models.CASCADE, null=True, blank=True, related_name="+"
    )
    schedule = models.ForeignKey(
        Schedule, models.CASCADE, null=True, blank=True, related_name="+"
    )
    team = models.ForeignKey(
        Team, models.CASCADE, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="step_target_is_exactly_one_thing",
                condition=Q(user__isnull=False, schedule=None, team=None)
                | Q(user=None, schedule__isnull=False, team=None)
                | Q(user=None, schedule=None, team__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return str(self.user or self.schedule or self.team)
