"""Judging how many rows a run wrote, when it is written down."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from alerts.models import Breach, Expectation
from alerts.services.breaches import end_breach, open_breach
from alerts.volume import MOST_LOADS, Band, learn
from catalog.models import Load


def judge_loads(loads: Collection[Load], *, at: datetime) -> None:
    """Alert for loads outside their band; resolve with one that is inside again.

    Runs in the transaction that writes them. Of an asset's loads the newest counts, and
    one older than what was judged already changes nothing. One query when nothing is
    expected of these assets.
    """
    newest: dict[int, Load] = {}
    for load in loads:
        if load.asset_id not in newest or load.at > newest[load.asset_id].at:
            newest[load.asset_id] = load
    if not newest:
        return
    rows = Expectation.objects.select_for_update(of=["self"]).filter(
        kind=Expectation.Kind.VOLUME,
        asset__in=newest,
        integration__disabled_at=None,
        integration__deleted_at=None,
    )
    for expectation in rows.select_related("asset", "integration").order_by("pk"):
        _judge(expectation, newest[expectation.asset_id], at=at)


def band_of(expectation: Expectation, *, before: datetime) -> Band | None:
    """What loads are measured by: as given, or learnt from those before `before`; None
    while there are too few."""
    if expectation.least is not None or expectation.most is not None:
        return Band(expectation.least, expectation.most)
    return learnt_band(expectation.asset_id, before=before)


def learnt_band(asset_id: int, *, before: datetime) -> Band | None:
    """The band of the loads before `before`. One query."""
    earlier = Load.objects.filter(asset=asset_id, at__lt=before).order_by("-at", "-pk")
    return learn(list(earlier.values_list("rows", flat=True)[:MOST_LOADS]))


def _judge(expectation: Expectation, load: Load, *, at: datetime) -> None:
    if expectation.expected_at and load.at <= expectation.expected_at:
        return
    expectation.expected_at = load.at
    band = band_of(expectation, before=load.at)
    if band is None or band.holds(load.rows):
        end_breach(expectation, why=f"{load.rows:,} rows", at=at)
        expectation.status = Expectation.Status.MET
        expectation.met_at = load.at
    else:
        how = "learnt from the loads before" if band.is_learnt else "as set"
        open_breach(
            expectation,
            Breach.Kind.SIZE,
            title=f"{expectation.asset} got {load.rows:,} rows: expected {band}",
            said=f"Run {load.run_id} wrote {load.rows:,} rows. "
            f"The band is {band}, {how}.",
            since=load.at,
            at=at,
        )
    expectation.save(update_fields=["status", "expected_at", "met_at"])
