"""Rules that keep it quiet or send an alert to the right people, and what they did."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from accounts.models import Team, User
from alerts.conditions import Conditions, Hours
from alerts.models.alert import Alert
from alerts.models.integration import Integration, Severity
from alerts.windows import Window
from core.labels import LabelTest
from oncall.models import EscalationPolicy

TITLE_PATTERN_LENGTH = 300


def _ids() -> ArrayField[list[int], list[int]]:
    return ArrayField(models.BigIntegerField(), default=list, blank=True)


class Matching(models.Model):
    """Which alerts a rule is about. Fields narrow each other; empty is any.

    Ids and not relations: a rule whose team is gone then matches nothing, where one
    without a team would match all. `labels` is [{"name", "op", "value"}].
    """

    integration_ids = _ids()
    asset_ids = _ids()
    includes_downstream = models.BooleanField(default=True)
    team_ids = _ids()
    severities = ArrayField(
        models.CharField(max_length=4, choices=Severity), default=list, blank=True
    )
    labels = models.JSONField(default=list, blank=True)
    title_pattern = models.CharField(max_length=TITLE_PATTERN_LENGTH, blank=True)

    class Meta:
        abstract = True

    @property
    def conditions(self) -> Conditions:
        """As plain values; `assets` without what is downstream of them."""
        return Conditions(
            integrations=frozenset(self.integration_ids),
            assets=frozenset(self.asset_ids),
            teams=frozenset(self.team_ids),
            severities=frozenset(self.severities),
            labels=tuple(LabelTest(**one) for one in self.labels),
            title=self.title_pattern,
        )


class SilenceQuerySet(models.QuerySet["Silence"]):
    def not_over(self, *, at: datetime) -> SilenceQuerySet:
        """Those that hide something now or will later."""
        return self.filter(ended_at=None).filter(
            Q(rrule="", ends_at__gt=at)
            | (~Q(rrule="") & (Q(repeats_until=None) | Q(repeats_until__gt=at)))
        )

    def over(self, *, at: datetime) -> SilenceQuerySet:
        return self.exclude(pk__in=self.not_over(at=at).values("pk"))


class Silence(Matching):
    """Alerts that page nobody for a time: once, or again and again by `rrule`.

    A repeating one is a maintenance window. Its occurrences start and end at the
    wall-clock times that `starts_at` and `ends_at` have in `time_zone`; see
    `alerts.windows`. `ended_at`: somebody ended it before its time.
    """

    class Kind(models.TextChoices):
        SILENCE = "silence", "Silence"
        WINDOW = "maintenance window", "Maintenance window"

    reason = models.CharField(max_length=300)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    time_zone = models.CharField(max_length=64, default="UTC")
    rrule = models.CharField(max_length=200, blank=True)
    repeats_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    objects = SilenceQuerySet.as_manager()

    class Meta:
        ordering = ["-starts_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="silence_ends_after_it_starts",
                condition=Q(ends_at__gt=F("starts_at")),
            )
        ]

    def __str__(self) -> str:
        return self.reason

    def get_absolute_url(self) -> str:
        return reverse("alerts:silence", args=[self.pk])

    @property
    def kind(self) -> str:
        return self.Kind.WINDOW if self.rrule else self.Kind.SILENCE

    @property
    def window(self) -> Window:
        return Window(
            self.starts_at,
            self.ends_at,
            ZoneInfo(self.time_zone),
            self.rrule,
            self.repeats_until,
        )

    def is_over(self, *, at: datetime) -> bool:
        return self.ended_at is not None or self.window.is_over(at)


class Route(Matching):
    """A rule that says to whom an alert goes. The first that matches decides.

    The default one is the last, has no conditions and is never deleted. What a rule
    leaves empty is as without it. `hours` is {"weekdays", "start", "end", "zone"}.
    `hold_for`: only if still firing after that. `after_count`, `after_within`: only
    after so many events within that time.
    """

    class Action(models.TextChoices):
        PAGE = "page", "Open an incident and page"
        DROP = "drop", "Keep the alert, page nobody"

    name = models.CharField(max_length=120)
    position = models.PositiveIntegerField()
    is_default = models.BooleanField(default=False)
    is_on = models.BooleanField(default=True)
    hours = models.JSONField(null=True, blank=True)
    action = models.CharField(max_length=4, choices=Action, default=Action.PAGE)
    team = models.ForeignKey(
        Team, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    policy = models.ForeignKey(
        EscalationPolicy, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    severity = models.CharField(max_length=4, choices=Severity, blank=True)
    hold_for = models.DurationField(null=True, blank=True)
    after_count = models.PositiveSmallIntegerField(null=True, blank=True)
    after_within = models.DurationField(null=True, blank=True)

    class Meta:
        ordering = ["is_default", "position", "pk"]
        verbose_name = "routing rule"
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"],
                name="one_default_route",
                condition=Q(is_default=True),
            ),
            models.CheckConstraint(
                name="route_counts_within_a_time",
                condition=Q(after_count=None, after_within=None)
                | Q(after_count__isnull=False, after_within__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("alerts:edit_route", args=[self.pk])

    @property
    def conditions(self) -> Conditions:
        plain = super().conditions
        return plain.during(Hours.read(self.hours)) if self.hours else plain


class RouteCount(models.Model):
    """How many alerts a routing rule took on a day (UTC)."""

    route = models.ForeignKey(Route, models.CASCADE, related_name="counts")
    day = models.DateField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["route", "day"], name="route_count_once_a_day"
            )
        ]

    def __str__(self) -> str:
        return f"{self.count} on {self.day}"


class RulebookVersion(models.Model):
    """One row. Its version rises in the transaction of every change to the rules."""

    version = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(name="rulebook_is_one_row", condition=Q(pk=1))
        ]

    def __str__(self) -> str:
        return str(self.version)


class HandlingQuerySet(models.QuerySet["Handling"]):
    def kept_back(self) -> HandlingQuerySet:
        """Alerts that fire and page nobody because of a rule."""
        return self.filter(
            state__in=[*Handling.WAITING, Handling.State.DROPPED],
            alert__status="firing",
        )


class Handling(models.Model):
    """What the rules made of an alert; an alert they left alone has none.

    `counts_from` is when it counts as new: when it fired, or when the silence that
    hid it ended. `due_at` is when it is looked at again. `seen` is [[instant, count]]
    while events are counted: how many there had been by then.
    """

    class State(models.TextChoices):
        SILENCED = "silenced", "Silenced"
        PENDING = "pending", "Pending"
        FLAPPING = "flapping", "Flapping"
        DROPPED = "dropped", "Pages nobody"
        OVER = "over", "Resolved without a page"
        ROUTED = "routed", "Routed"

    WAITING = (State.SILENCED, State.PENDING, State.FLAPPING)

    alert = models.OneToOneField(
        Alert, models.CASCADE, primary_key=True, related_name="handling"
    )
    state = models.CharField(max_length=8, choices=State)
    silence = models.ForeignKey(
        Silence, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    route = models.ForeignKey(
        Route, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    severity = models.CharField(max_length=4, choices=Severity, blank=True)
    counts_from = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    wanted = models.PositiveSmallIntegerField(default=0)
    within = models.DurationField(null=True, blank=True)
    count = models.PositiveBigIntegerField(default=0)
    seen = models.JSONField(default=list)
    decided_at = models.DateTimeField()

    objects = HandlingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="handling_silenced_has_an_end",
                condition=~Q(state="silenced") | Q(due_at__isnull=False),
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="handling_due",
                condition=Q(due_at__isnull=False),
            ),
            models.Index(
                fields=["alert"],
                name="handling_counted",
                condition=Q(wanted__gt=0, state="pending"),
            ),
            models.Index(fields=["state", "-decided_at"], name="handling_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.alert_id} {self.state}"


class SilencedAlert(models.Model):
    """An alert that a silence has hidden; kept when the alert itself is not."""

    silence = models.ForeignKey(Silence, models.CASCADE, related_name="hidden")
    alert = models.ForeignKey(Alert, models.SET_NULL, null=True, related_name="hidden")
    title = models.CharField(max_length=1024)
    severity = models.CharField(max_length=4, choices=Severity)
    at = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    resolved = models.BooleanField(default=False)

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["silence", "alert"], name="alert_hidden_once_by_a_silence"
            )
        ]

    def __str__(self) -> str:
        return self.title


class InletQuiet(models.Model):
    """How an integration's alerts are damped, where its routing rule does not say.

    Without a row nothing is held, and flapping is as FLAP_CHANGES and FLAP_WITHIN say.
    """

    integration = models.OneToOneField(
        Integration, models.CASCADE, primary_key=True, related_name="quiet"
    )
    hold_for = models.DurationField(null=True, blank=True)
    after_count = models.PositiveSmallIntegerField(null=True, blank=True)
    after_within = models.DurationField(null=True, blank=True)
    flap_changes = models.PositiveSmallIntegerField(null=True, blank=True)
    flap_within = models.DurationField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "inlets' quiet"
        constraints = [
            models.CheckConstraint(
                name="inlet_counts_within_a_time",
                condition=Q(after_count=None, after_within=None)
                | Q(after_count__isnull=False, after_within__isnull=False),
            ),
            models.CheckConstraint(
                name="inlet_flaps_within_a_time",
                condition=Q(flap_changes=None, flap_within=None)
                | Q(flap_changes__isnull=False, flap_within__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"quiet of {self.integration_id}"


class Flapping(models.Model):
    """A key whose alerts changed state too often, until it was calm again."""

    integration = models.ForeignKey(
        Integration, models.CASCADE, related_name="+", db_index=False
    )
    dedup_key = models.CharField(max_length=255)
    started_at = models.DateTimeField()
    changes = models.PositiveIntegerField()
    calm_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "flapping"
        constraints = [
            models.UniqueConstraint(
                fields=["integration", "dedup_key"],
                name="flapping_once_at_a_time",
                condition=Q(ended_at=None),
            )
        ]
        indexes = [
            models.Index(
                fields=["calm_at"], name="flapping_due", condition=Q(ended_at=None)
            )
        ]

    def __str__(self) -> str:
        return f"{self.dedup_key} since {self.started_at:%Y-%m-%d %H:%M}"
