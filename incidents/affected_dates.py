"""For which days and partitions data is affected, where the failing runs say for what
they ran.

Airflow's logical date and data interval, OpenLineage's nominal time, a partition of
dbt or Dagster: all of them arrive as labels of an alert. Airflow's run id carries the
logical date too. A partition that is more than a day ("country=de") is named as it is. https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/dag-run.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from core.times import instant_or_none

# An interval ends where the next begins: a day's ends at midnight of the day after.
INTERVALS = {
    "data_interval_start": "data_interval_end",
    "nominal_start": "nominal_end",
}
LABELS = (
    "data_interval_start",
    "nominal_start",
    "logical_date",
    "execution_date",
    "partition",
    "partition_key",
)
RUN_LABELS = ("run_id", "parent_run_id", "orchestrator_run_id")
# A run that was started by hand is for what its starter meant, not for its date.
RUN_ID = re.compile(r"^(?:scheduled|backfill|dataset_triggered)__(\d{4}-\d\d-\d\d)")
DAY = re.compile(r"(?<!\d)(\d{4}-\d\d-\d\d)(?!\d)")
PARTITION_LABELS = ("partition", "partition_key", "partitions")
LONGEST = timedelta(days=400)
MOST_PARTITIONS = 50


@dataclass(frozen=True, slots=True)
class Days:
    """From the first to the last affected day, both included."""

    first: date
    last: date


def affected_days(labels: Iterable[Mapping[str, object]]) -> Days | None:
    """The days that the labels of failing runs name; None where none does."""
    return together(_days(one) for one in labels)


def affected_partitions(labels: Iterable[Mapping[str, object]]) -> tuple[str, ...]:
    """The partitions that the labels of failing runs name, other than mere days, in
    order; at most MOST_PARTITIONS. `partitions` may name several, with commas."""
    return all_partitions(_partitions(one) for one in labels)


def all_partitions(told: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(sorted({one for some in told for one in some})[:MOST_PARTITIONS])


def _partitions(labels: Mapping[str, object]) -> Iterable[str]:
    for name in PARTITION_LABELS:
        said = str(labels.get(name, ""))
        for part in said.split(",") if name == "partitions" else [said]:
            if part.strip() and not DAY.fullmatch(part.strip()):
                yield part.strip()


def together(spans: Iterable[Days | None]) -> Days | None:
    """From the first of all to the last; None where nothing is known."""
    known = [span for span in spans if span is not None]
    if not known:
        return None
    return Days(min(one.first for one in known), max(one.last for one in known))


def _days(labels: Mapping[str, object]) -> Days | None:
    for name in LABELS:
        first = _day(DAY.search(str(labels.get(name, ""))))
        if first is not None:
            last = _last_of(str(labels.get(INTERVALS.get(name, ""), "")))
            if last is None or not first <= last <= first + LONGEST:
                last = first
            return Days(first, last)
    for name in RUN_LABELS:
        day = _day(RUN_ID.match(str(labels.get(name, ""))))
        if day is not None:
            return Days(day, day)
    return None


def _last_of(end: str) -> date | None:
    """The last day of an interval that ends at `end`, itself not included."""
    at = instant_or_none(end)
    return None if at is None else (at - timedelta(microseconds=1)).date()


def _day(found: re.Match[str] | None) -> date | None:
    if found is None:
        return None
    try:
        return date.fromisoformat(found[1])
    except ValueError:  # 2026-13-45
        return None
