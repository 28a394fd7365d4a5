"""What the home page says besides incidents: my next shift, how the data is."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q, Window
from django.db.models.functions import RowNumber

from accounts.models import User
from catalog.models import Asset
from oncall.services.feeds import personal_shifts

AHEAD = timedelta(days=28)
MOST_TEAMS = 12
MOST_CELLS = 40


@dataclass(frozen=True, slots=True)
class NextShift:
    schedule: str
    start: datetime
    end: datetime
    is_now: bool


def next_shift(user: User, *, at: datetime) -> NextShift | None:
    """The shift the person is in, or the next one within four weeks."""
    for mine in personal_shifts(user, start=at, end=at + AHEAD):
        shift = mine.shift
        return NextShift(str(mine.schedule), shift.start, shift.end, shift.start <= at)
    return None


@dataclass(frozen=True, slots=True)
class TeamHealth:
    """How many assets a team has, how many of them fail, and a strip of the most
    telling ones: failing first, then by tier."""

    name: str
    slug: str
    assets: int
    failing: int
    cells: list[Asset]

    @property
    def word(self) -> str:
        return f"{self.failing} failing"

    @property
    def left_out(self) -> int:
        return self.assets - len(self.cells)


def data_health(user: User) -> list[TeamHealth]:
    """Teams that own assets: those with failing ones first, then the person's own.

    Three queries; at most MOST_TEAMS teams with MOST_CELLS assets each.
    """
    rows = (
        Asset.objects.order_by()
        .values_list("team_id", "team__name", "team__slug")
        .annotate(
            how_many=Count("pk"),
            failing=Count("pk", filter=Q(health=Asset.Health.FAILING)),
        )
    )
    own = set(user.teams.values_list("pk", flat=True))
    teams = sorted(
        rows, key=lambda row: (row[4] == 0, row[0] not in own, row[0] is None, row[1])
    )[:MOST_TEAMS]
    cells = _cells([row[0] for row in teams if row[0] is not None])
    return [
        TeamHealth(name or "No team", slug or "", number, bad, cells.get(pk, []))
        for pk, name, slug, number, bad in teams
    ]


def _cells(team_ids: list[int]) -> dict[int | None, list[Asset]]:
    """{team: its most telling assets}, one query."""
    place = Window(
        RowNumber(), partition_by="team_id", order_by=["health", "tier", "name", "pk"]
    )
    ranked = (
        Asset.objects.filter(team__in=team_ids)
        .only("name", "namespace", "health", "team_id", "tier")
        .annotate(place=place)
        .filter(place__lte=MOST_CELLS)
        .order_by("team_id", "place")
    )
    cells: dict[int | None, list[Asset]] = defaultdict(list)
    for asset in ranked:
        cells[asset.team_id].append(asset)
    return cells
