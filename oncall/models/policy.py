"""Whom to page, in what order."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Lower
from django.urls import reverse

from accounts.models import Team, User
from oncall.conditions import said
from oncall.models.schedule import Schedule


class EscalationPolicy(models.Model):
    """Ordered steps: whom to page, and how long to wait. `repeats` is how often the
    whole ladder is walked again after its first lap.

    `when` is a `conditions.When`: where it does not hold, the policy is passed over as
    if it were not there. `lapses_after` is how long an acknowledgement lasts when
    nothing happens: None is as the installation has it, zero for ever.
    """

    name = models.CharField(max_length=120)
    team = models.ForeignKey(
        Team, models.SET_NULL, null=True, blank=True, related_name="policies"
    )
    repeats = models.PositiveSmallIntegerField(default=2)
    is_default = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)
    when = models.JSONField(
        default=dict, blank=True, db_default=Value({}, models.JSONField())
    )
    lapses_after = models.DurationField(null=True, blank=True)

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

    @property
    def when_said(self) -> str:
        """In words; empty for always."""
        return said(self.when)


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
    """One of: a user, people of a schedule, every member of a team, a channel.

    `who` says which people of the schedule. `channel` is the kind of a channel, such
    as "slack", and `address` is where in it.
    """

    class Who(models.TextChoices):
        CURRENT = "current", "whoever is on call"
        NEXT = "next", "whoever is on call next"
        EVERYONE = "everyone", "everyone in its rotations"
        TURNS = "turns", "one of its rotations, in turn"

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
    who = models.CharField(
        max_length=8, choices=Who, default=Who.CURRENT, db_default=Who.CURRENT
    )
    channel = models.CharField(max_length=20, blank=True, default="", db_default="")
    address = models.CharField(max_length=1000, blank=True, default="", db_default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="step_target_is_exactly_one_thing",
                condition=Q(user__isnull=False, schedule=None, team=None, channel="")
                | Q(user=None, schedule__isnull=False, team=None, channel="")
                | Q(user=None, schedule=None, team__isnull=False, channel="")
                | (Q(user=None, schedule=None, team=None) & ~Q(channel="")),
            ),
            models.CheckConstraint(
                name="step_target_channel_has_an_address",
                condition=Q(channel="", address="") | (~Q(channel="") & ~Q(address="")),
            ),
            models.CheckConstraint(
                name="step_target_who_is_of_a_schedule",
                condition=Q(who="current") | Q(schedule__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """What is paged, in words, without what may be secret."""
        named = self.user or self.team
        if named:
            return str(named)
        if self.schedule:
            return WHO_WORDS[self.Who(self.who)].format(self.schedule)
        return room_label(self.channel, self.address)


WHO_WORDS = {
    StepTarget.Who.CURRENT: "{}",
    StepTarget.Who.NEXT: "next in {}",
    StepTarget.Who.EVERYONE: "everyone in {}",
    StepTarget.Who.TURNS: "{} in turn",
}


def room_label(channel: str, address: str) -> str:
    """A place in a channel, without what may be secret in its address."""
    parts = urlsplit(address)
    match channel:
        case "slack":
            return f"Slack {address}"
        case "webhook":
            return f"Webhook {parts.hostname or ''}".strip()
        case "apprise":
            return f"Apprise {parts.scheme}"
    return address


class RoundRobin(models.Model):
    """Whose turn it is in a schedule's rotations. `taken` is [user id, …]: who was
    paged by turns, the latest last."""

    schedule = models.OneToOneField(
        Schedule, models.CASCADE, related_name="round_robin"
    )
    taken = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"turns of {self.schedule}"
