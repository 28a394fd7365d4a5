"""Changing alerts from inside."""

from collections.abc import Iterable
from datetime import datetime

from alerts.models import Alert


def resolve_alerts(*, alert_ids: Iterable[int], at: datetime) -> int:
    """Resolve firing alerts because a person closed their incident.

    So the sender's next trigger is a new alert and opens a new incident, as users of
    PagerDuty expect. Returns how many were firing.
    """
    return (
        Alert.objects.firing()
        .filter(pk__in=alert_ids)
        .update(status=Alert.Status.RESOLVED, resolved_at=at, has_changed=False)
    )
