"""What grouping is told, and what it answers: plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

Key = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Signal:
    """A new alert, reduced to what grouping looks at.

    `asset_id` None: the alert names no asset, and `key` (integration, dedup key) is
    all there is. A signal that does not page opens no incident by itself. `began_at`
    is when the sender says it began; `at` when it came.
    """

    alert_id: int
    key: Key
    asset_id: int | None
    at: datetime
    pages: bool = True
    began_at: datetime | None = None

    @property
    def since(self) -> datetime:
        return min(self.began_at or self.at, self.at)


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """An incident that may take alerts. `failing` are the ids of its assets.

    One that `stands_alone` (a private one) takes alerts of its own assets only.
    `since` {failing asset: when it began}; `first_at` for those that are not in it.
    `placed` are the assets a person has put here. `apart` are the incidents a person
    has split from this one.
    """

    id: int
    first_at: datetime
    last_at: datetime
    acknowledged: bool
    failing: frozenset[int]
    keys: frozenset[Key] = frozenset()
    stands_alone: bool = False
    since: Mapping[int, datetime] = field(default_factory=dict)
    placed: frozenset[int] = frozenset()
    apart: frozenset[int] = frozenset()

    @property
    def anchored(self) -> frozenset[int]:
        """The assets that stay here whatever comes."""
        return self.failing if self.acknowledged else self.placed & self.failing

    def is_near(self, at: datetime, window: timedelta) -> bool:
        return self.first_at - window <= at <= self.last_at + window


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

    `to_asset` is the asset that ties it there, `hops` how far away it is. With
    TOGETHER it is the common ancestor that may explain both.
    """

    alert_id: int
    incident: int
    tie: Tie
    to_asset: int | None = None
    hops: int = 0


@dataclass(frozen=True, slots=True)
class Move:
    """A failing asset goes with its alerts from one open incident to another, or to
    one to be opened (below 0), where `root` explains it better."""

    asset_id: int
    source: int
    target: int
    root: int


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
    """What to do: moves first, then merges, then placements. Alerts without a
    placement stay outside all incidents."""

    placements: list[Placement]
    merges: list[Merge]
    moves: list[Move] = field(default_factory=list)

    @property
    def existing(self) -> set[int]:
        """Ids of the incidents that this changes."""
        ids = {placement.incident for placement in self.placements}
        for merge in self.merges:
            ids |= {merge.kept, merge.gone}
        for move in self.moves:
            ids |= {move.source, move.target}
        return {incident for incident in ids if incident > 0}
