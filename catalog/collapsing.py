"""What a picture of many nodes leaves out, so that it stays readable."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

MOST_NODES = 60
MOST_LINES = 160

State = Literal["healthy", "failing", "recovered", "stale", "wrong", "fixing", "cause"]
# How much is gathered: what does not fit, each column, or each state.
Fold = Literal["", "layer", "health"]
Edge = tuple[int, int]

ORDER: dict[State, int] = {
    "cause": 0,
    "failing": 1,
    "recovered": 2,
    "wrong": 3,
    "stale": 4,
    "fixing": 5,
    "healthy": 6,
}


@dataclass(frozen=True, slots=True)
class PictureNode:
    """One box. `kind` is a symbol of the icon sprite and `kind_word` says it;
    `name` is shown (cut if long), `full_name` on hover; `initials` are its owner's.
    `note` is what is odd about it; `word` says the state where more is known than the
    usual word says; `size` above 1: it stands for so many."""

    id: int
    name: str
    kind: str = "dataset"
    kind_word: str = ""
    full_name: str = ""
    url: str = ""
    state: State = "healthy"
    is_focus: bool = False
    initials: str = ""
    size: int = 1
    note: str = ""
    word: str = ""
    is_being_fixed: bool = False


def collapse(
    nodes: Sequence[PictureNode],
    edges: Collection[Edge],
    *,
    path: Collection[Edge] = (),
    limit: int = MOST_NODES,
    fold: Fold = "",
) -> tuple[list[PictureNode], list[Edge]]:
    """Return at most about `limit` nodes, and the edges between them.

    The focus, the path and what is failing are kept as they are, as far as half of
    the limit goes; the rest of a column becomes one node for each state, which says
    how many it stands for. With `fold` this is done though all would fit: "layer"
    gathers what is failing too, "health" all of a state whatever its column.
    """
    if len(nodes) <= limit and not fold:
        return list(nodes), list(edges)
    ranks = ranks_of([node.id for node in nodes], edges)
    kept = _most_important(nodes, edges, path, limit // 2)
    if fold == "layer":
        kept &= _pointed_at(nodes, path)
    columns = max(ranks.values()) + 1
    # A chain too long for one group a column shares them between neighbours.
    room = limit - len(kept)
    share = 1 + columns // max(room // 4, 1)
    groups: dict[tuple[object, ...], list[PictureNode]] = defaultdict(list)
    for node in nodes:
        if node.id in kept:
            groups["kept", node.id].append(node)
        else:
            column = 0 if fold == "health" else ranks[node.id] // share
            groups[column, node.state, node.kind == "dashboard"].append(node)
    shown: list[PictureNode] = []
    stands_in: dict[int, int] = {}
    for members in groups.values():
        group = members[0] if len(members) == 1 else _gather(members)
        shown.append(group)
        stands_in |= {member.id: group.id for member in members}
    between = {(stands_in[a], stands_in[b]) for a, b in edges}
    return shown, sorted((a, b) for a, b in between if a != b)


def most_telling(edges: Iterable[Edge], path: Collection[Edge]) -> list[Edge]:
    """Return at most MOST_LINES edges: the path, then the ends with fewest others.

    More would be a thicket that takes seconds to draw and that nobody can follow.
    """
    every = list(edges)
    if len(every) <= MOST_LINES:
        return every
    degree: dict[int, int] = defaultdict(int)
    for edge in every:
        for end in edge:
            degree[end] += 1
    every.sort(key=lambda e: (e not in path, min(degree[e[0]], degree[e[1]]), e))
    return sorted(every[:MOST_LINES])


def ranks_of(ids: Sequence[int], edges: Collection[Edge]) -> dict[int, int]:
    """Return {id: column}: one more than the furthest of those upstream.

    A cycle is entered at its first member in the order of `ids`.
    """
    children: dict[int, list[int]] = defaultdict(list)
    waiting = dict.fromkeys(ids, 0)
    for up, down in edges:
        children[up].append(down)
        waiting[down] += 1
    ranks = dict.fromkeys(ids, 0)
    ready = [id for id in ids if not waiting[id]]
    order = iter(ids)
    done: set[int] = set()
    while len(done) < len(ranks):
        if not ready:
            ready.append(next(id for id in order if id not in done))
        node = ready.pop()
        if node in done:
            continue
        done.add(node)
        for child in children[node]:
            waiting[child] -= 1
            if child not in done:
                ranks[child] = max(ranks[child], ranks[node] + 1)
                if not waiting[child]:
                    ready.append(child)
    return ranks


def _most_important(
    nodes: Sequence[PictureNode],
    edges: Collection[Edge],
    path: Collection[Edge],
    count: int,
) -> set[int]:
    on_path = {id for edge in path for id in edge}
    focus = {node.id for node in nodes if node.is_focus}
    near = {id for edge in edges if focus & set(edge) for id in edge}

    def importance(node: PictureNode) -> tuple[bool, bool, int, bool]:
        return (
            not node.is_focus,
            node.id not in on_path,
            ORDER[node.state],
            node.id not in near,
        )

    first = sorted(nodes, key=importance)[:count]
    return {
        node.id
        for node in first
        if node.is_focus
        or node.id in on_path
        or node.id in near
        or node.state in ("cause", "failing")
    }


def _pointed_at(nodes: Sequence[PictureNode], path: Collection[Edge]) -> set[int]:
    """What somebody asked for, and the path."""
    asked = {node.id for node in nodes if node.is_focus or node.state == "cause"}
    return asked.union(id for edge in path for id in edge)


def _gather(members: Sequence[PictureNode]) -> PictureNode:
    kinds = {member.kind for member in members}
    first = members[0]
    word = _plural(first.kind_word or first.kind) if len(kinds) == 1 else "assets"
    names = ", ".join(member.name for member in members[:12])
    more = f" and {len(members) - 12} more" if len(members) > 12 else ""
    return replace(
        first,
        name=f"{len(members)} {word}",
        full_name=f"{len(members)} {word}: {names}{more}",
        kind=first.kind if len(kinds) == 1 else "assets",
        kind_word="",
        url="",
        initials="",
        note="",
        word=first.word if len({member.word for member in members}) == 1 else "",
        is_being_fixed=all(member.is_being_fixed for member in members),
        size=len(members),
    )


def _plural(word: str) -> str:
    return f"{word.lower()}s"
