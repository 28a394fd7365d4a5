"""How bad an incident is, and the arithmetic in words.

The alerts say how bad their own asset is. What hangs from it may matter more: each
dashboard, data product or model downstream has points by its tier, more where many
are known to use it, and so has the most important asset of any kind. So many points
raise the severity by one step, at most once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

LEVELS = ("SEV1", "SEV2", "SEV3", "SEV4")
TOP_TIER = 1
POINTS = {1: 10.0, 2: 3.0, 3: 1.0, 4: 0.0}
ENOUGH = 10.0
MANY_USERS = 100  # from so many on, it counts double
WORDS = {
    "dashboard": ("dashboard", "dashboards"),
    "product": ("data product", "data products"),
    "model": ("ML model", "ML models"),
}


@dataclass(frozen=True, slots=True)
class Downstream:
    """What people look at, and may be wrong. `users` None: not known."""

    name: str
    type: str
    tier: int
    users: int | None = None

    @property
    def points(self) -> float:
        weight = 1 + min((self.users or 0) / MANY_USERS, 1.0)
        return POINTS.get(self.tier, 0.0) * weight


@dataclass(frozen=True, slots=True)
class Weighed:
    severity: str
    reason: str


def weigh(
    *, alerts: str, top_tier_asset: str | None, downstream: Collection[Downstream] = ()
) -> Weighed:
    """Return the severity for the worst of the alerts' own, or a declared one.

    `top_tier_asset` names an asset of tier 1 among the failing and affected ones;
    `downstream` are the dashboards, products and models among them.
    """
    points = sum(one.points for one in downstream)
    sums = _sums(downstream, points)
    if top_tier_asset is None and points < ENOUGH:
        why = sums or f"nothing of tier {TOP_TIER} is affected"
        return Weighed(alerts, f"{alerts}: {why}.")
    why = sums if top_tier_asset is None else _why_top(top_tier_asset, sums)
    if alerts == LEVELS[0]:
        return Weighed(alerts, f"{alerts} by itself, and {why}.")
    raised = LEVELS[LEVELS.index(alerts) - 1]
    return Weighed(raised, f"{alerts} by itself, one step up to {raised}: {why}.")


def _why_top(name: str, sums: str) -> str:
    also = f" ({sums})" if sums else ""
    return f"{name} is tier {TOP_TIER} and affected{also}"


def _sums(downstream: Collection[Downstream], points: float) -> str:
    """`2 dashboards of tier 2 and 1 data product of tier 3 make 7 of 10 points`."""
    counts = Counter((one.tier, one.type) for one in downstream if one.points)
    if not counts:
        return ""
    parts = [
        f"{number} {WORDS.get(kind, (kind, kind + 's'))[number > 1]} of tier {tier}"
        for (tier, kind), number in sorted(counts.items())
    ]
    listed = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    used = sum(bool(one.users) for one in downstream)
    weighed = ", weighed by use" if used else ""
    make = "makes" if sum(counts.values()) == 1 else "make"
    return f"{listed} {make} {points:g} of {ENOUGH:g} points{weighed}"


def is_worse(severity: str, than: str) -> bool:
    return LEVELS.index(severity) < LEVELS.index(than)
