"""What people respond to, and the record of how they did."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.urls import reverse

from accounts.models import Team, User
from alerts.models import Alert, Severity
from catalog.models import Asset


class IncidentQuerySet(models.QuerySet["Incident"]):
    def visible_to(self, user: User) -> IncidentQuerySet:
        """Private incidents are seen by admins, their team and their responders."""
        if user.is_admin:
            return self
        return self.filter(
            Q(private=False)
            | Q(pk__in=RoleAssignment.objects.filter(user=user).values("incident"))
            | Q(team__in=user.teams.all())
        )

    def open(self) -> IncidentQuerySet:
        return self.exclude(status=Incident.Status.RESOLVED)


class Incident(models.Model):
    """One or more alerts with one suspected cause, from trigger to resolution.

    `resolved_at` is set exactly when the status is resolved, `acknowledged_at` once
    somebody responds. The clocks never run backwards; all of it is checked by the
    database. `number` is what people say; it has no gaps that mean anything.
    """

    class Status(models.TextChoices):
        TRIGGERED = "triggered", "Triggered"
        INVESTIGATING = "investigating", "Investigating"
        IDENTIFIED = "identified", "Identified"
        MONITORING = "monitoring", "Monitoring"
        RESOLVED = "resolved", "Resolved"

    class DetectedBy(models.TextChoices):
        MONITOR = "monitor", "A monitor"
        PERSON = "person", "A person"

    class CauseCategory(models.TextChoices):
        CODE = "code", "Code or query change"
        SCHEMA = "schema", "Schema change upstream"
        DATA = "data", "Bad or missing source data"
        LATE = "late", "Late source data"
        INFRASTRUCTURE = "infrastructure", "Infrastructure"
        CONFIGURATION = "configuration", "Configuration or credentials"
        CAPACITY = "capacity", "Capacity or cost limit"
        VENDOR = "vendor", "Vendor outage"
        MONITOR = "monitor", "The monitor itself"
        OTHER = "other", "Other"

    title = models.CharField(max_length=1024)
    status = models.CharField(max_length=13, choices=Status, default=Status.TRIGGERED)
    severity = models.CharField(max_length=4, choices=Severity, default=Severity.SEV3)
    severity_is_set_by_hand = models.BooleanField(default=False)
    team = models.ForeignKey(
        Team, models.SET_NULL, null=True, blank=True, related_name="incidents"
    )
    private = models.BooleanField(default=False)
    situation = models.TextField(blank=True)

    impact_started_at = models.DateTimeField()
    detected_at = models.DateTimeField()
    triggered_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    mitigated_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    snoozed_until = models.DateTimeField(null=True, blank=True)
    last_alert_at = models.DateTimeField(null=True, blank=True)
    detected_by = models.CharField(
        max_length=7, choices=DetectedBy, default=DetectedBy.MONITOR
    )
    declared_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    recurs_from = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="recurrences"
    )
    merged_into = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="merged"
    )

    suspected_asset = models.ForeignKey(
        Asset, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    causes = models.JSONField(default=list)
    root_cause_category = models.CharField(
        max_length=14, choices=CauseCategory, blank=True
    )
    root_cause_asset = models.ForeignKey(
        Asset, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    root_cause_summary = models.TextField(blank=True)
    contributing_factors = models.TextField(blank=True)

    affected_assets = models.PositiveIntegerField(default=0)
    affected_dashboards = models.PositiveIntegerField(default=0)
    alert_count = models.PositiveIntegerField(default=0)

    objects = IncidentQuerySet.as_manager()

    class Meta:
        ordering = ["-triggered_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="incident_resolved_at_iff_resolved",
                condition=Q(status="resolved", resolved_at__isnull=False)
                | (~Q(status="resolved") & Q(resolved_at=None)),
            ),
            models.CheckConstraint(
                name="incident_triggered_is_not_acknowledged",
                condition=~Q(status="triggered") | Q(acknowledged_at=None),
            ),
            models.CheckConstraint(
                name="incident_impact_not_after_detection",
                condition=Q(impact_started_at__lte=models.F("detected_at")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["-triggered_at"],
                name="incident_open",
                condition=~Q(status="resolved"),
            ),
            models.Index(fields=["-triggered_at", "-id"], name="incident_newest_first"),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("incidents:detail", args=[self.pk])

    @property
    def number(self) -> int:
        return self.pk

    @property
    def is_open(self) -> bool:
        return self.status != self.Status.RESOLVED

    @property
    def subject(self) -> str:
        """How `oncall` refers to this incident."""
        return f"incident:{self.pk}"


class IncidentAlert(models.Model):
    """An alert belongs to at most one incident; `reason` says why to this one."""

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="members")
    alert = models.OneToOneField(Alert, models.CASCADE, related_name="membership")
    added_at = models.DateTimeField()
    reason = models.CharField(max_length=300)

    class Meta:
        ordering = ["added_at", "pk"]

    def __str__(self) -> str:
        return f"{self.alert_id} in #{self.incident_id}"


class FailingAsset(models.Model):
    """An asset this incident is about: one that alerted, or that a person named."""

    incident = models.ForeignKey(
        Incident, models.CASCADE, related_name="failing_assets"
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


class TimelineEntry(models.Model):
    """One fact in an incident's history. Added, never edited; may be pinned.

    `at` is when it happened, `recorded_at` when it was written down.
    """

    class Kind(models.TextChoices):
        OPENED = "opened"
        ALERT = "alert"
        ACKNOWLEDGED = "acknowledged"
        STATUS = "status"
        SEVERITY = "severity"
        ROLE = "role"
        NOTE = "note"
        UPDATE = "update"
        CAUSE = "cause"
        TIMES = "times"
        PAGED = "paged"
        TOLD = "told"
        MERGED = "merged"
        CHANGED = "changed"
        RESOLVED = "resolved"
        REOPENED = "reopened"

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="timeline")
    kind = models.CharField(max_length=12, choices=Kind)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    actor = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    text = models.TextField(blank=True)
    pinned = models.BooleanField(default=False)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.at:%H:%M} {self.kind}"


class RoleAssignment(models.Model):
    """Who holds a role in an incident. One commander, lead and scribe; many responders."""

    class Role(models.TextChoices):
        COMMANDER = "commander", "Incident commander"
        COMMUNICATIONS = "communications", "Communications lead"
        SCRIBE = "scribe", "Scribe"
        RESPONDER = "responder", "Responder"

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="roles")
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

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="updates")
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


class CauseVerdict(models.Model):
    """A person's word on a suggested cause; kept, and measured."""

    class Verdict(models.TextChoices):
        CONFIRMED = "confirmed", "That is it"
        REJECTED = "rejected", "It is not"

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="verdicts")
    asset = models.ForeignKey(Asset, models.CASCADE, related_name="+")
    verdict = models.CharField(max_length=9, choices=Verdict)
    rank = models.PositiveSmallIntegerField(null=True, blank=True)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "asset"], name="one_verdict_per_suspect"
            )
        ]

    def __str__(self) -> str:
        return f"{self.asset} {self.verdict}"
