"""Where the boxes and lines of a picture go. Graphviz reckons it.

Graphviz sees numbers and sizes only, never a name, so no text can upset it.
"""

from __future__ import annotations

import threading
import warnings
from dataclasses import dataclass
from functools import lru_cache

from pygraphviz import AGraph

POINTS_PER_INCH = 72
MARGIN = 6.0

Point = tuple[float, float]

# Graphviz is C code with global state: one layout at a time in a process.
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Line:
    """A chain of cubic Bézier curves (1 + 3n points) and the tip of its arrow."""

    points: tuple[Point, ...]
    tip: Point


@dataclass(frozen=True, slots=True)
class Layout:
    """In pixels from the upper left corner. `centres` are in the order of the boxes;
    `lines` in that of the edges."""

    width: float
    height: float
    centres: tuple[Point, ...]
    lines: tuple[Line, ...]


@lru_cache(maxsize=256)
def lay_out(
    boxes: int,
    edges: tuple[tuple[int, int], ...],
    *,
    width: float,
    height: float,
    at_right_edge: frozenset[int] = frozenset(),
) -> Layout:
    """Arrange boxes 0..n-1 of one size from left to right along the edges.

    Those in `at_right_edge` stand in the last column. Cycles are fine; edges are
    distinct and none joins a box to itself. Takes some 50 ms for 60 boxes; answers
    are kept, since the same picture is drawn again and again while health changes.
    """
    graph = AGraph(directed=True, strict=True)
    graph.graph_attr.update(
        rankdir="LR", nodesep="0.14", ranksep="0.45", mclimit="0.4", nslimit="0.5"
    )
    if len(edges) > 4 * boxes:
        graph.graph_attr.update(splines="line")
    graph.node_attr.update(
        shape="box",
        label="",
        fixedsize="true",
        width=f"{width / POINTS_PER_INCH:.3f}",
        height=f"{height / POINTS_PER_INCH:.3f}",
    )
    graph.edge_attr.update(arrowsize="0.55")
    graph.add_nodes_from(range(boxes))
    graph.add_edges_from(edges)
    if at_right_edge:
        graph.add_subgraph(sorted(at_right_edge), rank="max")
    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of fonts, which nothing here uses
        graph.layout(prog="dot")
    return _read(graph, boxes, edges)


def _read(graph: AGraph, boxes: int, edges: tuple[tuple[int, int], ...]) -> Layout:
    _, _, width, height = (float(n) for n in graph.graph_attr["bb"].split(","))

    def place(text: str) -> Point:
        x, y = text.split(",")[-2:]
        return float(x) + MARGIN, height - float(y) + MARGIN

    lines = []
    for edge in edges:
        tip, *points = graph.get_edge(*edge).attr["pos"].split()
        lines.append(Line(tuple(place(point) for point in points), place(tip)))
    return Layout(
        width=width + 2 * MARGIN,
        height=height + 2 * MARGIN,
        centres=tuple(
            place(graph.get_node(number).attr["pos"]) for number in range(boxes)
        ),
        lines=tuple(lines),
    )
