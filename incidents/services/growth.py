"""What a batch of alerts brings to one incident."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings

from alerts.models import Alert, Route
from core.bulk import any_of
from incidents.correlation import Placement
from incidents.models import FailingAsset, Incident, TimelineEntry
from incidents.services.assessed import says_nothing_new
from incidents.services.assessing import may_raise
from incidents.services.entries import Entry
from incidents.services.lineage import AssetRow


@dataclass(slots=True)
class Growth:
    """What a batch brings to one incident, saved or yet to be opened."""

    incident: Incident
    is_new: bool
    joined: list[tuple[Alert, Placement]] = field(default_factory=list)
    failing: dict[int, datetime] = field(default_factory=dict)
    written: dict[int, datetime] = field(default_factory=dict)
    fresh: set[int] = field(default_factory=set)
    has_merged: bool = False
    severity_before: str = ""
    has_new_team: bool = False
    is_assessed: bool = False
    entries: list[Entry] = field(default_factory=list)
    dashboards: list[AssetRow] = field(default_factory=list)
    route: Route | None = None

    @property
    def firing(self) -> list[Alert]:
        return [a for a, _ in self.joined if a.status == Alert.Status.FIRING]

    @property
    def pages(self) -> bool:
        return any(alert.pages for alert in self.firing)

    @property
    def worst(self) -> str | None:
        return min((a.severity for a, _ in self.joined if a.pages), default=None)

    def has_grown(self, *, lineage: int, at: datetime) -> bool:
        """Whether cause, effect or severity may be another now, over this version of
        the lineage."""
        if self.is_new or self.has_merged or self.fresh:
            return True
        if not may_raise(self.incident, self.worst):
            return False
        alerts = [alert for alert, _ in self.joined]
        key = self.incident.pk
        return not says_nothing_new(key, alerts, lineage=lineage, at=at)

    def is_written(self, asset_id: int, *, is_firing: bool) -> bool:
        """Whether the database says already that the asset fails, since then."""
        return is_firing and self.written.get(asset_id) == self.failing[asset_id]

    def note(
        self,
        kind: TimelineEntry.Kind,
        text: str,
        *,
        at: datetime,
        happened_at: datetime | None = None,
    ) -> None:
        self.entries.append(Entry(self.incident, kind, happened_at or at, at, text))


def began_at(alert: Alert) -> datetime:
    """When the alert's asset began to fail: as the sender says, unless that lies
    after the alert itself or longer before it than grouping looks back."""
    earliest = alert.first_at - settings.CORRELATION_WINDOW
    if earliest <= alert.occurred_at <= alert.first_at:
        return alert.occurred_at
    return alert.first_at


def new_incident(alert: Alert, *, at: datetime) -> Incident:
    return Incident(
        title=alert.title,
        severity=alert.severity,
        team_id=alert.integration.team_id,
        impact_started_at=min(alert.occurred_at, alert.first_at),
        detected_at=alert.first_at,
        triggered_at=max(at, alert.first_at),
    )


def give_routes(growths: Iterable[Growth], routes: Mapping[int, Route]) -> None:
    """Let the routing rule of the alert that opens an incident name its team."""
    for growth in growths:
        growth.route = routes.get(growth.joined[0][0].pk) if growth.is_new else None
        if growth.route is not None and growth.route.team_id is not None:
            growth.incident.team_id = growth.route.team_id


def load_failing(growths: Mapping[int, Growth]) -> None:
    """Read what fails in the saved ones, and which of it goes on. One query."""
    rows = FailingAsset.objects.filter(incident__in=any_of(k for k in growths if k > 0))
    for key, asset_id, since, until in rows.values_list(
        "incident_id", "asset_id", "since", "until"
    ):
        growths[key].failing[asset_id] = since
        if until is None:
            growths[key].written[asset_id] = since


def count_in(growth: Growth) -> None:
    incident, alerts = growth.incident, [alert for alert, _ in growth.joined]
    incident.alert_count += len(alerts)
    incident.detected_at = min(incident.detected_at, *(a.first_at for a in alerts))
    incident.impact_started_at = min(
        incident.impact_started_at,
        incident.detected_at,
        *(a.occurred_at for a in alerts if a.pages),
    )
    stamps = [alert.last_at for alert in alerts]
    if incident.last_alert_at is not None:
        stamps.append(incident.last_alert_at)
    incident.last_alert_at = max(stamps)


def add_failing(growth: Growth) -> None:
    for alert, _ in growth.joined:
        asset_id = alert.asset_id
        if asset_id is None or not alert.pages:
            continue
        if asset_id not in growth.failing:
            growth.fresh.add(asset_id)
        since = growth.failing.get(asset_id, began_at(alert))
        growth.failing[asset_id] = min(since, began_at(alert))
