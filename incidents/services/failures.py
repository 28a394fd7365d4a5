"""In what way the assets of incidents fail: by a run of their own or by a test of their
data, and in which columns. For severity and cause; `faults` says what it means for
those who read them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from alerts.models import Alert
from core.bulk import any_of
from incidents.expected import JOBS, State, Told, state_told
from incidents.models import IncidentAlert

# Of larger incidents it is not asked: all of each asset may be wrong.
MOST_ALERTS = 2_000
# What dbt calls what it builds; its tests are told apart by `state_told`.
BUILDS = frozenset({"model", "seed", "snapshot"})


class Way(Enum):
    RUN = "run"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Failure:
    """`columns` None: all of the asset. `way` None: not known."""

    columns: frozenset[str] | None = None
    way: Way | None = None


def failures_of(
    incident_ids: Iterable[int], *, joined: Iterable[tuple[int, Alert]] = ()
) -> dict[int, dict[int, Failure]]:
    """Return {incident: {asset: how it fails}}, of what alerts tell. One query.

    `joined` are alerts that are about to join, linked to their assets in memory. An
    asset fails in columns only if all its alerts in the incident name one; it fails by
    a run if one of them is about a run, and by a test if all are about tests.
    """
    told: dict[int, dict[int, list[Failure]]] = defaultdict(lambda: defaultdict(list))
    for incident_id, alert in joined:
        if alert.asset_id is not None:
            told[incident_id][alert.asset_id].append(failure_told(alert))
    for incident_id, asset_id, one in _members(incident_ids):
        told[incident_id][asset_id].append(one)
    return {
        incident_id: {asset_id: _together(ones) for asset_id, ones in by_asset.items()}
        for incident_id, by_asset in told.items()
    }


def failure_told(alert: Alert) -> Failure:
    """What one alert says of how its asset fails."""
    said = Told(alert.integration.format, alert.labels, bool(alert.run_id))
    return _read(said, alert.asset_type)


def _members(incident_ids: Iterable[int]) -> Iterable[tuple[int, int, Failure]]:
    ids = list(incident_ids)
    if not ids:
        return
    rows = IncidentAlert.objects.filter(
        incident__in=any_of(ids),
        incident__alert_count__lte=MOST_ALERTS,
        alert__asset__isnull=False,
    ).values_list(
        "incident_id",
        "alert__asset_id",
        "alert__asset_type",
        "alert__integration__format",
        "alert__labels",
        "alert__run_id",
    )
    for incident_id, asset_id, kind, inlet, labels, run_id in rows:
        if asset_id is not None:
            said = Told(inlet, labels, is_of_run=bool(run_id))
            yield incident_id, asset_id, _read(said, kind)


def _read(said: Told, asset_type: str) -> Failure:
    column = str(said.labels.get("column", "")).lower()
    return Failure(frozenset([column]) if column else None, _way(said, asset_type))


def _way(said: Told, asset_type: str) -> Way | None:
    """A source that is late is neither: its run may be well and wait for another."""
    state = state_told(said)
    if state is State.WRONG:
        return Way.TEST
    is_build = said.is_of_run or asset_type in JOBS
    is_build = is_build or said.labels.get("resource_type") in BUILDS
    is_late = "max_loaded_at" in said.labels or "expectation" in said.labels
    return Way.RUN if is_build and not is_late else None


def _together(told: list[Failure]) -> Failure:
    columns = [one.columns for one in told]
    named = [one for one in columns if one is not None]
    ways = {one.way for one in told}
    return Failure(
        columns=frozenset().union(*named) if len(named) == len(columns) else None,
        way=Way.RUN if Way.RUN in ways else ways.pop() if len(ways) == 1 else None,
    )
