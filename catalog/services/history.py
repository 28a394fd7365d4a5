"""Writing down what happened to assets: changes and runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter

from django.db import connection, transaction

from accounts.models import User
from catalog.models import Asset, Change, Load, Run
from core.live import publish
from core.text import clean, identifier, one_line

RUN_ID_LENGTH = 300
ERROR_LENGTH = 8192


@dataclass(frozen=True, slots=True)
class RunReport:
    """One message about a run. `state` is one of `Run.State`; "" and None: not told.

    `reported_at` is when it happened by the sender's clock; of two messages about a
    run the later one counts, whatever the order they arrive in. It is also the time
    of the start or the end that is not told.
    """

    asset_id: int
    run_id: str
    state: str
    reported_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    error: str = ""
    url: str = ""


@transaction.atomic
def record_change(
    *,
    asset: Asset | None,
    title: str,
    kind: str = Change.Kind.OTHER,
    url: str = "",
    author: str = "",
    occurred_at: datetime | None = None,
    recorded_by: User | None = None,
    at: datetime,
) -> Change:
    """Keep a deploy, schema change, config change or backfill.

    `asset` None: it is not known what the change touched. Without `occurred_at` it
    happened at `at`. Texts longer than their columns are cut.
    """
    change = Change.objects.create(
        asset=asset,
        title=one_line(title, 1024),
        kind=kind,
        url=clean(url, 2000),
        author=one_line(author, 200),
        occurred_at=occurred_at or at,
        recorded_by=recorded_by,
    )
    if asset is not None:
        publish(f"asset:{asset.pk}")
    return change


@dataclass(frozen=True, slots=True)
class LoadReport:
    """How many rows a run wrote into an asset, by the sender's clock at `at`."""

    asset_id: int
    run_id: str
    rows: int
    at: datetime


@transaction.atomic
def record_loads(reports: Iterable[LoadReport]) -> list[Load]:
    """Keep loads; return those not told before. Safe to repeat."""
    wanted = {
        (report.asset_id, identifier(report.run_id, RUN_ID_LENGTH)): report
        for report in reports
    }
    known = set(
        Load.objects.filter(
            asset__in={asset_id for asset_id, _ in wanted},
            run_id__in={run_id for _, run_id in wanted},
        ).values_list("asset_id", "run_id")
    )
    new = [
        Load(asset_id=asset_id, run_id=run_id, rows=report.rows, at=report.at)
        for (asset_id, run_id), report in sorted(wanted.items(), key=itemgetter(0))
        if (asset_id, run_id) not in known
    ]
    Load.objects.bulk_create(new, ignore_conflicts=True)
    return new


@transaction.atomic
def record_runs(reports: Iterable[RunReport]) -> int:
    """Keep runs and return how many. Safe to repeat and to call out of order."""
    latest: dict[tuple[int, str], RunReport] = {}
    for report in sorted(reports, key=_order):
        key = (report.asset_id, identifier(report.run_id, RUN_ID_LENGTH))
        earlier = latest.get(key)
        latest[key] = _joined(earlier, report) if earlier else report
    if not latest:
        return 0
    rows = [(*key, report) for key, report in sorted(latest.items(), key=_key)]
    with connection.cursor() as cursor:
        cursor.execute(
            _UPSERT_RUNS,
            [
                [asset_id for asset_id, _, _ in rows],
                [run_id for _, run_id, _ in rows],
                [report.state for *_, report in rows],
                [_started(report) for *_, report in rows],
                [_ended(report) for *_, report in rows],
                [report.reported_at for *_, report in rows],
                [clean(report.error, ERROR_LENGTH) for *_, report in rows],
                [clean(report.url, 2000) for *_, report in rows],
            ],
        )
    publish(*(f"asset:{pk}" for pk in sorted({asset_id for asset_id, _, _ in rows})))
    return len(rows)


# What is later replaces what is earlier; of two at the same instant the one that
# ends the run does. Times and texts that only one of them tells are kept.
_UPSERT_RUNS = """
    INSERT INTO catalog_run AS run
        (asset_id, run_id, state, started_at, ended_at, updated_at, error, url)
    SELECT * FROM unnest(
        %s::bigint[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[],
        %s::timestamptz[], %s::text[], %s::text[])
    ON CONFLICT (asset_id, run_id) DO UPDATE SET
        (state, updated_at, error) = (
            SELECT newest.state, newest.updated_at, newest.error
            FROM (VALUES (run.state, run.updated_at, run.error),
                         (EXCLUDED.state, EXCLUDED.updated_at, EXCLUDED.error))
                 AS newest (state, updated_at, error)
            ORDER BY newest.updated_at DESC, newest.state = 'running'
            LIMIT 1),
        started_at = LEAST(run.started_at, EXCLUDED.started_at),
        ended_at = GREATEST(run.ended_at, EXCLUDED.ended_at),
        url = CASE WHEN EXCLUDED.url = '' THEN run.url ELSE EXCLUDED.url END
"""


def _order(report: RunReport) -> tuple[datetime, bool]:
    return report.reported_at, report.state != Run.State.RUNNING


def _key(row: tuple[tuple[int, str], RunReport]) -> tuple[int, str]:
    return row[0]


def _started(report: RunReport) -> datetime | None:
    is_start = report.state == Run.State.RUNNING
    return report.started_at or (report.reported_at if is_start else None)


def _ended(report: RunReport) -> datetime | None:
    is_end = report.state != Run.State.RUNNING
    return report.ended_at or (report.reported_at if is_end else None)


def _joined(earlier: RunReport, later: RunReport) -> RunReport:
    """The later report, with the times and link that only the earlier one tells."""
    starts = [at for at in map(_started, (earlier, later)) if at]
    return RunReport(
        asset_id=later.asset_id,
        run_id=later.run_id,
        state=later.state,
        reported_at=later.reported_at,
        started_at=min(starts, default=None),
        ended_at=later.ended_at or earlier.ended_at,
        error=later.error,
        url=later.url or earlier.url,
    )
