"""The paging engine: claims due rows, sends outside any transaction, records.

A row is claimed with SKIP LOCKED and leased. If the sender dies, the lease runs out
and the row is claimed again with the same idempotency key; where the provider knows
none, it is marked as possibly sent twice. So is one whose answer got lost on the line.
A failed send is retried with backoff; when it has failed for good, the person's next
contact method is due at once, and after the last one the next step.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from core.bulk import array
from oncall.channels.base import KNOWS_KEYS
from oncall.models import ANSWERED, SEVERITIES, Notice, Notification, Page
from oncall.models.notification import INFORMS, LONGEST_LEASE
from oncall.services import statements
from oncall.services.claimed import Claimed
from oncall.services.clock import clock
from oncall.services.holding import release_held_pages
from oncall.services.lapsing import look_at_acknowledged
from oncall.services.recording import record
from oncall.services.rules import DUTY as RULES_DUTY
from oncall.services.rules import VERSION, may_run, take_over
from oncall.services.sending import LEASE, Senders
from oncall.services.walking import walk_due_escalations

HEARTBEAT_EVERY = timedelta(seconds=1)
DUTY = "engine"
State = Notification.State


def tick(*, at: datetime) -> None:
    """Let go of held pages, walk due escalations, and let the senders take what is due.

    Returns without waiting for the sends. Safe to run in many processes at once. One
    query where nothing is due, and one more a second for the sign of life.
    """
    pending = look(at=at)
    if pending.rules < VERSION:
        take_over(at=at)
    if pending.sends:
        senders.wake()
    while pending.held and release_held_pages(at=at):
        senders.wake()
    while pending.steps and _walk(at=at):
        senders.wake()
    if pending.acknowledged and look_at_acknowledged(at=at):
        senders.wake()
    if pending.rules > VERSION:
        may_run(at=at)  # no, and it says so
    elif not pending.has_beaten(at=at):
        beat(at=at)


@dataclass(frozen=True, slots=True)
class Pending:
    """Which duties have anything to do. `rules` is the version in force, 0 for none;
    `beaten_at` when an engine last left its sign of life."""

    rules: int
    beaten_at: datetime | None
    sends: bool
    held: bool
    steps: bool
    acknowledged: bool

    def has_beaten(self, *, at: datetime) -> bool:
        last = self.beaten_at
        return last is not None and at - HEARTBEAT_EVERY < last <= at


def look(*, at: datetime) -> Pending:
    """What there is to do at `at`, whatever its amount. One query."""
    asked: dict[str, Any] = {
        "at": at,
        "too_late": at + LONGEST_LEASE,
        "rules": RULES_DUTY,
        "engine": DUTY,
        "ranks": list(range(1, INFORMS + 1)),
        "severities": list(SEVERITIES),
    }
    with connection.cursor() as cursor:
        cursor.execute(statements.PENDING, asked)
        rules, *found = cursor.fetchone()
    return Pending(int(rules or 0), *found)


@transaction.atomic
def _walk(*, at: datetime) -> int:
    return walk_due_escalations(at=at) if may_run(at=at) else 0


@transaction.atomic
def claim(*, at: datetime, limit: int) -> list[Claimed]:
    """Lease up to `limit` due notifications, what matters most first.

    Those whose sender has died come before all others: they are late already.
    """
    if not may_run(at=at):
        return []
    asked = {
        "at": at,
        "too_late": at + LONGEST_LEASE,
        "know_keys": list(KNOWS_KEYS),
        "lease_until": at + LEASE,
    }
    lost = _still_wanted(_lock(statements.LOST, {**asked, "limit": limit}))
    room = limit - len(lost)
    due = _still_wanted(_lock(statements.DUE, {**asked, "limit": room}))
    claimed = lost + due
    if claimed:
        with connection.cursor() as cursor:
            leased = {**asked, "ids": array([row.pk for row in claimed])}
            cursor.execute(statements.LEASED, leased)
    return claimed


def _lock(statement: str, asked: Mapping[str, Any]) -> list[Claimed]:
    if not asked["limit"]:
        return []
    end = asked["lease_until"]
    with connection.cursor() as cursor:
        cursor.execute(statement, asked)
        return [Claimed._make((*row, end)) for row in cursor.fetchall()]


def _still_wanted(rows: list[Claimed]) -> list[Claimed]:
    """Leave out, and cancel, what was tried before and has been answered since, and
    bundles of which every page has been."""
    over = _answered(rows)
    if not over:
        return rows
    Notification.objects.filter(pk__in=over, state=State.SENDING).update(
        state=State.CANCELLED,
        lease_until=None,
        detail="No longer needed; it may have been sent",
    )
    Notification.objects.filter(pk__in=over, state=State.DUE).update(
        state=State.CANCELLED, detail="No longer needed"
    )
    return [row for row in rows if row.pk not in over]


def _answered(rows: Collection[Claimed]) -> set[int]:
    """Which of them nobody needs any more. No query where none was tried before and
    none is a bundle."""
    tried = [row for row in rows if row.attempts > 1]
    if not tried and not any(row.bundle_id for row in rows):
        return set()
    pages = {row.page_id for row in tried if row.page_id}
    notices = {row.notice_id for row in tried if row.notice_id}
    bundles = {row.bundle_id for row in rows if row.bundle_id}
    ended = Page.objects.filter(pk__in=pages, ended_at__isnull=False)
    over = Q(escalation__state__in=ANSWERED) | Q(escalation__tells_channels=False)
    told = Notice.objects.filter(over, pk__in=notices)
    waiting = Page.objects.filter(bundle__in=bundles, ended_at=None)
    pages &= set(ended.values_list("pk", flat=True)) if pages else set()
    notices &= set(told.values_list("pk", flat=True)) if notices else set()
    bundles -= set(waiting.values_list("bundle", flat=True)) if bundles else set()
    return {
        row.pk
        for row in rows
        if row.page_id in pages or row.notice_id in notices or row.bundle_id in bundles
    }


def beat(*, at: datetime) -> None:
    """Leave a sign that the engine runs, unless newer rules do."""
    told: dict[str, Any] = {
        "engine": DUTY,
        "at": at,
        "rules": RULES_DUTY,
        "version": VERSION,
    }
    with connection.cursor() as cursor:
        cursor.execute(statements.BEAT, told)


def claim_now(*, at: datetime, limit: int) -> list[Claimed]:
    """As `claim`, at the database's time."""
    return claim(at=clock.set(), limit=limit)


senders = Senders(claim=claim_now, record=record, now=clock.now)
