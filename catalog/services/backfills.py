"""Recording re-runs and backfills, and how far they are."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.services import record_audit
from catalog.models import Asset, Backfill, BackfillAsset
from core.errors import InvalidInputError, InvalidTransitionError
from core.live import publish
from core.text import one_line

State = Backfill.State
FOLLOWS: dict[str, tuple[str, ...]] = {
    State.PLANNED: (State.RUNNING, State.DONE, State.FAILED, State.CANCELLED),
    State.RUNNING: (State.DONE, State.FAILED, State.CANCELLED),
    State.DONE: (State.VERIFIED, State.RUNNING, State.FAILED),
    State.FAILED: (State.RUNNING, State.DONE, State.CANCELLED),
    State.VERIFIED: (),
    State.CANCELLED: (),
}


@transaction.atomic
def record_backfill(
    *,
    title: str,
    assets: Collection[Asset],
    partitions: str = "",
    state: str = State.PLANNED,
    url: str = "",
    by: User,
    at: datetime,
) -> Backfill:
    """Keep a re-run or backfill of `assets`, in any state it may already have.

    Raises InvalidInputError without a title or an asset.
    """
    told = one_line(title, 200)
    if not told:
        raise InvalidInputError({"title": ["Say what is run again."]})
    if not assets:
        raise InvalidInputError({"assets": ["Name an asset."]})
    backfill = Backfill(
        title=told,
        partitions=one_line(partitions, 300),
        url=url,
        created_at=at,
        created_by=by,
    )
    _enter(backfill, state, by=by, at=at)
    backfill.save()
    pks = sorted({asset.pk for asset in assets})
    BackfillAsset.objects.bulk_create(
        BackfillAsset(backfill=backfill, asset_id=pk) for pk in pks
    )
    _changed(backfill, "create", pks, by=by, at=at)
    return backfill


@transaction.atomic
def move_backfill(*, backfill_id: int, state: str, by: User, at: datetime) -> Backfill:
    """Go on to another state; the same is fine.

    Raises Backfill.DoesNotExist, and InvalidTransitionError for one that cannot follow.
    """
    backfill = Backfill.objects.select_for_update().get(pk=backfill_id)
    if state == backfill.state:
        return backfill
    if state not in FOLLOWS[backfill.state]:
        raise InvalidTransitionError(
            f"“{backfill}” is {backfill.state}, which {state} cannot follow.",
            current=backfill.state,
        )
    _enter(backfill, state, by=by, at=at)
    backfill.save(
        update_fields=[
            "state", "started_at", "done_at", "verified_at", "verified_by",
            "changed_at",
        ]
    )  # fmt: skip
    pks = list(backfill.parts.values_list("asset_id", flat=True))
    _changed(backfill, state, pks, by=by, at=at)
    return backfill


def _enter(backfill: Backfill, state: str, *, by: User, at: datetime) -> None:
    backfill.state, backfill.changed_at = state, at
    if state == State.RUNNING:
        backfill.started_at, backfill.done_at = at, None
    elif state in (State.DONE, State.VERIFIED):
        backfill.done_at = backfill.done_at or at
    if state == State.VERIFIED:
        backfill.verified_at, backfill.verified_by = at, by


def _changed(
    backfill: Backfill, act: str, asset_ids: Collection[int], *, by: User, at: datetime
) -> None:
    record_audit(
        actor=by,
        action=f"backfill.{act}",
        target=backfill,
        changes={"assets": list(asset_ids), "partitions": backfill.partitions},
        at=at,
    )
    publish("backfills", *(f"asset:{pk}" for pk in asset_ids))
