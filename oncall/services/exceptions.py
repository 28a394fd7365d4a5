"""Overrides and swaps: the exceptions people make to a schedule for a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.services import record_audit
from core.errors import DomainError, InvalidInputError, InvalidTransitionError
from core.live import publish
from core.times import FIRST_YEAR, LAST_YEAR
from oncall.models import Override, Schedule, Swap

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
        errors = _wrong_span(self.start_at, self.end_at)
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
    _note(schedule, "override_added", [None, describe(override)], by=by, at=at)
    return override


@transaction.atomic
def delete_override(*, override_id: int, by: User, at: datetime) -> Schedule:
    """Take an override back. Raises Override.DoesNotExist."""
    override = (
        Override.objects.select_for_update(of=["self"])
        .select_related("schedule", "add", "remove")
        .get(pk=override_id)
    )
    told = [describe(override), None]
    override.delete()
    _note(override.schedule, "override_deleted", told, by=by, at=at)
    return override.schedule


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


@transaction.atomic
def offer_swap(
    *,
    schedule_id: int,
    giver: User,
    taker: User | None,
    start_at: datetime,
    end_at: datetime,
    by: User,
    at: datetime,
) -> Swap:
    """Offer the giver's shifts in a time to `taker`, or to whoever takes them.

    Raises Schedule.DoesNotExist and InvalidInputError by field.
    """
    errors = _wrong_span(start_at, end_at)
    if taker == giver:
        errors["to"] = ["This is the person who gives the shift away."]
    if errors:
        raise InvalidInputError(errors)
    schedule = Schedule.objects.select_for_update().get(pk=schedule_id)
    swap = schedule.swaps.create(
        giver=giver, taker=taker, start_at=start_at, end_at=end_at
    )
    told = f"{giver} to {taker or 'anybody'}"
    _note(schedule, "swap_offered", [None, told], by=by, at=at)
    return swap


@transaction.atomic
def take_swap(*, swap_id: int, by: User, at: datetime) -> Swap:
    """Make `by` stand in for the giver. Safe to repeat.

    Raises Swap.DoesNotExist, and InvalidTransitionError when it is one's own, is
    offered to or taken by somebody else, or is over.
    """
    swap = (
        Swap.objects.select_for_update(of=["self"])
        .select_related("schedule", "giver", "taker")
        .get(pk=swap_id)
    )
    if swap.taken_at is not None and swap.taker == by:
        return swap
    if swap.taken_at is not None:
        raise InvalidTransitionError(f"{swap.taker} has taken it.", current="taken")
    if swap.giver == by:
        raise InvalidTransitionError("These are your own shifts.", current="offered")
    if swap.taker is not None and swap.taker != by:
        raise InvalidTransitionError(
            f"This is offered to {swap.taker}.", current="offered"
        )
    if swap.end_at <= at:
        raise InvalidTransitionError("This time is over.", current="over")
    swap.taker, swap.taken_at = by, at
    swap.save(update_fields=["taker", "taken_at"])
    told = [f"{swap.giver}", f"{by}"]
    _note(swap.schedule, "swap_taken", told, by=by, at=at)
    return swap


def _note(
    schedule: Schedule,
    what: str,
    change: Sequence[str | None],
    *,
    by: User,
    at: datetime,
) -> None:
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


def _wrong_span(start_at: datetime, end_at: datetime) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    for field, moment in (("start", start_at), ("end", end_at)):
        if not FIRST_YEAR < moment.year < LAST_YEAR:
            errors[field] = [f"Must be between {FIRST_YEAR} and {LAST_YEAR}."]
    if end_at <= start_at:
        errors.setdefault("end", ["Is not after the start."])
    return errors
