"""Inlets, what comes in by them, and the rules that keep it quiet."""

from alerts.models.alert import Alert, AlertQuerySet, Event
from alerts.models.heartbeat import Heartbeat, HeartbeatMiss, InletWatch
from alerts.models.integration import (
    DEFAULT_RATE_LIMIT,
    SEVERITY_OF_WORD,
    Integration,
    RefusedCount,
    Severity,
)

__all__ = [
    "DEFAULT_RATE_LIMIT",
    "SEVERITY_OF_WORD",
    "Alert",
    "AlertQuerySet",
    "Event",
    "Heartbeat",
    "HeartbeatMiss",
    "InletWatch",
    "Integration",
    "RefusedCount",
    "Severity",
]
