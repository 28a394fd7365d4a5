"""How many rows a load should have. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

LEAST_LOADS = 5
MOST_LOADS = 30
# Deviations from the median that are nothing special, and the share of the median
# that never is, so that loads which were all alike leave some room.
DEVIATIONS = 5.0
SHARE = 0.2
# Makes the median deviation comparable to a standard deviation of a normal law.
SCALE = 1.4826


@dataclass(frozen=True, slots=True)
class Band:
    """From `least` to `most` rows; None: no bound on that side."""

    least: int | None
    most: int | None
    is_learnt: bool = False

    def holds(self, rows: int) -> bool:
        return (self.least is None or rows >= self.least) and (
            self.most is None or rows <= self.most
        )

    def __str__(self) -> str:
        if self.least is None:
            return f"at most {self.most:,} rows"
        if self.most is None:
            return f"at least {self.least:,} rows"
        return f"{self.least:,} to {self.most:,} rows"


def learn(loads: Sequence[int]) -> Band | None:
    """The band of the last thirty loads, newest first; None from fewer than five.

    Median and median deviation, which a few odd loads do not move.
    """
    seen = loads[:MOST_LOADS]
    if len(seen) < LEAST_LOADS:
        return None
    middle = median(seen)
    deviation = median(abs(rows - middle) for rows in seen) * SCALE
    room = max(DEVIATIONS * deviation, SHARE * middle)
    # A load that was never empty must not be: nothing came is what it is to catch.
    least = max(int(middle - room), 1 if min(seen) > 0 else 0)
    return Band(least, int(middle + room), is_learnt=True)
