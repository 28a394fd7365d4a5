"""Runs that are made of runs, seen as lineage: a whole fails downstream of its parts.

A failed task fails its DAG's run, a failed model its dbt run, and both are told of.
Seen this way, the rules of `correlation` make one incident of the two, in whichever
order they come, and leave two parts apart that failed for reasons of their own. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from incidents.correlation import Lineage


@dataclass(frozen=True, slots=True)
class RunLineage:
    """`base`, with the ties of some runs. `parts` is {whole: its parts}, asset ids."""

    base: Lineage
    parts: Mapping[int, Collection[int]]

    def ancestors(self, asset_id: int, hops: int | None = None) -> dict[int, int]:
        found = dict(self.base.ancestors(asset_id, hops))
        for part, above in self._below(asset_id).items():
            _nearer(found, part, above)
            for ancestor, distance in self.base.ancestors(part, hops).items():
                _nearer(found, ancestor, above + distance)
        found.pop(asset_id, None)
        return found

    def descendants(self, asset_id: int, hops: int | None = None) -> dict[int, int]:
        found = dict(self.base.descendants(asset_id, hops))
        for whole in self.parts:
            reached = self._below(whole)
            ways = [above for part, above in reached.items() if part == asset_id]
            ways += [above + found[p] for p, above in reached.items() if p in found]
            if ways and whole != asset_id:
                _nearer(found, whole, min(ways))
        return found

    def _below(self, whole: int) -> dict[int, int]:
        """{part: distance} of all parts, those of its parts too."""
        found: dict[int, int] = {}
        layer = {whole}
        distance = 0
        while layer:
            distance += 1
            layer = {p for one in layer for p in self.parts.get(one, ())} - found.keys()
            found.update(dict.fromkeys(layer, distance))
        return found


def _nearer(found: dict[int, int], asset_id: int, distance: int) -> None:
    found[asset_id] = min(distance, found.get(asset_id, distance))
