"""What grouping holds to on any graph, in any order of arrival, whatever people do."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import hypothesis.strategies as st
from hypothesis import assume, given, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from catalog.graph import LineageSnapshot
from incidents.correlation import OpenIncident, Plan, Signal, decide
from incidents.inference.memory import Memory
from incidents.inference.observed import Knowledge
from tests.factories import NOON

HOPS = 100
WINDOW = timedelta(hours=6)
Edges = frozenset[tuple[int, int]]


@st.composite
def graphs(draw: st.DrawFn) -> Edges:
    """Edges of an acyclic graph over assets 1 to 12."""
    pairs = [(a, b) for a in range(1, 13) for b in range(a + 1, 13)]
    return frozenset(draw(st.sets(st.sampled_from(pairs), max_size=20)))


assets = st.lists(st.integers(1, 12), min_size=1, max_size=12, unique=True)


def signals_of(failing: list[int]) -> list[Signal]:
    """One alert for each asset, a minute apart, in this order."""
    return [
        Signal(number, (1, str(number)), asset, NOON + timedelta(minutes=number))
        for number, asset in enumerate(failing, start=1)
    ]


class House:
    """Incidents as they are after each plan has been carried out."""

    def __init__(self, edges: Edges, memory: Memory | None = None) -> None:
        self.lineage = LineageSnapshot.build(edges)
        self.memory, self.known = memory, Knowledge()
        self.members: dict[int, set[Signal]] = {}
        self.acknowledged: set[int] = set()
        self.placed: dict[int, set[int]] = {}
        self.apart: dict[int, set[int]] = {}
        self.next_id = 1

    def take(self, signals: list[Signal]) -> Plan:
        plan = self.plan(signals)
        self._carry_out(plan, {signal.alert_id: signal for signal in signals})
        return plan

    def plan(self, signals: list[Signal]) -> Plan:
        return decide(
            signals,
            incidents=[self._open(pk) for pk in self.members],
            lineage=self.lineage,
            hops=HOPS,
            window=WINDOW,
            know=lambda _: self.known,
            memory=self.memory,
        )

    def groups(self) -> set[frozenset[int | None]]:
        return {
            frozenset(signal.asset_id for signal in members)
            for members in self.members.values()
        }

    def _open(self, pk: int) -> OpenIncident:
        times = [signal.at for signal in self.members[pk]]
        failing = {s.asset_id for s in self.members[pk] if s.asset_id and s.pages}
        return OpenIncident(
            id=pk,
            first_at=min(times),
            last_at=max(times),
            acknowledged=pk in self.acknowledged,
            failing=frozenset(failing),
            since={s.asset_id: s.since for s in self.members[pk] if s.asset_id},
            placed=frozenset(self.placed.get(pk, ())),
            apart=frozenset(self.apart.get(pk, ())),
        )

    def _carry_out(self, plan: Plan, signals: dict[int, Signal]) -> None:
        ids: dict[int, int] = {}

        def members(pk: int) -> set[Signal]:
            if pk < 0 and pk not in ids:
                ids[pk], self.next_id = self.next_id, self.next_id + 1
            return self.members.setdefault(ids.get(pk, pk), set())

        for move in plan.moves:
            moved = {
                s for s in self.members[move.source] if s.asset_id == move.asset_id
            }
            self.members[move.source] -= moved
            members(move.target).update(moved)
        for merge in plan.merges:
            if not merge.is_offer:
                self.members[merge.kept] |= self.members.pop(merge.gone)
        for placement in plan.placements:
            members(placement.incident).add(signals[placement.alert_id])


def share_an_ancestor(lineage: LineageSnapshot, assets: set[int]) -> bool:
    above = [{asset, *lineage.ancestors(asset)} for asset in assets]
    return bool(set.intersection(*above)) if above else True


@settings(deadline=None)
@given(graphs(), assets)
def test_two_failures_without_a_common_ancestor_never_share_an_incident(
    edges: Edges, failing: list[int]
) -> None:
    house = House(edges)
    for signal in signals_of(failing):
        house.take([signal])
        for group in house.groups():
            assert share_an_ancestor(house.lineage, {a for a in group if a})


@settings(deadline=None)
@given(graphs(), assets, st.data())
def test_neither_the_order_nor_the_batches_of_arrival_matter(
    edges: Edges, failing: list[int], data: st.DataObject
) -> None:
    signals = signals_of(failing)
    arrived = data.draw(st.permutations(signals))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(arrived)))))
    at_once, in_parts = House(edges), House(edges)
    at_once.take(signals)
    for start, end in zip([0, *cuts], [*cuts, len(arrived)], strict=True):
        in_parts.take(list(arrived[start:end]))
    assert at_once.groups() == in_parts.groups()


@settings(deadline=None)
@given(graphs(), assets, st.data())
def test_what_is_remembered_of_earlier_batches_changes_no_decision(
    edges: Edges, failing: list[int], data: st.DataObject
) -> None:
    arrived = data.draw(st.permutations(signals_of(failing)))
    anew, remembering = House(edges), House(edges, Memory())
    for signal in arrived:
        sound, mute = data.draw(st.tuples(*[st.sets(st.integers(1, 12))] * 2))
        for house in (anew, remembering):
            house.known = Knowledge(sound=sound, mute=mute)
        if data.draw(st.booleans()):
            working = data.draw(st.sets(st.sampled_from(sorted(anew.members) or [0])))
            anew.acknowledged, remembering.acknowledged = working, set(working)
        assert anew.plan([signal]) == remembering.take([signal])
        anew.take([signal])


@settings(deadline=None)
@given(graphs(), st.integers(1, 12), st.data())
def test_a_fault_that_breaks_everything_below_it_at_once_is_one_incident(
    edges: Edges, root: int, data: st.DataObject
) -> None:
    below = sorted(LineageSnapshot.build(edges).descendants(root))
    order = data.draw(st.permutations([root, *below]))
    house = House(edges)
    for signal in signals_of(list(order)):
        house.take([replace(signal, at=NOON)])
    assert house.groups() == {frozenset(order)}


@settings(deadline=None)
@given(graphs(), assets, st.sets(st.integers(1, 12)))
def test_every_paging_alert_ends_in_exactly_one_incident(
    edges: Edges, failing: list[int], quiet: set[int]
) -> None:
    signals = [
        Signal(s.alert_id, s.key, s.asset_id, s.at, pages=s.asset_id not in quiet)
        for s in signals_of(failing)
    ]
    house = House(edges)
    placed = Counter(
        p.alert_id for signal in signals for p in house.take([signal]).placements
    )
    for signal in signals:
        assert placed[signal.alert_id] <= 1
        assert placed[signal.alert_id] == 1 or not signal.pages
    assert all(any(s.pages for s in group) for group in house.members.values())


@settings(deadline=None)
@given(graphs(), assets)
def test_an_acknowledged_incident_is_never_merged_away(
    edges: Edges, failing: list[int]
) -> None:
    assume(len(failing) > 2)
    *early, last = signals_of(failing)
    house = House(edges)
    house.take(early)
    before = {pk: set(members) for pk, members in house.members.items()}
    house.acknowledged = set(before)
    house.take([last])
    for pk, members in before.items():
        assert house.members[pk] >= members


@settings(deadline=None)
@given(graphs(), assets)
def test_the_same_alerts_again_open_nothing(edges: Edges, failing: list[int]) -> None:
    house = House(edges)
    signals = signals_of(failing)
    house.take(signals)
    before = house.groups()
    house.take(signals)
    assert house.groups() == before


class PeopleAndMachine(RuleBasedStateMachine):
    """Alerts come in while people acknowledge, split, move, merge and resolve."""

    @initialize(edges=graphs())
    def build(self, edges: Edges) -> None:
        self.house = House(edges)
        self.waiting = [s.asset_id for s in signals_of(list(range(1, 13)))]
        self.clock = 0
        self.by_hand: dict[int, int] = {}
        self.closed: dict[int, set[Signal]] = {}
        self.split: set[frozenset[int]] = set()
        self.merged: list[tuple[int, int, set[Signal]]] = []

    def incidents(self) -> st.SearchStrategy[int]:
        return st.sampled_from(sorted(self.house.members))

    @precondition(lambda self: bool(self.waiting))
    @rule(data=st.data(), count=st.integers(1, 4))
    def alerts_come(self, data: st.DataObject, count: int) -> None:
        working = {
            pk: set(m)
            for pk, m in self.house.members.items()
            if pk in self.house.acknowledged
        }
        batch = []
        for _ in range(min(count, len(self.waiting))):
            asset = data.draw(st.sampled_from(self.waiting))
            self.waiting.remove(asset)
            self.clock += 1
            at = NOON + timedelta(minutes=data.draw(st.integers(0, 60)))
            batch.append(Signal(self.clock, (1, str(self.clock)), asset, at))
        held = {pk: set(m) for pk, m in self.house.members.items()}
        plan = self.house.take(batch)
        for pk, members in working.items():
            assert self.house.members[pk] >= members
        for merge in plan.merges:
            assert frozenset((merge.kept, merge.gone)) not in self.split
            if not merge.is_offer:
                assert merge.gone not in self.house.acknowledged
                self.merged.append((merge.kept, merge.gone, held[merge.gone]))

    @precondition(lambda self: bool(self.house.members))
    @rule()
    def all_alerts_come_again(self) -> None:
        """Nothing opens, moves or merges for it."""
        home = {s.asset_id: pk for pk, m in self.house.members.items() for s in m}
        held = [s for members in self.house.members.values() for s in members]
        again = [replace(s, alert_id=1000 + n) for n, s in enumerate(held)]
        plan = self.house.plan(again)
        assert not plan.moves
        assert all(merge.is_offer for merge in plan.merges)
        assert {p.to_asset: p.incident for p in plan.placements} == home

    @precondition(lambda self: bool(self.house.members))
    @rule(data=st.data())
    def somebody_acknowledges(self, data: st.DataObject) -> None:
        self.house.acknowledged.add(data.draw(self.incidents()))

    @precondition(lambda self: any(len(m) > 1 for m in self.house.members.values()))
    @rule(data=st.data())
    def somebody_splits(self, data: st.DataObject) -> None:
        large = [pk for pk, m in self.house.members.items() if len(m) > 1]
        source = data.draw(st.sampled_from(sorted(large)))
        taken = data.draw(st.sampled_from(sorted(self.house.members[source], key=repr)))
        new, self.house.next_id = self.house.next_id, self.house.next_id + 1
        self.house.members[new] = set()
        self.house.acknowledged.add(new)
        self.carry({taken}, source, new)

    @precondition(
        lambda self: (
            len(self.house.members) > 1
            and any(len(m) > 1 for m in self.house.members.values())
        )
    )
    @rule(data=st.data())
    def somebody_moves(self, data: st.DataObject) -> None:
        large = [pk for pk, m in self.house.members.items() if len(m) > 1]
        source = data.draw(st.sampled_from(sorted(large)))
        others = sorted(self.house.members.keys() - {source})
        target = data.draw(st.sampled_from(others))
        taken = data.draw(st.sampled_from(sorted(self.house.members[source], key=repr)))
        self.carry({taken}, source, target)

    @precondition(lambda self: any(kept in self.house.members
                                   for kept, _, _ in self.merged))  # fmt: skip
    @rule(data=st.data())
    def somebody_undoes_a_merge(self, data: st.DataObject) -> None:
        left = [one for one in self.merged if one[0] in self.house.members]
        kept, gone, members = data.draw(st.sampled_from(left))
        self.merged.remove((kept, gone, members))
        back = members & self.house.members[kept]
        assume(back and back != self.house.members[kept])
        self.house.members[gone] = set()
        self.house.acknowledged.add(gone)
        self.carry(back, kept, gone)

    def carry(self, taken: set[Signal], source: int, target: int) -> None:
        """A person says that these belong there, and not here."""
        self.house.members[source] -= taken
        self.house.members[target] |= taken
        self.house.apart.setdefault(source, set()).add(target)
        self.split.add(frozenset((source, target)))
        self.put(source)
        self.put(target)

    @precondition(lambda self: len(self.house.members) > 1)
    @rule(data=st.data())
    def somebody_merges(self, data: st.DataObject) -> None:
        gone, kept = data.draw(
            st.lists(self.incidents(), min_size=2, max_size=2, unique=True)
        )
        self.house.members[kept] |= self.house.members.pop(gone)
        self.house.acknowledged.discard(gone)
        self.put(kept)

    @precondition(lambda self: bool(self.house.members))
    @rule(data=st.data())
    def somebody_resolves(self, data: st.DataObject) -> None:
        pk = data.draw(self.incidents())
        self.closed[pk] = self.house.members.pop(pk)
        self.by_hand = {a: at for a, at in self.by_hand.items() if at != pk}
        self.waiting += [s.asset_id for s in self.closed[pk]]

    def put(self, pk: int) -> None:
        assets = {s.asset_id for s in self.house.members[pk] if s.asset_id}
        self.house.placed[pk] = assets
        self.by_hand |= dict.fromkeys(assets, pk)

    @invariant()
    def what_a_person_placed_stays(self) -> None:
        for asset, pk in getattr(self, "by_hand", {}).items():
            assert asset in {s.asset_id for s in self.house.members[pk]}

    @invariant()
    def none_without_a_common_ancestor_share_one_but_by_hand(self) -> None:
        if not hasattr(self, "house"):
            return
        for members in self.house.members.values():
            assets = {s.asset_id for s in members if s.asset_id}
            if assets.isdisjoint(self.by_hand):
                assert share_an_ancestor(self.house.lineage, assets)
            for asset in assets - self.by_hand.keys() if len(assets) > 1 else ():
                assert any(
                    share_an_ancestor(self.house.lineage, {asset, other})
                    for other in assets - {asset}
                )

    @invariant()
    def the_closed_take_nothing(self) -> None:
        for pk in getattr(self, "closed", {}):
            assert pk not in self.house.members

    @invariant()
    def each_asset_fails_in_one_incident(self) -> None:
        if hasattr(self, "house"):
            failing = [s.asset_id for m in self.house.members.values() for s in m]
            assert len(failing) == len(set(failing))


PeopleAndMachine.TestCase.settings = settings(
    deadline=None, max_examples=30, stateful_step_count=20
)
TestPeopleAndMachine = PeopleAndMachine.TestCase
