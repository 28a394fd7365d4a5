"""From when an edit of a schedule counts, and what it changes for whom."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.errors import InvalidInputError
from oncall.models import PlannedChange, Schedule
from oncall.resolver import (
    Always,
    Fixed,
    Resolution,
    ScheduleDefinition,
    Shift,
    layer_shifts,
    parse_instant,
)
from oncall.services.reference import Json
from oncall.services.schedules import (
    definition,
    exceptions_between,
    final_schedule,
)

NOW, AFTER_SHIFT, AFTER_TURN = "now", "after_shift", "after_turn"
LOOK_AHEAD = timedelta(days=400)
COMPARED = timedelta(days=56)


@dataclass(frozen=True, slots=True)
class Moments:
    """When an edit may begin to count, besides now. None: there is no such time within
    400 days. `after_turn`: whoever is on call now comes on again, so that everybody
    has had a turn by the old rules."""

    after_shift: datetime | None
    after_turn: datetime | None


@dataclass(frozen=True, slots=True)
class Difference:
    """Who is on call in a time, before an edit and after it; users as keys."""

    start: datetime
    end: datetime
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Balance:
    """What an edit changes for one person in the time that was compared."""

    user: str
    before: timedelta
    after: timedelta

    @property
    def gained(self) -> timedelta:
        return max(self.after - self.before, timedelta(0))

    @property
    def lost(self) -> timedelta:
        return max(self.before - self.after, timedelta(0))


def moments_of_change(schedule: Schedule, *, at: datetime) -> Moments:
    """Return the times after the shift and after the turn that run at `at`."""
    end = at + LOOK_AHEAD
    fresh = Schedule.objects.prefetch_related(
        *exceptions_between(at, end, with_past=False)
    ).get(pk=schedule.pk)
    try:
        defined = definition(fresh)
        shifts = final_schedule(fresh, start=at, end=end).shifts
    except InvalidInputError:
        return Moments(None, None)
    running = [shift.end for shift in shifts if shift.start == at and shift.end < end]
    turns = [_end_of_turn(defined, n, at, end) for n in range(len(defined.layers))]
    return Moments(
        after_shift=running[0] if running else None,
        after_turn=max((turn for turn in turns if turn is not None), default=None),
    )


def _end_of_turn(
    defined: ScheduleDefinition, index: int, at: datetime, end: datetime
) -> datetime | None:
    """When the group that has the turn at `at` gets it again."""
    if isinstance(defined.layers[index].pattern, Always | Fixed):
        return None
    shifts = layer_shifts(defined, index, start=at, end=end)
    others = False
    for shift in shifts[1:]:
        if others and shift.users == shifts[0].users:
            return shift.start
        others = others or shift.users != shifts[0].users
    return None


def effective_moment(value: object, schedule: Schedule, *, at: datetime) -> datetime:
    """Return the instant in `value`: "now", "after_shift", "after_turn" or a time.

    Raises InvalidInputError for anything else, and when there is no such time.
    """
    if value in (None, "", NOW):
        return at
    if value in (AFTER_SHIFT, AFTER_TURN):
        moments = moments_of_change(schedule, at=at)
        found = moments.after_shift if value == AFTER_SHIFT else moments.after_turn
        if found is None:
            raise InvalidInputError(
                {"effective_from": ["There is no such time within 400 days."]}
            )
        return found
    try:
        moment = parse_instant(value)
    except ValueError as error:
        raise InvalidInputError({"effective_from": [str(error)]}) from error
    if moment > at + LOOK_AHEAD:
        raise InvalidInputError({"effective_from": ["Must be within 400 days."]})
    return max(moment, at)


def what_changes(
    schedule: Schedule,
    *,
    timezone: str,
    layers: list[Json],
    effective_at: datetime,
    at: datetime,
) -> list[Difference]:
    """Return what new layers change in the eight weeks after they begin to count.

    A change that is planned already is given up, and not told. Raises InvalidInputError
    when the layers cannot be read.
    """
    start, end = at, max(effective_at, at) + COMPARED
    fresh = Schedule.objects.prefetch_related(
        *exceptions_between(start, end, with_past=False)
    ).get(pk=schedule.pk)
    planned = getattr(fresh, "planned_change", None)
    if planned is not None:
        planned.effective_at = end
    before = final_schedule(fresh, start=start, end=end)
    # Naming the schedule makes it the schedule's planned change, here in memory.
    PlannedChange(
        schedule=fresh, effective_at=effective_at, timezone=timezone, layers=layers
    )
    after = final_schedule(fresh, start=start, end=end)
    return list(differences(before, after))


def differences(before: Resolution, after: Resolution) -> Iterator[Difference]:
    """Yield where two answers for one window differ, neighbours joined."""
    held: Difference | None = None
    for one in _pieces(before, after):
        if one.before == one.after:
            continue
        if held and (held.end, held.before, held.after) == (
            one.start,
            one.before,
            one.after,
        ):
            held = Difference(held.start, one.end, one.before, one.after)
            continue
        if held:
            yield held
        held = one
    if held:
        yield held


def _pieces(before: Resolution, after: Resolution) -> Iterator[Difference]:
    old, new = _track(before), _track(after)
    edges = sorted({edge for span in old + new for edge in (span.start, span.end)})
    positions = [0, 0]
    for start, end in zip(edges, edges[1:], strict=False):
        found = []
        for which, track in enumerate((old, new)):
            while track[positions[which]].end <= start:
                positions[which] += 1
            found.append(track[positions[which]].users)
        yield Difference(start, end, *found)


def _track(answer: Resolution) -> list[Shift]:
    gaps = [Shift(gap.start, gap.end, ()) for gap in answer.gaps]
    return sorted([*answer.shifts, *gaps], key=lambda one: one.start)


def balances(changes: Iterable[Difference]) -> list[Balance]:
    """Return what the changes mean for each person, most changed first."""
    before: dict[str, timedelta] = {}
    after: dict[str, timedelta] = {}
    for one in changes:
        for users, sums in ((one.before, before), (one.after, after)):
            for user in users:
                sums[user] = sums.get(user, timedelta(0)) + (one.end - one.start)
    zero = timedelta(0)
    found = [
        Balance(user, before.get(user, zero), after.get(user, zero))
        for user in sorted(before.keys() | after.keys())
    ]
    return sorted(found, key=lambda one: one.gained + one.lost, reverse=True)
