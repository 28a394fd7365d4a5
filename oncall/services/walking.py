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
from core.locks import plan_for_growth
from oncall.conditions import said
from oncall.models import Escalation, EscalationQuerySet, Notice, Page
from oncall.services import statements
from oncall.services.ladder import (
    FALLBACK_NAME,
    FrozenStep,
    rooms_of,
    tells_only_rooms,
    turns_in,
)
from oncall.services.owing import owe_notices, owe_pages
from oncall.services.reach import Reachable
from oncall.services.targets import FrozenTarget
from oncall.services.turns import Turns
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
    notices: list[Notice] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    is_exhausted: bool = False


def locked(*, skip_locked: bool = False) -> EscalationQuerySet:
    """Escalations to change. Others may go on adding rows that refer to them."""
    return Escalation.objects.select_for_update(no_key=True, skip_locked=skip_locked)


def last_place(escalation: Escalation) -> tuple[int, int]:
    """(lap, step) that was taken last. The first is taken when an escalation starts."""
    if escalation.step:
        return escalation.lap, escalation.step - 1
    return max(0, escalation.lap - 1), len(escalation.steps) - 1


def walk_due_escalations(*, at: datetime, limit: int = WALK_BATCH) -> int:
    """Advance escalations whose next step is due, the most severe first.

    One that cannot be walked holds up no other. Returns how many were due.
    """
    with transaction.atomic():
        waiting = locked(skip_locked=True).due(at=at)
        due = list(waiting[:limit])
        if due:
            plan_for_growth()
            _take_or_halve(due, reach=Reachable(at=at, turns=Turns(is_keeper=True)))
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
        # What the failed try set on them, and the turns it took, are not in the
        # database.
        reach.turns.forget()
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
    """Write the pages of every step that is due. Call with the saved rows locked, and
    with turns that are kept.

    A step that reaches nobody is passed over at once and says so.
    """
    save_walks(plan_all(escalations, reach=reach), reach=reach)


def save_walks(
    walks: Collection[Walk],
    *,
    reach: Reachable,
    but_not: Collection[int] = (),
) -> None:
    """Save what walks brought with their escalations, which are saved and locked; but
    for pages to the users in `but_not`, and what was written before."""
    _save([walk.escalation for walk in walks])
    written = set(
        Page.objects.filter(
            escalation__in=[walk.escalation.pk for walk in walks if walk.pages]
        ).values_list("escalation_id", "lap", "step", "user_id")
    )
    held = _held_of(walks)
    for walk in walks:
        walk.pages = [
            page
            for page in walk.pages
            if _key(page) not in written and page.user_id not in but_not
        ]
        walk.pages = [
            page
            for page in walk.pages
            if not (page.is_held and (page.escalation_id, page.user_id) in held)
        ]
    told = set(_told_of(walks))
    for walk in walks:
        walk.notices = [one for one in walk.notices if _room_key(one) not in told]
    write_pages(walks, reach=reach)


def _told_of(walks: Iterable[Walk]) -> Iterable[tuple[object, ...]]:
    ids = {walk.escalation.pk for walk in walks if walk.notices}
    if not ids:
        return ()
    notices = Notice.objects.filter(escalation__in=ids)
    return notices.values_list("escalation_id", "lap", "step", "channel", "address")


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
    reach.turns.save()
    owe_pages([page for walk in walked for page in walk.pages], reach=reach)
    owe_notices([notice for walk in walked for notice in walk.notices], at=reach.at)
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


def plan_all(escalations: Collection[Escalation], *, reach: Reachable) -> list[Walk]:
    """As `plan_steps`, for each."""
    reach.turns.hold({pk for one in escalations for pk in turns_in(one.steps)})
    return [plan_steps(escalation, reach=reach) for escalation in escalations]


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
            take_step(walk, reach=reach)
    return walk


def take_step(walk: Walk, *, reach: Reachable) -> None:
    """Take the step where the escalation in memory stands, due or not."""
    escalation = walk.escalation
    step: FrozenStep = escalation.steps[escalation.step]
    counts = reach.counts(step, severity=escalation.severity, labels=escalation.labels)
    users = reach.users_of(step) if counts else []
    rooms = rooms_of(step) if counts and escalation.tells_channels else []
    verdicts = [verdict_on(user, escalation, reach=reach) for user in users]
    for user, verdict in zip(users, verdicts, strict=True):
        _page(walk, user, verdict, reach=reach)
    place = {"lap": escalation.lap, "step": escalation.step}
    walk.notices += [notice_of(escalation, one, **place, at=reach.at) for one in rooms]
    told = _words_of(escalation, step, counts=counts, verdicts=verdicts, rooms=rooms)
    walk.said += [told] if told else []
    escalation.next_step_at = (
        after_step(step, verdicts, at=reach.at) if counts else reach.at
    )
    go_on(escalation)


def go_on(escalation: Escalation) -> None:
    """Stand, in memory, on the step that follows."""
    escalation.step += 1
    if escalation.step >= len(escalation.steps):
        escalation.step = 0
        escalation.lap += 1


def _words_of(
    escalation: Escalation,
    step: FrozenStep,
    *,
    counts: bool,
    verdicts: Iterable[Verdict],
    rooms: Collection[FrozenTarget],
) -> str:
    """What the timeline says of a step that pages nobody; "" of one that does."""
    if any(verdict.reaches for verdict in verdicts):
        return ""
    named = f"Step {escalation.step + 1}"
    if not counts:
        return f"{named} is passed over: only for {said(step.get('when', {}))}."
    people = [one["label"] for one in step["targets"] if one["kind"] != "channel"]
    if people or not rooms:
        return f"{named} ({', '.join(people) or 'no one'}) reaches nobody."
    return ""


def notice_of(
    escalation: Escalation, room: FrozenTarget, *, lap: int, step: int, at: datetime
) -> Notice:
    """What a step tells a channel, to be written."""
    return Notice(
        escalation=escalation,
        lap=lap,
        step=step,
        channel=room["channel"],
        address=room["address"],
        label=room["label"][:200],
        created_at=at,
    )


def verdict_on(user: User, escalation: Escalation, *, reach: Reachable) -> Verdict:
    """When a page to `user` goes out."""
    return reach.verdict(
        user, severity=escalation.severity, urgencies=escalation.urgencies
    )


def after_step(
    step: FrozenStep, verdicts: Iterable[Verdict], *, at: datetime
) -> datetime:
    """When the next step is due: the delay after the first of this step's people is
    told; at once if none of them is to be waited for. A step that only tells channels
    is waited for too: somebody may answer there."""
    told = [verdict.until or at for verdict in verdicts if verdict.reaches]
    told = told or ([at] if tells_only_rooms(step) else [])
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


def _room_key(notice: Notice) -> tuple[object, ...]:
    place = notice.escalation_id, notice.lap, notice.step
    return *place, notice.channel, notice.address
