"""Who is on call when: one pure answer for the calendar, the API and the pages.

    schedule = parse_schedule(payload)            # the form of docs/api.md
    resolve(schedule, start=..., end=...).shifts  # who, in UTC, cut to the window
    users_at(schedule, at=...)                    # whom to page

No database, no clock, no Django. Instants are aware datetimes and come out in UTC;
days, weeks and months are steps on the wall clock of the schedule's zone.
"""

from oncall.resolver.definitions import (
    Always,
    Fixed,
    FixedShift,
    Frequency,
    HistoryEntry,
    Layer,
    Override,
    OverrideType,
    RecurringShift,
    Restriction,
    Rotation,
    RotationUnit,
    ScheduleDefinition,
    Swap,
    TemporarySchedule,
)
from oncall.resolver.parsing import parse_schedule
from oncall.resolver.reader import parse_instant
from oncall.resolver.resolution import (
    Gap,
    Resolution,
    ResolutionJson,
    Shift,
    consecutive,
    format_instant,
)
from oncall.resolver.resolve import (
    MAX_WINDOW,
    layer_shifts,
    resolve,
    users_at,
)

__all__ = [
    "MAX_WINDOW",
    "Always",
    "Fixed",
    "FixedShift",
    "Frequency",
    "Gap",
    "HistoryEntry",
    "Layer",
    "Override",
    "OverrideType",
    "RecurringShift",
    "Resolution",
    "ResolutionJson",
    "Restriction",
    "Rotation",
    "RotationUnit",
    "ScheduleDefinition",
    "Shift",
    "Swap",
    "TemporarySchedule",
    "consecutive",
    "format_instant",
    "layer_shifts",
    "parse_instant",
    "parse_schedule",
    "resolve",
    "users_at",
]
