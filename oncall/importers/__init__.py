"""Reads what other on-call tools answer about people, schedules and policies.

`read_export` takes the JSON answers of one tool's REST API, as they came, and returns
an `OnCallPlan`: what Headwater would make of them, and what it cannot carry over.
"""

from collections.abc import Callable, Iterator, Sequence
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
    "MISSING_PAGE",
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


MISSING_PAGE = (
    "Not all pages of answers are here: one names a next page that is not among them. "
    "What is on it is not brought over; load every page and try again."
)


def read_export(tool: str, documents: Sequence[Any], *, at: datetime) -> OnCallPlan:
    """Return what `documents` hold. `tool` is a key of TOOLS; what ended before `at`
    is left out. Never raises for what a document holds: that is in `plan.notes`."""
    plan = _READERS[tool](documents, at=at)
    for words in _refusals(documents):
        plan.note(f"One answer is a refusal: {words}")
    if _misses_a_page(documents):
        plan.notes.insert(0, MISSING_PAGE)
    return plan


def _refusals(documents: Sequence[Any]) -> Iterator[str]:
    """What a tool says instead of an answer: a wrong key, a right that is missing."""
    for document in documents:
        told = document if isinstance(document, dict) else {}
        error = told.get("error")
        told = error if isinstance(error, dict) else told
        for name in ("message", "detail", "error"):
            words = told.get(name)
            if isinstance(words, str) and words:
                yield words[:200]
                break


def _misses_a_page(documents: Sequence[Any]) -> bool:
    """Each page but the last has one after it, and each but the first one before."""
    pages = [one for one in documents if isinstance(one, dict)]
    links = [one.get("paging", one) for one in pages]
    links = [one for one in links if isinstance(one, dict)]
    followed = sum(bool(one.get("next") or one.get("more") is True) for one in links)
    follow = sum(
        bool(one.get("previous") or one.get("prev") or one.get("offset"))
        for one in links
    )
    return followed > follow
