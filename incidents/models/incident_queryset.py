"""Which incidents: those somebody may see, the open ones, in what order."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q

from accounts.models import User
from incidents.models.people import RoleAssignment

if TYPE_CHECKING:
    from incidents.models.incident import Incident  # noqa: F401  # named in a string

TRIGGERED, RESOLVED = "triggered", "resolved"  # of Incident.Status


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
        return self.exclude(status=RESOLVED)

    def resolved(self) -> IncidentQuerySet:
        return self.filter(status=RESOLVED)

    def for_list(self) -> IncidentQuerySet:
        """All that a line of the list shows, in two queries."""
        return self.select_related(
            "team",
            "acknowledged_by",
            "suspected_asset__team",
            "root_cause_asset__team",
        ).prefetch_related(
            models.Prefetch(
                "roles",
                queryset=RoleAssignment.objects.select_related("user"),
            )
        )

    def worst_first(self) -> IncidentQuerySet:
        """Open ones first: those nobody responds to, by severity, the longest waiting
        first; then the last resolved."""
        waits = Q(status=TRIGGERED, snoozed_until=None)
        is_open = Q(resolved_at=None)
        return self.order_by(
            models.F("resolved_at").desc(nulls_first=True),
            models.Case(models.When(waits, then=0), default=1),
            models.Case(models.When(is_open, then="severity")),
            models.Case(models.When(is_open, then="triggered_at")),
            "-triggered_at",
            "-pk",
        )

    def for_api(self) -> IncidentQuerySet:
        """All that the API tells of an incident, in five queries."""
        return (
            self.for_list()
            .select_related("declared_by", "recurs_from")
            .prefetch_related("suspected_asset__owners", "root_cause_asset__owners")
        )

    def snooze_over(self, *, at: datetime) -> IncidentQuerySet:
        return self.open().filter(snoozed_until__lte=at)
