"""Writing down what the lineage says about an incident: cause, effect, severity."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from alerts.models import Severity
from core.bulk import any_of
from incidents.cause import suspected
from incidents.models import FailingAsset, Incident, TimelineEntry
from incidents.services.entries import Entry, save_entries
from incidents.services.lineage import AssetRow, Findings, examine
from incidents.severity import LEVELS, is_worse, weigh

ASSESSED_FIELDS = (
    "causes",
    "suspected_asset",
    "affected_assets",
    "affected_dashboards",
    "severity",
    "severity_reason",
)
Kind = TimelineEntry.Kind


def failing_since(
    incident_ids: Iterable[int],
) -> dict[int, dict[int, datetime]]:
    """{incident: {failing asset: since}}, one query."""
    failing: dict[int, dict[int, datetime]] = defaultdict(dict)
    for incident_id, asset_id, since in FailingAsset.objects.filter(
        incident__in=any_of(incident_ids)
    ).values_list("incident_id", "asset_id", "since"):
        failing[incident_id][asset_id] = since
    return failing


def take_in(
    incident: Incident,
    found: Findings,
    assets: Mapping[int, AssetRow],
    *,
    alerts_severity: str | None,
    at: datetime,
) -> list[Entry]:
    """Set the assessed fields of `incident`, and return the timeline entries that say
    what changed. Nothing is saved.

    `alerts_severity` is the worst of the alerts' own; None keeps the severity. It is
    never lowered, nor changed at all once a person has set it.
    """
    entries = []
    cause = suspected(found.causes)
    if cause is not None and cause != incident.suspected_asset_id:
        entries.append(
            _entry(incident, Kind.CAUSE, _cause_text(found, assets[cause]), at=at)
        )
    incident.suspected_asset_id = cause
    incident.causes = [dict(suspect) for suspect in found.causes]
    incident.affected_assets = found.affected
    incident.affected_dashboards = found.dashboard_count
    if alerts_severity is not None and not incident.severity_is_set_by_hand:
        entries += raise_severity(incident, alerts_severity, found, at=at)
    return entries


def may_raise(incident: Incident, alerts_severity: str | None) -> bool:
    """Whether an alert as bad as this could raise the severity, by itself or by the
    step that a top tier adds."""
    return (
        alerts_severity is not None
        and not incident.severity_is_set_by_hand
        and incident.severity != LEVELS[0]
        and not is_worse(incident.severity, alerts_severity)
    )


def raise_severity(
    incident: Incident,
    alerts_severity: str,
    found: Findings,
    *,
    at: datetime,
) -> list[Entry]:
    weighed = weigh(
        alerts=alerts_severity,
        top_tier_asset=found.top_tier_asset,
        downstream=found.downstream,
    )
    if incident.severity_reason and not is_worse(weighed.severity, incident.severity):
        return []
    before = incident.severity if incident.severity_reason else ""
    incident.severity = Severity(weighed.severity)
    incident.severity_reason = weighed.reason
    text = weighed.reason
    if before:
        text = f"{before} to {weighed.severity}: {weighed.reason}"
    return [_entry(incident, Kind.SEVERITY, text, at=at)]


def assess(incident: Incident, *, at: datetime) -> Findings:
    """Reckon cause and effect of one saved incident anew and save them."""
    failing = failing_since([incident.pk])
    found, assets = examine({incident.pk: failing.get(incident.pk, {})})
    entries = take_in(incident, found[incident.pk], assets, alerts_severity=None, at=at)
    incident.save(update_fields=list(ASSESSED_FIELDS))
    save_entries(entries)
    return found[incident.pk]


def _cause_text(found: Findings, asset: AssetRow) -> str:
    reasons = next(c["reasons"] for c in found.causes if c["asset"] == asset.id)
    return f"Suspected cause: {asset.name}: {'; '.join(reasons)}."


def _entry(
    incident: Incident, kind: TimelineEntry.Kind, text: str, *, at: datetime
) -> Entry:
    return Entry(incident, kind, at, at, text)
