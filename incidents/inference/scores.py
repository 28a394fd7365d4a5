"""What a group of alarms is worth as one fault, remembered once reckoned.

A group is scored over all its common roots at once (the sum of their chances, not the
best of them), so a fault whose source stays in doubt is not torn apart for it.

Many at once cost little more than one, so what several searches want next is reckoned
for all of them together.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from incidents.inference.field import Field
from incidents.inference.neighbourhood import Ints
from incidents.inference.pacing import (
    Group,
    Key,
    Ragged,
    log_densities,
    under_all_paces,
)
from incidents.inference.priors import USUAL_PACE, USUAL_SPREAD
from incidents.inference.templates import Floats

C = TypeVar("C")
IMPOSSIBLE = -1e9
CHUNK = 2000  # what is reckoned at once: more would only cost memory


class Wanted(NamedTuple):
    """Scores that are needed next, under one spread and one pace."""

    keys: Collection[Key]
    spread: int
    pace: int


class Refit(NamedTuple):
    """Groups for which spread and pace are to be chosen anew, each weighed by a few
    of its roots: `keys` are in the order of `groups`, and prepared under `pace`."""

    keys: Sequence[Key]
    groups: Sequence[Group]
    pace: int


class Scores:
    """Log scores of groups under a choice of spread and pace from the priors."""

    def __init__(self, field: Field) -> None:
        self.field, self.priors = field, field.priors
        self.log_noise = math.log(self.priors.noise)
        self.leaning = field.leaning + math.log(self.priors.root)
        self._structure: dict[int, dict[Key, float]] = defaultdict(dict)  # by spread
        self._roots: dict[Group, list[int]] = {}
        self._covered_by = np.ascontiguousarray(field.covers.T)
        self.look_at([range(field.alarms.size)])

    def look_at(self, parts: Iterable[Sequence[int]]) -> None:
        """Measure the times of alarms against the span of their part, from now on."""
        seconds = self.field.alarms.seconds
        self._window = np.zeros(seconds.size)
        for part in parts:
            span = float(np.ptp(seconds[part])) if len(part) else 0.0
            self._window[part] = max(span, self.priors.least_window_seconds)
        self._known: dict[tuple[int, int], dict[Key, float]] = defaultdict(dict)
        self._groups: dict[tuple[int, int], dict[Group, float]] = defaultdict(dict)

    def roots_of(self, group: Group) -> list[int]:
        """Numbers of the roots that lie upstream of all of the group."""
        if group not in self._roots:
            covered = self._covered_by[list(group)].all(axis=0)
            self._roots[group] = np.flatnonzero(covered).tolist()
        return self._roots[group]

    def prepare(self, wanted: Iterable[Wanted]) -> None:
        todo: dict[tuple[int, int], dict[Key, None]] = defaultdict(dict)
        for keys, spread, pace in wanted:
            known = self._known[spread, pace]
            new = [key for key in keys if key not in known]
            todo[spread, pace].update(dict.fromkeys(new))
        for part in _chunks(todo):
            self._prepare(part)

    def _prepare(self, part: Sequence[tuple[tuple[int, int], list[Key]]]) -> None:
        self._fill_structure({spread: keys} for (spread, _), keys in part)
        structure = [
            self._structure[spread][key] for (spread, _), keys in part for key in keys
        ]
        flat = Ragged.of([key for _, keys in part for key in keys])
        sizes = [len(keys) for _, keys in part]
        timing = self._timed(flat, np.repeat([pace for (_, pace), _ in part], sizes))
        values = iter((structure + timing + self.leaning[flat.roots]).tolist())
        for choice, keys in part:
            self._known[choice].update(zip(keys, values, strict=False))

    def _fill_structure(self, wanted: Iterable[Mapping[int, Iterable[Key]]]) -> None:
        """Log likelihoods of which assets alarm and which keep silent, by spread."""
        todo: dict[int, dict[Key, None]] = defaultdict(dict)
        for by_spread in wanted:
            for spread, keys in by_spread.items():
                known = self._structure[spread]
                new = [key for key in keys if key not in known]
                todo[spread].update(dict.fromkeys(new))
        for part in _chunks(todo):
            flat = Ragged.of([key for _, keys in part for key in keys])
            sizes = [len(keys) for _, keys in part]
            choice = np.repeat([spread for spread, _ in part], sizes)
            values = iter(
                self.field.templates.log_likelihoods(
                    flat.roots, flat.row, flat.alarm, choice
                ).tolist()
            )
            for spread, keys in part:
                self._structure[spread].update(zip(keys, values, strict=False))

    def _timed(self, flat: Ragged, pace: Ints) -> Floats:
        """[k]: log density of the times of the alarms of each key, by its pace."""
        lag, jitter = np.array(self.priors.paces, dtype=np.float64)[pace].T
        window = self._window[flat.alarm[flat.start]]
        timed = log_densities(self.field, flat, window, lag, jitter[None, :])
        return np.asarray(timed[0])

    def alone(self) -> list[float]:
        """About what each alarm is worth by itself: as noise, or broken first."""
        own = [
            (self.field.own_root(alarm)[0], frozenset([alarm]))
            for alarm in range(self.field.alarms.size)
        ]
        self.prepare([Wanted(own, USUAL_SPREAD, USUAL_PACE)])
        scores = [self.one(*key, USUAL_SPREAD, USUAL_PACE) for key in own]
        return [_log_sum([score, self.log_noise]) for score in scores]

    def at_most(self, keys: Sequence[Key], spread: int, pace: int) -> list[float]:
        """An upper bound of each score, for a fraction of the work."""
        found: list[float] = []
        for ((_, part),) in _chunks({spread: dict.fromkeys(keys)}):
            flat = Ragged.of(part)
            bounds = self.field.ways.log_likelihoods(
                flat.roots, flat.row, flat.alarm, np.full(len(part), spread)
            )
            timing = self._timed(flat, np.full(len(part), pace))
            found += (bounds + timing + self.leaning[flat.roots]).tolist()
        return found

    def one(self, root: int, group: Group, spread: int, pace: int) -> float:
        """The score if this root is the cause. Must have been prepared."""
        return self._known[spread, pace][root, group]

    def known(self, spread: int, pace: int) -> Mapping[Key, float]:
        """All that has been prepared for these."""
        return self._known[spread, pace]

    def wanted(self, groups: Iterable[Group], spread: int, pace: int) -> Wanted:
        """What must be prepared before these groups are scored."""
        known = self._groups[spread, pace]
        todo = [group for group in groups if group not in known]
        keys = [(root, group) for group in todo for root in self.roots_of(group)]
        return Wanted(keys, spread, pace)

    def score(self, group: Group, spread: int, pace: int) -> float:
        """The score of a group, whatever its cause. Must have been prepared."""
        scored = self._groups[spread, pace]
        if group not in scored:
            known = self._known[spread, pace]
            values = [known[root, group] for root in self.roots_of(group)]
            if len(group) == 1:
                values.append(self.log_noise)
            scored[group] = _log_sum(values)
        return scored[group]

    def best_roots(
        self, group: Group, spread: int, pace: int, *, most: int
    ) -> list[int]:
        """The likeliest causes of a group, which must have been prepared."""
        known = self._known[spread, pace]
        return sorted(self.roots_of(group), key=lambda r: -known[r, group])[:most]

    def refit(self, asked: Sequence[Refit]) -> list[tuple[int, int]]:
        """Return for each the spread that fits best, and the pace that then does."""
        if not asked:
            return []
        whole = [key for one in asked for key in one.keys]
        cuts = np.cumsum([len(one.keys) for one in asked])[:-1]
        by_spread = np.split(self._under_all_spreads(whole), cuts, axis=1)
        by_pace = np.split(self._under_all_paces(whole), cuts, axis=1)
        leaning = np.split(self.leaning[[root for root, _ in whole]], cuts)
        spreads = [
            self._fittest(logs + (timing[one.pace] + lean), one)
            for one, logs, timing, lean in zip(
                asked, by_spread, by_pace, leaning, strict=True
            )
        ]
        self._fill_structure(
            {spread: one.keys} for spread, one in zip(spreads, asked, strict=True)
        )
        found = []
        for spread, one, timing, lean in zip(
            spreads, asked, by_pace, leaning, strict=True
        ):
            structure = [self._structure[spread][key] for key in one.keys]
            found.append((spread, self._fittest(timing + (structure + lean), one)))
        return found

    def _under_all_spreads(self, keys: Sequence[Key]) -> Floats:
        """The same under each spread: [spread, key]."""
        parts = []
        size = CHUNK // len(self.priors.spreads)
        for start in range(0, len(keys), size):
            flat = Ragged.of(keys[start : start + size])
            parts.append(
                self.field.templates.under_all_spreads(flat.roots, flat.row, flat.alarm)
            )
        return np.concatenate(parts, axis=1)

    def _under_all_paces(self, keys: Sequence[Key]) -> Floats:
        """[pace, key]"""
        parts = []
        for start in range(0, len(keys), CHUNK):
            flat = Ragged.of(keys[start : start + CHUNK])
            window = self._window[flat.alarm[flat.start]]
            parts.append(under_all_paces(self.field, flat, window))
        return np.concatenate(parts, axis=1)

    def _fittest(self, logs: Floats, asked: Refit) -> int:
        """The row of `logs` in which the groups are worth most, added up: each the log
        sum over its roots."""
        counts = Counter(group for _, group in asked.keys)
        starts = np.cumsum([0] + [counts[group] for group in asked.groups])[:-1]
        sums = np.logaddexp.reduceat(logs, starts, axis=1)
        lone = np.array([len(group) == 1 for group in asked.groups])
        sums[:, lone] = np.logaddexp(sums[:, lone], self.log_noise)
        return int(np.argmax(sums.sum(axis=1)))

    def over_all(self, groups: list[Group]) -> list[tuple[list[int], Floats]]:
        """For each group its common roots, and the log score of each with spread and
        pace left open. An alarm alone says nothing of either; it may be noise."""
        large = [group for group in groups if len(group) > 1]
        keys = [(root, group) for group in large for root in self.roots_of(group)]
        logs = self._averaged(keys)
        lone = [group for group in groups if len(group) == 1]
        keys = [(root, group) for group in lone for root in self.roots_of(group)]
        self._fill_structure([{USUAL_SPREAD: keys}])
        logs |= {key: self._structure[USUAL_SPREAD][key] for key in keys}
        return [self._with_priors(group, logs) for group in groups]

    def _averaged(self, keys: list[Key]) -> dict[Key, float]:
        """Log likelihood of each, averaged over all spreads and all paces."""
        if not keys:
            return {}
        structure, timing = self._under_all_spreads(keys), self._under_all_paces(keys)
        total = _mean_of_logs(structure) + _mean_of_logs(timing)
        return dict(zip(keys, total.tolist(), strict=True))

    def _with_priors(
        self, group: Group, logs: Mapping[Key, float]
    ) -> tuple[list[int], Floats]:
        roots = self.roots_of(group)
        total = np.array([logs[root, group] for root in roots]) + self.leaning[roots]
        if len(group) == 1:
            (alone,) = group
            own = self.field.alarm_of_root[roots] == alone
            total[own] = np.logaddexp(total[own], self.log_noise)
        return roots, total


def _chunks(todo: Mapping[C, Iterable[Key]]) -> Iterator[list[tuple[C, list[Key]]]]:
    """So many keys at a time, each list with its choice."""
    part: list[tuple[C, list[Key]]] = []
    room = CHUNK
    for choice, wanted in todo.items():
        keys = list(wanted)
        while keys:
            part.append((choice, keys[:room]))
            keys, room = keys[room:], room - len(keys[:room])
            if not room:
                yield part
                part, room = [], CHUNK
    if part:
        yield part


def _log_sum(values: list[float]) -> float:
    if not values:
        return IMPOSSIBLE
    best = max(values)
    return best + math.log(sum(math.exp(value - best) for value in values))


def _mean_of_logs(logs: Floats) -> Floats:
    """Log of the mean over the first axis."""
    return np.asarray(np.logaddexp.reduce(logs, axis=0) - math.log(len(logs)))
