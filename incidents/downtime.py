"""For how long data was not to be trusted. Pure, but for the look-up at the end.

An asset is down from when it fails in an incident until it does not any more; where
incidents overlap, the time counts once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import User
from alerts.models import Breach, Expectation
from catalog.models import Asset
from incidents.models import FailingAsset, Incident

Span = tuple[datetime, datetime]
ZERO = timedelta(0)
MOST_SHOWN = 10
DAY = timedelta(days=1)


def union(spans: Iterable[Span], *, since: datetime, until: datetime) -> list[Span]:
    """The spans cut to the period, in order, with those that touch as one."""
    cut = sorted(
        (max(start, since), min(end, until))
        for start, end in spans
        if start < until and end > since and start < end
    )
    joined: list[Span] = []
    for start, end in cut:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def length(spans: Iterable[Span]) -> timedelta:
    """Of spans that do not overlap."""
    return sum((end - start for start, end in spans), ZERO)


@dataclass(frozen=True, slots=True)
class Line:
    """The downtime of an asset, team or tier, `assets` of which were down at all."""

    name: str
    url: str
    hours: float
    assets: int = 1


@dataclass(frozen=True, slots=True)
class Downtime:
    """In hours, those with most first. Of teams and tiers: summed over their assets."""

    hours: float
    assets: list[Line]
    teams: list[Line]
    tiers: list[Line]


def downtime(user: User, *, since: datetime, until: datetime) -> Downtime:
    """Over the incidents `user` may see. Two queries."""
    spans = _failing(user, since=since, until=until)
    down = {
        pk: length(union(found, since=since, until=until))
        for pk, found in spans.items()
    }
    assets = Asset.objects.select_related("team").in_bulk(down)
    ranked = sorted(
        (assets[pk] for pk in down if pk in assets),
        key=lambda asset: (-down[asset.pk], asset.name),
    )
    by_asset = [Line(a.name, a.get_absolute_url(), hours(down[a.pk])) for a in ranked]
    return Downtime(
        hours=hours(sum((down[a.pk] for a in ranked), ZERO)),
        assets=by_asset[:MOST_SHOWN],
        teams=_summed((str(a.team or "No team"), down[a.pk]) for a in ranked),
        tiers=_summed((f"Tier {a.tier}", down[a.pk]) for a in ranked),
    )


def hours(span: timedelta) -> float:
    return round(span.total_seconds() / 3600, 1)


def _summed(named: Iterable[tuple[str, timedelta]]) -> list[Line]:
    totals: dict[str, timedelta] = defaultdict(lambda: ZERO)
    counts: dict[str, int] = defaultdict(int)
    for name, span in named:
        totals[name] += span
        counts[name] += 1
    ranked = sorted(totals, key=lambda name: (-totals[name], name))
    return [Line(name, "", hours(totals[name]), counts[name]) for name in ranked]


def _failing(
    user: User, *, since: datetime, until: datetime, asset: Asset | None = None
) -> Mapping[int, list[Span]]:
    visible = Incident.objects.visible_to(user).filter(merged_into=None)
    rows = FailingAsset.objects.filter(
        incident__in=visible.order_by().values("pk"), since__lt=until
    ).exclude(until__lte=since)
    if asset is not None:
        rows = rows.filter(asset=asset)
    found: dict[int, list[Span]] = defaultdict(list)
    for asset_id, start, end in rows.values_list("asset_id", "since", "until"):
        found[asset_id].append((start, end or until))
    return found


@dataclass(frozen=True, slots=True)
class DayCell:
    """How an asset was on one day; `health` is the worst of it."""

    day: datetime
    health: str
    words: str


def history_of(
    asset: Asset, *, user: User, at: datetime, days: int = 60
) -> list[DayCell]:
    """The last days up to `at`, oldest first, each 24 hours long. Three queries."""
    start = at - days * DAY
    late = _late(asset, since=start, until=at)
    failing = _failing(user, since=start, until=at, asset=asset).get(asset.pk, [])
    return [
        _cell(start + n * DAY, start + (n + 1) * DAY, failing, late)
        for n in range(days)
    ]


def _late(asset: Asset, *, since: datetime, until: datetime) -> list[Span]:
    rows = Breach.objects.filter(
        expectation__asset=asset,
        expectation__kind=Expectation.Kind.FRESHNESS,
        since__lt=until,
    ).exclude(until__lte=since)
    return [(start, end or until) for start, end in rows.values_list("since", "until")]


def _cell(
    since: datetime, until: datetime, failing: list[Span], late: list[Span]
) -> DayCell:
    down = union(failing, since=since, until=until)
    stale = union(late, since=since, until=until)
    # Being late is an alert, so it is among what fails; the rest is broken.
    broken = length(union([*down, *stale], since=since, until=until)) - length(stale)
    words = []
    if broken > ZERO:
        words.append(f"broken {hours(broken)} h")
    if stale:
        words.append(f"stale {hours(length(stale))} h")
    health = "failing" if broken > ZERO else "stale" if stale else "healthy"
    return DayCell(since, health, ", ".join(words) or "healthy")
