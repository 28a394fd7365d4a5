"""Which incident an alert belongs to: decided over plain values, without a database.

A fault is seen as a head, the most upstream asset that fails, and what fails
downstream of it. So an alert joins

1. the open incident that is about the same asset, or has the same key where the
   asset is unknown;
2. every open incident whose head is downstream of it: the alert is the late word from
   upstream and merges them, except those that somebody has acknowledged meanwhile;
3. the nearest open incident with a failing asset upstream of it.

Two heads with a failing asset in common downstream are one fault only if they also
share an ancestor that could explain both. Without that, two sources that break at
the same time would be glued together by the first report that reads both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol

Key = tuple[int, str]


class Lineage(Protocol):
    """What is upstream and downstream of an asset: {asset id: distance}."""

    def ancestors(self, asset_id: int, hops: int | None = None) -> dict[int, int]: ...

    def descendants(self, asset_id: int, hops: int | None = None) -> dict[int, int]: ...


@dataclass(frozen=True, slots=True)
class Signal:
    """A new alert, reduced to what grouping looks at.

    `asset_id` None: the alert names no asset, and `key` (integration, dedup key) is
    all there is. A signal that does not page opens no incident by itself.
    """

    alert_id: int
    key: Key
    asset_id: int | None
    at: datetime
    pages: bool = True


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """An incident that may take alerts. `failing` are the ids of its assets.

    One that `stands_alone` (a private one) takes alerts of its own assets only.
    """

    id: int
    first_at: datetime
    last_at: datetime
    acknowledged: bool
    failing: frozenset[int]
    keys: frozenset[Key] = frozenset()
    stands_alone: bool = False


class Tie(Enum):
    OPENED = "opened"
    SAME_KEY = "same key"
    SAME_ASSET = "same asset"
    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"
    TOGETHER = "same fault"


@dataclass(frozen=True, slots=True)
class Placement:
    """The incident an alert goes to: an id, or -1, -2, … for one to be opened.

    `to_asset` is the failing asset that ties it there, `hops` how far away it is.
    """

    alert_id: int
    incident: int
    tie: Tie
    to_asset: int | None = None
    hops: int = 0


@dataclass(frozen=True, slots=True)
class Merge:
    """`gone` and `kept` are one fault, tied by `asset_id`. A person decides where
    `gone` has been acknowledged: then it is an offer."""

    kept: int
    gone: int
    asset_id: int
    is_offer: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do. Alerts without a placement stay outside all incidents."""

    placements: list[Placement]
    merges: list[Merge]

    @property
    def existing(self) -> set[int]:
        """Ids of the incidents that this changes."""
        ids = {placement.incident for placement in self.placements}
        for merge in self.merges:
            ids |= {merge.kept, merge.gone}
        return {incident for incident in ids if incident > 0}


@dataclass(slots=True)
class _Group:
    """An incident as it grows while a batch is decided. Negative ids are new."""

    id: int
    first_at: datetime
    last_at: datetime
    acknowledged: bool
    stands_alone: bool = False
    failing: set[int] = field(default_factory=set)
    maybe_heads: set[int] = field(default_factory=set)
    heads_are_known: bool = False

    @property
    def rank(self) -> tuple[bool, int]:
        """Existing incidents before new ones, then the older before the younger."""
        return (self.id < 0, abs(self.id))

    def is_near(self, at: datetime, window: timedelta) -> bool:
        in_time = self.first_at - window <= at <= self.last_at + window
        return in_time and not self.stands_alone


def decide(
    signals: Iterable[Signal],
    *,
    incidents: Iterable[OpenIncident],
    lineage: Lineage,
    hops: int,
    window: timedelta,
) -> Plan:
    """Return where each signal goes. Signals correlate among themselves, too.

    The order of `signals` does not matter: they are taken as they happened, those
    that do not page last.
    """
    grouping = _Grouping(incidents, lineage=lineage, hops=hops, window=window)
    for signal in sorted(signals, key=lambda s: (not s.pages, s.at, s.alert_id)):
        grouping.take(signal)
    return grouping.plan()


class _Grouping:
    """The state of one decision: the groups so far and where each asset fails."""

    def __init__(
        self,
        incidents: Iterable[OpenIncident],
        *,
        lineage: Lineage,
        hops: int,
        window: timedelta,
    ) -> None:
        self.lineage = _Remembered(lineage, hops)
        self.window = window
        self.groups: dict[int, _Group] = {}
        self.by_asset: dict[int, set[int]] = {}
        self.by_key: dict[Key, int] = {}
        self.became: dict[int, int] = {}
        self.opened = 0
        self.placements: list[Placement] = []
        self.merges: dict[tuple[int, int], Merge] = {}
        for known in sorted(incidents, key=lambda i: i.id):
            group = _Group(
                id=known.id,
                first_at=known.first_at,
                last_at=known.last_at,
                acknowledged=known.acknowledged,
                stands_alone=known.stands_alone,
            )
            self._add(group, known.failing)
            for key in known.keys:
                self.by_key.setdefault(key, known.id)

    def take(self, signal: Signal) -> None:
        if signal.asset_id is None:
            self._take_by_key(signal)
        elif signal.asset_id in self.by_asset:
            ids = self.by_asset[signal.asset_id]
            group = min((self.groups[i] for i in ids), key=lambda g: g.rank)
            self._place(signal, group, Tie.SAME_ASSET, signal.asset_id)
        else:
            self._take_by_lineage(signal, signal.asset_id)

    def plan(self) -> Plan:
        """The placements, with merged groups followed to where they ended."""
        return Plan(
            [self._settled(placement) for placement in self.placements],
            [replace(m, kept=self._final(m.kept)) for m in self.merges.values()],
        )

    def _settled(self, placed: Placement) -> Placement:
        incident = self._final(placed.incident)
        if incident == placed.incident:
            return placed
        tie = Tie.TOGETHER if placed.tie is Tie.OPENED else placed.tie
        return replace(placed, incident=incident, tie=tie)

    def _take_by_key(self, signal: Signal) -> None:
        known = self.by_key.get(signal.key)
        if known is not None:
            self._place(signal, self.groups[self._final(known)], Tie.SAME_KEY)
        elif signal.pages:
            group = self._open(signal)
            self.by_key[signal.key] = group.id

    def _take_by_lineage(self, signal: Signal, asset_id: int) -> None:
        up = self._near_groups(self.lineage.ancestors(asset_id), signal.at)
        down = self._near_groups(self.lineage.descendants(asset_id), signal.at)
        joined = self._explained(asset_id, up, down)
        nearest = min(up, key=lambda i: (up[i][0], self.groups[i].rank), default=None)
        if nearest is not None:
            joined |= {nearest} | self._kin(nearest, set(up) - joined)
        if not joined:
            if signal.pages:
                self._add(self._open(signal), {asset_id})
            return
        if not signal.pages:
            home = nearest or min(joined, key=lambda i: self.groups[i].rank)
            self._place_tied(signal, home, up, down)
            return
        kept = min(joined, key=lambda i: self.groups[i].rank)
        self._place_tied(signal, kept, up, down)
        self._add(self.groups[kept], {asset_id})
        for other in sorted(joined - {kept}, key=lambda i: self.groups[i].rank):
            self._unite(kept, other, asset_id)

    def _near_groups(
        self, relatives: Mapping[int, int], at: datetime
    ) -> dict[int, tuple[int, int]]:
        """{group id: (distance, its nearest failing asset among `relatives`)}."""
        near: dict[int, tuple[int, int]] = {}
        for asset_id in self.by_asset.keys() & relatives.keys():
            found = (relatives[asset_id], asset_id)
            for group_id in self.by_asset[asset_id]:
                if self.groups[group_id].is_near(at, self.window):
                    near[group_id] = min(found, near.get(group_id, found))
        return near

    def _explained(
        self, asset_id: int, up: Iterable[int], down: Iterable[int]
    ) -> set[int]:
        """The groups downstream whose fault may well be this asset's."""
        below = self.lineage.descendants(asset_id)
        above = self.lineage.ancestors(asset_id)
        return {
            group_id
            for group_id in down
            if _meet(self._heads(group_id), below)
            or (group_id not in up and self._heads_meet(group_id, above))
        }

    def _kin(self, home: int, others: set[int]) -> set[int]:
        """Those of `others` that have an ancestor in common with `home`."""
        above = [self.lineage.ancestors(head) for head in self._heads(home)]
        return {
            other
            for other in others
            if any(self._heads_meet(other, ancestors) for ancestors in above)
        }

    def _heads_meet(self, group_id: int, above: Mapping[int, int]) -> bool:
        return any(
            _meet(above, self.lineage.ancestors(head)) for head in self._heads(group_id)
        )

    def _open(self, signal: Signal) -> _Group:
        self.opened += 1
        group = _Group(-self.opened, signal.at, signal.at, acknowledged=False)
        self.groups[group.id] = group
        self._place(signal, group, Tie.OPENED)
        return group

    def _add(
        self,
        group: _Group,
        asset_ids: Collection[int],
        maybe_heads: Collection[int] | None = None,
    ) -> None:
        """Let `asset_ids` fail in `group`; any of them, or only `maybe_heads`, may be
        its head."""
        self.groups[group.id] = group
        group.failing.update(asset_ids)
        group.maybe_heads.update(asset_ids if maybe_heads is None else maybe_heads)
        group.heads_are_known = False
        for asset_id in asset_ids:
            self.by_asset.setdefault(asset_id, set()).add(group.id)

    def _heads(self, group_id: int) -> set[int]:
        """The failing assets without a failing asset upstream in the group."""
        group = self.groups[group_id]
        if not group.heads_are_known:
            # What once was below another asset stays so, however the group grows.
            group.maybe_heads = {
                asset_id
                for asset_id in group.maybe_heads
                if not _meet(group.failing, self.lineage.ancestors(asset_id))
            }
            group.heads_are_known = True
        return group.maybe_heads or group.failing  # a cycle has no head

    def _unite(self, kept_id: int, gone_id: int, asset_id: int) -> None:
        """Merge the second group into the first, unless somebody works on it."""
        kept, gone = self.groups[kept_id], self.groups[gone_id]
        if gone_id > 0:
            self.merges.setdefault(
                (kept_id, gone_id),
                Merge(kept_id, gone_id, asset_id, is_offer=gone.acknowledged),
            )
            if gone.acknowledged:
                return
        self.became[gone_id] = kept_id
        del self.groups[gone_id]
        for member in gone.failing:
            self.by_asset[member].discard(gone_id)
        kept.first_at = min(kept.first_at, gone.first_at)
        kept.last_at = max(kept.last_at, gone.last_at)
        self._add(kept, gone.failing, maybe_heads=gone.maybe_heads)

    def _place_tied(
        self,
        signal: Signal,
        group_id: int,
        up: Mapping[int, tuple[int, int]],
        down: Mapping[int, tuple[int, int]],
    ) -> None:
        tie = Tie.DOWNSTREAM if group_id in up else Tie.UPSTREAM
        hops, to_asset = up[group_id] if group_id in up else down[group_id]
        self._place(signal, self.groups[group_id], tie, to_asset, hops)

    def _place(
        self,
        signal: Signal,
        group: _Group,
        tie: Tie,
        to_asset: int | None = None,
        hops: int = 0,
    ) -> None:
        self.placements.append(
            Placement(signal.alert_id, group.id, tie, to_asset, hops)
        )
        group.first_at = min(group.first_at, signal.at)
        group.last_at = max(group.last_at, signal.at)

    def _final(self, group_id: int) -> int:
        while group_id in self.became:
            group_id = self.became[group_id]
        return group_id


def _meet(one: Collection[int], other: Collection[int]) -> bool:
    """Whether they have a member in common; walks the smaller only, as thousands of
    ancestors are often held against a handful of failing assets."""
    small, large = (one, other) if len(one) <= len(other) else (other, one)
    return any(member in large for member in small)


class _Remembered:
    """Lineage within some hops, each question asked of the graph once."""

    def __init__(self, lineage: Lineage, hops: int) -> None:
        self._lineage = lineage
        self._hops = hops
        self._up: dict[int, dict[int, int]] = {}
        self._down: dict[int, dict[int, int]] = {}

    def ancestors(self, asset_id: int) -> dict[int, int]:
        if asset_id not in self._up:
            self._up[asset_id] = self._lineage.ancestors(asset_id, self._hops)
        return self._up[asset_id]

    def descendants(self, asset_id: int) -> dict[int, int]:
        if asset_id not in self._down:
            self._down[asset_id] = self._lineage.descendants(asset_id, self._hops)
        return self._down[asset_id]
