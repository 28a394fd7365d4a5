"""What grouping has to know of the incidents that are open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from alerts.models import Alert
from core.bulk import any_of
from incidents.correlation import Key, OpenIncident
from incidents.models import FailingAsset, Incident, IncidentAlert, Regrouping

RESOLVED = Incident.Status.RESOLVED


def load_open_incidents(alerts: Collection[Alert]) -> dict[int, OpenIncident]:
    """Return {id: incident} of the open ones that may take some of `alerts`: those
    that have a failing asset, if any alert names one, or a key of the others.

    Five queries; thousands of incidents about other keys cost nothing.
    """
    failing: dict[int, dict[int, datetime]] = defaultdict(dict)
    keys = _open_keys([alert for alert in alerts if alert.asset_id is None])
    is_near = Q(pk__in=keys)
    if any(alert.asset_id is not None for alert in alerts):
        fails = Exists(FailingAsset.objects.filter(incident=OuterRef("pk")))
        is_near = Q(is_near | fails)
        for incident_id, asset_id, since in FailingAsset.objects.exclude(
            incident__status=RESOLVED
        ).values_list("incident_id", "asset_id", "since"):
            failing[incident_id][asset_id] = since
    rows = (
        Incident.objects.open()
        .filter(is_near)
        .values_list("id", "detected_at", "last_alert_at", "acknowledged_at", "private")
    )
    placed, apart = _placed_by_hand(failing), _kept_apart(failing)
    return {
        pk: OpenIncident(
            id=pk,
            first_at=detected_at,
            last_at=last_alert_at or detected_at,
            acknowledged=acknowledged_at is not None,
            failing=frozenset(failing.get(pk, ())),
            keys=frozenset(keys.get(pk, ())),
            stands_alone=private,
            since=failing.get(pk, {}),
            placed=frozenset(placed.get(pk, ())),
            apart=frozenset(apart.get(pk, ())),
        )
        for pk, detected_at, last_alert_at, acknowledged_at, private in rows
    }


def _placed_by_hand(incident_ids: Collection[int]) -> dict[int, set[int]]:
    """{incident: the assets a person has put there}."""
    placed: dict[int, set[int]] = defaultdict(set)
    for incident_id, asset_id in (
        IncidentAlert.objects.filter(is_placed=True, incident__in=any_of(incident_ids))
        .exclude(alert__asset=None)
        .values_list("incident_id", "alert__asset_id")
    ):
        placed[incident_id].add(asset_id)
    return placed


def _kept_apart(incident_ids: Collection[int]) -> dict[int, set[int]]:
    """{incident: those that a person has said to be another fault}."""
    apart: dict[int, set[int]] = defaultdict(set)
    rows = Regrouping.objects.filter(
        source__in=any_of(incident_ids), target__in=any_of(incident_ids)
    )
    for row in rows:
        if row.keeps_apart:
            apart[row.source_id].add(row.target_id)
            apart[row.target_id].add(row.source_id)
    return apart


def _open_keys(alerts: Collection[Alert]) -> dict[int, set[Key]]:
    """{open incident: which of the alerts' keys it already holds}."""
    keys: dict[int, set[Key]] = defaultdict(set)
    wanted = {(alert.integration_id, alert.dedup_key) for alert in alerts}
    if not wanted:
        return keys
    for incident_id, integration_id, dedup_key in (
        _members(wanted)
        .exclude(incident__status=RESOLVED)
        .values_list("incident_id", "alert__integration_id", "alert__dedup_key")
    ):
        if (integration_id, dedup_key) in wanted:
            keys[incident_id].add((integration_id, dedup_key))
    return keys


def in_open_incidents(alerts: Collection[Alert]) -> set[int]:
    """The ids of those whose key or asset an open incident has. Two queries."""
    keys = _open_keys(alerts)
    held = {key for of_incident in keys.values() for key in of_incident}
    failing = set(
        FailingAsset.objects.filter(asset__in={alert.asset_id for alert in alerts})
        .exclude(incident__status=RESOLVED)
        .values_list("asset_id", flat=True)
    )
    return {
        alert.pk
        for alert in alerts
        if alert.asset_id in failing or (alert.integration_id, alert.dedup_key) in held
    }


def last_closed(
    asset_ids: Collection[int], keys: Collection[Key]
) -> tuple[dict[int, int], dict[Key, int]]:
    """Return the last resolved incident of each asset and of each key.

    Private ones are left out, so that a link to them tells nobody of them.
    """
    by_asset: dict[int, int] = {}
    by_key: dict[Key, int] = {}
    public = {"incident__status": RESOLVED, "incident__private": False}
    if asset_ids:
        rows = FailingAsset.objects.filter(asset__in=asset_ids, **public)
        by_asset = dict(
            rows.order_by("asset_id", "-incident__resolved_at", "-incident_id")
            .distinct("asset_id")
            .values_list("asset_id", "incident_id")
        )
    if keys:
        members = _members(keys).filter(**public).order_by("incident_id")
        for incident_id, integration_id, dedup_key in members.values_list(
            "incident_id", "alert__integration_id", "alert__dedup_key"
        ):
            by_key[integration_id, dedup_key] = incident_id
    return by_asset, by_key


def _members(keys: Collection[Key]) -> QuerySet[IncidentAlert]:
    return IncidentAlert.objects.filter(
        alert__integration__in={integration for integration, _ in keys},
        alert__dedup_key__in={dedup_key for _, dedup_key in keys},
    )
