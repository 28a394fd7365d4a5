"""Reads what other on-call tools answer about people, schedules and policies.

`read_export` takes the JSON answers of one tool's REST API, as they came, and returns
an `OnCallPlan`: what Headwater would make of them, and what it cannot carry over.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from oncall.importers import grafana, opsgenie, pagerduty
from oncall.importers.plan import (
    OnCallPlan,
    PersonDraft,
    PolicyDraft,
    ScheduleDraft,
    StepDraft,
    TargetKey,
)

__all__ = [
    "TOOLS",
    "OnCallPlan",
    "PersonDraft",
    "PolicyDraft",
    "ScheduleDraft",
    "StepDraft",
    "TargetKey",
    "read_export",
]

_READERS: dict[str, Callable[..., OnCallPlan]] = {
    "grafana": grafana.read,
    "opsgenie": opsgenie.read,
    "pagerduty": pagerduty.read,
}
TOOLS = {"grafana": "Grafana OnCall", "opsgenie": "Opsgenie", "pagerduty": "PagerDuty"}


def read_export(tool: str, documents: Sequence[Any], *, at: datetime) -> OnCallPlan:
    """Return what `documents` hold. `tool` is a key of TOOLS; what ended before `at`
    is left out. Never raises for what a document holds: that is in `plan.notes`."""
    return _READERS[tool](documents, at=at)
