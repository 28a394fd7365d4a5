"""What to expect of data that hangs from something broken: nothing new, or wrong
numbers.

A run that failed or is overdue wrote nothing: what hangs from it is stale since then.
A check of data that failed found bad data that was written: what hangs from it may be
wrong. Where an alert does not say which, both are possible, and both are said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from catalog.models import Asset
from incidents.affected_dates import Days, all_partitions, together


class State(StrEnum):
    STALE = "stale"
    EITHER = "stale_or_wrong"
    WRONG = "wrong"


# The more careful word of two that are possible.
CARE = {State.STALE: 0, State.EITHER: 1, State.WRONG: 2}
# Any sender may say it by this label.
OWN_WORD = "data_state"
# Labels in which formats name the check that failed.
CHECK_LABELS = ("test", "check", "expectation")
QUALITY_FORMATS = frozenset({"great_expectations", "soda", "monte_carlo", "elementary"})
JOBS = frozenset({Asset.Type.PIPELINE, Asset.Type.TASK})
LATE = re.compile(r"fresh|recency|overdue|\bstale", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Told:
    """What an alert says: the format it came in, its labels, whether about a run."""

    format: str
    labels: Mapping[str, object]
    is_of_run: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """One failing asset of an incident. `columns`: in which it fails, None all of it.
    `until` None: it still fails. `partitions`: other than those in `days`."""

    asset_id: int
    state: State
    since: datetime
    until: datetime | None = None
    columns: frozenset[str] | None = None
    days: Days | None = None
    partitions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Expected:
    """The state an affected asset is probably in since `since`, and was until `until`
    where what it hangs from is well again. `days` and `partitions` of data, where the
    runs say."""

    state: State
    since: datetime
    until: datetime | None = None
    days: Days | None = None
    partitions: tuple[str, ...] = ()


def state_told(alert: Told) -> State:
    """Whether the alert means that nothing new came, or that what came is bad."""
    labels = {str(name).lower(): str(value) for name, value in alert.labels.items()}
    said = labels.get(OWN_WORD, "").lower()
    if said in (State.STALE, State.WRONG):
        return State(said)
    checks = [labels[name] for name in CHECK_LABELS if name in labels]
    kinds = [*checks, labels.get("type", ""), labels.get("unique_id", "")]
    if "max_loaded_at" in labels or any(LATE.search(kind) for kind in kinds):
        return State.STALE
    built = labels.get("resource_type") or ("model" if "model" in labels else "")
    if built and not checks:  # dbt, and Elementary of dbt
        return State.WRONG if built == "test" else State.STALE
    if checks or alert.format in QUALITY_FORMATS:
        return State.WRONG
    return State.STALE if alert.is_of_run else State.EITHER


def most_careful(states: Iterable[State]) -> State:
    return max(states, key=lambda state: CARE[state], default=State.EITHER)


def expected_from(faults: Iterable[Fault]) -> Expected:
    """What those faults mean for what hangs from all of them. At least one."""
    every = list(faults)
    state = most_careful(fault.state for fault in every)
    told = [fault for fault in every if fault.state == state]
    ends = [fault.until for fault in every]
    over = [end for end in ends if end is not None]
    return Expected(
        state,
        since=min(fault.since for fault in told),
        until=max(over) if len(over) == len(ends) else None,
        days=together(fault.days for fault in every),
        partitions=all_partitions(fault.partitions for fault in every),
    )
