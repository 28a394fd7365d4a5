"""What the home page says besides incidents: my next shift, how the data is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, Count, Q, When, Window
from django.db.models.functions import RowNumber
from django.urls import reverse

from accounts.models import User
from catalog.conditions import HEALTHY, Condition, State, conditions_of
from catalog.graph import snapshot
from catalog.models import Asset
from core.bulk import any_of
from incidents.models import FailingAsset, Incident
from incidents.signals import HomeItem
from oncall.models import Swap
from oncall.services.feeds import personal_shifts

AHEAD = timedelta(days=28)
MOST_TEAMS = 12
MOST_CELLS = 40

# A team: id, name, slug, how many assets, how many of them fail.
Row = tuple[int | None, str | None, str | None, int, int]


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


def offered_shifts(user: User, *, at: datetime) -> list[HomeItem]:
    """Shifts of others that the person, or anybody in their teams, is asked to take.
    One query."""
    ours = Q(schedule__team__in=user.teams.all())
    offers = Swap.objects.open(at=at).offered_to(user)
    offers = offers.filter(Q(taker=user) | Q(offered_to=user) | ours)
    return [
        HomeItem(
            f"{offer.giver} looks for somebody to take {offer.schedule}",
            reverse("oncall:my_shifts"),
            "Shift on offer",
            due_at=offer.start_at,
        )
        for offer in offers.select_related("giver", "schedule").order_by("start_at")
    ]


@dataclass(frozen=True, slots=True)
class TeamHealth:
    """How many assets a team has, how many of them fail or hang from what fails, and a
    strip of the most telling ones: failing first, then what hangs from it, then by
    tier."""

    name: str
    slug: str
    assets: int
    failing: int
    affected: int
    cells: list[tuple[Asset, Condition]]

    @property
    def state(self) -> State:
        """Of the worst of them."""
        return "failing" if self.failing else "stale" if self.affected else "healthy"

    @property
    def word(self) -> str:
        said = [f"{self.failing} failing"] if self.failing else []
        said += [f"{self.affected} affected"] if self.affected else []
        return ", ".join(said) or "all healthy"

    @property
    def left_out(self) -> int:
        return self.assets - len(self.cells)


def data_health(user: User) -> list[TeamHealth]:
    """Teams that own assets: those with failing ones first, then those with affected
    ones, then the person's own.

    A dozen queries; at most MOST_TEAMS teams with MOST_CELLS assets each.
    """
    lineage = snapshot()
    failing = _failing(user)
    affected = set(lineage.reach(failing).ids.tolist()) - failing
    rows = (
        Asset.objects.order_by()
        .values_list("team_id", "team__name", "team__slug")
        .annotate(
            how_many=Count("pk"),
            failing=Count("pk", filter=Q(pk__in=any_of(failing))),
        )
    )
    hurt = Asset.objects.filter(pk__in=any_of(affected)).order_by()
    teams_hit = hurt.values_list("team_id", flat=True) if affected else ()
    hit: Counter[int | None] = Counter(teams_hit)
    own = set(user.teams.values_list("pk", flat=True))

    def urgency(row: Row) -> tuple[bool, bool, bool, bool, str | None]:
        pk, name, _, _, bad = row
        return not bad, not hit[pk], pk not in own, pk is None, name

    teams = sorted(rows, key=urgency)[:MOST_TEAMS]
    cells = _cells([row[0] for row in teams if row[0] is not None], failing, affected)
    shown = [asset.pk for assets in cells.values() for asset in assets]
    conditions = conditions_of(shown, lineage, user=user)
    return [
        TeamHealth(
            name or "No team",
            slug or "",
            number,
            bad,
            hit[pk],
            [(one, conditions.get(one.pk, HEALTHY)) for one in cells.get(pk, [])],
        )
        for pk, name, slug, number, bad in teams
    ]


def _failing(user: User) -> set[int]:
    """What fails by its alerts, or by an incident that somebody declared."""
    assets = Asset.objects.filter(health=Asset.Health.FAILING)
    visible = Incident.objects.visible_to(user).open()
    told = FailingAsset.objects.filter(incident__in=visible.values("pk"), until=None)
    return {
        *assets.values_list("pk", flat=True),
        *told.values_list("asset_id", flat=True),
    }


def _cells(
    team_ids: list[int], failing: Collection[int], affected: Collection[int]
) -> dict[int | None, list[Asset]]:
    """{team: its most telling assets}, one query."""
    urgency = Case(
        When(pk__in=any_of(failing), then=0),
        When(pk__in=any_of(affected), then=1),
        default=2,
    )
    place = Window(
        RowNumber(), partition_by="team_id", order_by=[urgency, "tier", "name", "pk"]
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
