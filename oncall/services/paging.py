"""Paging by hand: somebody pages people, teams, schedules or policies."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.urls import reverse

from accounts.models import User
from accounts.services import record_audit
from core.errors import InvalidInputError
from core.hints import RUN_ENGINE, wake
from core.http import absolute_url
from oncall.models import Escalation, EscalationPolicy, Notice, Page
from oncall.services.escalations import Call, start_escalation, start_escalations
from oncall.services.holding import let_go
from oncall.services.ladder import FALLBACK_DELAY, FrozenStep, freeze, rooms_of
from oncall.services.reach import Reachable
from oncall.services.targets import Target, frozen
from oncall.services.turns import Turns
from oncall.services.walking import (
    Walk,
    last_place,
    locked,
    notice_of,
    write_pages,
)

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
    subject = f"{SUBJECT_PREFIX}{uuid.uuid4().hex}"
    escalation = start_escalation(
        subject=subject,
        title=title,
        body=body or f"{by} pages you.",
        url=absolute_url(address_of(subject)),
        severity=severity,
        policy=policy_of(to),
        at=at,
        steps=steps_to(to),
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


@transaction.atomic
def page_also(call: Call, *, at: datetime) -> None:
    """Page those on the first of `call.steps` now, besides whom is paged already about
    its subject, and tell its channels; where nobody is being paged, start with all of
    its steps. A page to one of them that is held goes out.

    Raises InvalidInputError when that is nobody.
    """
    reach = Reachable(at=at, turns=Turns(is_keeper=True))
    users = reach.users_of(call.steps[0])
    rooms = [] if call.is_private else rooms_of(call.steps[0])
    if not users and not rooms:
        raise InvalidInputError({"to": ["This reaches nobody now."]})
    running = locked().running().filter(subject=call.subject).first()
    if running is None:
        start_escalations([call], at=at)
        return
    let_go(running, users, reach=reach)
    place = dict(zip(("lap", "step"), last_place(running), strict=True))
    open_pages = Page.objects.filter(escalation=running, ended_at=None)
    known = set(open_pages.values_list("user", flat=True))
    told = Notice.objects.filter(escalation=running, **place)
    told_rooms = set(told.values_list("channel", "address"))
    walk = Walk(running)
    walk.pages += [
        Page(escalation=running, user=user, created_at=at, **place)
        for user in users
        if user.pk not in known
    ]
    walk.notices += [
        notice_of(running, room, **place, at=at)
        for room in rooms
        if (room["channel"], room["address"]) not in told_rooms
    ]
    write_pages([walk], reach=reach)
    wake(RUN_ENGINE)


def policy_of(to: Sequence[Target | EscalationPolicy]) -> EscalationPolicy | None:
    """Which says how it goes on after the first step: the first that is named."""
    return next((one for one in to if isinstance(one, EscalationPolicy)), None)


def steps_to(to: Sequence[Target | EscalationPolicy]) -> list[FrozenStep]:
    """The first policy's steps, joined at the first by all the others' first targets
    and by those named themselves."""
    ladders = [freeze(one) for one in to if isinstance(one, EscalationPolicy)]
    named = [frozen(one) for one in to if not isinstance(one, EscalationPolicy)]
    first = named + [target for ladder in ladders for target in ladder[0]["targets"]]
    rest = ladders[0][1:] if ladders else []
    delay = ladders[0][0]["delay_seconds"] if ladders else FALLBACK_DELAY.seconds
    return [FrozenStep(delay_seconds=delay, targets=first), *rest]
