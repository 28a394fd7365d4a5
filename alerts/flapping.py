"""When an alert flaps: changes its state too often. Pure.

It begins with more than N changes in M minutes, and is over when at most half as many
lie within M minutes. Two limits, so that it does not begin and end with each change,
as Nagios does it
(https://assets.nagios.com/downloads/nagioscore/docs/nagioscore/4/en/flapping.html).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Limits:
    """More than `changes` within `within` is flapping. 0 changes: never."""

    changes: int
    within: timedelta

    @property
    def calm(self) -> int:
        return self.changes // 2


@dataclass(frozen=True, slots=True)
class Verdict:
    """`calm_at` is when it will be over without further changes, None when calm."""

    is_flapping: bool
    changes: int
    calm_at: datetime | None = None


def judge(
    changes: Iterable[datetime], *, limits: Limits, was_flapping: bool, at: datetime
) -> Verdict:
    """Judge the changes up to `at`. A change at t counts until just before t + M."""
    recent = sorted(one for one in changes if at - limits.within < one <= at)
    most = limits.calm if was_flapping else limits.changes
    if not limits.changes or len(recent) <= most:
        return Verdict(False, len(recent))
    last_to_leave = recent[len(recent) - limits.calm - 1]
    return Verdict(True, len(recent), last_to_leave + limits.within)
