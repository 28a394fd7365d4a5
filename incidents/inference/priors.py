"""What is believed before any alert has come, and what is reckoned over.

Nothing here knows how far a fault spreads in a given house, how often a broken asset
says so, or how quickly: those are grids, weighed by each fault's own alerts. What an
install has seen of an edge replaces the grid there, see `Habit`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product
from typing import NamedTuple


class Spread(NamedTuple):
    """`passes`: chance that a broken asset breaks one that reads it. `says`: chance
    that a broken asset raises an alert."""

    passes: float
    says: float


class Pace(NamedTuple):
    """Seconds: `lag` from an asset to one that reads it, `jitter` the mean wait from
    breaking to the alert."""

    lag: float
    jitter: float


class Habit(NamedTuple):
    """What was seen of one edge: how often the fault passed, how often it did not, and
    the mean seconds it took; None where no time is known."""

    passed: float = 0
    held: float = 0
    lag: float | None = None


STEADIEST = 4  # a lag is at most so many times the jitter
SPREADS = tuple(
    Spread(*pair) for pair in product((0.5, 0.65, 0.8, 0.92), (0.45, 0.6, 0.75, 0.9))
)
USUAL_SPREAD = SPREADS.index(Spread(0.8, 0.75))
WEAK_SPREAD = SPREADS.index(Spread(0.5, 0.6))
LAGS = (0, 5, 20, 60, 300, 1200)
JITTERS = (3, 8, 25, 80, 300, 1200, 3600, 14_400, 86_400)
# No house runs so evenly that the wait varies much less than the lag: such a pace would
# only fit alerts whose times were rounded.
PACES = tuple(
    Pace(lag, jitter)
    for lag, jitter in product(LAGS, JITTERS)
    if jitter * STEADIEST >= lag
)
USUAL_PACE, WIDE_PACE = PACES.index(Pace(5, 25)), PACES.index(Pace(60, 1200))


@dataclass(frozen=True, slots=True)
class Priors:
    """Chances for one asset in one window, and how much the past weighs.

    `root`: it breaks by itself in a way that can spread. `noise`: it alerts alone.
    `habit_weight`: how many observations of an edge outweigh the grid. `stray`: how
    many alarms come at any time, whenever their asset broke. `run_if_first`: of assets
    that broke first, how many fail by a run of their own and not by a test of their
    data; `run_if_below` the same of those it spread to.
    """

    root: float = 1e-3
    noise: float = 2e-3
    habit_weight: float = 4
    stray: float = 0.15
    healthy_says: float = 0.93
    overdue_if_broken: float = 0.9
    overdue_if_sound: float = 0.1
    run_if_first: float = 0.65
    run_if_below: float = 0.4
    least_window_seconds: float = 60
    spreads: tuple[Spread, ...] = field(default=SPREADS)
    paces: tuple[Pace, ...] = field(default=PACES)
