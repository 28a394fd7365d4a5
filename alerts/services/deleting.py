"""Deleting an integration: what it would lose, and losing it."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import User, hash_secret
from accounts.services import record_audit
from alerts.models import Alert, Event, Integration
from alerts.services.integrations import new_key
from core.live import publish

BATCH = 2_000
MOST_BATCHES = 50
MOST_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class Losses:
    """What goes with an integration. Counts stop at MOST_COUNTED."""

    events: int
    alerts: int
    firing: int
    heartbeats: int

    @property
    def has_more_events(self) -> bool:
        return self.events == MOST_COUNTED

    @property
    def has_more_alerts(self) -> bool:
        return self.alerts == MOST_COUNTED


def losses_of(integration: Integration) -> Losses:
    """Four queries, each bounded."""
    return Losses(
        events=integration.events.order_by()[:MOST_COUNTED].count(),
        alerts=integration.alerts.order_by()[:MOST_COUNTED].count(),
        firing=Alert.objects.firing().filter(integration=integration).count(),
        heartbeats=integration.heartbeats.count(),
    )


@transaction.atomic
def delete_integration(integration: Integration, *, by: User, at: datetime) -> None:
    """Take nothing more from it, now and for ever. Safe to repeat.

    Its key dies, its firing alerts are resolved, its heartbeats go, and its raw events
    go in batches soon after. Its alerts stay: incidents and postmortems tell of them.
    """
    if integration.deleted_at is not None:
        return
    integration.deleted_at = at
    integration.disabled_at = integration.disabled_at or at
    integration.key_hash = hash_secret(new_key())
    integration.previous_key_hash = integration.previous_key_prefix = ""
    integration.previous_key_until = None
    integration.signature_secret = ""
    integration.mapping = None
    integration.save(
        update_fields=[
            "deleted_at",
            "disabled_at",
            "key_hash",
            "previous_key_hash",
            "previous_key_prefix",
            "previous_key_until",
            "signature_secret",
            "mapping",
        ]
    )
    integration.heartbeats.all().delete()
    firing = Alert.objects.firing().filter(integration=integration)
    locked = list(
        firing.order_by("pk").select_for_update().values_list("pk", flat=True)
    )
    Alert.objects.filter(pk__in=locked).update(
        status=Alert.Status.RESOLVED, resolved_at=at, has_changed=True
    )
    record_audit(
        actor=by,
        action="integration.delete",
        target=integration,
        changes={"alerts resolved": len(locked)},
        at=at,
    )
    publish("inlets", f"integration:{integration.pk}")


def purge_deleted() -> int:
    """Delete raw events of deleted integrations; return how many.

    A small transaction a batch, so nobody waits for it; what is left is found by the
    next run.
    """
    total = 0
    deleted = Integration.objects.exclude(deleted_at=None)
    for integration in deleted.order_by("pk"):
        for _ in range(MOST_BATCHES):
            newest = integration.events.order_by().values_list("pk", flat=True)
            pks = list(newest[:BATCH])
            if not pks:
                break
            total += Event.objects.filter(pk__in=pks).delete()[0]
    return total
