"""A small warehouse to break: raw -> staging -> marts -> dashboards."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from alerts.models import Alert, Integration
from catalog.models import Asset, AssetOwner
from catalog.services import bump_lineage_version
from incidents.models import Incident
from incidents.services import correlate_changed_alerts
from tests.factories import NOON, make_alert, make_asset, make_edge


def minutes(number: float) -> datetime:
    """So many minutes after noon."""
    return NOON + timedelta(minutes=number)


def make_lineage(*chains: str, **types: str) -> dict[str, Asset]:
    """Assets and edges from chains such as "raw > staging > mart".

    A name given in `types` has that type: dash="dashboard".
    """
    assets: dict[str, Asset] = {}
    edges: set[tuple[str, str]] = set()
    for chain in chains:
        names = [name.strip() for name in chain.split(">")]
        for name in names:
            if name not in assets:
                assets[name] = make_asset(name, type=types.get(name, "dataset"))
        edges.update(zip(names, names[1:], strict=False))
    for upstream, downstream in sorted(edges):
        make_edge(assets[upstream], assets[downstream])
    bump_lineage_version(at=NOON)
    return assets


def own(asset: Asset, *emails: str) -> None:
    AssetOwner.objects.bulk_create(
        AssetOwner(asset=asset, email=email) for email in emails
    )


def fire(name: str = "", *, at: float = 0, **values: Any) -> Alert:
    """An alert about the asset called `name`, `at` minutes after noon."""
    values.setdefault("title", f"{name or 'something'} failed")
    if name:
        values |= {"asset_namespace": "warehouse", "asset_name": name}
    return make_alert(at=minutes(at), **values)


def end(alert: Alert, *, at: float) -> None:
    """The sender says that it is over."""
    alert.status, alert.resolved_at = "resolved", minutes(at)
    alert.last_at, alert.has_changed = minutes(at), True
    alert.save(update_fields=["status", "resolved_at", "last_at", "has_changed"])


def correlate(at: float = 10) -> None:
    while correlate_changed_alerts(at=minutes(at)):
        pass


def break_in_turn(names: Iterable[str], integration: Integration) -> None:
    """Alerts a minute apart, each correlated before the next arrives."""
    for number, name in enumerate(names):
        fire(name, at=number, integration=integration)
        correlate(number)


def open_groups() -> set[frozenset[str]]:
    """The failing assets' names of each open incident."""
    return {
        frozenset(f.asset.name for f in incident.failing_assets.select_related("asset"))
        for incident in Incident.objects.open()
    }


def texts(incident: Incident) -> list[str]:
    return [entry.text for entry in incident.timeline.all()]
