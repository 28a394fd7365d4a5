"""A database with something on every page, for tests that walk all of them."""

from datetime import timedelta

from django.utils import timezone

from alerts.services.heartbeats import create_heartbeat
from catalog.models import Asset
from catalog.services.backfills import record_backfill
from catalog.services.known_issues import add_known_issue
from config.demo.loading import load
from incidents.models import Incident
from tests.factories import (
    make_alert,
    make_incident,
    make_integration,
    make_postmortem,
    make_route,
    make_silence,
    make_user,
)


def make_world() -> None:
    """The demonstration, and one of each thing it lacks."""
    at = timezone.now()
    load(at=at - timedelta(days=1))
    admin = make_user(role="admin")
    asset = Asset.objects.first()
    assert asset
    integration = make_integration()
    make_alert(integration=integration, asset=asset, at=at)
    make_route()
    make_silence(starts_at=at, ends_at=at + timedelta(hours=2))
    make_incident(at=at)
    make_postmortem(by=admin, incident=_resolved())
    create_heartbeat(integration=integration, name="nightly", by=admin, at=at)
    asset.expectations.create(
        integration=integration, kind="freshness", every_seconds=3600, created_at=at
    )
    record_backfill(title="May again", assets=[asset], by=admin, at=at)
    add_known_issue(
        asset=asset, text="Late", ends_at=at + timedelta(days=1), by=admin, at=at
    )


def _resolved() -> Incident:
    at = timezone.now()
    return make_incident(
        at=at - timedelta(hours=3),
        status="resolved",
        resolved_at=at - timedelta(hours=2),
    )
