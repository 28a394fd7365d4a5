"""What people and incidents change about assets."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from accounts.services import record_audit
from catalog.models import Asset, AssetOwner, Edge
from catalog.services.edges import begin_edges, bump_lineage_version, end_edges
from core.bulk import update_all
from core.errors import DomainError
from core.live import publish

EDITABLE = ("type", "tier", "users", "team", "description", "url", "badge_is_public")


@transaction.atomic
def edit_asset(
    *,
    asset_id: int,
    changes: dict[str, Any],
    owners: Iterable[str] | None = None,
    by: User,
    at: datetime,
) -> Asset:
    """Change fields named in EDITABLE, and the owners unless None.

    Only what differs is written and put in the audit log. Raises Asset.DoesNotExist.
    """
    asset = Asset.objects.select_for_update(no_key=True).get(pk=asset_id)
    changed = {
        field: [getattr(asset, field), value]
        for field, value in changes.items()
        if field in EDITABLE and getattr(asset, field) != value
    }
    for field, (_, value) in changed.items():
        setattr(asset, field, value)
    if changed:
        asset.save(update_fields=list(changed))
    if owners is not None:
        changed |= _replace_owners(asset, owners)
    if changed:
        record_audit(
            actor=by,
            action="asset.edited",
            target=asset,
            changes={
                field: [_as_json(old), _as_json(new)]
                for field, (old, new) in changed.items()
            },
            at=at,
        )
        publish(f"asset:{asset.pk}")
    return asset


@transaction.atomic
def add_edge(*, upstream: Asset, downstream: Asset, by: User, at: datetime) -> Edge:
    """Say by hand that data flows from one asset to the other. Safe to repeat.

    Raises DomainError when both are the same asset.
    """
    if upstream.pk == downstream.pk:
        raise DomainError("An asset cannot be upstream of itself.")
    pair = (upstream.pk, downstream.pk)
    if begin_edges([pair], source=Edge.Source.HAND, origin="", at=at):
        _audit_edge("edge.added", upstream, downstream, by=by, at=at)
        bump_lineage_version(at=at, added=[pair])
    return Edge.objects.current().get(
        upstream=upstream, downstream=downstream, source=Edge.Source.HAND
    )


@transaction.atomic
def remove_edge(*, upstream: Asset, downstream: Asset, by: User, at: datetime) -> bool:
    """End the edge, whoever told it, and return whether there was one.

    One that a machine told comes back when it is told again.
    """
    edges = Edge.objects.current().filter(upstream=upstream, downstream=downstream)
    gone = end_edges(list(edges.values_list("pk", flat=True)), at=at)
    if gone:
        _audit_edge("edge.removed", upstream, downstream, by=by, at=at)
        bump_lineage_version(at=at, removed=gone)
    return bool(gone)


@transaction.atomic
def set_asset_health(
    *, failing_ids: Collection[int], healthy_ids: Collection[int], at: datetime
) -> int:
    """Mark assets as failing or healthy since `at`; return how many changed.

    Those that are so already keep their `health_since`, and are not locked. An id in
    both is failing.
    """
    failing = set(failing_ids)
    worse = Q(pk__in=failing) & ~Q(health=Asset.Health.FAILING)
    healthy = set(healthy_ids) - failing
    better = Q(pk__in=healthy) & ~Q(health=Asset.Health.HEALTHY)
    # Locked in one order, so that two workers at once do not deadlock.
    rows = Asset.objects.filter(worse | better).order_by("pk")
    changed = list(rows.select_for_update(no_key=True))
    for asset in changed:
        is_failing = asset.pk in failing
        asset.health = Asset.Health.FAILING if is_failing else Asset.Health.HEALTHY
        asset.health_since = at
    update_all(changed, ["health", "health_since"])
    publish(*(f"asset:{asset.pk}" for asset in changed))
    return len(changed)


def _audit_edge(
    action: str, upstream: Asset, downstream: Asset, *, by: User, at: datetime
) -> None:
    record_audit(
        actor=by,
        action=action,
        target=downstream,
        changes={"upstream": upstream.name, "downstream": downstream.name},
        at=at,
    )
    publish(f"asset:{upstream.pk}", f"asset:{downstream.pk}")


def _replace_owners(asset: Asset, owners: Iterable[str]) -> dict[str, list[list[str]]]:
    wanted = {email.strip().lower() for email in owners if email.strip()}
    stored = {owner.email.lower() for owner in asset.owners.all()}
    if wanted == stored:
        return {}
    AssetOwner.objects.filter(asset=asset).exclude(email__in=wanted).delete()
    AssetOwner.objects.bulk_create(
        [AssetOwner(asset=asset, email=email) for email in sorted(wanted - stored)]
    )
    return {"owners": [sorted(stored), sorted(wanted)]}


def _as_json(value: object) -> object:
    return value if isinstance(value, int | str | list | None) else str(value)
