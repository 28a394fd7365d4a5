"""What people do with heartbeats."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.services import record_audit
from alerts.models import Heartbeat, Integration
from alerts.services.pings import expect_next, resolve_alert
from core.errors import DomainError, InvalidTransitionError
from core.live import publish

EDITABLE = (
    "name",
    "every_seconds",
    "cron",
    "time_zone",
    "grace_seconds",
    "severity",
    "asset",
)
_CADENCE = {"every_seconds", "cron", "time_zone", "grace_seconds"}


@transaction.atomic
def create_heartbeat(
    *, integration: Integration, by: User, at: datetime, **fields: Any
) -> Heartbeat:
    """Make a heartbeat that waits for its first ping.

    Raises DomainError when the integration has one of that name.
    """
    made = Heartbeat(integration=integration, created_at=at, created_by=by, **fields)
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError as error:
        raise DomainError(_taken(made.name)) from error
    _record("create", made, {}, by=by, at=at)
    return made


@transaction.atomic
def change_heartbeat(
    *, heartbeat_id: int, by: User, at: datetime, **fields: Any
) -> Heartbeat:
    """Set the given of EDITABLE. With another rhythm it waits a full turn from now, if
    by the new one it were due already. Raises Heartbeat.DoesNotExist and DomainError.
    """
    heartbeat = _locked(heartbeat_id)
    changed = {
        name: [getattr(heartbeat, name), value]
        for name, value in fields.items()
        if name in EDITABLE and getattr(heartbeat, name) != value
    }
    if not changed:
        return heartbeat
    if "name" in changed:
        _check_name(heartbeat, fields["name"])
        if heartbeat.misses.filter(until=None).exists():
            resolve_alert(heartbeat, why="it was renamed", at=at)
            heartbeat.status = Heartbeat.Status.WAITING
    for name in changed:
        setattr(heartbeat, name, fields[name])
    if changed.keys() & _CADENCE and heartbeat.due_at is not None:
        expect_next(heartbeat, after=heartbeat.last_at or at)
        if heartbeat.due_at <= at:
            expect_next(heartbeat, after=at)
    heartbeat.save(update_fields=[*changed, "status", "expected_at", "due_at"])
    told = {name: [str(old), str(new)] for name, (old, new) in changed.items()}
    _record("change", heartbeat, told, by=by, at=at)
    return heartbeat


@transaction.atomic
def pause_heartbeat(*, heartbeat_id: int, by: User, at: datetime) -> Heartbeat:
    """Expect nothing until somebody resumes it; what it alerted about is resolved."""
    heartbeat = _locked(heartbeat_id)
    if heartbeat.status == Heartbeat.Status.PAUSED:
        return heartbeat
    if heartbeat.misses.filter(until=None).exists():
        resolve_alert(heartbeat, why="it was paused", at=at)
    heartbeat.status = Heartbeat.Status.PAUSED
    heartbeat.expected_at = heartbeat.due_at = heartbeat.started_at = None
    heartbeat.save(update_fields=["status", "expected_at", "due_at", "started_at"])
    _record("pause", heartbeat, {}, by=by, at=at)
    return heartbeat


@transaction.atomic
def resume_heartbeat(*, heartbeat_id: int, by: User, at: datetime) -> Heartbeat:
    """Expect pings again, the next one a full turn from now.

    Raises InvalidTransitionError when it is not paused.
    """
    heartbeat = _locked(heartbeat_id)
    if heartbeat.status != Heartbeat.Status.PAUSED:
        raise InvalidTransitionError(
            f"{heartbeat} is not paused.", current=heartbeat.status
        )
    heartbeat.status = Heartbeat.Status.WAITING
    if heartbeat.last_at is not None:
        heartbeat.status = Heartbeat.Status.ON_TIME
        expect_next(heartbeat, after=at)
    heartbeat.save(update_fields=["status", "expected_at", "due_at"])
    _record("resume", heartbeat, {}, by=by, at=at)
    return heartbeat


@transaction.atomic
def delete_heartbeat(*, heartbeat_id: int, by: User, at: datetime) -> None:
    """Take it away with its history. The next ping of its name makes a new one."""
    heartbeat = _locked(heartbeat_id)
    if heartbeat.misses.filter(until=None).exists():
        resolve_alert(heartbeat, why="it was deleted", at=at)
    _record("delete", heartbeat, {}, by=by, at=at)
    heartbeat.delete()


def _locked(heartbeat_id: int) -> Heartbeat:
    rows = Heartbeat.objects.select_related("integration", "asset")
    return rows.select_for_update(of=["self"]).get(pk=heartbeat_id)


def _check_name(heartbeat: Heartbeat, name: str) -> None:
    named = Heartbeat.objects.filter(integration=heartbeat.integration_id, name=name)
    if named.exclude(pk=heartbeat.pk).exists():
        raise DomainError(_taken(name))


def _taken(name: str) -> str:
    return f"This integration has a heartbeat named “{name}” already."


def _record(
    act: str, heartbeat: Heartbeat, changes: dict[str, Any], *, by: User, at: datetime
) -> None:
    record_audit(
        actor=by, action=f"heartbeat.{act}", target=heartbeat, changes=changes, at=at
    )
    publish(f"integration:{heartbeat.integration_id}", "heartbeats")
