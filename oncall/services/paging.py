"""Paging by hand: somebody pages people, teams, schedules or policies."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.urls import reverse

from accounts.models import User
from accounts.services import record_audit
from core.http import absolute_url
from oncall.models import Escalation, EscalationPolicy
from oncall.services.escalations import start_escalation
from oncall.services.ladder import FALLBACK_DELAY, FrozenStep, freeze
from oncall.services.targets import Target, frozen

SUBJECT_PREFIX = "page:"


@transaction.atomic
def page_by_hand(
    *,
    title: str,
    body: str,
    severity: str,
    to: Sequence[Target | EscalationPolicy],
    by: User,
    at: datetime,
) -> Escalation:
    """Page everybody in `to` at once, and again until someone acknowledges.

    The first policy in `to` says how it goes on after that. Nothing is sent here: the
    pages are rows when this returns.
    """
    policies = [one for one in to if isinstance(one, EscalationPolicy)]
    targets = [one for one in to if not isinstance(one, EscalationPolicy)]
    subject = f"{SUBJECT_PREFIX}{uuid.uuid4().hex}"
    escalation = start_escalation(
        subject=subject,
        title=title,
        body=body or f"{by} pages you.",
        url=absolute_url(address_of(subject)),
        severity=severity,
        policy=policies[0] if policies else None,
        at=at,
        steps=_steps(targets, policies),
    )
    record_audit(
        actor=by,
        action="page.sent",
        target=escalation,
        changes={"to": [None, [str(one) for one in to]], "severity": severity},
        at=at,
    )
    return escalation


def address_of(subject: str) -> str:
    """The path of the page about a subject of `page_by_hand`."""
    return reverse("oncall:page", args=[subject.removeprefix(SUBJECT_PREFIX)])


def _steps(targets: list[Target], policies: list[EscalationPolicy]) -> list[FrozenStep]:
    """The first policy's steps, joined at the first by all the others' first targets
    and by those named themselves."""
    ladders = [freeze(policy) for policy in policies]
    named = [frozen(target) for target in targets]
    first = named + [target for ladder in ladders for target in ladder[0]["targets"]]
    rest = ladders[0][1:] if ladders else []
    delay = ladders[0][0]["delay_seconds"] if ladders else FALLBACK_DELAY.seconds
    return [FrozenStep(delay_seconds=delay, targets=first), *rest]
