"""Letting alerts be looked at again when their time has come."""

from datetime import datetime

from django.db import connection, transaction

from alerts.models import Flapping
from core.hints import CORRELATE, wake

# What is due may be firing or not: either way it is decided anew. A flapping key is
# judged by way of its newest alert.
_RELEASE = """
    UPDATE alerts_alert AS a SET has_changed = true
    FROM (
        SELECT alert_id FROM alerts_handling WHERE due_at <= %(at)s
        UNION
        SELECT h.alert_id FROM alerts_handling AS h
        JOIN alerts_alert AS counted ON counted.id = h.alert_id
        WHERE h.wanted > 0 AND h.state = 'pending' AND counted.count > h.count
        UNION
        SELECT newest.id FROM alerts_flapping AS f
        CROSS JOIN LATERAL (
            SELECT id FROM alerts_alert AS of_key
            WHERE of_key.integration_id = f.integration_id
              AND of_key.dedup_key = f.dedup_key
            ORDER BY id DESC LIMIT 1) AS newest
        WHERE f.ended_at IS NULL AND f.calm_at <= %(at)s
    ) AS due
    WHERE a.id = due.alert_id AND NOT a.has_changed
"""
_FORGET = """
    UPDATE alerts_flapping AS f SET ended_at = %(at)s
    WHERE f.ended_at IS NULL AND f.calm_at <= %(at)s AND NOT EXISTS (
        SELECT FROM alerts_alert AS a
        WHERE a.integration_id = f.integration_id AND a.dedup_key = f.dedup_key)
"""


@transaction.atomic
def release_due_alerts(*, at: datetime) -> int:
    """Let alerts be decided anew that a rule kept back until now; return how many.

    Those whose silence has ended, that have fired long enough or often enough, and
    those that are calm again. Safe to repeat, and to run late.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RELEASE, {"at": at})
        released: int = cursor.rowcount
        if Flapping.objects.filter(ended_at=None, calm_at__lte=at).exists():
            cursor.execute(_FORGET, {"at": at})
    if released:
        wake(CORRELATE)
    return released
