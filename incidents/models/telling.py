"""What people want to hear of incidents, and when they hear next."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from accounts.models import Team, User
from catalog.models import Asset
from oncall.models import ContactMethod


class Loudness(models.TextChoices):
    NOW = "now", "At once"
    DIGEST = "digest", "In a daily summary"
    OFF = "off", "Not at all"


class Subscription(models.Model):
    """Somebody who wants to be told when an asset, or any asset of a team, is
    affected."""

    user = models.ForeignKey(User, models.CASCADE, related_name="subscriptions")
    asset = models.ForeignKey(
        Asset, models.CASCADE, null=True, blank=True, related_name="subscriptions"
    )
    team = models.ForeignKey(
        Team, models.CASCADE, null=True, blank=True, related_name="subscriptions"
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["created_at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="subscription_to_asset_or_team",
                condition=Q(asset=None, team__isnull=False)
                | Q(asset__isnull=False, team=None),
            ),
            models.UniqueConstraint(
                fields=["user", "asset"], name="subscription_once_per_asset"
            ),
            models.UniqueConstraint(
                fields=["user", "team"], name="subscription_once_per_team"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.asset or self.team}"


class TellingPreference(models.Model):
    """What one e-mail address is told, and how. Who has no row has the defaults.

    By address and not by account, because owners of assets need no account.
    `stopped_at`: nothing at all is sent since. Without `method`, or while it is not
    verified, messages go to the address.
    """

    class Scope(models.TextChoices):
        ALL = "all", "What I own and what I subscribed to"
        OWN = "own", "Only what I own"

    email = models.EmailField(max_length=254, unique=True)
    sev1 = models.CharField(max_length=6, choices=Loudness, default=Loudness.NOW)
    sev2 = models.CharField(max_length=6, choices=Loudness, default=Loudness.NOW)
    sev3 = models.CharField(max_length=6, choices=Loudness, default=Loudness.NOW)
    sev4 = models.CharField(max_length=6, choices=Loudness, default=Loudness.DIGEST)
    scope = models.CharField(max_length=3, choices=Scope, default=Scope.ALL)
    start = models.BooleanField(default=True)
    updates = models.BooleanField(default=True)
    end = models.BooleanField(default=True)
    # Of action items this person owns.
    reminders = models.BooleanField(default=True)
    method = models.ForeignKey(
        ContactMethod, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    stopped_at = models.DateTimeField(null=True, blank=True)

    FIELDS: ClassVar[tuple[str, ...]] = (
        *("sev1", "sev2", "sev3", "sev4"),
        *("scope", "start", "updates", "end", "reminders", "method"),
    )

    class Meta:
        ordering = ["email"]

    def __str__(self) -> str:
        return self.email

    def loudness(self, severity: str) -> Loudness:
        """How an incident of that severity is told."""
        if self.stopped_at is not None:
            return Loudness.OFF
        return Loudness(getattr(self, severity.lower()))


class NextWord(models.Model):
    """When those who were told of an incident hear next, at the latest: they were
    promised that. `waits` is the time between this word and the one before."""

    incident = models.OneToOneField(
        "incidents.Incident",
        models.CASCADE,
        primary_key=True,
        related_name="next_word",
    )
    due_at = models.DateTimeField(db_index=True)
    waits = models.DurationField()

    def __str__(self) -> str:
        return f"{self.incident_id} by {self.due_at}"
