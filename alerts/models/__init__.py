"""Inlets, what comes in by them, and the rules that keep it quiet."""

from alerts.models.alert import Alert, AlertQuerySet, Event, LastTold
from alerts.models.expectation import Breach, Expectation
from alerts.models.heartbeat import Heartbeat, HeartbeatMiss, InletWatch
from alerts.models.integration import (
    DEFAULT_RATE_LIMIT,
    SEVERITY_OF_WORD,
    Integration,
    RefusedCount,
    Severity,
)
from alerts.models.quiet import (
    Flapping,
    Handling,
    InletQuiet,
    Route,
    RouteCount,
    RulebookVersion,
    Silence,
    SilencedAlert,
)

__all__ = [
    "DEFAULT_RATE_LIMIT",
    "SEVERITY_OF_WORD",
    "Alert",
    "AlertQuerySet",
    "Breach",
    "Event",
    "Expectation",
    "Heartbeat",
    "HeartbeatMiss",
    "InletWatch",
    "Integration",
    "LastTold",
    "RefusedCount",
    "Severity",
    "Flapping",
    "Handling",
    "InletQuiet",
    "Route",
    "RouteCount",
    "RulebookVersion",
    "Silence",
    "SilencedAlert",
]
