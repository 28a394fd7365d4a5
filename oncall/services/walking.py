"""Walking down ladders, many at once. A page that is owed is a row.

What a walk does is reckoned in memory first and then written: the escalations, their
pages and the notifications of all of them in one statement each, in the caller's
transaction.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import OperationalError, connection, transaction

from accounts.models import User
from oncall.conditions import said
from oncall.models import Escalation, EscalationQuerySet, Page
from oncall.services import statements
from oncall.services.ladder import FALLBACK_NAME, FrozenStep
from oncall.services.owing import owe_pages
from oncall.services.reach import Reachable
from oncall.signals import Progress, escalation_exhausted, page_progress
from oncall.urgency import AT_ONCE, Held, Verdict
from oncall.wording import held_words

logger = logging.getLogger(__name__)

WALK_BATCH = 500
WALKED_FIELDS = ("pk", "state", "ended_at", "lap", "step", "next_step_at")


@dataclass(slots=True)
class Walk:
    """What the steps that are due bring: pages to save, and words for the timeline."""

    escalation: Escalation
    pages: list[Page] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    is_exhausted: bool = False


def locked(*, skip_locked: bool = False) -> EscalationQuerySet:
    """Escalations to change. Others may go on adding rows that refer to them."""
    return Escalation.objects.select_for_update(no_key=True, skip_locked=skip_locked)


def walk_due_escalations(*, at: datetime, limit: int = WALK_BATCH) -> int:
    """Advance escalations whose next step is due, the most severe first.

    One that cannot be walked holds up no other. Returns how many were due.
    """
    with transaction.atomic():
        waiting = locked(skip_locked=True).due(at=at)
        due = list(waiting[:limit])
        if due:
            _take_or_halve(due, reach=Reachable(at=at))
    return len(due)


def _take_or_halve(escalations: Sequence[Escalation], *, reach: Reachable) -> None:
    """Walk in a savepoint; if that fails, each half by itself, so that the one at
    fault is found and the others go on."""
    try:
        with transaction.atomic():
            take_due_steps(escalations, reach=reach)
    except (
        OperationalError
    ):  # a deadlock, a lost connection: not the escalations' fault
        raise
    except Exception:
        # What the failed try set on them is not in the database.
        again = list(
            Escalation.objects.filter(pk__in=[one.pk for one in escalations]).order_by(
                "severity", "next_step_at"
            )
        )
        if len(again) == 1:
            # Tried again in a minute; logged in full, shown as overdue.
            logger.exception("escalation %s could not be walked", again[0].pk)
            Escalation.objects.filter(pk=again[0].pk).update(
                next_step_at=reach.at + timedelta(minutes=1)
            )
            return
        middle = len(again) // 2
        _take_or_halve(again[:middle], reach=reach)
        _take_or_halve(again[middle:], reach=reach)


def take_due_steps(escalations: Collection[Escalation], *, reach: Reachable) -> None:
    """Write the pages of every step that is due. Call with the saved rows locked.

    A step that reaches nobody is passed over at once and says so.
    """
    walks = [plan_steps(escalation, reach=reach) for escalation in escalations]
    _save(escalations)
    written = set(
        Page.objects.filter(
            escalation__in=[walk.escalation.pk for walk in walks if walk.pages]
        ).values_list("escalation_id", "lap", "step", "user_id")
    )
    held = _held_of(walks)
    for walk in walks:
        walk.pages = [page for page in walk.pages if _key(page) not in written]
        walk.pages = [
            page
            for page in walk.pages
            if not (page.is_held and (page.escalation_id, page.user_id) in held)
        ]
    write_pages(walks, reach=reach)


def _held_of(walks: Iterable[Walk]) -> set[tuple[int, int]]:
    """(escalation, user) of those who have a held page about it already."""
    ids = {page.escalation_id for walk in walks for page in walk.pages if page.is_held}
    if not ids:
        return set()
    held = Page.objects.held().filter(escalation__in=ids)
    return set(held.values_list("escalation_id", "user_id"))


def _save(escalations: Iterable[Escalation]) -> None:
    walked = list(escalations)
    columns = [[getattr(one, name) for one in walked] for name in WALKED_FIELDS]
    with connection.cursor() as cursor:
        cursor.execute(statements.WALKED, columns)


def write_pages(walks: Iterable[Walk], *, reach: Reachable) -> None:
    """Save what walks brought, once their escalations are saved."""
    walked = list(walks)
    owe_pages([page for walk in walked for page in walk.pages], reach=reach)
    notes = [
        Progress(walk.escalation.subject, reach.at, text)
        for walk in walked
        for text in (*map(held_words, filter(_is_held, walk.pages)), *walk.said)
    ]
    if notes:
        page_progress.send(Escalation, notes=notes)
    for walk in walked:
        if walk.is_exhausted:
            escalation_exhausted.send(
                Escalation, subject=walk.escalation.subject, at=reach.at
            )


def plan_steps(escalation: Escalation, *, reach: Reachable) -> Walk:
    """Take the steps that are due at `reach.at` on the escalation in memory."""
    walk = Walk(escalation)
    while (
        escalation.state == Escalation.State.RUNNING
        and escalation.next_step_at is not None
        and escalation.next_step_at <= reach.at
    ):
        if escalation.lap > escalation.repeats:
            _exhaust(walk, reach=reach)
        else:
            _take_step(walk, reach=reach)
    return walk


def _take_step(walk: Walk, *, reach: Reachable) -> None:
    escalation = walk.escalation
    step: FrozenStep = escalation.steps[escalation.step]
    counts = reach.counts(step, severity=escalation.severity)
    users = reach.users_of(step) if counts else []
    verdicts = [verdict_on(user, escalation, reach=reach) for user in users]
    for user, verdict in zip(users, verdicts, strict=True):
        _page(walk, user, verdict, reach=reach)
    if not counts:
        only = said(step.get("when", {}))
        walk.said.append(f"Step {escalation.step + 1} is passed over: only for {only}.")
    elif not any(verdict.reaches for verdict in verdicts):
        labels = ", ".join(target["label"] for target in step["targets"]) or "no one"
        walk.said.append(f"Step {escalation.step + 1} ({labels}) reaches nobody.")
    escalation.next_step_at = after_step(step, verdicts, at=reach.at)
    escalation.step += 1
    if escalation.step >= len(escalation.steps):
        escalation.step = 0
        escalation.lap += 1


def verdict_on(user: User, escalation: Escalation, *, reach: Reachable) -> Verdict:
    """When a page to `user` goes out."""
    return reach.verdict(
        user, severity=escalation.severity, urgencies=escalation.urgencies
    )


def after_step(
    step: FrozenStep, verdicts: Iterable[Verdict], *, at: datetime
) -> datetime:
    """When the next step is due: the delay after the first of this step's people is
    told; at once if none of them is to be waited for."""
    told = [verdict.until or at for verdict in verdicts if verdict.reaches]
    return min(told) + timedelta(seconds=step["delay_seconds"]) if told else at


def _page(walk: Walk, user: User, verdict: Verdict, *, reach: Reachable) -> None:
    """Add the page, unless one to this person waits for the same already."""
    if verdict.until and any(one.user == user and one.is_held for one in walk.pages):
        return
    page = Page(
        escalation=walk.escalation,
        lap=walk.escalation.lap,
        step=walk.escalation.step,
        user=user,
        created_at=reach.at,
        held_until=verdict.until,
        held_for=verdict.held,
    )
    walk.pages.append(page)


def _exhaust(walk: Walk, *, reach: Reachable) -> None:
    """End on what someone always sees: a page to the fallback, and a signal."""
    escalation = walk.escalation
    escalation.state = Escalation.State.EXHAUSTED
    escalation.ended_at = reach.at
    escalation.next_step_at = None
    escalation.lap, escalation.step = escalation.repeats + 1, 0
    users, names = reach.fallback()
    for user in users:
        verdict = verdict_on(user, escalation, reach=reach)
        # Nobody is left to go on to, so quiet hours do not count here.
        is_quiet = verdict.held == Held.QUIET_HOURS
        _page(walk, user, AT_ONCE if is_quiet else verdict, reach=reach)
    walk.said.append(
        f"Nobody answered on any step; {names[0].lower()}{names[1:]} was paged."
        if names == FALLBACK_NAME
        else f"Nobody answered on any step; the fallback was paged: {names}."
    )
    walk.is_exhausted = True


def _is_held(page: Page) -> bool:
    return page.is_held


def _key(page: Page) -> tuple[int, int, int, int]:
    return page.escalation_id, page.lap, page.step, page.user_id
