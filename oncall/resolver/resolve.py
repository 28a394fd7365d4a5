"""From a schedule to who is on call.

The layers make a first answer by priority; overrides change it, then taken swaps. A
temporary schedule replaces all that in its time, and the past is what was recorded.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from core.errors import InvalidInputError
from oncall.resolver.amendments import (
    instead,
    overridden,
    override_track,
    recorded_track,
    swap_track,
    swapped,
    temporary_track,
)
from oncall.resolver.definitions import Layer, ScheduleDefinition, Users
from oncall.resolver.layers import by_priority, shortest_turn
from oncall.resolver.resolution import Resolution, Shift, resolution_of
from oncall.resolver.timeline import NOBODY, Line, amend, in_turn, joined
from oncall.resolver.wall_clock import FIRST_YEAR, LAST_YEAR, instant_of

MAX_WINDOW = timedelta(days=3 * 366)
MAX_SHIFTS = 300_000


def resolve(
    schedule: ScheduleDefinition,
    *,
    start: datetime,
    end: datetime,
    now: datetime | None = None,
    recorded_from: datetime | None = None,
) -> Resolution:
    """Return who is on call in [`start`, `end`), and where nobody is.

    Before `now` the recorded history is the truth, back to `recorded_from` (None:
    for ever); without `now` the definition answers for all times. Raises
    InvalidInputError for a window that is empty, longer than MAX_WINDOW or likely to
    have more than MAX_SHIFTS shifts.
    """
    _check_window(schedule.layers, start=start, end=end)
    begins, ends = instant_of(start), instant_of(end)
    turn = begins if now is None else min(max(instant_of(now), begins), ends)
    known = begins
    if recorded_from is not None:
        known = min(max(instant_of(recorded_from), begins), turn)
    before = _defined(schedule, begins, known)
    past = joined(recorded_track(schedule.history, start=known, end=turn))
    with _uncollected():
        return resolution_of(in_turn([before, past, _defined(schedule, turn, ends)]))


def users_at(
    schedule: ScheduleDefinition, *, at: datetime, now: datetime | None = None
) -> Users:
    """Return who is on call at an instant: sorted, empty when nobody is."""
    just_after = at + timedelta(microseconds=1)
    shifts = resolve(schedule, start=at, end=just_after, now=now).shifts
    return shifts[0].users if shifts else NOBODY


def layer_shifts(
    schedule: ScheduleDefinition, layer_index: int, *, start: datetime, end: datetime
) -> tuple[Shift, ...]:
    """Return one layer's own shifts in [`start`, `end`), as if it were alone.

    Raises IndexError for a layer that is not there, and as `resolve` does.
    """
    layer = schedule.layers[layer_index]
    _check_window((layer,), start=start, end=end)
    line = by_priority(
        [layer], zone=schedule.zone, start=instant_of(start), end=instant_of(end)
    )
    return resolution_of(line).shifts


@contextmanager
def _uncollected() -> Iterator[None]:
    """Make many small values without the garbage collector looking at them again and
    again, which takes a sixth of the time; none of them is garbage."""
    is_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if is_enabled:
            gc.enable()


def _check_window(layers: Iterable[Layer], *, start: datetime, end: datetime) -> None:
    if not FIRST_YEAR < start.year < LAST_YEAR:
        raise InvalidInputError(
            {"from": [f"Must be after {FIRST_YEAR} and before {LAST_YEAR}."]}
        )
    if end <= start:
        raise InvalidInputError({"to": ["Must be after the start of the window."]})
    if end - start > MAX_WINDOW:
        raise InvalidInputError(
            {"to": [f"Must be at most {MAX_WINDOW.days} days after the start."]}
        )
    if sum((end - start) / shortest_turn(layer) for layer in layers) > MAX_SHIFTS:
        raise InvalidInputError(
            {"to": ["The window has too many shifts; ask for a shorter one."]}
        )


def _defined(schedule: ScheduleDefinition, start: int, end: int) -> Line:
    """Return who is on call by the definition in [`start`, `end`)."""
    if start == end:
        return Line([start], [])
    layers = by_priority(schedule.layers, zone=schedule.zone, start=start, end=end)
    overrides = override_track(schedule.overrides, start=start, end=end)
    swaps = swap_track(schedule.swaps, start=start, end=end)
    temporary = temporary_track(schedule.temporary_schedules, start=start, end=end)
    if not (overrides or swaps or temporary):
        return layers
    track = amend(layers.spans(), overrides, overridden)
    track = amend(track, swaps, swapped)
    return joined(amend(track, temporary, instead))
