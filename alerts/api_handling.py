"""What the rules made of an alert, in JSON."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from alerts.models import Alert, Handling
from oncall.resolver import format_instant


class HandlingSerializer(serializers.Serializer[Any]):
    """`state`: silenced, pending, flapping, dropped, routed, or over (resolved without
    a page). A pending one pages at `due_at` if still firing, or once `wanted` events
    have come. `silence` and `rule` are ids."""

    state = serializers.ChoiceField(choices=Handling.State.choices)
    silence = serializers.IntegerField(allow_null=True)
    rule = serializers.IntegerField(allow_null=True)
    severity = serializers.CharField(help_text="Set by the rule; may be empty.")
    due_at = serializers.DateTimeField(allow_null=True)
    wanted = serializers.IntegerField()


def handling_json(alert: Alert) -> dict[str, Any] | None:
    """None when no rule has touched the alert. Wants `handling` fetched with it."""
    row: Handling | None = getattr(alert, "handling", None)
    if row is None:
        return None
    return {
        "state": row.state,
        "silence": row.silence_id,
        "rule": row.route_id,
        "severity": row.severity,
        "due_at": row.due_at and format_instant(row.due_at),
        "wanted": row.wanted,
    }
