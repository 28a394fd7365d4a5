"""What incidents tell of when a silence is tried on the past."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, F

from accounts.models import User
from alerts.rule_queries import Opened
from incidents.models import Incident


def tell_incidents_of(
    sender: Any, *, alert_ids: set[int], user: User, **_: Any
) -> list[Opened]:
    """The incidents with no other alerts than these, of those the person may see."""
    touched = Incident.objects.visible_to(user).filter(members__alert__in=alert_ids)
    counted = touched.annotate(hidden=Count("members", distinct=True))
    return [
        Opened(str(one), one.get_absolute_url(), one.severity, one.triggered_at)
        for one in counted.filter(
            hidden__gte=F("alert_count"), declared_by=None, merged_into=None
        )
    ]
