"""The layers of a schedule: what each says alone, and who is on call by priority."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

from oncall.resolver.definitions import (
    Always,
    Fixed,
    Frequency,
    Layer,
    RecurringShift,
    Rotation,
    RotationUnit,
    Users,
)
from oncall.resolver.recurrence import recurring_spans
from oncall.resolver.restriction import active_windows
from oncall.resolver.rotation import rotation_spans
from oncall.resolver.timeline import (
    NOBODY,
    UserSpan,
    clip,
    sweep,
    together,
    union,
    within,
)
from oncall.resolver.wall_clock import instant_of


def layer_track(
    layer: Layer, *, zone: ZoneInfo, start: int, end: int
) -> list[UserSpan]:
    """Return the shifts of one layer in [`start`, `end`), as if it were alone."""
    track = _pattern_track(layer, zone, start, end)
    if layer.restriction is None:
        return track
    windows = active_windows(layer.restriction, zone=zone, start=start, end=end)
    return within(track, windows)


def _pattern_track(
    layer: Layer, zone: ZoneInfo, start: int, end: int
) -> list[UserSpan]:
    match layer.pattern:
        case Rotation() as rotation:
            return rotation_spans(rotation, zone=zone, start=start, end=end)
        case RecurringShift() as shift:
            return recurring_spans(shift, zone=zone, start=start, end=end)
        case Always(users):
            return [(start, end, users)]
        case Fixed(shifts):
            spans = (
                (instant_of(shift.start), instant_of(shift.end), shift.users)
                for shift in shifts
            )
            return together(clip(spans, start, end))


def shortest_turn(layer: Layer) -> timedelta:
    """Return a time in which the layer has about one shift."""
    match layer.pattern:
        case Rotation(unit=RotationUnit.HOUR, every=every):
            return timedelta(hours=every)
        case RecurringShift(freq=Frequency.HOURLY, interval=interval):
            return timedelta(hours=interval)
    return timedelta(days=1)


def by_priority(
    layers: Iterable[Layer], *, zone: ZoneInfo, start: int, end: int
) -> Iterator[UserSpan]:
    """Yield all of [`start`, `end`) with who is on call by the layers."""
    placed = [
        (layer.priority, layer_track(layer, zone=zone, start=start, end=end))
        for layer in layers
    ]
    placed.sort(key=lambda item: item[0], reverse=True)
    priorities = [priority for priority, _ in placed]
    # The same people are active again and again, so each case is decided once.
    decided: dict[tuple[Users, ...], Users] = {}
    for begins, ends, groups in sweep([track for _, track in placed], start, end):
        if groups not in decided:
            decided[groups] = _highest(priorities, groups)
        yield begins, ends, decided[groups]


def _highest(priorities: list[int], groups: tuple[Users, ...]) -> Users:
    """Return everybody at the highest priority that has anybody; they go down."""
    highest = None
    found: list[Users] = []
    for priority, group in zip(priorities, groups, strict=True):
        if found and priority != highest:
            break
        if group:
            highest = priority
            found.append(group)
    return union(found) if found else NOBODY
