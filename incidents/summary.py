"""What the home page says besides incidents: my next shift, how the data is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q

from accounts.models import User
from catalog.models import Asset
from oncall.services.feeds import personal_shifts

AHEAD = timedelta(days=28)


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
    """How many assets a team has and how many of them fail."""

    name: str
    assets: int
    failing: int

    @property
    def word(self) -> str:
        return f"{self.failing} failing"


def failing_by_team() -> list[TeamHealth]:
    """Teams that own assets, those with failing ones first. One query."""
    rows = (
        Asset.objects.order_by()
        .values_list("team__name")
        .annotate(
            number=Count("pk"),
            failing=Count("pk", filter=Q(health=Asset.Health.FAILING)),
        )
    )
    found = [TeamHealth(name or "No team", number, bad) for name, number, bad in rows]
    return sorted(found, key=lambda team: (-team.failing, team.name))
