"""Which policy pages, and for how long an acknowledgement of it lasts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from django.conf import settings

from oncall.conditions import fits, said
from oncall.models import EscalationPolicy


def choose_policy(
    candidates: Collection[EscalationPolicy],
    *,
    severity: str,
    labels: Mapping[str, str],
    at: datetime,
) -> tuple[EscalationPolicy | None, list[EscalationPolicy]]:
    """The first policy whose conditions hold at `at`, None if none do; and those
    passed over before it."""
    passed_over: list[EscalationPolicy] = []
    for policy in candidates:
        if fits(policy.when, severity=severity, at=at, labels=labels):
            return policy, passed_over
        passed_over.append(policy)
    return None, passed_over


def passed_over_words(
    passed_over: Collection[EscalationPolicy], chosen: EscalationPolicy | None
) -> list[str]:
    """For the timeline, a sentence each."""
    words = [
        f"The policy {policy} is passed over: only for {said(policy.when)}."
        for policy in passed_over
    ]
    if not words:
        return []
    instead = f"The policy {chosen} pages" if chosen else "The fallback is paged"
    return [*words, f"{instead} instead."]


def lapses_after(policy: EscalationPolicy | None) -> timedelta | None:
    """How long an acknowledgement lasts when nothing happens; None for ever."""
    own = policy.lapses_after if policy else None
    if own is None:
        own = timedelta(minutes=settings.ACKNOWLEDGEMENT_MINUTES)
    return own or None
