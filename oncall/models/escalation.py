"""A walk down a policy, and the pages it writes."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q, Value

from accounts.models import User
from oncall.models.habits import Bundle
from oncall.models.policy import EscalationPolicy

SEVERITIES = ("SEV1", "SEV2", "SEV3", "SEV4")


class EscalationQuerySet(models.QuerySet["Escalation"]):
    def running(self) -> EscalationQuerySet:
        return self.filter(state=Escalation.State.RUNNING)

    def answerable(self) -> EscalationQuerySet:
        """Running ones, and those whose ladder is over without an answer."""
        return self.exclude(state__in=ANSWERED)

    def to_look_at(self, *, at: datetime) -> EscalationQuerySet:
        """Acknowledged ones of which the acknowledgement may have lapsed."""
        return self.filter(look_at__lte=at).order_by("look_at")

    def due(self, *, at: datetime) -> EscalationQuerySet:
        """The most severe first."""
        # Naming every severity lets the index skip what is not due yet.
        waiting = self.running().filter(severity__in=SEVERITIES, next_step_at__lte=at)
        return waiting.order_by("severity", "next_step_at")


class Escalation(models.Model):
    """One walk down a frozen policy about a subject, until someone acknowledges.

    `subject` is a reference this app does not understand, such as "incident:12".
    `steps` is the policy as it was: [{"delay_seconds": 300, "targets": [{"kind":
    "schedule", "id": 3, "label": "data-platform"}]}]. `urgencies` is how urgent each
    severity was to the policy's team then: {"SEV3": "hold"}. `labels` are those of the
    alert that began it.

    `lapses_after` is how long an acknowledgement lasts when nothing happens, None for
    ever. `look_at` is when somebody has to look whether it has lapsed, and `warned_at`
    when whoever acknowledged was warned that it will.
    """

    class State(models.TextChoices):
        RUNNING = "running", "Paging"
        ACKNOWLEDGED = "acknowledged", "Acknowledged"
        STOPPED = "stopped", "Stopped"
        EXHAUSTED = "exhausted", "Nobody answered"

    subject = models.CharField(max_length=100)
    title = models.CharField(max_length=1024)
    body = models.TextField(blank=True)
    url = models.CharField(max_length=2000)
    severity = models.CharField(max_length=4, default="SEV3")
    policy = models.ForeignKey(
        EscalationPolicy, models.SET_NULL, null=True, related_name="escalations"
    )
    policy_name = models.CharField(max_length=120)
    policy_version = models.PositiveIntegerField()
    steps = models.JSONField()
    repeats = models.PositiveSmallIntegerField()
    urgencies = models.JSONField(default=dict)
    labels = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))
    tells_channels = models.BooleanField(default=True, db_default=True)
    lapses_after = models.DurationField(null=True, blank=True)
    look_at = models.DateTimeField(null=True, blank=True)
    warned_at = models.DateTimeField(null=True, blank=True)
    lap = models.PositiveSmallIntegerField(default=0)
    step = models.PositiveSmallIntegerField(default=0)
    next_step_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.RUNNING)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )

    objects = EscalationQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject"],
                name="one_running_escalation_per_subject",
                condition=Q(state="running"),
            ),
            models.CheckConstraint(
                name="escalation_lapses_once_acknowledged",
                condition=Q(look_at=None) | Q(state="acknowledged"),
            ),
            models.CheckConstraint(
                name="escalation_ended_at_iff_not_running",
                condition=Q(state="running", ended_at=None)
                | (~Q(state="running") & Q(ended_at__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(
                fields=["severity", "next_step_at"],
                name="escalation_due",
                condition=Q(state="running"),
            ),
            models.Index(fields=["subject"], name="escalation_by_subject"),
            models.Index(
                fields=["look_at"],
                name="escalation_to_look_at",
                condition=Q(look_at__isnull=False),
            ),
            models.Index(
                fields=["acknowledged_by"],
                name="escalation_acknowledged",
                condition=Q(acknowledged_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.title


# Nobody has to be told any more.
ANSWERED = (Escalation.State.ACKNOWLEDGED, Escalation.State.STOPPED)


class PageQuerySet(models.QuerySet["Page"]):
    def held(self) -> PageQuerySet:
        """Those that wait, and are still wanted."""
        return self.filter(held_until__isnull=False, released_at=None, ended_at=None)


class Page(models.Model):
    """The need to reach one user about one subject; ends when someone acknowledges.

    One that is held goes out at `held_until`, for the reason in `held_for`; several to
    one person that are due together go out as one `bundle`.
    """

    # Without indexes of their own: the others below begin with these.
    escalation = models.ForeignKey(
        Escalation, models.CASCADE, related_name="pages", db_index=False
    )
    lap = models.PositiveSmallIntegerField()
    step = models.PositiveSmallIntegerField()
    user = models.ForeignKey(User, models.CASCADE, related_name="pages", db_index=False)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    held_until = models.DateTimeField(null=True, blank=True)
    held_for = models.CharField(max_length=13, blank=True)
    released_at = models.DateTimeField(null=True, blank=True)
    bundle = models.ForeignKey(
        Bundle,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="pages",
        db_index=False,
    )

    objects = PageQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["escalation", "lap", "step", "user"],
                name="page_once_per_step_and_user",
            ),
            models.CheckConstraint(
                name="page_held_until_iff_held_for",
                condition=Q(held_until=None, held_for="", released_at=None)
                | (Q(held_until__isnull=False) & ~Q(held_for="")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["held_until"],
                name="page_held",
                condition=Q(held_until__isnull=False, released_at=None, ended_at=None),
            ),
            models.Index(fields=["user", "created_at"], name="page_recent"),
            models.Index(
                fields=["bundle"],
                name="page_by_bundle",
                condition=Q(bundle__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} lap {self.lap} step {self.step}"

    @property
    def is_first(self) -> bool:
        """Whether it is of the first step, or was owed as soon as its escalation
        began."""
        if self.lap == self.step == 0:
            return True
        return self.created_at == self.escalation.started_at

    @property
    def is_held(self) -> bool:
        return self.held_until is not None and self.released_at is None


class Notice(models.Model):
    """What a step tells a channel, where nobody is expected to answer. `label` is what
    the channel is called: its address may hold a secret."""

    escalation = models.ForeignKey(  # the unique index begins with it
        Escalation, models.CASCADE, related_name="notices", db_index=False
    )
    lap = models.PositiveSmallIntegerField()
    step = models.PositiveSmallIntegerField()
    channel = models.CharField(max_length=20)
    address = models.CharField(max_length=1000)
    label = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["created_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["escalation", "lap", "step", "channel", "address"],
                name="notice_once_per_step_and_address",
            )
        ]

    def __str__(self) -> str:
        return f"{self.label} lap {self.lap} step {self.step}"
