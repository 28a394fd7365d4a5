"""What each candidate root may break: the assets below it in order, and the edges
between them.

All templates lie one after the other in flat arrays, a row for each (root, asset). The
likelihood walks all that are asked for at once, rank by rank. An asset breaks with
chance 1 - prod(1 - passes x belief(parent)); an alarm of the group shows that it broke;
one of another group says nothing; silence lowers the belief, and more so where a run is
known to have gone well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from incidents.inference.neighbourhood import (
    BEYOND,
    MOST_BELOW,
    SILENT,
    Ints,
    Neighbourhood,
    spans,
)
from incidents.inference.observed import Pair
from incidents.inference.priors import Habit, Priors, Spread

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
TINY = 1e-9


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


def ranks_of(root: Ints, level: Ints) -> Ints:
    """The place of each row's level among those of its template: 0, 1, 2, …"""
    is_new = np.append(True, (level[1:] != level[:-1]) | (root[1:] != root[:-1]))
    steps = np.cumsum(is_new[: root.size])
    starts = np.append(True, root[1:] != root[:-1])[: root.size]
    return np.asarray(steps - steps[starts][np.cumsum(starts) - 1], dtype=np.intp)


@dataclass(frozen=True, slots=True)
class Templates:
    """The rows of template r are base[r] to base[r + 1], those of its rank k begin at
    steps[r, k]. The edges into row i, from rows `upper`, are edge_at[i] to
    edge_at[i + 1].

    `alarm` of each row, below 0 for none; `can_say` and `least_says` how well its
    silence can be trusted; `overdue`: past its deadline without a word. `passed` and
    `seen` of each edge: how often an earlier fault went on, of how many; None where
    no edge has any.
    """

    base: Ints
    steps: Ints
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

    def ways(self) -> Templates:
        """The same without what leads to nothing that speaks. Each likelihood is an
        upper bound of the whole one's then, as silence multiplies by at most one."""
        leads = self._lead_on()
        places = np.append(0, np.cumsum(leads))
        counts = np.diff(self.edge_at)
        edges = np.repeat(leads, counts)
        return Templates(
            base=places[self.base],
            steps=places[self.steps],
            edge_at=np.append(0, np.cumsum(counts[leads])),
            upper=places[self.upper[edges]],
            alarm=self.alarm[leads],
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
        self, roots: Ints, row: Ints, alarm: Ints, spreads: Sequence[Spread]
    ) -> Floats:
        """[s, k]: log P(its alarms, silence elsewhere | roots[k]) under spreads[s]. Its
        alarms are those `alarm[i]` whose `row[i]` is k."""
        count = roots.size
        base = self.base[roots]
        size = self.base[roots + 1] - base
        shift = np.cumsum(size) - size - base
        belief = np.zeros((len(spreads), int(size.sum())))
        total = np.zeros((len(spreads), count))
        members = np.sort(row * self.alarms + alarm)
        starts = self.steps[roots]
        passes = np.array([[spread.passes] for spread in spreads])
        says = np.array([[spread.says] for spread in spreads])
        for step in range(self.steps.shape[1] - 1):
            rows, counts = spans(starts[:, step], starts[:, step + 1])
            if not rows.size:
                continue
            column = np.repeat(np.arange(count), counts)
            at = shift[column]
            breaks = self._breaks(rows, at, belief, passes)
            is_member = self._are_members(rows, column, members)
            chance, after = self._heard(rows, breaks, is_member, says)
            total += _sums(np.log(np.maximum(chance, TINY)), counts)
            belief[:, rows + at] = after
        return total

    def _are_members(self, rows: Ints, column: Ints, members: Ints) -> Flags:
        """Whether each row's asset has an alarm of its column's group."""
        alarm = self.alarm[rows]
        found = np.zeros(rows.size, dtype=bool)
        heard = np.flatnonzero(alarm >= 0)
        wanted = column[heard] * self.alarms + alarm[heard]
        places = np.minimum(np.searchsorted(members, wanted), members.size - 1)
        found[heard] = members[places] == wanted
        return found

    def _breaks(
        self, rows: Ints, shift: Ints, belief: Floats, passes: Floats
    ) -> Floats:
        """The chance that each row's asset breaks, given those above; 1 for a root."""
        edges, counts = spans(self.edge_at[rows], self.edge_at[rows + 1])
        above = belief[:, self.upper[edges] + np.repeat(shift, counts)]
        if self.passed is None or self.seen is None:
            above *= passes
        else:
            weight = self.priors.habit_weight
            above *= (self.passed[edges] + weight * passes) / (
                self.seen[edges] + weight
            )
        holds = np.log1p(-np.minimum(above, 1 - TINY))
        breaks: Floats = -np.expm1(_sums(holds, counts))
        breaks[:, counts == 0] = 1.0
        return breaks

    def _heard(
        self, rows: Ints, breaks: Floats, is_member: Flags, says: Floats
    ) -> tuple[Floats, Floats]:
        """(chance of what was heard of each row, belief that it broke after that)."""
        alarmed = self.alarm[rows] >= 0
        heard = np.maximum(says, self.least_says[rows])
        # A mute asset that does alarm is heard all the same.
        heard = np.where(alarmed, heard, heard * self.can_say[rows])
        speaks = breaks * heard
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
            # Against a sound one's chance, for other roots say nothing of this asset.
            chance = np.where(late, either / self.priors.overdue_if_sound, chance)
            after = np.where(late, if_broken / np.maximum(either, TINY), after)
        return chance, after


def _sums(values: Floats, counts: Ints) -> Floats:
    """Of each line, the sums of so many values each, one after the other."""
    sums = np.zeros((values.shape[0], values.shape[1] + 1))
    np.cumsum(values, axis=1, out=sums[:, 1:])
    ends = np.cumsum(counts)
    return np.asarray(sums[:, ends] - sums[:, ends - counts])


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
