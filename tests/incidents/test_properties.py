"""What grouping holds to on any graph and in any order of arrival."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from random import Random

from hypothesis import assume, given
from hypothesis import strategies as st

from catalog.graph import LineageSnapshot
from incidents.correlation import OpenIncident, Plan, Signal, decide
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

    def __init__(self, edges: Edges) -> None:
        self.lineage = LineageSnapshot.build(edges)
        self.members: dict[int, set[Signal]] = {}
        self.acknowledged: set[int] = set()
        self.next_id = 1

    def take(self, signals: list[Signal]) -> Plan:
        plan = decide(
            signals,
            incidents=[self._open(pk) for pk in self.members],
            lineage=self.lineage,
            hops=HOPS,
            window=WINDOW,
        )
        self._carry_out(plan, {signal.alert_id: signal for signal in signals})
        return plan

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
        )

    def _carry_out(self, plan: Plan, signals: dict[int, Signal]) -> None:
        ids: dict[int, int] = {}
        for merge in plan.merges:
            if not merge.is_offer:
                self.members[merge.kept] |= self.members.pop(merge.gone)
        for placement in plan.placements:
            pk = placement.incident
            if pk < 0:
                if pk not in ids:
                    ids[pk], self.next_id = self.next_id, self.next_id + 1
                pk = ids[pk]
            self.members.setdefault(pk, set()).add(signals[placement.alert_id])


def component_of(edges: Edges) -> dict[int, int]:
    """{asset: the smallest asset it is connected with}."""
    parent = {asset: asset for asset in range(1, 13)}

    def find(asset: int) -> int:
        while parent[asset] != asset:
            asset = parent[asset]
        return asset

    for a, b in edges:
        low, high = sorted((find(a), find(b)))
        parent[high] = low
    return {asset: find(asset) for asset in parent}


@given(graphs(), assets)
def test_failures_in_different_components_never_share_an_incident(
    edges: Edges, failing: list[int]
) -> None:
    house, component = House(edges), component_of(edges)
    house.take(signals_of(failing))
    for group in house.groups():
        assert len({component[asset] for asset in group if asset}) == 1


@given(graphs(), assets)
def test_any_two_in_an_incident_have_a_common_ancestor_with_a_third(
    edges: Edges, failing: list[int]
) -> None:
    """No incident falls apart into two parts without a common ancestor."""
    house = House(edges)
    for signal in signals_of(failing):
        house.take([signal])
    lineage = house.lineage
    for group in house.groups():
        members = {asset for asset in group if asset is not None}
        above = {a: {a, *lineage.ancestors(a)} for a in members}
        reached, todo = set(), [min(members)]
        while todo:
            asset = todo.pop()
            if asset not in reached:
                reached.add(asset)
                todo += [b for b in members if above[asset] & above[b]]
        assert reached == members


@given(graphs(), st.integers(1, 12), st.data())
def test_the_order_of_arrival_does_not_matter_for_one_fault(
    edges: Edges, root: int, data: st.DataObject
) -> None:
    below = sorted(LineageSnapshot.build(edges).descendants(root))
    broken = data.draw(st.lists(st.sampled_from(below), unique=True)) if below else []
    order = data.draw(st.permutations([root, *broken]))
    house = House(edges)
    for signal in signals_of(list(order)):
        house.take([signal])
    assert house.groups() == {frozenset(order)}


@given(graphs(), assets, st.randoms(use_true_random=False))
def test_a_batch_is_decided_alike_in_any_order(
    edges: Edges, failing: list[int], random: Random
) -> None:
    signals = signals_of(failing)
    shuffled = signals.copy()
    random.shuffle(shuffled)
    one, other = House(edges), House(edges)
    one.take(signals)
    other.take(shuffled)
    assert one.groups() == other.groups()


@given(graphs(), assets, st.sets(st.integers(1, 12)))
def test_every_paging_alert_ends_in_exactly_one_incident(
    edges: Edges, failing: list[int], quiet: set[int]
) -> None:
    signals = [
        Signal(s.alert_id, s.key, s.asset_id, s.at, pages=s.asset_id not in quiet)
        for s in signals_of(failing)
    ]
    house = House(edges)
    placed: dict[int, int] = defaultdict(int)
    for signal in signals:
        for placement in house.take([signal]).placements:
            placed[placement.alert_id] += 1
    for signal in signals:
        assert placed[signal.alert_id] <= 1
        assert placed[signal.alert_id] == 1 or not signal.pages
    assert all(any(s.pages for s in group) for group in house.members.values())


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


@given(graphs(), assets)
def test_the_same_alerts_again_open_nothing(edges: Edges, failing: list[int]) -> None:
    house = House(edges)
    signals = signals_of(failing)
    house.take(signals)
    before = house.groups()
    house.take(signals)
    assert house.groups() == before
