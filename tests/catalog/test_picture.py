"""The picture of lineage: complete, legible, and safe whatever things are called."""

import threading
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.collapsing import MOST_LINES, PictureNode, State, collapse, ranks_of
from catalog.drawing import draw_nodes, nodes_of
from catalog.picture import draw
from tests.factories import make_asset

SVG = "{http://www.w3.org/2000/svg}"


def node(
    id: int, name: str = "", state: State = "healthy", kind: str = "dataset"
) -> PictureNode:
    return PictureNode(
        id=id,
        name=name or f"t{id}",
        full_name=name or f"t{id}",
        kind=kind,
        kind_word="Dataset",
        url=f"/assets/{id}/",
        state=state,
    )


def picture(
    nodes: list[PictureNode], edges: list[tuple[int, int]], **values: object
) -> ET.Element:
    options = {"label": "Lineage", "icons": "/static/icons.svg", **values}
    return ET.fromstring(draw(nodes, edges, **options))  # type: ignore[arg-type]


def boxes(svg: ET.Element) -> list[ET.Element]:
    return [g for g in svg.iter(f"{SVG}g") if "node" in (g.get("class") or "").split()]


def lines(svg: ET.Element) -> list[ET.Element]:
    return [g for g in svg.iter(f"{SVG}g") if g.get("class") == "edge"]


def texts(svg: ET.Element) -> list[str]:
    return [text.text or "" for text in svg.iter(f"{SVG}text")]


def test_every_node_is_a_link_with_a_name_for_those_who_do_not_see_it() -> None:
    svg = picture([node(1, "orders"), node(2, "revenue", "failing")], [(1, 2)])
    links = [box.find(f"{SVG}a") for box in boxes(svg)]
    assert [link.get("href") for link in links if link is not None] == [
        "/assets/1/",
        "/assets/2/",
    ]
    assert links[1] is not None
    assert links[1].get("aria-label") == "revenue, Dataset, failing"
    assert svg.get("role") == "group"
    assert svg.get("aria-label") == "Lineage"
    assert len(lines(svg)) == 1


def test_data_flows_from_left_to_right_and_dashboards_end_at_the_right() -> None:
    nodes = [node(1), node(2), node(3), node(4, "board", kind="dashboard")]
    svg = picture(nodes, [(1, 2), (2, 3), (1, 4)])
    x = {
        box.get("data-kind", "") + (box.find(f".//{SVG}title").text or ""): float(  # type: ignore[union-attr]
            box.find(f".//{SVG}text").get("x", "0")  # type: ignore[union-attr]
        )
        for box in boxes(svg)
    }
    assert x["datasett1"] < x["datasett2"] < x["datasett3"] == x["dashboardboard"]


def test_state_is_told_by_form_and_mark_and_attribute() -> None:
    states: list[State] = ["cause", "failing", "stale", "healthy"]
    nodes = [node(n, f"n{n}", state) for n, state in enumerate(states)]
    svg = picture(nodes, [(0, 1), (1, 2), (2, 3)], path=[(0, 1)])

    assert [box.get("data-health") for box in boxes(svg)] == states
    assert texts(svg) == ["◆ n0", "▲ n1", "◌ n2", "n3"]
    assert len(list(boxes(svg)[0].iter(f"{SVG}rect"))) == 2
    assert [line.get("data-path") is not None for line in lines(svg)] == [
        True,
        False,
        False,
    ]


def test_nothing_in_it_needs_a_style_or_script_the_policy_forbids() -> None:
    name = '"><script>alert(1)</script> & {{ x }} %s \u202e \\N \\L <b>'
    svg = draw(
        [node(1, name), node(2, "'); --", kind='x"y'), node(3, "\u4e2d\u6587" * 40)],
        [(1, 2), (2, 3)],
        label='a "label" <b>',
        icons="/static/icons.svg",
    )
    read = ET.fromstring(svg)
    assert not {"script", "style", "b"} & {one.tag.split("}")[1] for one in read.iter()}
    for element in read.iter():
        assert not [a for a in element.attrib if a == "style" or a.startswith("on")]
        assert not {"fill", "stroke", "font-family"} & element.attrib.keys()
    assert name in [title.text for title in read.iter(f"{SVG}title")]


def test_long_names_are_cut_in_the_middle_and_whole_on_hover() -> None:
    name = "a_rather_long_prefix_before_daily_revenue"
    svg = picture([node(1, name)], [])
    assert texts(svg) == ["a_rather_…ly_revenue"]
    assert [title.text for title in svg.iter(f"{SVG}title")] == [name]


def test_cycles_self_loops_and_edges_to_nowhere_are_no_trouble() -> None:
    nodes = [node(1), node(2), node(3)]
    svg = picture(nodes, [(1, 2), (2, 3), (3, 1), (2, 2), (1, 99)])
    assert (len(boxes(svg)), len(lines(svg))) == (3, 3)


def test_five_hundred_nodes_are_gathered_with_counts_and_failing_ones_kept() -> None:
    nodes = [node(n, state="failing" if n % 50 == 0 else "healthy") for n in range(500)]
    edges = [(n, min(499, n * 2 + k)) for n in range(499) for k in (1, 2, 3)]
    svg = picture(nodes, edges, more_url="#list")

    assert len(boxes(svg)) <= 62
    shown = texts(svg)
    assert "▲ t50" in shown
    gathered = [label for label in shown if label.endswith("datasets")]
    singles = len(shown) - len(gathered)
    assert sum(int(label.split()[0]) for label in gathered) + singles == 500
    links = [link.get("href") for link in svg.iter(f"{SVG}a")]
    assert "#list" in links


def test_a_thicket_of_lines_is_thinned_and_says_so() -> None:
    nodes = [node(n) for n in range(60)]
    edges = [(a, b) for a in range(30) for b in range(30, 60)]
    svg = picture(nodes, edges, path=[(7, 33)])
    assert len(lines(svg)) == MOST_LINES
    assert any(line.get("data-path") is not None for line in lines(svg))
    assert svg.findtext(f"{SVG}desc") == f"{900 - MOST_LINES} lines are left out."


few = st.integers(min_value=0, max_value=90)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(few, few), max_size=200), st.integers(1, 90))
def test_gathering_loses_no_node_and_invents_no_edge(
    edges: list[tuple[int, int]], count: int
) -> None:
    nodes = [node(n) for n in range(count)]
    inside = sorted({(a, b) for a, b in edges if a < count and b < count and a != b})
    shown, between = collapse(nodes, inside, limit=20)
    ids = {one.id for one in shown}

    assert sum(one.size for one in shown) == count
    assert len(ids) == len(shown) <= 30
    assert all(a in ids and b in ids and a != b for a, b in between)
    assert len(between) <= len(inside)


@given(st.lists(st.tuples(few, few).map(sorted).map(tuple), max_size=200))
def test_columns_grow_along_every_edge_without_cycles(
    edges: list[tuple[int, int]],
) -> None:
    apart = [(a, b) for a, b in edges if a != b]
    ranks = ranks_of(list(range(91)), apart)
    assert all(ranks[a] < ranks[b] for a, b in apart)


def test_threads_may_draw_at_once() -> None:
    drawn: list[str] = []

    def draw_some(first: int) -> None:
        nodes = [node(first + n) for n in range(12)]
        edges = [(first + n, first + n + 1 + n % 3) for n in range(9)]
        drawn.append(draw(nodes, edges, label="x", icons="/i.svg"))

    threads = [threading.Thread(target=draw_some, args=(n * 100,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [svg.count('class="node"') for svg in drawn] == [12] * 6


@pytest.mark.django_db
def test_stored_assets_are_drawn_by_their_own_health_unless_told_otherwise() -> None:
    a = make_asset("db.orders", health="failing")
    b = make_asset("Board", type="dashboard")
    b.owners.create(email="carla.mora@example.com")

    edges = [(a.pk, b.pk)]
    nodes = nodes_of([a.pk, b.pk], edges=edges, states={b.pk: "stale"}, focus=[a.pk])
    svg = ET.fromstring(draw_nodes(nodes, edges, label="x"))

    assert [box.get("data-health") for box in boxes(svg)] == ["failing", "stale"]
    assert texts(svg) == ["▲ orders", "◌ Board", "CM"]
    assert boxes(svg)[0].get("data-focus") is not None
