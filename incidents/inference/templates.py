"""What each candidate root may break: the assets below it in order, and the edges
between them.

All templates lie one after the other in flat arrays, a row for each (root, asset). The
likelihood walks all that are asked for at once, rank by rank. An asset breaks with
chance 1 - prod(1 - passes x belief(parent)); an alarm of the group shows that it broke;
one of another group says nothing; silence lowers the belief, and more so where a run is
known to have gone well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from incidents.inference.neighbourhood import (
    BEYOND,
    MOST_BELOW,
    SILENT,
    Ints,
    Neighbourhood,
    distinct,
    spans,
)
from incidents.inference.observed import Pair
from incidents.inference.priors import Habit, Priors
from incidents.inference.walks import Ranks, Start, Walk, rows_of_alarms

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
TINY = 1e-9
FEW_ALARMS = 40  # of so few, whole templates take no longer


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows (number of the root, place of the asset), sorted by root, then by level;
    `hops` from the root."""

    root: Ints
    node: Ints
    hops: Ints


def rows_below(hood: Neighbourhood, roots: Ints, alarm_of: Ints, *, hops: int) -> Rows:
    """Walk down from every root at once; at most MOST_BELOW assets for each, and not
    far below the last alarm."""
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
    return Rows(seen // size, seen % size, distance)


def ranks_of(root: Ints, level: Ints) -> Ranks:
    """The place of each row's level among those of its template: 0, 1, 2, …"""
    is_new = np.append(True, (level[1:] != level[:-1]) | (root[1:] != root[:-1]))
    steps = np.cumsum(is_new[: root.size])
    starts = np.append(True, root[1:] != root[:-1])[: root.size]
    ranks = steps - steps[starts][np.cumsum(starts) - 1]
    return np.asarray(ranks, dtype=np.int16)  # numbers so small are sorted quickly


@dataclass(frozen=True, slots=True)
class Templates:
    """The rows of template r are base[r] to base[r + 1], the
    upper `rank` first. The edges into row i, from rows `upper`, are edge_at[i] to
    edge_at[i + 1]. row_of[r, a] is the row of alarm a, below 0 for none.

    `alarm` of each row, below 0 for none; `can_say` and `least_says` how well its
    silence can be trusted; `overdue`: past its deadline without a word. `passed` and
    `seen` of each edge: how often an earlier fault went on, of how many; None where
    no edge has any.
    """

    base: Ints
    rank: Ranks
    edge_at: Ints
    upper: Ints
    alarm: Ints
    can_say: Floats
    least_says: Floats
    overdue: Flags
    passed: Floats | None
    seen: Floats | None
    alarms: int
    priors: Priors
    row_of: Ints = field(init=False)
    start: Start = field(init=False)

    def __post_init__(self) -> None:
        found = rows_of_alarms(self.base, self.alarm, self.alarms)
        object.__setattr__(self, "row_of", found)
        start = Start.empty(len(self.priors.spreads), self.alarm.size, len(found))
        object.__setattr__(self, "start", start)

    def ways(self) -> Templates:
        """The same without what leads to nothing that speaks. Each likelihood is an
        upper bound of the whole one's then, as silence multiplies by at most one."""
        leads = self._lead_on()
        places = np.append(0, np.cumsum(leads))
        counts = np.diff(self.edge_at)
        edges = np.repeat(leads, counts)
        return Templates(
            base=places[self.base],
            edge_at=np.append(0, np.cumsum(counts[leads])),
            upper=places[self.upper[edges]],
            alarm=self.alarm[leads],
            rank=self.rank[leads],
            can_say=self.can_say[leads],
            least_says=self.least_says[leads],
            overdue=self.overdue[leads],
            passed=None if self.passed is None else self.passed[edges],
            seen=None if self.seen is None else self.seen[edges],
            alarms=self.alarms,
            priors=self.priors,
        )

    def _lead_on(self) -> Flags:
        leads: Flags = (self.alarm >= 0) | self.overdue
        rows = np.flatnonzero(leads)
        while rows.size:
            edges, _ = spans(self.edge_at[rows], self.edge_at[rows + 1])
            found = np.zeros(leads.size, dtype=bool)
            found[self.upper[edges]] = True
            rows = np.flatnonzero(found & ~leads)
            leads[rows] = True
        return leads

    def log_likelihoods(
        self, roots: Ints, row: Ints, alarm: Ints, choice: Ints
    ) -> Floats:
        """[k]: log P(its alarms, silence elsewhere | roots[k]) under the spread with
        the number choice[k]. Its alarms are those `alarm[i]` whose `row[i]` is k; `row`
        is sorted, none is left out."""
        if self.alarms <= FEW_ALARMS:
            return np.asarray(self.whole(roots, row, alarm, choice[None, :])[0])
        return self.anew(roots, row, alarm, choice)

    def under_all_spreads(self, roots: Ints, row: Ints, alarm: Ints) -> Floats:
        """[s, k]: the same for each spread of the priors."""
        choice = np.arange(len(self.priors.spreads))[:, None]
        return self.whole(roots, row, alarm, choice)

    def whole(self, roots: Ints, row: Ints, alarm: Ints, choice: Ints) -> Floats:
        """The same by walking through all of each template; `choice` is [s, 1] for all
        or [s, k]."""
        walk = Walk.of_all(self, roots, row, alarm)
        logs, _ = self._heard(walk, choice)
        starts = np.flatnonzero(np.append(True, np.diff(walk.column[walk.order])))
        return np.asarray(np.add.reduceat(logs[:, walk.order], starts, axis=1))

    def anew(self, roots: Ints, row: Ints, alarm: Ints, choice: Ints) -> Floats:
        """[k]: the same by walking through what lies below the alarms of each group,
        which pays where there are many groups for each root."""
        start = self._start_of(roots, choice)
        walk = Walk.below(self, roots, row, alarm, choice)
        logs, _ = self._heard(walk, choice[None, :])
        gain = logs[0] - start.logs[walk.rows + choice[walk.column] * self.alarm.size]
        more = np.bincount(walk.column, gain, minlength=roots.size)
        return np.asarray(start.totals[start.places(choice, roots)] + more)

    def _start_of(self, roots: Ints, choice: Ints) -> Start:
        """What each template is worth without any alarm of its own."""
        start = self.start
        places = start.places(choice, roots)
        todo = distinct(places[~start.is_known[places]])
        if todo.size:
            choice, roots = np.divmod(todo, self.base.size - 1)
            none = np.zeros(0, dtype=np.intp)
            walk = Walk.of_all(self, roots, none, none)
            logs, holds = self._heard(walk, choice[None, :])
            at = walk.rows + choice[walk.column] * self.alarm.size
            start.logs[at], start.holds[at] = logs[0], holds[0]
            start.marks[walk.rows] = walk.marks(self.alarm)
            start.totals[todo] = np.bincount(walk.column, logs[0])
            start.is_known[todo] = True
        return start

    def _heard(self, walk: Walk, choice: Ints) -> tuple[Floats, Floats]:
        """[s, row]: (log chance of what was heard of it, what holds a fault up there).

        The latter is the log of the chance that nothing passes on; where edges have
        habits of their own, the belief that it broke.
        """
        passes, says = np.array(self.priors.spreads)[_of_rows(choice, walk)].T
        passes, says = passes.T, np.maximum(says.T, self.least_says[walk.rows])
        hears = says * walk.listens
        chance = np.empty(hears.shape)
        holds = np.empty((hears.shape[0], hears.shape[1] + walk.fixed.size))
        holds[:, hears.shape[1] :] = walk.fixed
        for begin, end in walk.ranks:
            here = slice(begin, end)
            passing = passes[:, here] if passes.shape[1] > 1 else passes
            breaks = self._breaks(walk, here, holds, passing)
            speaks = breaks * hears[:, here]
            heard = 1 - speaks
            after = (breaks - speaks) / np.maximum(heard, TINY)
            mine = _within(walk.mine, begin, end)
            heard[:, mine] = breaks[:, mine] * says[:, begin + mine]
            after[:, mine] = 1.0
            late = _within(walk.late, begin, end)
            if late.size:
                heard[:, late], after[:, late] = self._if_late(breaks[:, late])
            chance[:, here] = heard
            holds[:, here] = after if self.seen is not None else _hold(after * passing)
        return np.log(np.maximum(chance, TINY)), holds[:, : hears.shape[1]]

    def _breaks(self, walk: Walk, here: slice, holds: Floats, passes: Floats) -> Floats:
        """The chance that each row's asset breaks, given those above; 1 for a root."""
        starts = walk.edge_at[here.start : here.stop + 1]
        if starts[0] == starts[-1]:
            return np.ones((holds.shape[0], here.stop - here.start))
        above = holds[:, walk.above[starts[0] : starts[-1]]]
        if self.passed is not None and self.seen is not None:
            edges = walk.edges[starts[0] : starts[-1]]
            weight = self.priors.habit_weight
            if passes.shape[1] > 1:
                passes = np.repeat(passes, np.diff(starts), axis=1)
            passed = self.passed[edges] + weight * passes
            above = _hold(above * passed / (self.seen[edges] + weight))
        sums = np.add.reduceat(above, starts[:-1] - starts[0], axis=1)
        return np.asarray(-np.expm1(sums))

    def _if_late(self, breaks: Floats) -> tuple[Floats, Floats]:
        """(chance of that silence, belief after it) of what is past its deadline."""
        if_broken = self.priors.overdue_if_broken * breaks
        either = if_broken + self.priors.overdue_if_sound * (1 - breaks)
        # Against a sound one's chance, for other roots say nothing of this asset.
        chance = either / self.priors.overdue_if_sound
        return chance, if_broken / np.maximum(either, TINY)


def _of_rows(choice: Ints, walk: Walk) -> Ints:
    """[s, 1] where all rows have the same choice, else [s, row]."""
    if choice.shape[1] == 1 or (choice == choice[:, :1]).all():
        return choice[:, :1]
    return choice[:, walk.column]


def _within(places: Ints, begin: int, end: int) -> Ints:
    """Those of the sorted places that lie in a range, counted from its beginning."""
    first, last = np.searchsorted(places, (begin, end))
    return places[first:last] - begin


def _hold(passing: Floats) -> Floats:
    return np.asarray(np.log1p(-np.minimum(passing, 1 - TINY)))


def known_of_edges(
    habits: Mapping[Pair, Habit], ups: Ints, downs: Ints
) -> tuple[Floats, Floats, Floats]:
    """(how often a fault passed, of how many, the seconds it took) for each edge
    between two assets; no seconds where none are known."""
    passed, seen = np.zeros(ups.size), np.zeros(ups.size)
    lag = np.full(ups.size, np.nan)
    if not habits:
        return passed, seen, lag
    for edge, pair in enumerate(zip(ups.tolist(), downs.tolist(), strict=True)):
        habit = habits.get(pair)
        if habit is not None:
            passed[edge] = habit.passed
            seen[edge] = habit.passed + habit.held
            if habit.lag is not None:
                lag[edge] = habit.lag
    return passed, seen, lag
