"""Which incident an alert belongs to: decided over plain values, without a database.

An alert about an asset that fails in an open incident already joins that one; one that
names no asset goes by its key. For all others the failing assets of the batch and of
the open incidents near it are told apart into faults (`incidents.inference`), and each
fault is given its incident (`incidents.homes`). So the same alerts make the same
incidents, whatever the order in which they came, with two exceptions: what a person has
decided or works on stays where it is, and a closed incident takes nothing.

Two assets without a common ancestor are never one fault, however close in time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from incidents.homes import find_homes, merges_of
from incidents.inference.faults import Fault, Kinship, tell_apart
from incidents.inference.field import Field
from incidents.inference.memory import Memory
from incidents.inference.neighbourhood import Lineage, Neighbourhood
from incidents.inference.observed import Alarms, Know, Knowledge, nothing_more
from incidents.inference.priors import Priors
from incidents.plan import (
    Key,
    Merge,
    Move,
    OpenIncident,
    Placement,
    Plan,
    Signal,
    Tie,
)

__all__ = [
    "Key",
    "Merge",
    "Move",
    "OpenIncident",
    "Placement",
    "Plan",
    "Signal",
    "Tie",
    "decide",
]

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
MOST_KNOWN = 1500  # failing assets of open incidents that are looked at again


def decide(
    signals: Iterable[Signal],
    *,
    incidents: Iterable[OpenIncident],
    lineage: Lineage,
    hops: int,
    window: timedelta,
    ties: Mapping[int, Collection[int]] | None = None,
    know: Know = nothing_more,
    memory: Memory | None = None,
) -> Plan:
    """Return where each signal goes. Signals correlate among themselves, too.

    The order of `signals` does not matter. `ties` {whole: parts} are edges that the
    lineage does not know, each part upstream of its whole. `know` is asked what else
    is known of the assets around. `memory` of earlier decisions saves work, no more.
    """
    pairs = [(part, whole) for whole, parts in (ties or {}).items() for part in parts]
    batch = _Batch(incidents, lineage, hops, window, pairs, know, memory)
    ordered = sorted(signals, key=lambda s: (not s.pages, s.since, s.at, s.alert_id))
    return batch.decide(ordered)


class _Batch:
    """The state of one decision. `home` {failing asset: incident}; new ones below 0."""

    def __init__(
        self,
        incidents: Iterable[OpenIncident],
        lineage: Lineage,
        hops: int,
        window: timedelta,
        ties: list[tuple[int, int]],
        know: Know,
        memory: Memory | None,
    ) -> None:
        self.incidents = {i.id: i for i in sorted(incidents, key=lambda i: i.id)}
        self.lineage, self.hops, self.window = lineage, hops, window
        self.ties, self.know, self.memory = ties, know, memory
        self.home: dict[int, int] = {}
        self.by_key: dict[Key, int] = {}
        for incident in self.incidents.values():
            for asset_id in incident.failing:
                self._settle(asset_id, incident)
            for key in incident.keys:
                self.by_key.setdefault(key, incident.id)
        self.opened = 0
        self.placements: list[Placement] = []
        self.merges: list[Merge] = []
        self.moves: list[Move] = []

    def _settle(self, asset_id: int, incident: OpenIncident) -> None:
        """An asset that fails in two is at home where a person put it, else in the
        older."""
        known = self.incidents.get(self.home.get(asset_id, 0))
        if known is None or asset_id in incident.placed - known.placed:
            self.home[asset_id] = incident.id

    def decide(self, signals: list[Signal]) -> Plan:
        fresh: dict[int, list[Signal]] = defaultdict(list)
        quiet: list[Signal] = []
        for signal in signals:
            asset_id = signal.asset_id
            if asset_id is None:
                self._take_by_key(signal)
            elif asset_id in self.home:
                self._place(signal, self.home[asset_id], Tie.SAME_ASSET, asset_id)
            elif signal.pages:
                fresh[asset_id].append(signal)
            else:
                quiet.append(signal)
        if fresh:
            self._take_by_lineage(fresh)
        self._take_quiet(quiet)
        return Plan(self.placements, self.merges, self.moves)

    def _take_by_key(self, signal: Signal) -> None:
        known = self.by_key.get(signal.key)
        if known is not None:
            self._place(signal, known, Tie.SAME_KEY)
        elif signal.pages:
            self.by_key[signal.key] = self._open()
            self._place(signal, self.by_key[signal.key], Tie.OPENED)

    def _open(self) -> int:
        self.opened += 1
        return -self.opened

    def _take_by_lineage(self, fresh: Mapping[int, list[Signal]]) -> None:
        began = {a: min(s.since for s in told) for a, told in fresh.items()}
        began |= self._known_near(began)
        field = self._field(began)
        assets = field.alarms.assets.tolist()
        anchors = {a: i for a in assets if (i := self._anchor(a)) is not None}
        faults, kin = tell_apart(
            field,
            window=self.window.total_seconds(),
            anchors={assets.index(a): i for a, i in anchors.items()},
            memory=self.memory,
        )
        homes = find_homes(
            [frozenset(assets[alarm] for alarm in fault.alarms) for fault in faults],
            home={a: self.home[a] for a in assets if a in self.home},
            anchors=anchors,
        )
        for fault, known in zip(faults, homes, strict=True):
            self._give_home(fault, known, field, fresh)
        failing = {i.id: i.failing for i in self.incidents.values()}
        self.moves, merges = merges_of(self.moves, failing)
        self.merges += merges
        self._offer(kin, field)

    def _known_near(self, began: Mapping[int, datetime]) -> dict[int, datetime]:
        """{failing asset: since} of the open incidents that may have to do with it."""
        near = [
            incident
            for incident in self.incidents.values()
            if not incident.stands_alone
            and incident.failing
            and incident.first_at - self.window <= max(began.values())
            and min(began.values()) <= incident.last_at + self.window
        ]
        if not near:
            return {}
        near = self._related(near, began)
        near.sort(key=lambda i: (i.last_at, i.id), reverse=True)
        known: dict[int, datetime] = {}
        for incident in near:
            if len(known) + len(incident.failing) > MOST_KNOWN:
                break
            for asset_id in incident.failing:
                if self.home[asset_id] == incident.id:
                    known[asset_id] = incident.since.get(asset_id, incident.first_at)
        return known

    def _related(
        self, near: list[OpenIncident], assets: Iterable[int]
    ) -> list[OpenIncident]:
        """Those tied to the assets by a common ancestor, or to others that are."""
        related: list[OpenIncident] = []
        reached = {end for tie in self.ties for end in tie}
        fresh = set(assets)
        while fresh and near:
            above = {*fresh, *self._reach(fresh | reached, upstream=True)}
            reached |= above.union(self._reach(above, upstream=False))
            found = [i for i in near if not i.failing.isdisjoint(reached)]
            related += found
            fresh = {asset_id for i in found for asset_id in i.failing}
            near = [i for i in near if i not in found]
        return related

    def _reach(self, assets: Iterable[int], *, upstream: bool) -> list[int]:
        found = self.lineage.reach(assets, upstream=upstream, hops=self.hops)
        ids: list[int] = found.ids.tolist()
        return ids

    def _field(self, began: Mapping[int, datetime]) -> Field:
        """The neighbourhood of the failing assets. What fails in an incident that is
        not looked at says nothing by its silence."""
        alarms = Alarms.of({a: (at - EPOCH).total_seconds() for a, at in began.items()})
        hood = Neighbourhood.around(
            alarms.assets, self.lineage, hops=self.hops, ties=self.ties
        )
        return Field(
            hood,
            alarms,
            know=partial(self._known_of, others=self.home.keys() - began.keys()),
            priors=Priors(),
            hops=self.hops,
        )

    def _known_of(self, assets: list[int], *, others: Collection[int]) -> Knowledge:
        known = self.know(assets)
        late = set(known.overdue).difference(others)
        return replace(known, mute={*known.mute, *others}, overdue=late)

    def _anchor(self, asset_id: int) -> int | None:
        incident = self.incidents.get(self.home.get(asset_id, 0))
        if incident is None or asset_id not in incident.anchored:
            return None
        return incident.id

    def _give_home(
        self,
        fault: Fault,
        known: int | None,
        field: Field,
        fresh: Mapping[int, list[Signal]],
    ) -> None:
        assets = field.alarms.assets
        root = int(field.assets[fault.roots[0]]) if fault.roots else None
        home = self._open() if known is None else known
        opens = known is None
        for alarm in sorted(fault.alarms):
            asset_id = int(assets[alarm])
            for signal in fresh.get(asset_id, ()):
                if opens:
                    self._place(signal, home, Tie.OPENED)
                    opens = False
                else:
                    self._place(signal, home, *_tie(field, fault, alarm))
            before = self.home.get(asset_id, home)
            if before != home:
                self.moves.append(Move(asset_id, before, home, root or asset_id))
            self.home[asset_id] = home

    def _offer(self, kin: Iterable[Kinship], field: Field) -> None:
        for one in kin:
            kept, gone = one.incidents
            if gone in self.incidents[kept].apart or kept in self.incidents[gone].apart:
                continue
            root = int(field.assets[one.root])
            self.merges.append(Merge(kept, gone, root, is_offer=True))

    def _take_quiet(self, signals: Iterable[Signal]) -> None:
        """Alerts that page nobody join what they hang from, or stay outside."""
        for signal in signals:
            ways = [
                (hops, other, tie)
                for other, hops, tie in self._kin_of(signal.asset_id or 0)
                if self._may_join(self.home[other], signal.since)
            ]
            if ways:
                hops, other, tie = min(ways, key=lambda way: way[:2])
                self._place(signal, self.home[other], tie, other, hops)

    def _kin_of(self, asset_id: int) -> Iterator[tuple[int, int, Tie]]:
        """(failing asset, steps, where the asked one lies from there)."""
        for upstream, tie in ((True, Tie.DOWNSTREAM), (False, Tie.UPSTREAM)):
            reach = self.lineage.reach([asset_id], upstream=upstream, hops=self.hops)
            ways = zip(reach.ids.tolist(), reach.distances.tolist(), strict=True)
            yield from ((other, n, tie) for other, n in ways if other in self.home)
        for part, whole in self.ties:
            if asset_id == whole and part in self.home:
                yield part, 1, Tie.DOWNSTREAM
            elif asset_id == part and whole in self.home:
                yield whole, 1, Tie.UPSTREAM

    def _may_join(self, incident_id: int, at: datetime) -> bool:
        incident = self.incidents.get(incident_id)
        if incident is None:
            return True
        return incident.is_near(at, self.window) and not incident.stands_alone

    def _place(
        self,
        signal: Signal,
        incident: int,
        tie: Tie,
        to_asset: int | None = None,
        hops: int = 0,
    ) -> None:
        placed = Placement(signal.alert_id, incident, tie, to_asset, hops)
        self.placements.append(placed)


def _tie(field: Field, fault: Fault, alarm: int) -> tuple[Tie, int | None, int]:
    """What an alarm has to do with the others of its fault, the nearest relation
    first: below one of them, above one of them, or below a root of them all."""
    assets = field.alarms.assets
    above = field.steps_from(alarm)
    ways = [(above[a], int(assets[a])) for a in fault.alarms - {alarm} if a in above]
    if ways:
        steps, other = min(ways)
        return Tie.DOWNSTREAM, other, steps
    below = field.steps_below(alarm)
    ways = [(below[a], int(assets[a])) for a in fault.alarms - {alarm} if a in below]
    if ways:
        steps, other = min(ways)
        return Tie.UPSTREAM, other, steps
    if not fault.roots:
        return Tie.TOGETHER, None, 0
    root = fault.roots[0]
    return Tie.TOGETHER, int(field.assets[root]), int(field.steps_to[root, alarm])
