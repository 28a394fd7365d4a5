"""The incident itself: its states, its clocks, and how each may change."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.urls import reverse

from accounts.models import Team, User
from alerts.models import Severity
from catalog.models import Asset
from core.errors import InvalidInputError, InvalidTransitionError
from incidents.models.incident_queryset import IncidentQuerySet
from incidents.models.timeline import TimelineEntry

Kind = TimelineEntry.Kind

# Relations that most incidents lack. Each alert changes a row, and each of its indexes
# is written then: what is not there takes no place in these.
SELDOM_SET = [
    *("acknowledged_by", "declared_by", "recurs_from", "merged_into"),
    *("suspected_asset", "root_cause_asset"),
]


class Incident(models.Model):
    """One or more alerts with one suspected cause, from trigger to resolution.

    `resolved_at` is set exactly when the status is resolved, `acknowledged_at` once
    somebody responds. The clocks never run backwards; all of it is checked by the
    database. `number` is what people say; it has no gaps that mean anything.

    `causes` is ranked, best first:
    [{"asset": id, "score": 0.91, "failing": true, "reasons": ["…"]}].
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
    severity_reason = models.CharField(max_length=500, blank=True)
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
        User,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    mitigated_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    snoozed_until = models.DateTimeField(null=True, blank=True)
    last_alert_at = models.DateTimeField(null=True, blank=True)
    detected_by = models.CharField(
        max_length=7, choices=DetectedBy, default=DetectedBy.MONITOR
    )
    declared_by = models.ForeignKey(
        User,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    recurs_from = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="recurrences",
        db_index=False,
    )
    merged_into = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="merged",
        db_index=False,
    )

    suspected_asset = models.ForeignKey(
        Asset,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    causes = models.JSONField(default=list)
    root_cause_category = models.CharField(
        max_length=14, choices=CauseCategory, blank=True
    )
    root_cause_asset = models.ForeignKey(
        Asset,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
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
            models.CheckConstraint(
                name="incident_merged_is_resolved",
                condition=Q(merged_into=None) | Q(status="resolved"),
            ),
        ]
        indexes = [
            models.Index(
                fields=["-triggered_at"],
                name="incident_open",
                condition=~Q(status="resolved"),
            ),
            models.Index(fields=["-triggered_at", "-id"], name="incident_newest_first"),
            models.Index(
                fields=["snoozed_until"],
                name="incident_snoozed",
                condition=Q(snoozed_until__isnull=False),
            ),
            *(
                models.Index(
                    fields=[name],
                    name=f"incident_{name}",
                    condition=Q(**{f"{name}__isnull": False}),
                )
                for name in SELDOM_SET
            ),
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

    def record(
        self,
        kind: TimelineEntry.Kind,
        text: str,
        *,
        at: datetime,
        by: User | None = None,
        recorded_at: datetime | None = None,
    ) -> TimelineEntry:
        """Add a fact to the timeline; `recorded_at` when it is written down later."""
        return self.timeline.create(
            kind=kind, text=text, at=at, actor=by, recorded_at=recorded_at or at
        )

    def acknowledge(self, *, by: User | None, at: datetime, via: str = "") -> bool:
        """Record that somebody responds. Return False if somebody already does.

        `by` None: the sender's own tool said so. Raises InvalidTransitionError when
        the incident is resolved.
        """
        if not self.is_open:
            raise InvalidTransitionError(
                f"{self} is already resolved.", current=self.status
            )
        if self.acknowledged_at is not None:
            return False
        self._respond(by=by, at=at)
        if self.status == self.Status.TRIGGERED:
            self.status = self.Status.INVESTIGATING
        self.save(update_fields=["status", "acknowledged_by", "acknowledged_at"])
        self.record(
            Kind.ACKNOWLEDGED, f"Acknowledged {via}".strip() + ".", at=at, by=by
        )
        return True

    def take_back_acknowledgement(self) -> bool:
        """Wait for somebody to respond again. Return False if nobody had.

        What the timeline says of it, the caller writes.
        """
        if self.acknowledged_at is None:
            return False
        self.status = self.Status.TRIGGERED
        self.acknowledged_at = self.acknowledged_by = self.mitigated_at = None
        self.save(
            update_fields=[
                "status", "acknowledged_by", "acknowledged_at", "mitigated_at"
            ]
        )  # fmt: skip
        return True

    def move_to(
        self, status: str, *, by: User | None, at: datetime, why: str = ""
    ) -> bool:
        """Go on to an open status. Return False if it is the status already.

        A person who moves an incident on has thereby acknowledged it. Raises
        InvalidTransitionError for a status that cannot follow (see FOLLOWS).
        """
        if status == self.status:
            return False
        if status not in FOLLOWS[self.status]:
            raise InvalidTransitionError(
                f"{self} is {self.status}, which {status} cannot follow.",
                current=self.status,
            )
        before, self.status = self.get_status_display(), status
        if by is not None and self.acknowledged_at is None:
            self._respond(by=by, at=at)
        self._set_mitigated(at)
        self.save(
            update_fields=[
                "status", "acknowledged_by", "acknowledged_at", "mitigated_at"
            ]
        )  # fmt: skip
        text = f"{before} to {self.get_status_display().lower()}. {why}".strip()
        self.record(Kind.STATUS, text, at=at, by=by)
        return True

    def fire_again(self, *, at: datetime, why: str) -> bool:
        """Leave monitoring because an alert fires. Return False in any other status.

        Where nobody ever acknowledged, it is triggered again and has to be paged.
        """
        if self.status != self.Status.MONITORING:
            return False
        answered = self.acknowledged_at is not None
        self.status = self.Status.INVESTIGATING if answered else self.Status.TRIGGERED
        self.mitigated_at = None
        self.save(update_fields=["status", "mitigated_at"])
        now = self.get_status_display().lower()
        self.record(Kind.STATUS, f"Monitoring to {now}. {why}", at=at)
        return True

    def resolve(self, *, by: User | None, at: datetime, why: str = "") -> bool:
        """End the incident. Return False if it has ended already."""
        if not self.is_open:
            return False
        at = max(at, self.detected_at, self.acknowledged_at or at)
        self.status = self.Status.RESOLVED
        self.resolved_at = at
        self.mitigated_at = min(self.mitigated_at or at, at)
        self.snoozed_until = None
        self.save(
            update_fields=["status", "resolved_at", "mitigated_at", "snoozed_until"]
        )
        self.record(Kind.RESOLVED, f"Resolved. {why}".strip(), at=at, by=by)
        return True

    def reopen(self, *, by: User, at: datetime) -> bool:
        """Take a resolved incident up again. Return False if it is open already.

        Raises InvalidTransitionError when it was merged into another.
        """
        if self.is_open:
            return False
        if self.merged_into_id is not None:
            raise InvalidTransitionError(
                f"{self} was merged into #{self.merged_into_id}: work on that one.",
                current=self.status,
            )
        answered = self.acknowledged_at is not None
        self.status = self.Status.INVESTIGATING if answered else self.Status.TRIGGERED
        self.resolved_at = self.mitigated_at = None
        self.save(update_fields=["status", "resolved_at", "mitigated_at"])
        self.record(Kind.REOPENED, "Reopened.", at=at, by=by)
        return True

    def part_from_merge(self, *, by: User, at: datetime) -> None:
        """Be an incident of its own again, in the hands of `by`, because the merge was
        undone."""
        self.merged_into = None
        self.status = self.Status.INVESTIGATING
        self.resolved_at = self.mitigated_at = None
        if self.acknowledged_at is None:
            self._respond(by=by, at=at)
        self.save(
            update_fields=[
                "merged_into", "status", "resolved_at", "mitigated_at",
                "acknowledged_by", "acknowledged_at",
            ]
        )  # fmt: skip
        self.record(Kind.REOPENED, "The merge was undone.", at=at, by=by)

    def check_clocks(self, *, now: datetime) -> None:
        """Raise InvalidInputError where the clocks run backwards or past `now`."""
        order = [
            ("impact_started_at", "detected_at"),
            ("detected_at", "triggered_at"),
            ("detected_at", "acknowledged_at"),
            ("impact_started_at", "mitigated_at"),
            ("acknowledged_at", "resolved_at"),
            ("mitigated_at", "resolved_at"),
            ("detected_at", "resolved_at"),
        ]
        errors: dict[str, list[str]] = {}
        for name in dict.fromkeys(name for pair in order for name in pair):
            value = getattr(self, name)
            if value is not None and value > now:
                errors[name] = ["This lies in the future."]
        for earlier, later in order:
            first, second = getattr(self, earlier), getattr(self, later)
            if first is not None and second is not None and first > second:
                errors.setdefault(earlier, []).append(
                    f"Must not be after {later} ({second:%Y-%m-%dT%H:%M:%SZ})."
                )
        if errors:
            raise InvalidInputError(errors)

    def _respond(self, *, by: User | None, at: datetime) -> None:
        self.acknowledged_by = by
        self.acknowledged_at = max(at, self.detected_at)

    def _set_mitigated(self, at: datetime) -> None:
        if self.status != self.Status.MONITORING:
            self.mitigated_at = None
        elif self.mitigated_at is None:
            self.mitigated_at = max(at, self.impact_started_at)


# Which status a person may choose next. A resolved incident is only reopened.
FOLLOWS: dict[str, frozenset[str]] = {
    Incident.Status.TRIGGERED: frozenset(
        {"investigating", "identified", "monitoring", "resolved"}
    ),
    Incident.Status.INVESTIGATING: frozenset({"identified", "monitoring", "resolved"}),
    Incident.Status.IDENTIFIED: frozenset({"investigating", "monitoring", "resolved"}),
    Incident.Status.MONITORING: frozenset({"investigating", "identified", "resolved"}),
    Incident.Status.RESOLVED: frozenset(),
}
