"""For which days data is affected, where the failing runs say for what they ran.

Airflow's logical date and data interval, OpenLineage's nominal time, a partition of
dbt or Dagster: all of them arrive as labels of an alert. Airflow's run id carries the
logical date too. https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/dag-run.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

LABELS = (
    "data_interval_start",
    "logical_date",
    "execution_date",
    "nominal_start",
    "partition",
    "partition_key",
)
RUN_LABELS = ("run_id", "parent_run_id", "orchestrator_run_id")
# A run that was started by hand is for what its starter meant, not for its date.
RUN_ID = re.compile(r"^(?:scheduled|backfill|dataset_triggered)__(\d{4}-\d\d-\d\d)")
DAY = re.compile(r"(?<!\d)(\d{4}-\d\d-\d\d)(?!\d)")


@dataclass(frozen=True, slots=True)
class Days:
    """From the first to the last affected day, both included."""

    first: date
    last: date


def affected_days(labels: Iterable[Mapping[str, object]]) -> Days | None:
    """The days that the labels of failing runs name; None where none does."""
    days = sorted(day for one in labels for day in _days(one))
    return Days(days[0], days[-1]) if days else None


def _days(labels: Mapping[str, object]) -> Iterable[date]:
    for name in LABELS:
        if (day := _first(DAY.search(str(labels.get(name, ""))))) is not None:
            yield day
            return
    for name in RUN_LABELS:
        if (day := _first(RUN_ID.match(str(labels.get(name, ""))))) is not None:
            yield day
            return


def _first(found: re.Match[str] | None) -> date | None:
    if found is None:
        return None
    try:
        return date.fromisoformat(found[1])
    except ValueError:  # 2026-13-45
        return None
