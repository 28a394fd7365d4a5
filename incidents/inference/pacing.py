"""When the alarms of a group came, and how well that fits one fault at some pace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, groupby

import numpy as np

from incidents.inference.field import Field
from incidents.inference.neighbourhood import Ints
from incidents.inference.templates import Floats

Group = frozenset[int]
Key = tuple[int, Group]  # a root and what it explains
FIRSTS = 3  # moments that are tried for when the root broke


@dataclass(frozen=True, slots=True)
class Ragged:
    """Pairs (root, group) laid out flat: alarm `alarm[i]` is in group `row[i]`, which
    begins at `start` and ends at `last`."""

    roots: Ints
    row: Ints
    alarm: Ints
    start: Ints
    last: Ints
    size: Ints

    @classmethod
    def of(cls, keys: Sequence[Key]) -> Ragged:
        roots, groups = zip(*keys, strict=True)
        size = np.fromiter(map(len, groups), np.intp, len(keys))
        start = np.cumsum(size) - size
        alarms = chain.from_iterable(groups)
        return cls(
            roots=np.fromiter(roots, np.intp, len(keys)),
            row=np.repeat(np.arange(len(keys)), size),
            alarm=np.fromiter(alarms, np.intp, int(size.sum())),
            start=start,
            last=start + size - 1,
            size=size,
        )


def log_densities(
    field: Field, keys: Ragged, window: Floats, lag: Floats, jitter: Floats
) -> Floats:
    """[p, k]: log density of the times of the alarms of key k under `lag[k]` and
    `jitter[p, k]`, against times strewn evenly over `window[k]`, all in seconds.

    Each alarm comes an exponential wait after its asset broke; a few come at any time,
    earlier too. The moment when the root broke is integrated out, about the best of
    the first moments that alarms speak of.
    """
    stray, row, roots = field.priors.stray, keys.row, keys.roots[keys.row]
    known = field.alarms.seconds[keys.alarm] - field.lag[roots, keys.alarm]
    began = known - lag[row] * field.hops[roots, keys.alarm]
    order = np.lexsort((began, row))
    peak = window / jitter
    peaks, jitters = peak[:, row], jitter[:, row]
    best = np.full(jitter.shape, -np.inf)
    for place in range(min(FIRSTS, int(keys.size.max(initial=0)))):
        first = began[order[np.minimum(keys.start + place, keys.last)]]
        wait = began - first[row]
        timely = (wait >= 0) * peaks * np.exp(-np.maximum(wait, 0.0) / jitters)
        terms = np.log((1 - stray) * timely + stray)
        best = np.maximum(best, np.add.reduceat(terms, keys.start, axis=1))
    own = np.log((1 - stray) * peak + stray)
    return np.asarray(best - own - np.log(keys.size))


def under_all_paces(field: Field, keys: Ragged, window: Floats) -> Floats:
    """The same under each of the priors' paces: [pace, key]."""
    parts = []
    # Those of one lag stand together.
    for lag, paces in groupby(field.priors.paces, key=lambda pace: pace.lag):
        jitters = np.array([[pace.jitter] for pace in paces], dtype=np.float64)
        jitter = np.broadcast_to(jitters, (jitters.size, keys.size.size))
        lags = np.full(keys.size.size, lag, dtype=np.float64)
        parts.append(log_densities(field, keys, window, lags, jitter))
    return np.concatenate(parts)
