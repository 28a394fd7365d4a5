"""Overrides: the exceptions people make to a schedule for a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.services import record_audit
from core.errors import DomainError, InvalidInputError
from core.live import publish
from core.times import FIRST_YEAR, LAST_YEAR
from oncall.models import Override, Schedule
from oncall.services.history import record_until

MOST_AHEAD = 500


@dataclass(frozen=True, slots=True)
class OverrideValues:
    """What an override says. `priority` ranks covers among themselves."""

    type: str
    start_at: datetime
    end_at: datetime
    add: User | None = None
    remove: User | None = None
    priority: int = 0

    def check(self) -> None:
        """Raise InvalidInputError with all that is wrong."""
        errors = wrong_span(self.start_at, self.end_at)
        if self.type != Override.Type.REMOVE and self.add is None:
            errors["add"] = ["Say who is on call instead."]
        if self.type in (Override.Type.REMOVE, Override.Type.REPLACE):
            if self.remove is None:
                errors["remove"] = ["Say who is taken off."]
            elif self.remove == self.add:
                errors["add"] = ["This is the person who is taken off."]
        if errors:
            raise InvalidInputError(errors)


@transaction.atomic
def add_override(
    *, schedule_id: int, values: OverrideValues, by: User, at: datetime
) -> Override:
    """Write an override.

    Raises Schedule.DoesNotExist, InvalidInputError by field, and DomainError when the
    schedule has more of them ahead than anybody can oversee.
    """
    values.check()
    schedule = Schedule.objects.select_for_update().get(pk=schedule_id)
    record_until(schedule, at=at)
    if schedule.overrides.filter(end_at__gt=at).count() >= MOST_AHEAD:
        raise DomainError(
            f"{schedule} has {MOST_AHEAD} overrides ahead. Change its layers instead."
        )
    adds = values.type != Override.Type.REMOVE
    removes = values.type in (Override.Type.REMOVE, Override.Type.REPLACE)
    override = schedule.overrides.create(
        type=values.type,
        add=values.add if adds else None,
        remove=values.remove if removes else None,
        start_at=values.start_at,
        end_at=values.end_at,
        priority=values.priority,
        created_by=by,
    )
    note_exception(schedule, "override_added", [None, describe(override)], by=by, at=at)
    return override


@transaction.atomic
def delete_override(*, override_id: int, by: User, at: datetime) -> Schedule:
    """Take an override back. Raises Override.DoesNotExist."""
    schedule = Schedule.objects.select_for_update().get(overrides=override_id)
    record_until(schedule, at=at)
    override = Override.objects.select_related("add", "remove").get(pk=override_id)
    told = [describe(override), None]
    override.delete()
    note_exception(schedule, "override_deleted", told, by=by, at=at)
    return schedule


def describe(override: Override) -> str:
    """ "Ada Winter instead of Bo Lind", without the times."""
    match override.type:
        case Override.Type.ADD:
            return f"{override.add} joins"
        case Override.Type.REMOVE:
            return f"{override.remove} is taken off"
        case Override.Type.REPLACE:
            return f"{override.add} instead of {override.remove}"
    return f"{override.add} covers"


def note_exception(
    schedule: Schedule,
    what: str,
    change: Sequence[str | None],
    *,
    by: User,
    at: datetime,
) -> None:
    """Write an exception down in the audit log, and tell who looks at the schedule."""
    # Not a new version of the schedule: who edits its layers need not care.
    schedule.save(update_fields=["updated_at"])
    record_audit(
        actor=by,
        action=f"schedule.{what}",
        target=schedule,
        changes={"exception": list(change)},
        at=at,
    )
    publish("oncall")


def wrong_span(start_at: datetime, end_at: datetime) -> dict[str, list[str]]:
    """What is wrong with a span, by field; nothing when it is fine."""
    errors: dict[str, list[str]] = {}
    for field, moment in (("start", start_at), ("end", end_at)):
        if not FIRST_YEAR < moment.year < LAST_YEAR:
            errors[field] = [f"Must be between {FIRST_YEAR} and {LAST_YEAR}."]
    if end_at <= start_at:
        errors.setdefault("end", ["Is not after the start."])
    return errors
