"""Which assets a fault has passed through without a word from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

Edges = Iterable[tuple[int, int]]


def silent_between(edges: Edges, failing: Collection[int]) -> dict[int, float]:
    """Return {asset: how sure it is that it broke and kept silent}.

    `edges` (upstream, downstream) are those around the failing assets of one fault. A
    failing asset below which no parent failed has its fault through silent ones: those
    on the shortest ways up to another failing asset. Where several stand side by side,
    one of them was broken at least, so each has its share.
    """
    parents: dict[int, list[int]] = defaultdict(list)
    for up, down in edges:
        parents[down].append(up)
    spared: dict[int, float] = defaultdict(lambda: 1.0)
    for asset in failing:
        for abreast in _ways_up(asset, parents, failing):
            for one in abreast:
                spared[one] *= 1 - 1 / len(abreast)
    return {asset: 1 - share for asset, share in spared.items()}


def _ways_up(
    asset: int, parents: Mapping[int, list[int]], failing: Collection[int]
) -> Iterator[set[int]]:
    """What lies between the asset and the nearest failing ones above it, those at the
    same distance together."""
    levels, seen = [{asset}], {asset}
    while not (reached := {one for one in levels[-1] if one in failing} - {asset}):
        above = {up for one in levels[-1] for up in parents.get(one, ())} - seen
        if not above:
            return
        seen |= above
        levels.append(above)
    for level in reversed(levels[1:-1]):
        reached = {one for one in level if not reached.isdisjoint(parents[one])}
        yield reached
