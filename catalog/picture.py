"""Lineage as a picture: an SVG whose nodes are links, from plain values.

Form and colour come from `static/css/components/picture.css` by way of attributes:
the content security policy allows no style of its own, and light and dark differ.
State shows as form (double border, thick border, hatching) and as a mark in the
label, never by colour alone. A page that shows a picture lists the same beside it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Sequence
from html import escape

from catalog.collapsing import (
    MOST_NODES,
    Fold,
    PictureNode,
    collapse,
    most_telling,
)
from catalog.layout import Layout, Line, Point, lay_out

HEIGHT = 30.0
LETTER = 7.2  # the width of a capital or bold letter at 12 px, more than usual
ICON, GAP, PADDING = 14.0, 6.0, 9.0
INITIALS = 22.0
LONGEST_LABEL = 20

MARKS = {
    "cause": "◆ ",
    "failing": "▲ ",
    "recovered": "✓ ",
    "stale": "◌ ",
    "wrong": "≠ ",
    "fixing": "◐ ",
}
FIXING_MARK = MARKS["fixing"]
STATE_WORDS = {
    "cause": "suspected cause",
    "failing": "failing",
    "recovered": "failed then, recovered",
    "stale": "may be stale",
    "wrong": "numbers may be wrong",
    "fixing": "being fixed",
    "healthy": "healthy",
}


def draw(
    nodes: Sequence[PictureNode],
    edges: Iterable[tuple[int, int]],
    *,
    label: str,
    icons: str,
    path: Collection[tuple[int, int]] = (),
    more_url: str = "",
    limit: int = MOST_NODES,
    fold: Fold = "",
    scale: float = 1,
) -> str:
    """Draw nodes and the edges (upstream id, downstream id) between them.

    `label` names the picture to screen readers; `icons` is the address of the sprite
    with the marks of kinds; edges in `path` are emphasised; groups that stand for
    many nodes link to `more_url`. `limit` and `fold` as in `collapse`; `scale` is the
    size, 1 the usual. Edges to nodes that are not given are left out.
    The answer is safe to put into a page as it is.
    """
    known = {node.id for node in nodes}
    told = sorted({(a, b) for a, b in edges if a in known and b in known and a != b})
    shown, between = collapse(nodes, told, path=path, limit=limit, fold=fold)
    drawn = most_telling(between, path)
    place = {node.id: number for number, node in enumerate(shown)}
    width = _box_width(shown)
    layout = lay_out(
        len(shown),
        tuple((place[a], place[b]) for a, b in drawn),
        width=width,
        height=HEIGHT,
        at_right_edge=_last(shown, drawn, place),
    )
    lines = [
        _line(line, on_path=edge in path)
        for edge, line in zip(drawn, layout.lines, strict=True)
    ]
    boxes = sorted(zip(shown, layout.centres, strict=True), key=lambda one: one[1])
    body = "".join(
        [*lines, *(_box(node, at, width, icons, more_url) for node, at in boxes)]
    )
    left_out = len(between) - len(drawn)
    return _frame(body, layout, label, lines_left_out=left_out, scale=scale)


def _last(
    nodes: Sequence[PictureNode],
    edges: Collection[tuple[int, int]],
    place: dict[int, int],
) -> frozenset[int]:
    """Dashboards that feed nothing else here."""
    feeding = {a for a, _ in edges}
    return frozenset(
        place[node.id]
        for node in nodes
        if node.kind == "dashboard" and node.id not in feeding
    )


def _frame(
    body: str, layout: Layout, label: str, *, lines_left_out: int, scale: float
) -> str:
    width, height = _number(layout.width), _number(layout.height)
    size = [_number(side * scale) for side in (layout.width, layout.height)]
    left_out = f"<desc>{lines_left_out} lines are left out.</desc>"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size[0]}" height="{size[1]}"'
        f' viewBox="0 0 {width} {height}" role="group" aria-label="{escape(label)}">'
        f"{left_out if lines_left_out else ''}{body}</svg>"
    )


def _line(line: Line, *, on_path: bool) -> str:
    start, *rest = line.points
    mark = ' data-path=""' if on_path else ""
    return (
        f'<g class="edge"{mark} aria-hidden="true">'
        f'<path d="M{_point(start)}C{" ".join(map(_point, rest))}"/>'
        f'<polygon points="{_arrow(line)}"/></g>'
    )


def _arrow(line: Line) -> str:
    """A small triangle from the end of the line to its tip."""
    (x, y), (tip_x, tip_y) = line.points[-1], line.tip
    across = (-(tip_y - y) * 0.45, (tip_x - x) * 0.45)
    corners = [
        (tip_x, tip_y),
        (x + across[0], y + across[1]),
        (x - across[0], y - across[1]),
    ]
    return " ".join(map(_point, corners))


def _box(
    node: PictureNode, centre: Point, width: float, icons: str, more_url: str
) -> str:
    left, top = centre[0] - width / 2, centre[1] - HEIGHT / 2
    url = node.url or more_url
    focus = ' data-focus=""' if node.is_focus else ""
    spoken = ", ".join(
        part
        for part in (
            node.full_name,
            node.kind_word,
            node.word or STATE_WORDS[node.state],
            "being fixed" if node.is_being_fixed else "",
        )
        if part
    )
    inside = (
        f"<title>{escape(node.full_name)}</title>"
        + _shape(node, left, top, width)
        + _icon(node, left + PADDING, centre[1], icons)
        + _text(node, left + PADDING + ICON + GAP, centre[1])
        + _initials(node, left + width, centre[1])
    )
    link = f'<a href="{escape(url)}" aria-label="{escape(spoken)}">{inside}</a>'
    return (
        f'<g class="node" data-health="{node.state}" data-kind="{escape(node.kind)}"'
        f"{focus}>{link if url else inside}</g>"
    )


def _shape(node: PictureNode, left: float, top: float, width: float) -> str:
    if node.size > 1:
        behind = _rectangle(left + 4, top - 4, width, HEIGHT)
        return behind + _rectangle(left, top, width, HEIGHT)
    if node.kind == "dashboard":
        # A tab: round where the data comes in, square and heavy at the edge.
        right, bottom = left + width, top + HEIGHT
        outline = (
            f"M{_point((right, top))}H{_number(left + 12)}"
            f"Q{_point((left, top))} {_point((left, top + 12))}V{_number(bottom - 12)}"
            f"Q{_point((left, bottom))} {_point((left + 12, bottom))}H{_number(right)}Z"
        )
        edge = f"M{_point((right, top))}V{_number(bottom)}"
        return f'<path d="{outline}"/><path class="node__tab" d="{edge}"/>'
    outer = _rectangle(left, top, width, HEIGHT)
    if node.state == "cause":
        inner = _rectangle(left + 3.5, top + 3.5, width - 7, HEIGHT - 7, radius=2)
        return outer + inner.replace("<rect", '<rect class="node__inner"')
    return outer


def _rectangle(
    left: float, top: float, width: float, height: float, *, radius: int = 4
) -> str:
    return (
        f'<rect x="{_number(left)}" y="{_number(top)}" width="{_number(width)}"'
        f' height="{_number(height)}" rx="{radius}"/>'
    )


def _icon(node: PictureNode, x: float, y: float, icons: str) -> str:
    return (
        f'<svg class="icon" x="{_number(x)}" y="{_number(y - ICON / 2)}"'
        f' width="{_number(ICON)}" height="{_number(ICON)}" aria-hidden="true">'
        f'<use href="{escape(icons)}#{escape(node.kind)}"/></svg>'
    )


def _text(node: PictureNode, x: float, y: float) -> str:
    label = escape(_label(node))
    return f'<text x="{_number(x)}" y="{_number(y + 4)}">{label}</text>'


def _initials(node: PictureNode, right: float, y: float) -> str:
    if not node.initials:
        return ""
    return (
        f'<text class="node__owner" text-anchor="end" x="{_number(right - 8)}"'
        f' y="{_number(y + 4)}">{escape(node.initials)}</text>'
    )


def _label(node: PictureNode) -> str:
    mark = MARKS.get(node.state, "") + (FIXING_MARK if node.is_being_fixed else "")
    return mark + cut_middle(node.name, LONGEST_LABEL)


def cut_middle(text: str, length: int) -> str:
    """Cut the middle out of a long name, because both its ends identify it."""
    if len(text) <= length:
        return text
    head = (length - 1) // 2
    return f"{text[:head]}…{text[-(length - 1 - head) :]}"


def _box_width(nodes: Sequence[PictureNode]) -> float:
    """One width for all, so that columns line up."""
    longest = max((_letters(_label(node)) for node in nodes), default=0)
    owner = INITIALS if any(node.initials for node in nodes) else 0
    return max(longest, 8) * LETTER + 2 * PADDING + ICON + GAP + owner


def _letters(text: str) -> int:
    """Width in usual letters: Chinese, Japanese and Korean ones count double."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _point(at: Point) -> str:
    return f"{_number(at[0])},{_number(at[1])}"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
