"""Figures over a period: how many, how long, how well the cause was guessed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

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
    """`weeks` are (Monday, {severity: count}); `assets` (name, id, incidents).

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


def analyse(user: User, *, since: datetime, until: datetime) -> Figures:
    """Figures of incidents triggered in the period that `user` may see. 3 queries."""
    incidents = list(
        Incident.objects.visible_to(user)
        .filter(triggered_at__gte=since, triggered_at__lt=until, merged_into=None)
        .select_related("suspected_asset")
    )
    ranks = list(
        CauseVerdict.objects.filter(
            incident__in=[incident.pk for incident in incidents],
            verdict=CauseVerdict.Verdict.CONFIRMED,
        ).values_list("rank", flat=True)
    )
    severities = Counter(incident.severity for incident in incidents)
    return Figures(
        total=len(incidents),
        open=sum(incident.is_open for incident in incidents),
        by_monitor=sum(i.detected_by == "monitor" for i in incidents),
        severities={s: severities[s] for s in Severity.values},
        clocks=_clocks(incidents),
        weeks=_weeks(incidents, since=since, until=until),
        assets=_assets(incidents),
        confirmed=len(ranks),
        first=sum(rank == 1 for rank in ranks),
        third=sum(rank is not None and rank <= 3 for rank in ranks),
    )


def _clocks(incidents: list[Incident]) -> Clocks:
    return Clocks(
        detect=_median((i.impact_started_at, i.detected_at) for i in incidents),
        acknowledge=_median((i.triggered_at, i.acknowledged_at) for i in incidents),
        resolve=_median((i.impact_started_at, i.resolved_at) for i in incidents),
    )


def _median(
    pairs: Iterable[tuple[datetime | None, datetime | None]],
) -> timedelta | None:
    spans = [(end - start).total_seconds() for start, end in pairs if start and end]
    return timedelta(seconds=median(spans)) if spans else None


def _weeks(
    incidents: list[Incident], *, since: datetime, until: datetime
) -> list[tuple[date, int]]:
    counts = Counter(_monday(incident.triggered_at) for incident in incidents)
    monday, weeks = _monday(since), []
    while monday <= until.date():
        weeks.append((monday, counts[monday]))
        monday += timedelta(days=7)
    return weeks


def _monday(at: datetime) -> date:
    return at.date() - timedelta(days=at.weekday())


def _assets(incidents: list[Incident]) -> list[tuple[str, int, int]]:
    counts = Counter(
        (str(i.suspected_asset), i.suspected_asset.pk)
        for i in incidents
        if i.suspected_asset
    )
    return [(name, pk, n) for (name, pk), n in counts.most_common(MOST_ASSETS)]
