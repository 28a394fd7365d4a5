"""What is known when grouping and cause are reckoned: plain values, by asset id."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from incidents.inference.priors import Habit

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What speaks for and against assets, beside the alerts.

    `mute` assets raise no alerts whatever happens (most dashboards). `sound` ones ran
    well after the fault began. `overdue` ones are past their deadline without a word.
    `broke` ones fail by a run of their own, `tested` ones by tests of their data.
    `leaning` {asset: log of how much likelier it is to be a cause than another}.
    `habits` {(upstream, downstream): what was seen of that edge}. `voices` {asset that
    has broken without a word: how likely it speaks, beside another}.
    """

    mute: Collection[int] = ()
    sound: Collection[int] = ()
    overdue: Collection[int] = ()
    broke: Collection[int] = ()
    tested: Collection[int] = ()
    leaning: Mapping[int, float] = field(default_factory=dict)
    habits: Mapping[Pair, Habit] = field(default_factory=dict)
    voices: Mapping[int, float] = field(default_factory=dict)


# Asked once, with the ids of all assets that matter.
Know = Callable[[list[int]], Knowledge]


def nothing_more(_: list[int]) -> Knowledge:
    return Knowledge()


@dataclass(frozen=True, slots=True)
class Alarms:
    """The failing assets, each once, and when its first alert says it failed.

    `seconds` count from any moment common to all. Sorted by (seconds, asset), so that
    what is reckoned does not hang on the order in which alerts came.
    """

    assets: NDArray[np.int64]
    seconds: NDArray[np.float64]

    @classmethod
    def of(cls, since: Mapping[int, float]) -> Alarms:
        rows = sorted((at, asset) for asset, at in since.items())
        return cls(
            np.array([asset for _, asset in rows], dtype=np.int64),
            np.array([at for at, _ in rows], dtype=np.float64),
        )

    @property
    def size(self) -> int:
        return self.assets.size
