"""What a group of alarms is worth as one fault, remembered once reckoned.

A group is scored over all its common roots at once (the sum of their chances, not the
best of them), so a fault whose source stays in doubt is not torn apart for it.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from incidents.inference.field import Field
from incidents.inference.neighbourhood import Ints
from incidents.inference.priors import USUAL_PACE, USUAL_SPREAD
from incidents.inference.templates import Floats, Templates

Group = frozenset[int]
Key = tuple[int, Group]  # a root and what it explains
IMPOSSIBLE = -1e9
CHUNK = 4000  # what is reckoned at once: more would only cost memory
FIRSTS = 3  # moments that are tried for when the root broke


@dataclass(frozen=True, slots=True)
class _Ragged:
    """Pairs (root, group) laid out flat: alarm `alarm[i]` is in group `row[i]`, which
    begins at `start` and ends at `last`."""

    roots: Ints
    row: Ints
    alarm: Ints
    start: Ints
    last: Ints
    size: Ints

    @classmethod
    def of(cls, keys: list[Key]) -> _Ragged:
        size = np.array([len(group) for _, group in keys], dtype=np.intp)
        start = np.cumsum(size) - size
        return cls(
            roots=np.array([root for root, _ in keys], dtype=np.intp),
            row=np.repeat(np.arange(len(keys)), size),
            alarm=np.array([a for _, group in keys for a in group], dtype=np.intp),
            start=start,
            last=start + size - 1,
            size=size,
        )


def _chunks(keys: list[Key]) -> Iterator[list[Key]]:
    for start in range(0, len(keys), CHUNK):
        yield keys[start : start + CHUNK]


class Scores:
    """Log scores of groups under one choice of spread and pace from the priors."""

    def __init__(self, field: Field, members: list[int] | None = None) -> None:
        """`members`: the alarms that are looked at; all when left out."""
        self.field, self.priors = field, field.priors
        seconds = field.alarms.seconds[slice(None) if members is None else members]
        span = float(np.ptp(seconds)) if seconds.size else 0.0
        self.window = max(span, self.priors.least_window_seconds)
        self.log_noise = math.log(self.priors.noise)
        self.leaning = field.leaning + math.log(self.priors.root)
        self._leaning: list[float] = self.leaning.tolist()
        self._structure: dict[int, dict[Key, float]] = defaultdict(dict)  # by spread
        self._timing: dict[int, dict[Key, float]] = defaultdict(dict)  # by pace
        self._groups: dict[tuple[Group, int, int], float] = {}
        self._roots: dict[Group, list[int]] = {}

    def roots_of(self, group: Group) -> list[int]:
        """Numbers of the roots that lie upstream of all of the group."""
        if group not in self._roots:
            covers = self.field.covers[:, list(group)].all(axis=1)
            self._roots[group] = np.flatnonzero(covers).tolist()
        return self._roots[group]

    def prepare(self, wanted: Iterable[Key], spread: int, pace: int) -> None:
        """Reckon many at once, which costs little more than one."""
        keys = list(dict.fromkeys(wanted))
        known = self._structure[spread]
        todo = [key for key in keys if key not in known]
        values = self._structured(todo, spread, self.field.templates)
        known.update(zip(todo, values, strict=True))
        self._time(keys, pace)

    def _time(self, keys: Iterable[Key], pace: int) -> None:
        known = self._timing[pace]
        todo = [key for key in keys if key not in known]
        for part in _chunks(todo):
            timed = self._timed(_Ragged.of(part), [pace])
            known.update(zip(part, timed[0].tolist(), strict=True))

    def alone(self) -> list[float]:
        """About what each alarm is worth by itself: as noise, or broken first."""
        own = [
            (self.field.own_root(alarm)[0], frozenset([alarm]))
            for alarm in range(self.field.alarms.size)
        ]
        self.prepare(own, USUAL_SPREAD, USUAL_PACE)
        scores = [self.one(*key, USUAL_SPREAD, USUAL_PACE) for key in own]
        return [_log_sum([score, self.log_noise]) for score in scores]

    def at_most(self, keys: list[Key], spread: int, pace: int) -> list[float]:
        """An upper bound of each score, for a fraction of the work."""
        self._time(keys, pace)
        bounds = self._structured(keys, spread, self.field.ways)
        return [
            bound + self._timing[pace][key] + self._leaning[key[0]]
            for key, bound in zip(keys, bounds, strict=True)
        ]

    def _structured(
        self, keys: list[Key], spread: int, templates: Templates
    ) -> list[float]:
        """Log likelihood of which assets alarm and which keep silent."""
        found: list[float] = []
        for part in _chunks(keys):
            ragged = _Ragged.of(part)
            spreads = [self.priors.spreads[spread]]
            found += templates.log_likelihoods(
                ragged.roots, ragged.row, ragged.alarm, spreads
            )[0].tolist()
        return found

    def _under_all_spreads(self, keys: list[Key]) -> Floats:
        """The same under each spread: [spread, key]."""
        spreads = self.priors.spreads
        parts = []
        for start in range(0, len(keys), CHUNK // len(spreads)):
            ragged = _Ragged.of(keys[start : start + CHUNK // len(spreads)])
            parts.append(
                self.field.templates.log_likelihoods(
                    ragged.roots, ragged.row, ragged.alarm, spreads
                )
            )
        return np.concatenate(parts, axis=1)

    def _timed(self, keys: _Ragged, paces: Iterable[int]) -> Floats:
        """For each pace and key the log density of the alarms' times, against evenly
        strewn ones.

        Each alarm comes an exponential wait after its asset broke; a few come at any
        time, earlier too. The moment when the root broke is integrated out, about the
        best of the first moments that alarms speak of.
        """
        field, roots = self.field, keys.roots[keys.row]
        known = field.alarms.seconds[keys.alarm] - field.lag[roots, keys.alarm]
        hops = field.hops[roots, keys.alarm]
        stray, logs = self.priors.stray, []
        for pace in paces:
            lag, jitter = self.priors.paces[pace]
            began = known - lag * hops
            peak = self.window / jitter
            order = np.lexsort((began, keys.row))
            best = np.full(keys.roots.size, -np.inf)
            for place in range(FIRSTS):
                first = began[order[np.minimum(keys.start + place, keys.last)]]
                wait = began - first[keys.row]
                timely = (wait >= 0) * peak * np.exp(-np.maximum(wait, 0.0) / jitter)
                terms = np.log((1 - stray) * timely + stray)
                best = np.maximum(best, np.add.reduceat(terms, keys.start))
            own = math.log((1 - stray) * peak + stray)
            logs.append(best - own - np.log(keys.size))
        return np.array(logs)

    def one(self, root: int, group: Group, spread: int, pace: int) -> float:
        """The score if this root is the cause. Must have been prepared."""
        return (
            self._structure[spread][root, group]
            + self._timing[pace][root, group]
            + self._leaning[root]
        )

    def many(self, groups: Iterable[Group], spread: int, pace: int) -> list[float]:
        """The score of each group, whatever its cause."""
        listed = list(groups)
        self.prepare(
            (
                (root, group)
                for group in listed
                if (group, spread, pace) not in self._groups
                for root in self.roots_of(group)
            ),
            spread,
            pace,
        )
        return [self._score(group, spread, pace) for group in listed]

    def _score(self, group: Group, spread: int, pace: int) -> float:
        key = (group, spread, pace)
        if key not in self._groups:
            values = [self.one(r, group, spread, pace) for r in self.roots_of(group)]
            if len(group) == 1:
                values.append(self.log_noise)
            self._groups[key] = _log_sum(values)
        return self._groups[key]

    def best_roots(
        self, group: Group, spread: int, pace: int, *, most: int
    ) -> list[int]:
        roots = self.roots_of(group)
        self.prepare(((root, group) for root in roots), spread, pace)
        return sorted(roots, key=lambda r: -self.one(r, group, spread, pace))[:most]

    def over_spreads(
        self, keys: list[Key], groups: list[Group], pace: int
    ) -> list[float]:
        """For each spread about what the groups are worth, each by these of its roots:
        `keys` are in the order of `groups`."""
        self._time(keys, pace)
        timing = self._timing[pace]
        fixed = [timing[key] + self._leaning[key[0]] for key in keys]
        return self._summed(self._under_all_spreads(keys) + fixed, keys, groups)

    def over_paces(
        self, keys: list[Key], groups: list[Group], spread: int
    ) -> list[float]:
        """The same for each pace."""
        self.prepare(keys, spread, USUAL_PACE)
        structure = self._structure[spread]
        fixed = [structure[key] + self._leaning[key[0]] for key in keys]
        paces = range(len(self.priors.paces))
        logs = [self._timed(_Ragged.of(part), paces) for part in _chunks(keys)]
        return self._summed(np.concatenate(logs, axis=1) + fixed, keys, groups)

    def _summed(
        self, logs: Floats, keys: list[Key], groups: list[Group]
    ) -> list[float]:
        """Log sums over the roots of each group, added up, for each row of `logs`."""
        counts = Counter(group for _, group in keys)
        starts = np.cumsum([0] + [counts[group] for group in groups])[:-1]
        sums = np.logaddexp.reduceat(logs, starts, axis=1)
        lone = np.array([len(group) == 1 for group in groups])
        sums[:, lone] = np.logaddexp(sums[:, lone], self.log_noise)
        totals: list[float] = sums.sum(axis=1).tolist()
        return totals

    def over_all(self, groups: list[Group]) -> list[tuple[list[int], Floats]]:
        """For each group its common roots, and the log score of each with spread and
        pace left open. An alarm alone says nothing of either; it may be noise."""
        large = [group for group in groups if len(group) > 1]
        keys = [(root, group) for group in large for root in self.roots_of(group)]
        logs = self._averaged(keys)
        lone = [group for group in groups if len(group) == 1]
        keys = [(root, group) for group in lone for root in self.roots_of(group)]
        self.prepare(keys, USUAL_SPREAD, USUAL_PACE)
        logs |= {key: self._structure[USUAL_SPREAD][key] for key in keys}
        return [self._with_priors(group, logs) for group in groups]

    def _averaged(self, keys: list[Key]) -> dict[Key, float]:
        """Log likelihood of each, averaged over all spreads and all paces."""
        if not keys:
            return {}
        found: dict[Key, float] = {}
        for part in _chunks(keys):
            structure = self._under_all_spreads(part)
            timing = self._timed(_Ragged.of(part), range(len(self.priors.paces)))
            total = _mean_of_logs(structure) + _mean_of_logs(timing)
            found |= zip(part, total.tolist(), strict=True)
        return found

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


def _log_sum(values: list[float]) -> float:
    if not values:
        return IMPOSSIBLE
    best = max(values)
    return best + math.log(sum(math.exp(value - best) for value in values))


def _mean_of_logs(logs: Floats) -> Floats:
    """Log of the mean over the first axis."""
    return np.asarray(np.logaddexp.reduce(logs, axis=0) - math.log(len(logs)))
