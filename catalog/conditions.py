"""How assets are, seen with all that is upstream of them: healthy, stale, wrong or
failing, and whether somebody is at it. One vocabulary for lists, strips and pictures.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from accounts.models import User
from catalog.columns import affected_by_columns
from catalog.models import Asset
from catalog.signals import known_faults
from catalog.snapshots import LineageSnapshot

# What a fault makes of the data that hangs from it; "either" where it does not say,
# "over" once it has recovered and is still being watched.
Effect = Literal["over", "stale", "either", "wrong"]
State = Literal["healthy", "fixing", "stale", "wrong", "failing"]

# The more careful of two comes later.
CARE: Mapping[str, int] = {
    "over": 0,
    "stale": 1,
    "either": 2,
    "wrong": 3,
    "failing": 4,
}
STATES: Mapping[str, State] = {
    "over": "fixing",
    "stale": "stale",
    "either": "stale",
    "wrong": "wrong",
    "failing": "failing",
}
WORDS = {
    "over": "being fixed",
    "stale": "may be stale",
    "either": "may be stale or wrong",
    "wrong": "may be wrong",
    "failing": "failing",
}


@dataclass(frozen=True, slots=True)
class Faults:
    """Failing assets of one effect: {asset: the columns in which it fails, None all of
    it}. `is_being_fixed`: somebody has acknowledged every incident they are in. Of
    what is "over" the asset itself fails no more."""

    effect: Effect
    is_being_fixed: bool
    assets: Mapping[int, frozenset[str] | None]


@dataclass(frozen=True, slots=True)
class Condition:
    """`state` is what marks show, `word` what is said."""

    state: State = "healthy"
    word: str = "healthy"
    is_being_fixed: bool = False

    @property
    def words(self) -> str:
        """ "failing, being fixed" """
        return f"{self.word}, being fixed" if self.is_being_fixed else self.word


HEALTHY = Condition()


def conditions_of(
    asset_ids: Iterable[int], lineage: LineageSnapshot, *, user: User
) -> dict[int, Condition]:
    """Return {asset: how it is} of those that are not healthy, as `user` may know it:
    what a private incident says is kept to those who see it. Some eight queries."""
    wanted = set(asset_ids)
    if not wanted:
        return {}
    near = wanted.union(lineage.reach(wanted, upstream=True).ids.tolist())
    failing = _failing()
    told: dict[int, list[tuple[str, bool]]] = {}
    for faults in _faults(near, failing, user):
        effect = faults.effect
        for asset_id in wanted & _below(faults, lineage):
            told.setdefault(asset_id, []).append((effect, faults.is_being_fixed))
        own = "over" if effect == "over" else "failing"
        for asset_id in wanted & faults.assets.keys():
            told.setdefault(asset_id, []).append((own, faults.is_being_fixed))
    return {asset_id: _condition(every) for asset_id, every in told.items()}


def _failing() -> set[int]:
    rows = Asset.objects.filter(health=Asset.Health.FAILING)
    return set(rows.values_list("pk", flat=True))


def _faults(
    near: Collection[int], failing: Collection[int], user: User
) -> Iterable[Faults]:
    """What is told of faults, and what else fails, of which nothing is known."""
    known: set[int] = set()
    answers: Sequence[tuple[object, Any]] = known_faults.send(
        sender=Asset, among=near, user=user
    )
    groups: list[Faults] = [faults for _, told in answers for faults in told or ()]
    for faults in groups:
        if faults.effect != "over":
            known |= faults.assets.keys()
        yield faults
    rest = set(failing).intersection(near) - known
    if rest:
        yield Faults("either", is_being_fixed=False, assets=dict.fromkeys(rest))


def _below(faults: Faults, lineage: LineageSnapshot) -> set[int]:
    whole = [pk for pk, columns in faults.assets.items() if columns is None]
    parts = {pk: columns for pk, columns in faults.assets.items() if columns}
    found = set(lineage.reach(whole).ids.tolist()) if whole else set()
    return found | affected_by_columns(parts, lineage).assets if parts else found


def _condition(told: Collection[tuple[str, bool]]) -> Condition:
    worst = max((effect for effect, _ in told), key=lambda effect: CARE[effect])
    wrong = [answered for effect, answered in told if effect != "over"]
    return Condition(
        STATES[worst], WORDS[worst], is_being_fixed=bool(wrong) and all(wrong)
    )
