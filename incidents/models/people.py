"""Who works on an incident, and who is told about it."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.models import User
from incidents.models.telling import Loudness


class RoleAssignment(models.Model):
    """Who holds a role in an incident. One commander, lead and scribe; any number
    of responders."""

    class Role(models.TextChoices):
        COMMANDER = "commander", "Incident commander"
        COMMUNICATIONS = "communications", "Communications lead"
        SCRIBE = "scribe", "Scribe"
        RESPONDER = "responder", "Responder"

    incident = models.ForeignKey(
        "incidents.Incident", models.CASCADE, related_name="roles"
    )
    role = models.CharField(max_length=14, choices=Role)
    user = models.ForeignKey(User, models.CASCADE, related_name="incident_roles")
    assigned_at = models.DateTimeField()

    class Meta:
        ordering = ["role", "assigned_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "role"],
                name="role_held_by_one",
                condition=~Q(role="responder"),
            ),
            models.UniqueConstraint(
                fields=["incident", "role", "user"], name="role_once_per_user"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.role}"


class StatusUpdate(models.Model):
    """Word to others about an incident."""

    class Audience(models.TextChoices):
        INTERNAL = "internal", "Responders"
        STAKEHOLDERS = "stakeholders", "Owners of affected assets"
        PUBLIC = "public", "Everyone"

    incident = models.ForeignKey(
        "incidents.Incident", models.CASCADE, related_name="updates"
    )
    text = models.TextField()
    audience = models.CharField(
        max_length=12, choices=Audience, default=Audience.INTERNAL
    )
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return self.text[:60]


class StakeholderQuerySet(models.QuerySet["Stakeholder"]):
    def told(self) -> StakeholderQuerySet:
        """Those who hear of each step at once."""
        return self.filter(mode=Loudness.NOW, muted_at=None)

    def waiting(self) -> StakeholderQuerySet:
        """Those of them who have not heard of the end."""
        return self.told().filter(told_of_end_at=None)


class Stakeholder(models.Model):
    """An owner or subscriber of affected assets: what was told, and how.

    `assets` are the affected ones of theirs. `told_at` is when they were told of the
    start: None if they did not want that. `round` counts how often the incident began
    for them, as one that is reopened begins anew. `digested_at`: told in a summary.
    `muted_at`: they want no more of this incident.
    """

    incident = models.ForeignKey(
        "incidents.Incident", models.CASCADE, related_name="stakeholders"
    )
    email = models.EmailField(max_length=254)
    mode = models.CharField(max_length=6, choices=Loudness, default=Loudness.NOW)
    assets = ArrayField(models.BigIntegerField(), default=list)
    owns = models.BooleanField(default=True)
    round = models.PositiveSmallIntegerField(default=1)
    told_at = models.DateTimeField(null=True, blank=True)
    told_of_end_at = models.DateTimeField(null=True, blank=True)
    digested_at = models.DateTimeField(null=True, blank=True)
    muted_at = models.DateTimeField(null=True, blank=True)

    objects = StakeholderQuerySet.as_manager()

    class Meta:
        ordering = ["email"]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "email"], name="stakeholder_once_per_incident"
            )
        ]
        indexes = [
            models.Index(
                fields=["email"],
                name="stakeholder_for_digest",
                condition=Q(mode="digest", digested_at=None),
            )
        ]

    def __str__(self) -> str:
        return self.email
