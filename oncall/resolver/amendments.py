"""What changes a schedule for a time: overrides, swaps, temporary schedules, history.

Each returns a track, and a rule where the change depends on who is on call.
"""

from collections.abc import Iterable

from oncall.resolver.definitions import (
    HistoryEntry,
    Override,
    OverrideType,
    Swap,
    TemporarySchedule,
    Users,
)
from oncall.resolver.timeline import (
    NOBODY,
    Span,
    UserSpan,
    amend,
    clip,
    stack,
    together,
)
from oncall.resolver.wall_clock import instant_of


def override_track(
    overrides: Iterable[Override], *, start: int, end: int
) -> list[Span[tuple[Override, ...]]]:
    """Return the overrides in force in [`start`, `end`)."""
    spans = (
        (instant_of(override.start), instant_of(override.end), override)
        for override in overrides
    )
    return stack(clip(spans, start, end))


def overridden(users: Users, overrides: tuple[Override, ...]) -> Users:
    """Return who is on call after the overrides.

    Covers come first, and hide all layers. Each of the others looks at who was on call
    before all of them, so their order does not matter, and a person put in is not
    taken off again by another override.
    """
    covers = [o for o in overrides if o.type is OverrideType.COVER]
    if covers:
        highest = max(cover.priority for cover in covers)
        users = tuple(cover.add for cover in covers if cover.priority == highest)
    removed = {override.remove for override in overrides if override.remove}
    added = {
        override.add
        for override in overrides
        if override.type is OverrideType.ADD
        or (override.type is OverrideType.REPLACE and override.remove in users)
    }
    return tuple(sorted({user for user in users if user not in removed} | added))


def swap_track(
    swaps: Iterable[Swap], *, start: int, end: int
) -> list[Span[tuple[Swap, ...]]]:
    """Return the taken swaps in force in [`start`, `end`)."""
    spans = (
        (instant_of(swap.start), instant_of(swap.end), swap)
        for swap in swaps
        if swap.taken
    )
    return stack(clip(spans, start, end))


def swapped(users: Users, swaps: tuple[Swap, ...]) -> Users:
    """Return who is on call after the swaps, one by one: who took a shift may have
    given it on."""
    people = set(users)
    for swap in swaps:
        if swap.giver in people:
            people = people - {swap.giver} | {swap.taker}
    return tuple(sorted(people))


def temporary_track(
    schedules: Iterable[TemporarySchedule], *, start: int, end: int
) -> list[UserSpan]:
    """Return who is on call by the temporary schedules, nobody in their gaps.

    It covers [`start`, `end`) only where there is a temporary schedule.
    """
    spans: list[UserSpan] = []
    shifts: list[UserSpan] = []
    for schedule in schedules:
        begins, ends = instant_of(schedule.start), instant_of(schedule.end)
        spans.append((begins, ends, NOBODY))
        own = (
            (instant_of(shift.start), instant_of(shift.end), shift.users)
            for shift in schedule.shifts
        )
        shifts += clip(own, begins, ends)
    return amend(
        together(clip(spans, start, end)), together(clip(shifts, start, end)), instead
    )


def recorded_track(
    history: Iterable[HistoryEntry], *, start: int, end: int
) -> list[UserSpan]:
    """Return who was recorded in [`start`, `end`), all of it, gaps as nobody."""
    spans = (
        (
            instant_of(entry.start),
            end if entry.end is None else instant_of(entry.end),
            (entry.user,),
        )
        for entry in history
    )
    window = clip([(start, end, NOBODY)], start, end)
    return amend(window, together(clip(spans, start, end)), instead)


def instead(_users: Users, others: Users) -> Users:
    """The rule of a change that does not ask who was on call."""
    return others
