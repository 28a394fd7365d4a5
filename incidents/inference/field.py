"""How likely some alarms are, if one asset broke and the fault spread from it.

For each candidate root there is a template: the assets below it in order, and the
edges between them. The likelihood walks all templates asked for at once, level by
level. An asset breaks with chance 1 - prod(1 - passes x belief(parent)); an alarm of
the group shows that it broke; one of another group says nothing; silence lowers the
belief, and more so where a run is known to have gone well.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from incidents.inference.neighbourhood import (
    BEYOND,
    MOST_BELOW,
    SILENT,
    Ints,
    Neighbourhood,
    distinct,
    likely_roots,
    spans,
)
from incidents.inference.observed import Alarms, Know, Knowledge
from incidents.inference.priors import Priors

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
TINY = 1e-9
UNREACHED = -1


@dataclass(frozen=True, slots=True)
class _Templates:
    """Rows (root, node), sorted by root, then level. `hops[i]` from the root."""

    root: Ints
    node: Ints
    hops: Ints


def _spread_out(
    hood: Neighbourhood, roots: Ints, alarm_of: Ints, *, hops: int
) -> _Templates:
    """Walk down from every root at once; at most MOST_BELOW assets for each."""
    size = max(hood.ids.size, 1)
    keys = np.arange(roots.size) * size + roots
    seen, distance = keys, np.zeros(keys.size, dtype=np.intp)
    since_alarm = np.zeros(keys.size, dtype=np.intp)
    for step in range(1, hops + BEYOND + 1):
        origin, ends = hood.down.of(keys % size)
        fresh, first = np.unique(keys[origin] // size * size + ends, return_index=True)
        silent = np.where(
            alarm_of[fresh % size] >= 0, 0, since_alarm[origin[first]] + 1
        )
        new = ~np.isin(fresh, seen, assume_unique=True) & (silent <= SILENT + BEYOND)
        counts = np.bincount(seen // size, minlength=roots.size)
        new &= counts[fresh // size] < MOST_BELOW
        keys, since_alarm = fresh[new], silent[new]
        if not keys.size:
            break
        seen = np.concatenate([seen, keys])
        distance = np.concatenate([distance, np.full(keys.size, step)])
    order = np.lexsort((hood.level[seen % size], seen // size))
    seen, distance = seen[order], distance[order]
    return _Templates(seen // size, seen % size, distance)


class Field:
    """The templates of all likely roots, and what the alarms are in each.

    `roots` are positions in the neighbourhood; a root's number is its place in there.
    `covers[r, a]`: root r lies upstream of alarm a or is it. `hops[r, a]` and
    `lag[r, a]` (seconds known from habit) say how far away in time: hops counts only
    steps whose lag is unknown. `steps_to[r, a]` counts all.
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
        rows = _spread_out(hood, self.roots, alarm_of, hops=hops)
        self._lay_out(rows)
        self.alarm = alarm_of[rows.node]
        knowledge = know(hood.ids[distinct(rows.node)].tolist())
        self._hear(knowledge, rows)
        self._tie(knowledge, rows)
        self._measure(rows, hops)
        self.assets = hood.ids[self.roots]
        lean = knowledge.leaning
        self.leaning = np.array([lean.get(a, 0.0) for a in self.assets.tolist()])

    def _lay_out(self, rows: _Templates) -> None:
        """Where each template begins, and each level of it."""
        roots = np.arange(self.roots.size + 1)
        self.base = np.searchsorted(rows.root, roots)
        level = self.hood.level[rows.node]
        self.depths = np.unique(level)
        deep = int(level.max(initial=0)) + 1
        key = rows.root * deep + level
        wanted = roots[:-1, None] * deep + np.append(self.depths, deep)[None, :]
        self.steps = np.searchsorted(key, wanted)

    def _hear(self, knowledge: Knowledge, rows: _Templates) -> None:
        """How well silence can be trusted, for each row."""
        size = self.hood.ids.size
        can_say = np.ones(size)
        can_say[self.hood.places(knowledge.mute)] = 0.0
        least = np.zeros(size)
        least[self.hood.places(knowledge.sound)] = self.priors.healthy_says
        late = np.zeros(size, dtype=bool)
        late[self.hood.places(knowledge.overdue)] = True
        self.can_say, self.least_says = can_say[rows.node], least[rows.node]
        self.overdue = late[rows.node] & (self.alarm < 0)

    def _tie(self, knowledge: Knowledge, rows: _Templates) -> None:
        """The edges inside each template, in the order of their lower ends."""
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
        lower, upper = lower[inside], upper[inside]
        self.edge_at = np.searchsorted(lower, np.arange(keys.size + 1))
        self.upper, self.lower = upper, lower
        self._recall(knowledge, rows)

    def _recall(self, knowledge: Knowledge, rows: _Templates) -> None:
        """What is known of each edge from earlier faults."""
        count = self.upper.size
        self.passed, self.seen = np.zeros(count), np.zeros(count)
        self.edge_lag = np.full(count, np.nan)
        if not knowledge.habits:
            return
        ups = self.hood.ids[rows.node[self.upper]].tolist()
        downs = self.hood.ids[rows.node[self.lower]].tolist()
        for edge, pair in enumerate(zip(ups, downs, strict=True)):
            habit = knowledge.habits.get(pair)
            if habit is not None:
                self.passed[edge] = habit.passed
                self.seen[edge] = habit.passed + habit.held
                if habit.lag is not None:
                    self.edge_lag[edge] = habit.lag

    def _measure(self, rows: _Templates, most: int) -> None:
        """How far each alarm is from each root, along a shortest way."""
        unknown, known = rows.hops.copy(), np.zeros(rows.hops.size)
        closer = rows.hops[self.upper] == rows.hops[self.lower] - 1
        edges = np.flatnonzero(closer)
        _, first = np.unique(self.lower[edges], return_index=True)
        edges = edges[first]
        edges = edges[np.argsort(rows.hops[self.lower[edges]], kind="stable")]
        steps = rows.hops[self.lower[edges]]
        for step in np.unique(steps):
            here = edges[steps == step]
            up, down, lag = self.upper[here], self.lower[here], self.edge_lag[here]
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

    def log_likelihood(
        self, roots: Ints, row: Ints, alarm: Ints, passes: Floats, says: Floats
    ) -> Floats:
        """For each k: log P(its alarms, silence elsewhere | roots[k]). Its alarms are
        those `alarm[i]` whose `row[i]` is k."""
        count = roots.size
        base = self.base[roots]
        size = self.base[roots + 1] - base
        shift = np.cumsum(size) - size - base
        belief = np.zeros(int(size.sum()))
        total = np.zeros(count)
        members = np.sort(row * self.alarms.size + alarm)
        starts = self.steps[roots]
        for step in range(self.depths.size):
            rows, counts = spans(starts[:, step], starts[:, step + 1])
            if not rows.size:
                continue
            column = np.repeat(np.arange(count), counts)
            breaks = self._breaks(rows, column, belief, shift, passes)
            is_member = self._are_members(rows, column, members)
            chance, after = self._heard(rows, breaks, is_member, says[column])
            total += np.bincount(column, np.log(np.maximum(chance, TINY)), count)
            belief[rows + shift[column]] = after
        return total

    def _are_members(self, rows: Ints, column: Ints, members: Ints) -> Flags:
        """Whether each row's asset has an alarm of its column's group."""
        alarm = self.alarm[rows]
        found = np.zeros(rows.size, dtype=bool)
        heard = np.flatnonzero(alarm >= 0)
        wanted = column[heard] * self.alarms.size + alarm[heard]
        places = np.minimum(np.searchsorted(members, wanted), members.size - 1)
        found[heard] = members[places] == wanted
        return found

    def _breaks(
        self, rows: Ints, column: Ints, belief: Floats, shift: Ints, passes: Floats
    ) -> Floats:
        """The chance that each row's asset breaks, given those above; 1 for a root."""
        starts, ends = self.edge_at[rows], self.edge_at[rows + 1]
        edges, counts = spans(starts, ends)
        at = np.repeat(column, counts)
        weight = self.priors.habit_weight
        pass_on = (self.passed[edges] + weight * passes[at]) / (
            self.seen[edges] + weight
        )
        holds = np.log1p(
            -np.minimum(pass_on * belief[self.upper[edges] + shift[at]], 1 - TINY)
        )
        sums = np.concatenate([[0.0], np.cumsum(holds)])
        offset = np.cumsum(counts) - counts
        breaks: Floats = -np.expm1(sums[offset + counts] - sums[offset])
        breaks[counts == 0] = 1.0
        return breaks

    def _heard(
        self, rows: Ints, breaks: Floats, is_member: Flags, says: Floats
    ) -> tuple[Floats, Floats]:
        """(chance of what was heard of each row, belief that it broke after that)."""
        alarmed = self.alarm[rows] >= 0
        says = np.maximum(says, self.least_says[rows])
        # A mute asset that does alarm is heard all the same.
        says = np.where(alarmed, says, says * self.can_say[rows])
        speaks = breaks * says
        silence = 1 - speaks
        chance = np.where(is_member, speaks, np.where(alarmed, 1.0, silence))
        after = np.where(
            is_member,
            1.0,
            np.where(alarmed, breaks, (breaks - speaks) / np.maximum(silence, TINY)),
        )
        late = self.overdue[rows]
        if late.any():
            if_broken = self.priors.overdue_if_broken * breaks
            either = if_broken + self.priors.overdue_if_sound * (1 - breaks)
            chance = np.where(late, either, chance)
            after = np.where(late, if_broken / np.maximum(either, TINY), after)
        return chance, after
