"""Lineage as it was, by column and bit by bit, held against plain references."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.columns import affected_by_columns
from catalog.graph import LineageSnapshot, snapshot, snapshot_at
from catalog.models import Asset, ColumnMap, Edge
from catalog.services.edges import begin_edges, bump_lineage_version, end_edges
from tests.factories import NOON, make_asset, make_edge

Pair = tuple[int, int]
HOUR = timedelta(hours=1)
# A busy machine is no fault of what is tested.
BUSY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
WITH_DATABASE = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

ids = st.integers(min_value=1, max_value=9).map(lambda number: number * 1_000_003)
close_ids = st.integers(min_value=1, max_value=9)
pairs = st.lists(st.tuples(ids, ids), max_size=25)
close_pairs = st.lists(st.tuples(close_ids, close_ids), max_size=25)


def closure(edges: Iterable[Pair], start: int) -> set[int]:
    """Plain: everything that can be reached, the start only by way of a cycle."""
    edges, found, waiting = set(edges), set(), [start]
    while waiting:
        node = waiting.pop()
        for up, down in edges:
            if up == node and down not in found:
                found.add(down)
                waiting.append(down)
    return found


@BUSY
@given(close_pairs, close_pairs, close_pairs)
def test_a_graph_that_was_changed_is_the_one_built_anew(
    before: list[Pair], added: list[Pair], removed: list[Pair]
) -> None:
    after = (set(before) - set(removed)) | set(added)
    changed = LineageSnapshot.build(before).changed(
        added=added, removed=removed, version=7
    )
    for start in range(1, 10):
        assert set(changed.descendants(start)) == closure(after, start) - {start}
        turned = {(down, up) for up, down in after}
        assert set(changed.ancestors(start)) == closure(turned, start) - {start}
    assert changed.version == 7


@BUSY
@given(pairs, st.sets(ids))
def test_many_at_once_reach_what_each_reaches(
    edges: list[Pair], some: set[int]
) -> None:
    reach = LineageSnapshot.build(edges).reach(some)
    expected = set().union(*(closure(edges, start) for start in some)) - some
    assert set(reach.ids.tolist()) == expected
    assert sorted(reach.distances.tolist()) == reach.distances.tolist()


@BUSY
@given(pairs, ids)
def test_a_cycle_is_what_is_both_above_and_below(edges: list[Pair], one: int) -> None:
    below = closure(edges, one)
    expected = {other for other in below if one in closure(edges, other)} - {one}
    assert LineageSnapshot.build(edges).cycle_of(one) == expected


@BUSY
@given(st.integers(min_value=1, max_value=900), st.integers(min_value=1, max_value=9))
def test_small_and_large_steps_find_the_same(width: int, depth: int) -> None:
    edges = [(0, n) for n in range(1, width + 1)]
    edges += [
        (n, width + 1 + (n * 7 + d) % 50)
        for n in range(1, width + 1)
        for d in range(depth)
    ]
    graph = LineageSnapshot.build(edges)
    assert set(graph.descendants(0)) == {down for _, down in edges}
    assert all(
        len(graph.path(0, end)) == 3
        for end in range(width + 1, width + 3)
        if end in graph.descendants(0)
    )


acts = st.lists(
    st.tuples(
        st.sampled_from(["dbt", "openlineage"]),
        st.booleans(),
        st.integers(0, 3),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=7,
)


@pytest.mark.django_db
@settings(WITH_DATABASE, max_examples=8)
@given(acts)
def test_lineage_of_any_time_is_what_was_told_then(
    acts: list[tuple[str, bool, int, int]],
) -> None:
    Edge.objects.all().delete()
    bump_lineage_version(at=NOON)
    assets = [make_asset() for _ in range(4)]
    told: set[tuple[str, Pair]] = set()
    then: list[tuple[datetime, set[Pair]]] = []
    for hour, (source, begins, a, b) in enumerate(acts):
        if a == b:
            continue
        at, pair = NOON + hour * HOUR, (assets[a].pk, assets[b].pk)
        if begins:
            added = begin_edges([pair], source=source, origin="", at=at)
            bump_lineage_version(at=at, added=added)
            told.add((source, pair))
        else:
            rows = Edge.objects.current().filter(
                source=source, upstream=pair[0], downstream=pair[1]
            )
            gone = end_edges(list(rows.values_list("pk", flat=True)), at=at)
            bump_lineage_version(at=at, removed=gone)
            told.discard((source, pair))
        then.append((at, {edge for _, edge in told}))
        assert (
            set(snapshot(fresh=True).edges_among(a.pk for a in assets)) == then[-1][1]
        )
    for at, edges in then:
        assert set(snapshot_at(at).edges_among(a.pk for a in assets)) == edges


column_maps = st.dictionaries(
    st.tuples(st.integers(0, 3), st.integers(0, 3)).filter(
        lambda pair: pair[0] < pair[1]
    ),
    st.dictionaries(
        st.sampled_from("xyz"), st.lists(st.sampled_from("xyz"), max_size=2), max_size=3
    ),
    max_size=5,
)
drawn_edges = st.sets(
    st.tuples(st.integers(0, 3), st.integers(0, 3)).filter(
        lambda pair: pair[0] < pair[1]
    ),
    max_size=6,
)


def plain_columns(
    edges: set[Pair], maps: dict[Pair, dict[str, list[str]]], start: int, column: str
) -> set[int]:
    """One column at a time; "" stands for all of an asset."""
    found: set[tuple[int, str]] = set()
    waiting = [(start, column)]
    while waiting:
        node, wrong = waiting.pop()
        for up, down in edges | maps.keys():
            if up != node:
                continue
            if wrong == "" or (up, down) not in maps:
                reached = [""]
            else:
                reached = [made for made, of in maps[up, down].items() if wrong in of]
            for one in reached:
                if (down, one) not in found:
                    found.add((down, one))
                    waiting.append((down, one))
    return {node for node, _ in found}


@pytest.mark.django_db
@settings(WITH_DATABASE, max_examples=15)
@given(drawn_edges, column_maps)
def test_a_fault_in_a_column_reaches_what_is_made_from_it(
    edges: set[Pair], maps: dict[Pair, dict[str, list[str]]]
) -> None:
    assets = [make_asset() for _ in range(4)]
    drawn = edges | maps.keys()  # where columns are known there is an edge
    for (up, down), columns in maps.items():
        ColumnMap.objects.create(
            upstream=assets[up],
            downstream=assets[down],
            source="dbt",
            columns=columns,
            first_seen_at=NOON,
            last_seen_at=NOON,
        )
    lineage = LineageSnapshot.build(
        (assets[up].pk, assets[down].pk) for up, down in drawn
    )
    reach = affected_by_columns({assets[0].pk: frozenset({"X"})}, lineage)
    expected = plain_columns(drawn, maps, 0, "x")
    assert reach.assets == {assets[number].pk for number in expected}


@pytest.mark.django_db
def test_a_fault_goes_through_a_job_to_the_tables_made_from_the_column() -> None:
    orders, job = make_asset("orders"), make_asset("load", type="task")
    revenue, sizes = make_asset("revenue"), make_asset("sizes")
    board, waiting = (
        make_asset("board", type="dashboard"),
        make_asset("next", type="task"),
    )
    for up, down in (
        (orders, job),
        (job, revenue),
        (job, sizes),
        (job, waiting),
        (revenue, board),
    ):
        make_edge(up, down)
    for table, column in ((revenue, "amount"), (sizes, "size")):
        ColumnMap.objects.create(
            upstream=orders,
            downstream=table,
            source="openlineage",
            columns={"total": [column]},
            everywhere=["id"],
            first_seen_at=NOON,
            last_seen_at=NOON,
        )

    def reached(column: str) -> set[Asset]:
        fault = {orders.pk: frozenset({column})}
        found = affected_by_columns(fault, snapshot(fresh=True))
        return set(Asset.objects.filter(pk__in=found.assets))

    assert reached("amount") == {job, revenue, board}
    assert reached("size") == {job, sizes}
    assert reached("id") == {job, revenue, sizes, board}
    assert reached("note") == set()
