"""Taking committed alerts into incidents, a batch in one transaction.

One worker at a time decides, so that two never open two incidents for one fault. It
locks no alert until it marks its batch as taken, at the end, so that repeats of a key
never wait for it; an alert that has changed since it was read is taken again.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models.functions import Collate

from alerts.models import Alert
from alerts.services import settle
from catalog.graph import snapshot
from catalog.importers.base import NAME_LENGTH, NAMESPACE_LENGTH
from catalog.models import Asset
from catalog.services import set_asset_health
from catalog.services.upserts import AssetFacts, upsert_assets
from core.bulk import any_of, array
from core.locks import LockedTooLongError, plan_for_growth, waiting_at_most
from core.text import identifier
from incidents.correlation import OpenIncident, Plan, Signal, decide
from incidents.inference.memory import Memory
from incidents.models import Incident, IncidentAlert, UncorrelatedAlert
from incidents.services.growing import apply_plan
from incidents.services.growth import began_at
from incidents.services.knowing import know_of
from incidents.services.locking import lock_incidents
from incidents.services.member_changes import take_changes
from incidents.services.open_incidents import (
    in_open_incidents,
    load_open_incidents,
)
from incidents.services.routing import note_on_timelines
from incidents.services.run_ties import tie_runs

logger = logging.getLogger(__name__)

BATCH = 500
LONGEST_PAUSE_SECONDS = 60
LOCK = 0x48E4D  # of pg_try_advisory_xact_lock; any number used for nothing else
MOST_TRIES = 5
FIRST_DELAY = timedelta(minutes=1)
MOST_COUNTED_TRIES = 7  # the last delay is about an hour
LONGEST_WAIT = timedelta(milliseconds=300)  # for what an import holds
_memory = Memory()  # of this process; the answers are the same without it


def correlate_changed_alerts(*, at: datetime, limit: int = BATCH) -> int:
    """Take one batch of changed alerts into incidents; return how many there were.

    0 when nothing is left or another worker is at it. An alert that cannot be taken
    fails alone: it is logged, kept as an `UncorrelatedAlert`, and tried again later.
    Raises OperationalError when the database is at fault; nothing of the batch is
    lost then.
    """
    with transaction.atomic():
        if not _is_ours():
            return 0
        alerts = _claim(limit)
        if not alerts:
            return 0
        _take_or_halve(alerts, at=at)
        return len(alerts)


def _is_ours() -> bool:
    with connection.cursor() as cursor:
        # One that hangs with the lock, as on a machine that is frozen, loses it.
        cursor.execute(
            "SELECT set_config('idle_in_transaction_session_timeout', %s, true), "
            "pg_try_advisory_xact_lock(%s)",
            [f"{LONGEST_PAUSE_SECONDS}s", LOCK],
        )
        is_ours = bool(cursor.fetchone()[1])
    if is_ours:
        plan_for_growth()
    return is_ours


def _claim(limit: int) -> list[Alert]:
    changed = Alert.objects.changed().order_by("pk")
    # Not joined: a storm's alerts have few inlets between them.
    return list(changed.prefetch_related("integration")[:limit])


def _take_or_halve(alerts: Sequence[Alert], *, at: datetime) -> None:
    """Take `alerts` in a savepoint; if that fails, each half by itself, so that one
    poisonous alert costs a few tries more and holds up no other."""
    try:
        with transaction.atomic():
            _take(alerts, at=at)
    except OperationalError:  # a deadlock, a lost connection: not the alerts' fault
        raise
    except Exception as error:
        if len(alerts) == 1:
            logger.exception("alert %s could not be taken", alerts[0].pk)
            _set_aside(alerts[0], error, at=at)
            return
        # Read again: what the failed try set on them is not in the database.
        rows = Alert.objects.select_related("integration").order_by("pk")
        again = list(rows.filter(pk__in=[alert.pk for alert in alerts]))
        middle = len(again) // 2
        _take_or_halve(again[:middle], at=at)
        _take_or_halve(again[middle:], at=at)


def _set_aside(alert: Alert, error: Exception, *, at: datetime) -> None:
    """Let the others go on; try this one again in a minute, then ever more seldom."""
    problem = f"{type(error).__name__}: {error}"[:1000].replace("\x00", "")
    earlier = UncorrelatedAlert.objects.filter(alert=alert).first()
    tries = min(earlier.tries + 1, MOST_COUNTED_TRIES) if earlier else 1
    UncorrelatedAlert.objects.update_or_create(
        alert=alert,
        defaults={
            "at": at,
            "problem": problem,
            "tries": tries,
            "next_try_at": at + FIRST_DELAY * 2 ** (tries - 1),
        },
    )
    Alert.objects.filter(pk=alert.pk).update(has_changed=False)


def retry_set_aside_alerts(*, at: datetime) -> int:
    """Let alerts that could not be taken be claimed again when they are due."""
    due = UncorrelatedAlert.objects.filter(next_try_at__lte=at).values("alert")
    return Alert.objects.filter(pk__in=due, has_changed=False).update(has_changed=True)


def _take(alerts: Collection[Alert], *, at: datetime) -> None:
    seen = [_state_of(alert) for alert in alerts]  # rules change what is in memory
    link_assets(alerts, at=at)
    members = {
        member.alert_id: member
        for member in IncidentAlert.objects.filter(
            alert__in=any_of(a.pk for a in alerts)
        )
    }
    settled = settle(
        list(alerts), known=members, in_open_incidents=in_open_incidents, at=at
    )
    new = settled.new
    plan, incidents = _plan(new, {m.incident_id for m in members.values()})
    apply_plan(plan, alerts=new, routes=settled.routes, incidents=incidents, at=at)
    take_changes(settled.changed, members=members, incidents=incidents, at=at)
    note_on_timelines(settled.notes, at=at)
    _update_health(alerts, at=at)
    _mark_taken(alerts, seen)


def link_assets(alerts: Collection[Alert], *, at: datetime) -> None:
    """Set `asset_id` of alerts that name an asset; unknown ones are made.

    An import that makes the same assets holds their names until it ends. Its alerts
    do not wait: they are taken without their assets, which are linked when they
    change next.
    """
    facts = {
        alert.pk: AssetFacts(
            identifier(alert.asset_namespace, NAMESPACE_LENGTH),
            identifier(alert.asset_name, NAME_LENGTH),
            type=alert.asset_type if alert.asset_type in Asset.Type.values else None,
        )
        for alert in alerts
        if alert.asset_id is None and alert.asset_name
    }
    if not facts:
        return
    try:
        with waiting_at_most(LONGEST_WAIT):
            ids = upsert_assets(facts.values(), at=at, overwrite=False)
    except LockedTooLongError:
        logger.warning("an import keeps %s alerts from their assets", len(facts))
        identities = [fact.identity for fact in facts.values()]
        known = Asset.objects.filter(identity__in=identities)
        ids = dict(known.values_list("identity", "pk"))
    for alert in alerts:
        if alert.pk in facts:
            alert.asset_id = ids.get(facts[alert.pk].identity)


def _plan(
    alerts: Collection[Alert], member_incidents: Collection[int]
) -> tuple[Plan, dict[int, Incident]]:
    """Decide and lock all that the decision touches; decide again if that has changed
    in between."""
    if not alerts:  # only news of alerts in incidents, or all of it is kept back
        return Plan([], []), lock_incidents(member_incidents)
    ties = tie_runs(alerts)
    signals = [
        Signal(
            a.pk,
            (a.integration_id, a.dedup_key),
            a.asset_id,
            a.first_at,
            a.pages,
            began_at(a),
        )
        for a in alerts
    ]
    for _ in range(MOST_TRIES):
        known = load_open_incidents(alerts)
        plan = decide(
            signals,
            incidents=known.values(),
            lineage=snapshot(fresh=True),
            ties=ties,
            know=partial(know_of, between=_times(alerts)),
            memory=_memory,
            hops=settings.CORRELATION_HOPS,
            window=settings.CORRELATION_WINDOW,
        )
        locked = lock_incidents(plan.existing.union(member_incidents))
        if all(_is_as_known(locked.get(i), known[i]) for i in plan.existing):
            return plan, locked
    raise OperationalError("incidents kept changing while alerts were grouped")


def _times(alerts: Collection[Alert]) -> tuple[datetime, datetime]:
    """When the first and the last of them began."""
    times = [began_at(alert) for alert in alerts]
    return min(times), max(times)


def _is_as_known(locked: Incident | None, known: OpenIncident) -> bool:
    return (
        locked is not None
        and locked.is_open
        and (locked.acknowledged_at is not None) == known.acknowledged
        and locked.private == known.stands_alone
    )


def _update_health(alerts: Collection[Alert], *, at: datetime) -> None:
    """An asset fails while an alert that pages is firing on it."""
    touched = {alert.asset_id for alert in alerts if alert.asset_id is not None}
    if not touched:
        return
    failing: set[int | None] = set(
        Alert.objects.firing()
        .filter(asset__in=touched, pages=True)
        .values_list("asset_id", flat=True)
    )
    # Those of this batch are linked to their assets only when it is done.
    failing.update(
        alert.asset_id
        for alert in alerts
        if alert.pages and alert.status == Alert.Status.FIRING
    )
    try:
        with waiting_at_most(LONGEST_WAIT):
            set_asset_health(
                failing_ids=touched & failing, healthy_ids=touched - failing, at=at
            )
    except LockedTooLongError:
        # An import is writing them. Pages matter more; the next alert sets it right.
        logger.warning("the health of %s assets is not up to date", len(touched))


def _state_of(alert: Alert) -> tuple[object, ...]:
    """All that makes the inlet say that an alert has changed."""
    return (
        alert.status,
        alert.severity,
        alert.pages,
        alert.resolved_at,
        alert.acknowledge_asked_at,
    )


def _mark_taken(
    alerts: Collection[Alert], seen: Collection[tuple[object, ...]]
) -> None:
    """One statement for all, because this is done for every alert there is.

    What is not as it was seen has changed again, and so stays changed.
    """
    held = _lock([alert.pk for alert in alerts])
    states = {alert.pk: state for alert, state in zip(alerts, seen, strict=True)}
    rows = [(a.pk, a.asset_id, *states[a.pk]) for a in alerts if a.pk in held]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE alerts_alert AS a SET asset_id = taken.asset_id, has_changed =
                (a.status, a.severity, a.pages, a.resolved_at, a.acknowledge_asked_at)
                IS DISTINCT FROM (taken.status, taken.severity, taken.pages,
                                  taken.resolved_at, taken.acknowledge_asked_at)
            FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[],
                        %s::boolean[], %s::timestamptz[], %s::timestamptz[])
                AS taken (id, asset_id, status, severity, pages, resolved_at,
                          acknowledge_asked_at)
            WHERE a.id = taken.id
            """,
            [array([row[column] for row in rows]) for column in range(7)],
        )
    UncorrelatedAlert.objects.filter(alert__in=any_of(a.pk for a in alerts)).delete()


def _lock(ids: Sequence[int]) -> set[int]:
    """Lock the alerts in the order in which the inlet locks them; return their ids.

    Where the inlet locks in another order, as it resolves some and fires others, this
    gives way: whatever is locked just then is left out, and taken again.
    """
    key = Collate("dedup_key", "C")
    found = Alert.objects.filter(pk__in=any_of(ids))
    found = found.order_by("integration_id", key, "pk")
    rows = found.values_list("pk", flat=True)
    try:
        with waiting_at_most(LONGEST_WAIT):
            return set(rows.select_for_update(no_key=True))
    except LockedTooLongError:
        return set(rows.select_for_update(no_key=True, skip_locked=True))
