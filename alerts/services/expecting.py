"""What people do with expectations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.services import record_audit
from alerts.freshness import Rhythm
from alerts.models import Expectation
from alerts.services.breaches import end_breach, inlet_of_expectations
from alerts.services.freshness import start_waiting
from catalog.models import Asset
from core.errors import InvalidInputError
from core.live import publish

Kind = Expectation.Kind
_RULE = [
    "every_seconds", "cron", "time_zone", "grace_seconds", "early_seconds", "least",
    "most", "severity",
]  # fmt: skip
_STATE = ["status", "opens_at", "expected_at", "due_at", "met_at", "integration"]


@transaction.atomic
def expect_freshness(
    *, asset: Asset, rhythm: Rhythm, severity: str = "", by: User, at: datetime
) -> Expectation:
    """Expect runs of the asset by this rhythm, instead of by the one it had.

    The first turn begins now, and what was alerted about is over. Said again as it is,
    it changes nothing. `severity` "": that of the integration.
    """
    early = rhythm.early
    rule = {
        "every_seconds": int(rhythm.every.total_seconds()),
        "cron": rhythm.cron,
        "time_zone": rhythm.zone,
        "grace_seconds": int(rhythm.grace.total_seconds()),
        "early_seconds": None if early is None else int(early.total_seconds()),
        "severity": severity,
    }
    return _expect(asset, Kind.FRESHNESS, rule, by=by, at=at)


@transaction.atomic
def expect_volume(
    *,
    asset: Asset,
    least: int | None = None,
    most: int | None = None,
    severity: str = "",
    by: User,
    at: datetime,
) -> Expectation:
    """Expect loads of `least` to `most` rows; with neither, of a band that is learnt.

    Judges loads from now on. Raises InvalidInputError when the band is empty.
    """
    if least is not None and most is not None and least > most:
        raise InvalidInputError({"most": ["Must not be less than the least."]})
    rule = {"least": least, "most": most, "severity": severity}
    return _expect(asset, Kind.VOLUME, rule, by=by, at=at)


@transaction.atomic
def delete_expectation(*, expectation_id: int, by: User, at: datetime) -> None:
    """Expect it no longer; its history goes with it.

    Raises Expectation.DoesNotExist.
    """
    rows = Expectation.objects.select_for_update(of=["self"])
    found = rows.select_related("asset", "integration").get(pk=expectation_id)
    _record("delete", found, {}, by=by, at=at)
    drop(found, why="it is expected no longer", at=at)


def drop(expectation: Expectation, *, why: str, at: datetime) -> None:
    """Take it away and resolve what it alerted about. Needs its row locked."""
    end_breach(expectation, why=why, at=at)
    expectation.delete()


def _expect(
    asset: Asset, kind: Kind, rule: Mapping[str, object], *, by: User, at: datetime
) -> Expectation:
    inlet = inlet_of_expectations(by=by, at=at)
    # The asset's row is locked, so that two who say it at once make one.
    Asset.objects.select_for_update(no_key=True).get(pk=asset.pk)
    rows = Expectation.objects.select_related("asset", "integration")
    found = rows.select_for_update(of=["self"]).filter(asset=asset, kind=kind).first()
    if found is not None and all(getattr(found, n) == v for n, v in rule.items()):
        return found
    before = {n: getattr(found, n) for n in rule} if found else {}
    if found is not None:
        end_breach(found, why="something else is expected", at=at)
    expectation = found or Expectation(asset=asset, kind=kind, created_at=at)
    for name, value in rule.items():
        setattr(expectation, name, value)
    expectation.integration = inlet
    expectation.created_by = expectation.created_by or by
    expectation.status, expectation.met_at = Expectation.Status.WAITING, None
    if kind == Kind.FRESHNESS:
        start_waiting(expectation, at=at)
    if found is None:
        expectation.save()
    else:
        expectation.save(update_fields=[*_RULE, *_STATE])
    told = {name: [str(before.get(name)), str(value)] for name, value in rule.items()}
    _record("change" if found else "create", expectation, told, by=by, at=at)
    return expectation


def _record(
    act: str, expectation: Expectation, changes: dict[str, list[str]], *,
    by: User, at: datetime,
) -> None:  # fmt: skip
    record_audit(
        actor=by,
        action=f"expectation.{act}",
        target=expectation,
        changes=changes,
        at=at,
    )
    publish(f"asset:{expectation.asset_id}", "expectations")
