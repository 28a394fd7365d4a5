"""The lineage graph in memory, held against a plain search."""

import threading
from collections import deque

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from catalog.graph import LineageSnapshot, snapshot
from catalog.importers.base import AssetKey
from catalog.models import Asset, Edge
from catalog.services import bump_lineage_version, record_lineage, remove_edge
from tests.factories import NOON, make_asset, make_edge, make_user

Edges = list[tuple[int, int]]

ids = st.integers(min_value=1, max_value=14).map(lambda number: number * 1_000_003)
graphs = st.lists(st.tuples(ids, ids), max_size=60)


def plain_distances(edges: Edges, start: int) -> dict[int, int]:
    found, queue = {start: 0}, deque([start])
    while queue:
        node = queue.popleft()
        for up, down in edges:
            if up == node and down not in found:
                found[down] = found[node] + 1
                queue.append(down)
    del found[start]
    return found


@given(graphs, ids)
def test_distances_are_those_of_a_plain_search(edges: Edges, start: int) -> None:
    graph = LineageSnapshot.build(edges)
    turned = [(down, up) for up, down in edges]

    assert graph.descendants(start) == plain_distances(edges, start)
    assert graph.ancestors(start) == plain_distances(turned, start)


@given(graphs, ids, st.integers(min_value=0, max_value=5))
def test_hops_cut_the_search_short(edges: Edges, start: int, hops: int) -> None:
    near = LineageSnapshot.build(edges).descendants(start, hops=hops)
    everything = plain_distances(edges, start)
    assert near == {k: d for k, d in everything.items() if d <= hops}
    assert list(near.values()) == sorted(near.values())


@given(graphs, ids, ids)
def test_a_path_is_a_shortest_one_along_edges(edges: Edges, a: int, b: int) -> None:
    graph = LineageSnapshot.build(edges)
    path = graph.path(a, b)
    distance = plain_distances(edges, a).get(b)

    if distance is None and a != b:
        assert path == []
    else:
        assert (path[0], path[-1], len(path) - 1) == (a, b, distance or 0)
        assert set(zip(path, path[1:], strict=False)) <= set(edges)
    assert graph.is_upstream(a, b) == (distance is not None)


@given(graphs, st.sets(ids))
def test_edges_among_some_assets(edges: Edges, some: set[int]) -> None:
    assert LineageSnapshot.build(edges).edges_among(some) == sorted(
        {(up, down) for up, down in edges if up in some and down in some and up != down}
    )


def test_an_empty_graph_and_an_unknown_asset_have_no_relatives() -> None:
    graph = LineageSnapshot.build([])
    assert graph.descendants(7) == {}
    assert graph.edges_among([7]) == []
    assert LineageSnapshot.build([(1, 2)]).ancestors(7) == {}


def test_nothing_is_its_own_ancestor_even_in_a_cycle() -> None:
    graph = LineageSnapshot.build([(1, 2), (2, 3), (3, 1), (2, 2)])
    assert graph.ancestors(1) == {3: 1, 2: 2}
    assert not graph.is_upstream(1, 1)
    assert graph.children(2) == [3]


@pytest.mark.django_db
def test_a_fresh_snapshot_sees_what_this_transaction_wrote() -> None:
    a, b, c = make_asset(), make_asset(), make_asset()
    assert snapshot(fresh=True).descendants(a.pk) == {}

    make_edge(a, b)
    assert snapshot(fresh=True).descendants(a.pk) == {b.pk: 1}

    make_edge(b, c)
    assert snapshot(fresh=True).descendants(a.pk) == {b.pk: 1, c.pk: 2}


@pytest.mark.django_db
def test_a_change_that_was_rolled_back_is_forgotten() -> None:
    a, b, c = make_asset(), make_asset(), make_asset()
    with transaction.atomic():
        make_edge(a, b)
        assert snapshot(fresh=True).descendants(a.pk) == {b.pk: 1}
        transaction.set_rollback(True)
    make_edge(a, c)
    assert snapshot(fresh=True).descendants(a.pk) == {c.pk: 1}


@pytest.mark.django_db
def test_the_same_snapshot_is_given_until_lineage_changes() -> None:
    a, b = make_asset(), make_asset()
    make_edge(a, b)
    first = snapshot(fresh=True)

    record_lineage(assets=[], edges=[(_key(a), _key(b))], source="openlineage", at=NOON)
    assert snapshot(fresh=True) is first

    remove_edge(upstream=a, downstream=b, by=make_user(), at=NOON)
    assert snapshot(fresh=True).descendants(a.pk) == {}
    assert first.descendants(a.pk) == {b.pk: 1}


@pytest.mark.django_db(transaction=True)
def test_threads_may_ask_while_another_refreshes() -> None:
    assets = Asset.objects.bulk_create(
        Asset(namespace="warehouse", name=f"t{n}") for n in range(200)
    )
    Edge.objects.bulk_create(
        Edge(
            upstream=up,
            downstream=down,
            source="import",
            first_seen_at=NOON,
            last_seen_at=NOON,
        )
        for up, down in zip(assets, assets[1:], strict=False)
    )
    bump_lineage_version(at=NOON)
    snapshot(fresh=True)
    found: list[int] = []

    def ask() -> None:
        found.extend(len(snapshot().descendants(assets[0].pk)) for _ in range(20))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [199] * 80


def _key(asset: Asset) -> AssetKey:
    return AssetKey(asset.namespace, asset.name)
