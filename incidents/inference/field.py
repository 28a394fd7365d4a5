"""The assets that may have broken first, and where the alarms are below each."""

from __future__ import annotations

from functools import cached_property
from math import log
from typing import Any

import numpy as np

from incidents.inference.neighbourhood import (
    Ints,
    Neighbourhood,
    distinct,
    likely_roots,
)
from incidents.inference.observed import Alarms, Know, Knowledge
from incidents.inference.priors import Priors
from incidents.inference.templates import (
    Floats,
    Rows,
    Templates,
    known_of_edges,
    ranks_of,
    rows_below,
)


class Field:
    """The templates of all likely roots, and what the alarms are in each.

    `roots` are positions in the neighbourhood; a root's number is its place in there.
    `covers[r, a]`: root r lies upstream of alarm a or is it. `hops[r, a]` and
    `lag[r, a]` (seconds known from habit) say how far away in time: hops counts only
    steps whose lag is unknown. `steps_to[r, a]` counts all. `nodes` are the assets of
    all templates, `alarm` their alarms.
    """

    def __init__(
        self,
        hood: Neighbourhood,
        alarms: Alarms,
        *,
        know: Know,
        priors: Priors,
        hops: int,
    ) -> None:
        self.hood, self.alarms, self.priors = hood, alarms, priors
        places = np.searchsorted(hood.ids, alarms.assets)
        alarm_of = np.full(hood.ids.size, -1, dtype=np.intp)
        alarm_of[places] = np.arange(alarms.size)
        self.roots = likely_roots(hood, places, hops=hops)
        self.alarm_of_root = alarm_of[self.roots]
        rows = rows_below(hood, self.roots, alarm_of, hops=hops)
        knowledge = know(hood.ids[distinct(rows.node)].tolist())
        upper, lower = self._tie(rows)
        passed, seen, lag = known_of_edges(
            knowledge.habits,
            hood.ids[rows.node[upper]],
            hood.ids[rows.node[lower]],
        )
        has_habits = bool(seen.any())
        self.alarm = alarm_of[rows.node]
        self.nodes = hood.ids[rows.node]
        self.templates = Templates(
            base=np.searchsorted(rows.root, np.arange(self.roots.size + 1)),
            rank=ranks_of(rows.root, hood.level[rows.node]),
            **self._hear(knowledge, rows),
            edge_at=np.searchsorted(lower, np.arange(rows.node.size + 1)),
            upper=upper,
            alarm=self.alarm,
            passed=passed if has_habits else None,
            seen=seen if has_habits else None,
            alarms=alarms.size,
            priors=priors,
        )
        self._measure(rows, upper, lower, lag, hops)
        self.assets = hood.ids[self.roots]
        lean = knowledge.leaning
        self.leaning = np.array([lean.get(a, 0.0) for a in self.assets.tolist()])
        self.leaning += self._leaning_by_way(knowledge)

    def _leaning_by_way(self, knowledge: Knowledge) -> Floats:
        """A failed run says that the asset itself broke, a failed test that its data
        is wrong, which may have come from above. Where all tell one of the two, they
        say nothing by it."""
        failing = self.alarms.assets.tolist()
        broke, tested = set(knowledge.broke), set(knowledge.tested)
        lean = np.zeros(self.roots.size)
        if broke.isdisjoint(failing) or tested.isdisjoint(failing):
            return lean
        first, below = self.priors.run_if_first, self.priors.run_if_below
        lean[np.isin(self.assets, list(broke))] = log(first / below)
        lean[np.isin(self.assets, list(tested))] = log((1 - first) / (1 - below))
        lean[self.alarm_of_root < 0] = 0.0
        return lean

    def _hear(self, knowledge: Knowledge, rows: Rows) -> dict[str, Any]:
        """How well silence can be trusted, for each row."""
        size = self.hood.ids.size
        can_say = np.ones(size)
        quiet = self.hood.places(knowledge.voices)
        can_say[quiet] = [
            knowledge.voices[one] for one in self.hood.ids[quiet].tolist()
        ]
        can_say[self.hood.places(knowledge.mute)] = 0.0
        least = np.zeros(size)
        least[self.hood.places(knowledge.sound)] = self.priors.healthy_says
        late = np.zeros(size, dtype=bool)
        late[self.hood.places(knowledge.overdue)] = True
        return {
            "can_say": can_say[rows.node],
            "least_says": least[rows.node],
            "overdue": late[rows.node] & (self.alarm < 0),
        }

    def _tie(self, rows: Rows) -> tuple[Ints, Ints]:
        """The edges inside each template: (upper row, lower row), in the order of
        their lower ends."""
        size = max(self.hood.ids.size, 1)
        keys = rows.root * size + rows.node
        order = np.argsort(keys)
        lower, parents = self.hood.up.of(rows.node)
        wanted = rows.root[lower] * size + parents
        at = np.searchsorted(keys, wanted, sorter=order)
        at[at == keys.size] = 0
        upper = order[at]
        inside = (keys[upper] == wanted) & (
            rows.node[lower] != self.roots[rows.root][lower]
        )
        return upper[inside], lower[inside]

    def _measure(
        self, rows: Rows, upper: Ints, lower: Ints, lags: Floats, most: int
    ) -> None:
        """How far each alarm is from each root, along a shortest way."""
        unknown, known = rows.hops.copy(), np.zeros(rows.hops.size)
        edges = np.flatnonzero(rows.hops[upper] == rows.hops[lower] - 1)
        _, first = np.unique(lower[edges], return_index=True)
        edges = edges[first]
        edges = edges[np.argsort(rows.hops[lower[edges]], kind="stable")]
        steps = rows.hops[lower[edges]]
        for step in np.unique(steps):
            here = edges[steps == step]
            up, down, lag = upper[here], lower[here], lags[here]
            unknown[down] = unknown[up] + np.isnan(lag)
            known[down] = known[up] + np.nan_to_num(lag)
        shape = (self.roots.size, self.alarms.size)
        self.covers = np.zeros(shape, dtype=bool)
        self.hops = np.zeros(shape, dtype=np.float32)
        self.lag = np.zeros(shape, dtype=np.float32)
        self.steps_to = np.zeros(shape, dtype=np.int32)
        heard = np.flatnonzero((self.alarm >= 0) & (rows.hops <= most))
        at = (rows.root[heard], self.alarm[heard])
        self.covers[at] = True
        self.hops[at], self.lag[at] = unknown[heard], known[heard]
        self.steps_to[at] = rows.hops[heard]

    @cached_property
    def ways(self) -> Templates:
        """The templates without what leads to no alarm, for quick upper bounds."""
        return self.templates.ways()

    @property
    def ids(self) -> frozenset[int]:
        """The assets that may have broken first."""
        return frozenset(self.assets.tolist())

    def failing_below(self, asset_id: int) -> set[int]:
        """The failing assets that the asset is or lies upstream of."""
        numbers = np.flatnonzero(self.assets == asset_id)
        covered = self.covers[numbers].any(axis=0)
        return set(self.alarms.assets[covered].tolist())

    def failing_above(self, asset_id: int) -> set[int]:
        """The failing assets upstream of a failing one; not those in a cycle."""
        above: set[int] = set()
        for alarm in np.flatnonzero(self.alarms.assets == asset_id).tolist():
            above |= self.steps_from(alarm).keys() - {alarm}
        return set(self.alarms.assets[sorted(above)].tolist())

    def children(self, asset_id: int) -> set[int]:
        """What reads the asset directly."""
        _, ends = self.hood.down.of(self.hood.places([asset_id]))
        return set(self.hood.ids[ends].tolist())

    def own_root(self, alarm: int) -> tuple[int]:
        """The number of the root that is the alarmed asset itself."""
        return (int(np.flatnonzero(self.alarm_of_root == alarm)[0]),)

    def steps_from(self, alarm: int) -> dict[int, int]:
        """{alarm upstream of this one: steps from there}."""
        above = np.flatnonzero(self.covers[:, alarm] & (self.alarm_of_root >= 0))
        steps = self.steps_to[above, alarm].tolist()
        return dict(zip(self.alarm_of_root[above].tolist(), steps, strict=True))

    def steps_below(self, alarm: int) -> dict[int, int]:
        """{alarm downstream of this one: steps to there}."""
        (own,) = self.own_root(alarm)
        below = np.flatnonzero(self.covers[own])
        steps = self.steps_to[own, below].tolist()
        return dict(zip(below.tolist(), steps, strict=True))
