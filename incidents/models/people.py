"""Who works on an incident, and who is told about it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models import User


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


class Stakeholder(models.Model):
    """An owner of affected dashboards who was told of the incident, and of its end."""

    incident = models.ForeignKey(
        "incidents.Incident", models.CASCADE, related_name="stakeholders"
    )
    email = models.EmailField(max_length=254)
    told_at = models.DateTimeField()
    told_of_end_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["email"]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "email"], name="stakeholder_once_per_incident"
            )
        ]

    def __str__(self) -> str:
        return self.email
