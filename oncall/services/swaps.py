"""Swaps: a person gives shifts away, to one, to some or to whoever takes them.

An offer changes nothing until it is taken. "Cover me" does it in one act, over all
schedules, for hours in which one is on call.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import User
from core.errors import InvalidInputError, InvalidTransitionError
from oncall.models import Override, Schedule, Swap
from oncall.queries import people
from oncall.services.exceptions import (
    OverrideValues,
    add_override,
    note_exception,
    wrong_span,
)
from oncall.services.feeds import personal_shifts
from oncall.services.history import record_until
from oncall.services.informing import span_told, tell_person
from oncall.services.reference import people_in_layers

REMIND_BEFORE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class SwapValues:
    """What an offer says: `taker` is the one it is for, else `offered_to`, else
    anybody."""

    giver: User
    start_at: datetime
    end_at: datetime
    taker: User | None = None
    offered_to: Sequence[User] = field(default_factory=tuple)
    note: str = ""

    def check(self) -> None:
        """Raise InvalidInputError with all that is wrong."""
        errors = wrong_span(self.start_at, self.end_at)
        if self.taker == self.giver or self.giver in self.offered_to:
            errors["to"] = ["This is the person who gives the shift away."]
        if errors:
            raise InvalidInputError(errors)


@transaction.atomic
def offer_swap(*, schedule_id: int, values: SwapValues, by: User, at: datetime) -> Swap:
    """Offer the giver's shifts in a time, and tell those who may take them.

    Raises Schedule.DoesNotExist and InvalidInputError by field.
    """
    values.check()
    schedule = Schedule.objects.select_for_update().get(pk=schedule_id)
    swap = schedule.swaps.create(
        giver=values.giver,
        taker=values.taker,
        start_at=values.start_at,
        end_at=values.end_at,
        note=values.note,
    )
    swap.offered_to.set(values.offered_to)
    told = f"{values.giver} to {values.taker or 'anybody'}"
    note_exception(schedule, "swap_offered", [None, told], by=by, at=at)
    _tell_offered(swap, "offer", "is looking for somebody to take a shift", at=at)
    return swap


@transaction.atomic
def take_swap(*, swap_id: int, by: User, at: datetime) -> Swap:
    """Make `by` stand in for the giver. Safe to repeat.

    Raises Swap.DoesNotExist, and InvalidTransitionError when it is one's own, is
    offered to or taken by somebody else, or is over.
    """
    schedule = Schedule.objects.select_for_update().get(swaps=swap_id)
    swap = Swap.objects.select_related("giver", "taker").get(pk=swap_id)
    swap.schedule = schedule
    if swap.taken_at is not None and swap.taker == by:
        return swap
    _refuse_unless_open_to(swap, by, at)
    record_until(schedule, at=at)
    swap.taker, swap.taken_at = by, at
    swap.save(update_fields=["taker", "taken_at"])
    told = [f"{swap.giver}", f"{by}"]
    note_exception(schedule, "swap_taken", told, by=by, at=at)
    _inform(swap, swap.giver, "taken", f"{by} takes your shift", at=at)
    return swap


@transaction.atomic
def withdraw_swap(*, swap_id: int, by: User, at: datetime) -> Schedule:
    """Take an offer back that nobody has taken. Raises Swap.DoesNotExist, and
    InvalidTransitionError once it is taken."""
    schedule = Schedule.objects.select_for_update().get(swaps=swap_id)
    swap = Swap.objects.select_related("giver").get(pk=swap_id)
    if swap.taken_at is not None:
        raise InvalidTransitionError("It is taken already.", current="taken")
    told = [f"{swap.giver}", None]
    swap.delete()
    note_exception(schedule, "swap_withdrawn", told, by=by, at=at)
    return schedule


@transaction.atomic
def cover_me(*, values: SwapValues, by: User, at: datetime) -> list[Schedule]:
    """Give away all of the giver's shifts in a time, in every schedule.

    With a `taker` that person is on call in their place at once; else each schedule
    gets an offer. Returns the schedules it touches. Raises InvalidInputError when the
    giver is not on call in that time.
    """
    values.check()
    mine = personal_shifts(values.giver, start=values.start_at, end=values.end_at)
    schedules = list({one.schedule.pk: one.schedule for one in mine}.values())
    if not schedules:
        raise InvalidInputError({"start": ["You are not on call in this time."]})
    for schedule in sorted(schedules, key=lambda one: one.pk):
        if values.taker is None:
            offer_swap(schedule_id=schedule.pk, values=values, by=by, at=at)
        else:
            _put_in(schedule, values, by=by, at=at)
    return schedules


def remind_of_swaps(*, at: datetime) -> None:
    """Remind once of offers that nobody took and that begin within a day."""
    soon = Swap.objects.open(at=at).filter(
        reminded_at=None, start_at__lte=at + REMIND_BEFORE
    )
    for swap in soon.select_related("giver", "taker", "schedule"):
        with transaction.atomic():
            claimed = Swap.objects.filter(pk=swap.pk, reminded_at=None)
            if claimed.update(reminded_at=at) == 1:
                _tell_offered(swap, "again", "still needs somebody", at=at)
                _inform(swap, swap.giver, "open", "Nobody took your shift yet", at=at)


def _put_in(schedule: Schedule, values: SwapValues, *, by: User, at: datetime) -> None:
    override = add_override(
        schedule_id=schedule.pk,
        values=OverrideValues(
            type=Override.Type.REPLACE,
            start_at=values.start_at,
            end_at=values.end_at,
            add=values.taker,
            remove=values.giver,
        ),
        by=by,
        at=at,
    )
    assert values.taker is not None
    told = span_told(values.start_at, values.end_at, values.taker)
    tell_person(
        values.taker,
        schedule=schedule,
        key=f"cover:{override.pk}",
        title=f"You cover {values.giver} in {schedule}",
        body=f"{told}\n{values.note}",
        at=at,
    )


def _refuse_unless_open_to(swap: Swap, by: User, at: datetime) -> None:
    if swap.taken_at is not None:
        raise InvalidTransitionError(f"{swap.taker} has taken it.", current="taken")
    if swap.giver == by:
        raise InvalidTransitionError("These are your own shifts.", current="offered")
    if swap.taker is not None and swap.taker != by:
        raise InvalidTransitionError(
            f"This is offered to {swap.taker}.", current="offered"
        )
    some = list(swap.offered_to.all())
    if swap.taker is None and some and by not in some:
        raise InvalidTransitionError(
            "This is offered to other people.", current="offered"
        )
    if swap.end_at <= at:
        raise InvalidTransitionError("This time is over.", current="over")


def _tell_offered(swap: Swap, what: str, told: str, *, at: datetime) -> None:
    for person in _offered(swap):
        _inform(swap, person, what, f"{swap.giver} {told}", at=at)


def _offered(swap: Swap) -> Iterable[User]:
    """Those who may take it; of "anybody" those whom the schedule knows."""
    if swap.taker is not None:
        return [swap.taker]
    some = list(swap.offered_to.filter(is_active=True))
    if some:
        return some
    known = people(people_in_layers(swap.schedule.layers)).values()
    return [one for one in known if one.is_active and one != swap.giver]


def _inform(swap: Swap, person: User, what: str, title: str, *, at: datetime) -> None:
    tell_person(
        person,
        schedule=swap.schedule,
        key=f"swap:{swap.pk}:{what}:{person.pk}",
        title=f"{title}: {swap.schedule}",
        body=f"{span_told(swap.start_at, swap.end_at, person)}\n{swap.note}",
        at=at,
    )
