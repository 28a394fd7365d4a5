"""Figures over a period: how many, how long, how well the cause was guessed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import NamedTuple

from django.utils import timezone

from accounts.models import User
from alerts.models import Severity
from incidents.models import CauseVerdict, Incident

PERIODS = (7, 30, 90, 365)
MOST_ASSETS = 10


@dataclass(frozen=True, slots=True)
class Clocks:
    """Medians over the incidents that have both ends; None without any."""

    detect: timedelta | None
    acknowledge: timedelta | None
    resolve: timedelta | None


@dataclass(frozen=True, slots=True)
class Figures:
    """`weeks` are (Monday, incidents); `assets` (name, id, incidents).

    `confirmed` counts incidents whose cause a person confirmed; `first` and `third`
    how many of those suggestions stood first, or among the first three.
    """

    total: int
    open: int
    by_monitor: int
    severities: dict[str, int]
    clocks: Clocks
    weeks: list[tuple[date, int]]
    assets: list[tuple[str, int, int]]
    confirmed: int
    first: int
    third: int

    @property
    def most_in_a_week(self) -> int:
        return max((count for _, count in self.weeks), default=0)


class Row(NamedTuple):
    """What the figures need of an incident."""

    status: str
    severity: str
    detected_by: str
    impact_started_at: datetime
    detected_at: datetime
    triggered_at: datetime
    acknowledged_at: datetime | None
    resolved_at: datetime | None
    suspected_asset_id: int | None
    suspected_asset__name: str | None


def analyse(user: User, *, since: datetime, until: datetime) -> Figures:
    """Figures of incidents triggered in the period that `user` may see. Two queries;
    weeks are of the zone that is active."""
    incidents = Incident.objects.visible_to(user).filter(
        triggered_at__gte=since, triggered_at__lt=until, merged_into=None
    )
    rows = [Row(*values) for values in incidents.order_by().values_list(*Row._fields)]
    ranks = list(
        CauseVerdict.objects.filter(
            incident__in=incidents.order_by().values("pk"),
            verdict=CauseVerdict.Verdict.CONFIRMED,
        ).values_list("rank", flat=True)
    )
    severities = Counter(row.severity for row in rows)
    return Figures(
        total=len(rows),
        open=sum(row.status != Incident.Status.RESOLVED for row in rows),
        by_monitor=sum(row.detected_by == "monitor" for row in rows),
        severities={s: severities[s] for s in Severity.values},
        clocks=_clocks(rows),
        weeks=_weeks(rows, since=since, until=until),
        assets=_assets(rows),
        confirmed=len(ranks),
        first=sum(rank == 1 for rank in ranks),
        third=sum(rank is not None and rank <= 3 for rank in ranks),
    )


def _clocks(rows: list[Row]) -> Clocks:
    return Clocks(
        detect=_median((r.impact_started_at, r.detected_at) for r in rows),
        acknowledge=_median((r.triggered_at, r.acknowledged_at) for r in rows),
        resolve=_median((r.impact_started_at, r.resolved_at) for r in rows),
    )


def _median(
    pairs: Iterable[tuple[datetime | None, datetime | None]],
) -> timedelta | None:
    spans = [(end - start).total_seconds() for start, end in pairs if start and end]
    return timedelta(seconds=median(spans)) if spans else None


def _weeks(
    rows: list[Row], *, since: datetime, until: datetime
) -> list[tuple[date, int]]:
    counts = Counter(_monday(row.triggered_at) for row in rows)
    monday, weeks = _monday(since), []
    while monday <= timezone.localdate(until):
        weeks.append((monday, counts[monday]))
        monday += timedelta(days=7)
    return weeks


def _monday(at: datetime) -> date:
    day = timezone.localdate(at)
    return day - timedelta(days=day.weekday())


def _assets(rows: list[Row]) -> list[tuple[str, int, int]]:
    counts = Counter(
        (row.suspected_asset__name or "", row.suspected_asset_id)
        for row in rows
        if row.suspected_asset_id is not None
    )
    found = counts.most_common(MOST_ASSETS)
    return [(name, pk or 0, number) for (name, pk), number in found]
