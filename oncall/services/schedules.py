"""From stored schedules to the pure resolver's values."""

from datetime import datetime
from typing import Any

from django.db.models import Prefetch, prefetch_related_objects

from oncall.models import Override, Schedule, Swap
from oncall.resolver import (
    ScheduleDefinition,
    format_instant,
    parse_schedule,
    users_at,
)


def reference_form(schedule: Schedule) -> dict[str, Any]:
    """The schedule as docs/api.md shows it; users are primary keys as strings."""
    return {
        "name": schedule.name,
        "timezone": schedule.timezone,
        "layers": schedule.layers,
        "overrides": [_override(one) for one in schedule.overrides.all()],
        "swaps": [_swap(one) for one in schedule.swaps.all() if one.taker_id],
        "temporary_schedules": schedule.temporary_schedules,
        "history": schedule.history,
    }


def definition(schedule: Schedule) -> ScheduleDefinition:
    """What the resolver takes. Three queries, or none when prefetched."""
    return parse_schedule(reference_form(schedule))


def exceptions_between(
    start: datetime, end: datetime | None = None
) -> "list[Prefetch[Any, Any, Any]]":
    """The overrides and swaps that matter from `start` on, for `prefetch_related`.

    A schedule gathers exceptions for years; reading only those that matter keeps it
    quick, and below what the resolver takes at once.
    """
    overlap = {"end_at__gt": start} | ({"start_at__lt": end} if end else {})
    return [
        Prefetch("overrides", Override.objects.filter(**overlap)),
        Prefetch("swaps", Swap.objects.filter(**overlap)),
    ]


def on_call_ids(schedule: Schedule, *, at: datetime) -> list[int]:
    """Primary keys of the people on call at `at`, in a stable order."""
    prefetch_related_objects([schedule], *exceptions_between(at))
    return [int(user) for user in users_at(definition(schedule), at=at)]


def _override(one: Override) -> dict[str, Any]:
    named = {"add": one.add_id, "remove": one.remove_id}
    return {
        "type": one.type,
        "start": format_instant(one.start_at),
        "end": format_instant(one.end_at),
        "priority": one.priority,
        **{role: str(pk) for role, pk in named.items() if pk is not None},
    }


def _swap(one: Swap) -> dict[str, Any]:
    return {
        "from": str(one.giver_id),
        "to": str(one.taker_id),
        "taken": one.taken_at is not None,
        "start": format_instant(one.start_at),
        "end": format_instant(one.end_at),
    }
