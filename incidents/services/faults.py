"""What fails in incidents, how, and what that means for what hangs from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from catalog.columns import affected_by_columns
from catalog.graph import LineageSnapshot, snapshot
from catalog.models import Asset, AssetAlias
from core.bulk import any_of
from incidents.affected_dates import affected_days, affected_partitions
from incidents.expected import (
    CARE,
    JOBS,
    Expected,
    Fault,
    State,
    Told,
    expected_from,
    most_careful,
    state_told,
)
from incidents.models import FailingAsset, Incident, IncidentAlert

# Of an incident of very many failing assets, so many are followed one by one; the
# others together, by what kind of fault they are.
MOST_FOLLOWED = 60
MOST_ALERTS = 20_000

# {incident: {failing asset: its fault}}
Faults = dict[int, dict[int, Fault]]
Row = tuple[Any, ...]


@dataclass(slots=True)
class _Said:
    """What the alerts of one failing asset say."""

    states: set[State] = field(default_factory=set)
    columns: set[str] = field(default_factory=set)
    labels: list[Mapping[str, object]] = field(default_factory=list)


def faults_of(
    incident_ids: Iterable[int],
    *,
    among: Collection[int] | None = None,
    most_alerts: int = MOST_ALERTS,
) -> Faults:
    """What fails in each incident, `among` these assets if given. At most four
    queries, whatever the number of incidents; of their alerts the latest `most_alerts`
    are read.

    An alert of a test of one column names it in the label "column"; an asset fails in
    columns only if all its alerts in the incident name one.
    """
    ids = list(incident_ids)
    rows = FailingAsset.objects.filter(incident__in=ids)
    if among is not None:
        rows = rows.filter(asset__in=any_of(among))
    failing = list(
        rows.values_list("incident_id", "asset_id", "asset__type", "since", "until")
    )
    said = _said({asset_id for _, asset_id, *_ in failing}, ids, most_alerts)
    faults: Faults = {pk: {} for pk in ids}
    for incident_id, asset_id, kind, since, until in failing:
        told = said.get((incident_id, asset_id), _Said())
        known = told.states or {State.STALE if kind in JOBS else State.EITHER}
        is_in_columns = bool(told.columns) and "" not in told.columns
        faults[incident_id][asset_id] = Fault(
            asset_id,
            most_careful(known),
            since,
            until,
            columns=frozenset(told.columns) if is_in_columns else None,
            days=affected_days(told.labels),
            partitions=affected_partitions(told.labels),
        )
    return faults


def faults_in(incident: Incident) -> dict[int, Fault]:
    return faults_of([incident.pk])[incident.pk]


def columns_of(faults: Iterable[Fault]) -> dict[int, frozenset[str] | None]:
    """{failing asset: the columns in which it fails}; None is all of it."""
    return {fault.asset_id: fault.columns for fault in faults}


def expected_of(
    targets: Iterable[int],
    faults: Iterable[Fault],
    lineage: LineageSnapshot,
    *,
    at: datetime | None = None,
) -> dict[int, Expected]:
    """{target: what to expect of it}, of those that fail or hang from what does.

    `at`: as column lineage was known then. No query but for faults in columns.
    """
    wanted = set(targets)
    found: dict[int, list[Fault]] = defaultdict(list)
    for together in _followed(faults):
        whole = [fault.asset_id for fault in together if fault.columns is None]
        reached = set(lineage.reach(whole).ids.tolist()) if whole else set()
        parts = [fault for fault in together if fault.columns is not None]
        if parts:
            reached |= affected_by_columns(columns_of(parts), lineage, at=at).assets
        for target in wanted & reached.union(fault.asset_id for fault in together):
            found[target] += together
    return {target: expected_from(told) for target, told in found.items()}


def expected_by_incident(
    asset: Asset, incidents: Iterable[Incident]
) -> dict[int, Expected]:
    """{incident: what to expect of the asset because of it}."""
    listed = list(incidents)
    if not listed:
        return {}
    lineage = snapshot(fresh=True)
    above = lineage.reach([asset.pk], upstream=True).ids.tolist()
    ids = [incident.pk for incident in listed]
    faults = faults_of(ids, among={asset.pk, *above})
    found = {}
    for incident_id, known in faults.items():
        expected = expected_of([asset.pk], known.values(), lineage)
        if asset.pk in expected:
            found[incident_id] = expected[asset.pk]
    return found


def worst_expected(every: Iterable[Expected]) -> Expected | None:
    """The one to be said where one only is: wrong before stale, the oldest first."""
    ranked = sorted(every, key=lambda one: (-CARE[one.state], one.since))
    return ranked[0] if ranked else None


def _followed(faults: Iterable[Fault]) -> Iterable[list[Fault]]:
    """One by one, the earliest first; those in columns, and all beyond as many as can
    be followed, in groups of one state and of whether they are over."""
    ordered = sorted(faults, key=lambda fault: (fault.since, fault.asset_id))
    whole = [fault for fault in ordered if fault.columns is None]
    yield from ([fault] for fault in whole[:MOST_FOLLOWED])
    rest = [fault for fault in ordered if fault.columns is not None]
    groups: dict[tuple[State, bool], list[Fault]] = defaultdict(list)
    for fault in (*rest, *whole[MOST_FOLLOWED:]):
        groups[fault.state, fault.until is None].append(fault)
    yield from groups.values()


def _said(
    failing: Collection[int], incident_ids: Collection[int], most: int
) -> dict[tuple[int, int], _Said]:
    """{(incident, failing asset): what its alerts say}."""
    known = Q(alert__asset__in=any_of(failing)) | Q(
        alert__asset=None, alert__asset_name__gt=""
    )
    members = IncidentAlert.objects.filter(known, incident__in=incident_ids)
    rows = list(_columns(members.order_by("-pk"))[:most])
    pks = _by_identity(
        failing, {Asset.make_identity(*row[2:4]) for row in rows if row[1] is None}
    )
    said: dict[tuple[int, int], _Said] = defaultdict(_Said)
    for incident_id, asset_id, namespace, name, labels, run_id, inlet in rows:
        about = asset_id or pks.get(Asset.make_identity(namespace, name))
        if about is not None:
            one = said[incident_id, about]
            one.states.add(state_told(Told(inlet, labels, is_of_run=bool(run_id))))
            one.columns.add(str(labels.get("column", "")).lower())
            one.labels.append({"run_id": run_id, **labels})
    return said


def _columns(members: QuerySet[IncidentAlert]) -> QuerySet[IncidentAlert, Row]:
    return members.values_list(
        "incident_id",
        "alert__asset_id",
        "alert__asset_namespace",
        "alert__asset_name",
        "alert__labels",
        "alert__run_id",
        "alert__integration__format",
    )


def _by_identity(
    failing: Collection[int], identities: Collection[str]
) -> dict[str, int]:
    """{identity: failing asset}. Alerts are linked to their assets only once the batch
    that takes them is done, and people are told before. Two queries."""
    if not identities:
        return {}
    named = Asset.objects.filter(pk__in=any_of(failing), identity__in=identities)
    aliases = AssetAlias.objects.filter(
        asset__in=any_of(failing), identity__in=identities
    )
    return dict(aliases.values_list("identity", "asset_id")) | dict(
        named.values_list("identity", "pk")
    )
