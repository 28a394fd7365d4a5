"""The layers of a schedule: what each says alone, and who is on call by priority."""

from __future__ import annotations

from collections.abc import Iterable
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
)
from oncall.resolver.recurrence import recurring_tracks
from oncall.resolver.restriction import active_windows
from oncall.resolver.rotation import rotation_track
from oncall.resolver.timeline import Line
from oncall.resolver.tracks import Track, apart, instants, overlay
from oncall.resolver.wall_clock import instant_of


def layer_tracks(layer: Layer, *, zone: ZoneInfo, start: int, end: int) -> list[Track]:
    """Return the shifts of one layer in [`start`, `end`), as if it were alone.

    Several tracks are on call together.
    """
    tracks = _pattern_tracks(layer, zone, start, end)
    if layer.restriction is None:
        return tracks
    windows = active_windows(layer.restriction, zone=zone, start=start, end=end)
    return [track.within(windows) for track in tracks]


def _pattern_tracks(layer: Layer, zone: ZoneInfo, start: int, end: int) -> list[Track]:
    match layer.pattern:
        case Rotation() as rotation:
            return [rotation_track(rotation, zone=zone, start=start, end=end)]
        case RecurringShift() as shift:
            return recurring_tracks(shift, zone=zone, start=start, end=end)
        case Always(users):
            return [Track(instants([start]), instants([end]), instants([0]), (users,))]
        case Fixed() as fixed:
            return apart(_fixed_track(fixed).clipped(start, end))


def _fixed_track(fixed: Fixed) -> Track:
    """The shifts in order of their start; those that overlap are on call together."""
    shifts = sorted(fixed.shifts, key=lambda shift: shift.start)
    groups = tuple(dict.fromkeys(shift.users for shift in shifts))
    turn_of = {group: turn for turn, group in enumerate(groups)}
    return Track(
        instants(instant_of(shift.start) for shift in shifts),
        instants(instant_of(shift.end) for shift in shifts),
        instants(turn_of[shift.users] for shift in shifts),
        groups,
    )


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
) -> Line:
    """Return who is on call in [`start`, `end`) by the layers."""
    placed = [
        (layer.priority, track)
        for layer in layers
        for track in layer_tracks(layer, zone=zone, start=start, end=end)
    ]
    return overlay(placed, start, end)
