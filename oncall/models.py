"""Who is on call, whom to page in what order, and every page that is owed.

A page that is owed is a row. Three tables carry it: an `Escalation` walks down a
frozen policy; each step writes a `Page` for each person it reaches; each page
writes a `Notification` for each of the person's contact methods.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse

from accounts.models import Team, User
from oncall.channels.registry import choices as channel_choices

SCHEDULE_NAME_LENGTH = 120


class Schedule(models.Model):
    """Who is on call when. `layers` is the reference form of docs/api.md, in which
    users are primary keys written as strings."""

    name = models.CharField(max_length=SCHEDULE_NAME_LENGTH)
    team = models.ForeignKey(
        Team, models.SET_NULL, null=True, blank=True, related_name="schedules"
    )
    timezone = models.CharField(max_length=64, default="UTC")
    layers = models.JSONField(default=list)
    temporary_schedules = models.JSONField(default=list, blank=True)
    history = models.JSONField(default=list, blank=True)
    version = models.PositiveIntegerField(default=1)
    feed_secret = models.CharField(max_length=64, unique=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"), name="schedule_name_unique_ignoring_case"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("oncall:schedule", args=[self.pk])


class Override(models.Model):
    """A hand-made exception to a schedule for a time."""

    class Type(models.TextChoices):
        ADD = "add", "Add"
        REMOVE = "remove", "Take off"
        REPLACE = "replace", "Replace"
        COVER = "cover", "Cover"

    schedule = models.ForeignKey(Schedule, models.CASCADE, related_name="overrides")
    type = models.CharField(max_length=7, choices=Type, default=Type.COVER)
    add = models.ForeignKey(
        User, models.CASCADE, null=True, blank=True, related_name="+"
    )
    remove = models.ForeignKey(
        User, models.CASCADE, null=True, blank=True, related_name="+"
    )
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    priority = models.SmallIntegerField(default=0)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["start_at"]
        constraints = [
            models.CheckConstraint(
                name="override_ends_after_it_starts",
                condition=Q(end_at__gt=models.F("start_at")),
            ),
            models.CheckConstraint(
                name="override_names_who_its_type_needs",
                condition=Q(type__in=["add", "cover"], add__isnull=False)
                | Q(type="remove", remove__isnull=False)
                | Q(type="replace", add__isnull=False, remove__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.start_at:%Y-%m-%d %H:%M}"


class Swap(models.Model):
    """An offer of `giver` to hand over their shifts; counts once it is taken."""

    schedule = models.ForeignKey(Schedule, models.CASCADE, related_name="swaps")
    giver = models.ForeignKey(User, models.CASCADE, related_name="+")
    taker = models.ForeignKey(
        User, models.CASCADE, null=True, blank=True, related_name="+"
    )
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["start_at"]
        constraints = [
            models.CheckConstraint(
                name="swap_ends_after_it_starts",
                condition=Q(end_at__gt=models.F("start_at")),
            ),
            models.CheckConstraint(
                name="swap_has_a_taker_when_taken",
                condition=Q(taken_at=None) | Q(taker__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.giver} {self.start_at:%Y-%m-%d %H:%M}"


class ContactMethod(models.Model):
    """One way to reach a person. Unverified ones are never used for pages."""

    user = models.ForeignKey(User, models.CASCADE, related_name="contact_methods")
    kind = models.CharField(max_length=20, choices=channel_choices)
    address = models.CharField(max_length=500)
    position = models.PositiveSmallIntegerField(default=0)
    delay = models.DurationField(default=timedelta(0))
    verified_at = models.DateTimeField(null=True, blank=True)
    code_hash = models.CharField(max_length=64, blank=True)
    code_expires_at = models.DateTimeField(null=True, blank=True)
    code_tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind", "address"], name="contact_method_once_per_user"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.address}"


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
    """Page all targets, then wait `delay` before the next step."""

    policy = models.ForeignKey(EscalationPolicy, models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    delay = models.DurationField(default=timedelta(minutes=5))

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


class EscalationQuerySet(models.QuerySet["Escalation"]):
    def running(self) -> EscalationQuerySet:
        return self.filter(state=Escalation.State.RUNNING)

    def due(self, *, at: datetime) -> EscalationQuerySet:
        return self.running().filter(next_step_at__lte=at)


class Escalation(models.Model):
    """One walk down a frozen policy about a subject, until someone acknowledges.

    `subject` is a reference this app does not understand, such as "incident:12".
    `steps` is the policy as it was: [{"delay_seconds": 300, "targets": [{"kind":
    "schedule", "id": 3, "label": "data-platform"}]}].
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
    lap = models.PositiveSmallIntegerField(default=0)
    step = models.PositiveSmallIntegerField(default=0)
    next_step_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.RUNNING)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+"
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
                name="escalation_ended_at_iff_not_running",
                condition=Q(state="running", ended_at=None)
                | (~Q(state="running") & Q(ended_at__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_step_at"],
                name="escalation_due",
                condition=Q(state="running"),
            ),
            models.Index(fields=["subject"], name="escalation_by_subject"),
        ]

    def __str__(self) -> str:
        return self.title


class Page(models.Model):
    """The need to reach one user about one subject; ends when someone acknowledges."""

    escalation = models.ForeignKey(Escalation, models.CASCADE, related_name="pages")
    lap = models.PositiveSmallIntegerField()
    step = models.PositiveSmallIntegerField()
    user = models.ForeignKey(User, models.CASCADE, related_name="pages")
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["created_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["escalation", "lap", "step", "user"],
                name="page_once_per_step_and_user",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} lap {self.lap} step {self.step}"


class NotificationQuerySet(models.QuerySet["Notification"]):
    def due(self, *, at: datetime) -> NotificationQuerySet:
        """Rows to send: due ones, and those whose sender's lease has run out."""
        return self.filter(
            Q(state=Notification.State.DUE, due_at__lte=at)
            | Q(state=Notification.State.SENDING, lease_until__lte=at)
        )


class Notification(models.Model):
    """One delivery of a page, or of an update to somebody who is only informed.

    `idempotency_key` is the same for every try and unique over all rows, so
    nothing can be owed twice: "page:<page>:<method>", "incident:12:start:<e-mail>".
    `possibly_twice` is set when a lease ended between the send and its record.
    """

    class State(models.TextChoices):
        DUE = "due", "Due"
        SENDING = "sending", "Sending"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Not needed"

    page = models.ForeignKey(
        Page, models.CASCADE, null=True, blank=True, related_name="notifications"
    )
    user = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    method = models.ForeignKey(
        ContactMethod, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    subject = models.CharField(max_length=100, blank=True)
    channel = models.CharField(max_length=20)
    address = models.CharField(max_length=500)
    title = models.CharField(max_length=1024)
    body = models.TextField(blank=True)
    url = models.CharField(max_length=2000, blank=True)
    urgent = models.BooleanField(default=False)
    idempotency_key = models.CharField(max_length=255, unique=True)
    state = models.CharField(max_length=9, choices=State, default=State.DUE)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    first_attempt_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    provider_id = models.CharField(max_length=300, blank=True)
    detail = models.TextField(blank=True)
    possibly_twice = models.BooleanField(default=False)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ["due_at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="notification_lease_iff_sending",
                condition=Q(state="sending", lease_until__isnull=False)
                | (~Q(state="sending") & Q(lease_until=None)),
            ),
            models.CheckConstraint(
                name="notification_sent_at_iff_sent",
                condition=Q(state="sent", sent_at__isnull=False)
                | (~Q(state="sent") & Q(sent_at=None)),
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="notification_due",
                condition=Q(state="due"),
            ),
            models.Index(
                fields=["lease_until"],
                name="notification_leased",
                condition=Q(state="sending"),
            ),
            models.Index(fields=["subject"], name="notification_by_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} to {self.address}"


class EngineHeartbeat(models.Model):
    """When each periodic duty last finished, for `/readyz` and the watchdog."""

    duty = models.CharField(max_length=40, unique=True)
    finished_at = models.DateTimeField()
    detail = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return self.duty


class InboxMessage(models.Model):
    """A mail that was kept here because no mail server is configured."""

    message_id = models.CharField(max_length=300)
    recipient = models.CharField(max_length=254)
    subject = models.CharField(max_length=1024)
    body = models.TextField()
    received_at = models.DateTimeField()

    class Meta:
        ordering = ["-received_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["message_id", "recipient"], name="inbox_message_once"
            )
        ]

    def __str__(self) -> str:
        return self.subject
