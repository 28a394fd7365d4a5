"""Looking whether runs came in time.

A look asks the runs that are written down, so it misses none that came out of order or
while no worker ran. It locks the expectation, and writes the alert in the same
transaction: each breach is told once, however many workers look.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max, Min, QuerySet

from alerts.freshness import Rhythm, Suggestion, Turn, following, suggest, turn_after
from alerts.models import Breach, Event, Expectation, InletWatch
from alerts.services.breaches import end_breach, open_breach
from catalog.models import Asset, Edge, Run
from core.templatetags.headwater import duration

BATCH = 200
LOOK_BACK = timedelta(days=400)
LEARNT_FROM = timedelta(days=60)
MOST_LEARNT = 500
# An absence of ours as long as this may have swallowed a run, and its repeats.
LONG_AWAY = timedelta(minutes=5)
GRACE_AFTER_AWAY = timedelta(minutes=5)
States, Kinds = Expectation.Status, Breach.Kind
_JOBS = (Asset.Type.PIPELINE, Asset.Type.TASK)
_WRITTEN = ["status", "opens_at", "expected_at", "due_at", "met_at"]


def rhythm_of(expectation: Expectation) -> Rhythm:
    early = expectation.early_seconds
    return Rhythm(
        every=timedelta(seconds=expectation.every_seconds),
        cron=expectation.cron,
        zone=expectation.time_zone,
        grace=timedelta(seconds=expectation.grace_seconds),
        early=None if early is None else timedelta(seconds=early),
    )


def start_waiting(expectation: Expectation, *, at: datetime) -> None:
    """Await the first turn. By a deadline, that is the next one; an interval begins at
    the last run there was, unless it would be over already."""
    rhythm = rhythm_of(expectation)
    last = last_runs([expectation.asset_id], since=at - LOOK_BACK, until=at)
    run_at = last.get(expectation.asset_id)
    expectation.met_at = run_at
    expectation.status = States.MET if run_at else States.WAITING
    turn = turn_after(rhythm, at)
    if run_at and not rhythm.cron:
        from_last = turn_after(rhythm, run_at)
        turn = from_last if from_last.due > at else turn
    _await(expectation, turn)


def look_for_late(*, at: datetime) -> int:
    """Alert for each asset whose run did not come in time, and resolve where one has
    come; return how many were due or came.

    Counts what was due while the inlet lived and what it took has been read. Claims
    rows with SKIP LOCKED: safe to run in many processes, late, and twice.
    """
    until = _heard_until(at)
    total = 0
    while until is not None and (found := _look(until, at=at)):
        total += found
    return total + _look_for_recovered(at=at)


def last_runs(
    asset_ids: Collection[int], *, since: datetime, until: datetime
) -> dict[int, datetime]:
    """{asset: when a run of it, or of a job that writes it, last succeeded}."""
    jobs = _writers(asset_ids)
    wanted = set(asset_ids).union(*jobs.values())
    # By when it was told last: of one that succeeded, when it ended.
    rows = Run.objects.filter(
        asset__in=wanted, state=Run.State.SUCCESS, updated_at__range=(since, until)
    )
    ended = dict(rows.order_by().values_list("asset").annotate(last=Max("updated_at")))
    found = {}
    for asset_id in asset_ids:
        ends = [ended[pk] for pk in (asset_id, *jobs[asset_id]) if pk in ended]
        if ends:
            found[asset_id] = max(ends)
    return found


def _writers(asset_ids: Collection[int]) -> dict[int, list[int]]:
    """{asset: the jobs that write it}, by lineage as it is now."""
    writers: dict[int, list[int]] = {pk: [] for pk in asset_ids}
    edges = Edge.objects.current().filter(
        downstream__in=asset_ids, upstream__type__in=_JOBS
    ).exclude(downstream__type__in=_JOBS)  # fmt: skip
    for upstream, downstream in edges.values_list("upstream_id", "downstream_id"):
        writers[downstream].append(upstream)
    return writers


def _heard_until(at: datetime) -> datetime | None:
    """Up to when all that was sent to us has been read: a run that waits to be read
    has come."""
    alive_at = InletWatch.objects.values_list("alive_at", flat=True).first()
    if alive_at is None:
        return None
    unread = Event.objects.filter(has_catalog_facts=True)
    oldest = unread.aggregate(at=Min("received_at"))["at"]
    return min(alive_at, oldest or alive_at, at)


@transaction.atomic
def _look(until: datetime, *, at: datetime) -> int:
    due = _rows().filter(due_at__lte=until).exclude(status=States.BREACHED)
    found = list(due.order_by("due_at", "pk")[:BATCH])
    runs = _runs_of(found, until=at)
    for expectation in found:
        run_at = runs.get(expectation.asset_id)
        if _has_come(expectation, run_at):
            _meet(expectation, run_at)
        else:
            _miss(expectation, run_at, at=at)
        expectation.save(update_fields=_WRITTEN)
    return len(found)


@transaction.atomic
def _look_for_recovered(*, at: datetime) -> int:
    late = list(_rows().filter(status=States.BREACHED).order_by("pk"))
    runs = _runs_of(late, until=at)
    back = [one for one in late if _has_come(one, runs.get(one.asset_id))]
    for expectation in back:
        end_breach(expectation, why="a run succeeded", at=at)
        _meet(expectation, runs[expectation.asset_id])
        expectation.save(update_fields=_WRITTEN)
    return len(back)


@transaction.atomic
def excuse_runs(down_at: datetime, up_at: datetime) -> int:
    """Wait longer for runs that could not be heard of; return how many.

    After a short absence, those that were due in it may still be told again by their
    senders. After a long one nobody can tell: their turn is passed over.
    """
    rows = _rows().exclude(status=States.BREACHED).filter(due_at__gt=down_at)
    is_long = up_at - down_at >= LONG_AWAY
    field = "opens_at__lte" if is_long else "expected_at__lte"
    found = list(rows.filter(**{field: up_at}).order_by("pk"))
    runs = _runs_of(found, until=up_at)
    excused = [one for one in found if not _has_come(one, runs.get(one.asset_id))]
    for expectation in excused:
        assert expectation.due_at is not None  # it was looked for by it
        if not is_long:
            expectation.due_at = max(expectation.due_at, up_at + GRACE_AFTER_AWAY)
        else:
            _pass_over(expectation, up_at)
        expectation.save(update_fields=_WRITTEN)
    return len(excused)


def _pass_over(expectation: Expectation, up_at: datetime) -> None:
    rhythm = rhythm_of(expectation)
    wanted = expectation.expected_at or up_at
    Breach.objects.create(
        expectation=expectation,
        kind=Kinds.UNSURE,
        since=wanted,
        until=max(up_at, wanted),
        said="A run may have come while Headwater was away.",
    )
    _await(expectation, following(rhythm, wanted, up_at))


def _rows() -> QuerySet[Expectation]:
    rows = Expectation.objects.select_for_update(skip_locked=True, of=["self"])
    return rows.filter(
        kind=Expectation.Kind.FRESHNESS,
        integration__disabled_at=None,
        integration__deleted_at=None,
    ).select_related("asset", "integration")


def _runs_of(
    expectations: Iterable[Expectation], *, until: datetime
) -> dict[int, datetime]:
    found = list(expectations)
    opens = [one.opens_at for one in found if one.opens_at]
    if not opens:
        return {}
    return last_runs([one.asset_id for one in found], since=min(opens), until=until)


def _has_come(expectation: Expectation, run_at: datetime | None) -> bool:
    opens = expectation.opens_at
    if run_at is None or opens is None:
        return False
    # An interval opens with the run before, a deadline before its own.
    return run_at >= opens if expectation.cron else run_at > opens


def _meet(expectation: Expectation, run_at: datetime | None) -> None:
    wanted = expectation.expected_at
    assert run_at is not None  # it has come
    assert wanted is not None  # what is awaited has a turn
    expectation.status = States.MET
    expectation.met_at = run_at
    _await(expectation, following(rhythm_of(expectation), wanted, run_at))


def _miss(expectation: Expectation, run_at: datetime | None, *, at: datetime) -> None:
    wanted = expectation.expected_at
    assert wanted is not None  # what is due has a turn
    last = max((t for t in (run_at, expectation.met_at) if t), default=None)
    since = f"The last one ended at {_told(last)}." if last else "None is known before."
    grace = duration(timedelta(seconds=expectation.grace_seconds))
    open_breach(
        expectation,
        Kinds.LATE,
        title=f"{expectation.asset} is stale: no run succeeded in time",
        said=f"A run was wanted by {_told(wanted)}; the grace is {grace}. {since}",
        since=wanted,
        at=at,
    )


def _await(expectation: Expectation, turn: Turn) -> None:
    expectation.opens_at = turn.opens
    expectation.expected_at = turn.expected
    expectation.due_at = turn.due


def _told(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def suggestion_for(asset_id: int, *, zone: str, at: datetime) -> Suggestion | None:
    """A rhythm learnt from the asset's runs of the last 60 days; None from too few."""
    jobs = _writers([asset_id])[asset_id]
    runs = Run.objects.filter(
        asset__in=[asset_id, *jobs],
        state=Run.State.SUCCESS,
        updated_at__range=(at - LEARNT_FROM, at),
    )
    ends = runs.order_by("-updated_at").values_list("updated_at", flat=True)
    return suggest(list(ends[:MOST_LEARNT]), zone=zone)
