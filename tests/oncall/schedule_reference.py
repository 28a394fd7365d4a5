"""Who is on call at one instant, reckoned slowly and plainly.

It walks every hand-off and every day from a schedule's start with zoneinfo, shares no
code with the resolver beyond the definitions, and reads like the rules in docs/api.md.
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from oncall.resolver import (
    Always,
    Fixed,
    Frequency,
    Layer,
    Override,
    OverrideType,
    RecurringShift,
    Restriction,
    Rotation,
    RotationUnit,
    ScheduleDefinition,
)

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)


def reference_users_at(schedule: ScheduleDefinition, at: datetime) -> tuple[str, ...]:
    """Return who is on call at `at` (UTC, whole minutes) by the definition."""
    temporary = [t for t in schedule.temporary_schedules if t.start <= at < t.end]
    if temporary:
        shifts = [shift for t in temporary for shift in t.shifts]
        return _sorted(u for s in shifts if s.start <= at < s.end for u in s.users)
    users = _by_priority(schedule, at)
    active = [o for o in schedule.overrides if o.start <= at < o.end]
    users = _overridden(users, active)
    for swap in schedule.swaps:
        if swap.taken and swap.start <= at < swap.end and swap.giver in users:
            users = (users - {swap.giver}) | {swap.taker}
    return _sorted(users)


def _by_priority(schedule: ScheduleDefinition, at: datetime) -> set[str]:
    found: dict[int, set[str]] = {}
    for layer in schedule.layers:
        users = layer_users_at(layer, schedule.zone, at)
        if users:
            found.setdefault(layer.priority, set()).update(users)
    return found[max(found)] if found else set()


def _overridden(users: set[str], active: list[Override]) -> set[str]:
    covers = [o for o in active if o.type is OverrideType.COVER]
    if covers:
        highest = max(o.priority for o in covers)
        users = {o.add for o in covers if o.priority == highest}
    after = set(users)
    for override in active:
        after.discard(override.remove)
    for override in active:
        replaces = override.type is OverrideType.REPLACE and override.remove in users
        if override.type is OverrideType.ADD or replaces:
            after.add(override.add)
    return after


def layer_users_at(layer: Layer, zone: ZoneInfo, at: datetime) -> set[str]:
    if layer.restriction and not _is_active(layer.restriction, zone, at):
        return set()
    pattern = layer.pattern
    if isinstance(pattern, Always):
        return set(pattern.users)
    if isinstance(pattern, Fixed):
        return {u for s in pattern.shifts if s.start <= at < s.end for u in s.users}
    if isinstance(pattern, Rotation):
        return set(_rotation_group(pattern, zone, at))
    return _recurring_users(pattern, zone, at)


def _rotation_group(
    rotation: Rotation, zone: ZoneInfo, at: datetime
) -> tuple[str, ...]:
    anchor = rotation.anchor_at or first_instant(rotation.start_local, zone)
    number = 0
    while first_instant(_handoff(rotation, number), zone) > min(at, anchor):
        number -= 1
    instants: list[datetime] = []
    while not instants or instants[-1] <= max(at, anchor):
        instants.append(first_instant(_handoff(rotation, number), zone))
        number += 1
    handoffs = sorted(set(instants))
    turn = sum(h <= at for h in handoffs) - sum(h <= anchor for h in handoffs)
    groups = rotation.participants
    return groups[(rotation.anchor_index + turn) % len(groups)]


def _handoff(rotation: Rotation, number: int) -> datetime:
    steps, start = number * rotation.every, rotation.start_local
    if rotation.unit is RotationUnit.MONTH:
        year, month = divmod(start.year * 12 + start.month - 1 + steps, 12)
        last = monthrange(year, month + 1)[1]
        return start.replace(year=year, month=month + 1, day=min(start.day, last))
    return start + steps * timedelta(**{f"{rotation.unit.value}s": 1})


def _recurring_users(shift: RecurringShift, zone: ZoneInfo, at: datetime) -> set[str]:
    if at < first_instant(shift.effective_from_local, zone):
        return set()
    if shift.until_local and at >= first_instant(shift.until_local, zone):
        return set()
    begun = {
        first_instant(local, zone): number for local, number in _turns(shift, zone, at)
    }
    groups = shift.participants
    return {
        user
        for begins, number in begun.items()
        if begins <= at < begins + shift.duration
        for user in groups[number % len(groups)]
    }


def _turns(
    shift: RecurringShift, zone: ZoneInfo, at: datetime
) -> Iterator[tuple[datetime, int]]:
    until = at.astimezone(zone).replace(tzinfo=None) + 2 * _DAY
    step = timedelta(hours=1) if shift.freq is Frequency.HOURLY else _DAY
    local, steps, eligible = shift.start_local, 0, 0
    while local <= until:
        number = _turn(shift, local, steps, eligible)
        if number is not None and _is_on_named_days(shift, local):
            yield local, number
        if local.weekday() in shift.by_day:
            eligible += 1
        steps += 1
        local += step


def _turn(
    shift: RecurringShift, local: datetime, steps: int, eligible: int
) -> int | None:
    """Return the number of the turn of an hour or day, None between turns."""
    start = shift.start_local
    if shift.freq is Frequency.DAILY and shift.by_day:
        return eligible // shift.interval
    periods = steps
    if shift.freq is Frequency.WEEKLY:
        first = start.date() - _DAY * ((start.weekday() - shift.week_start) % 7)
        periods = (local.date() - first).days // 7
        if not shift.by_day and local.weekday() != start.weekday():
            return None
    elif shift.freq is Frequency.MONTHLY:
        periods = (local.year - start.year) * 12 + local.month - start.month
        if not (shift.by_day or shift.by_monthday) and local.day != start.day:
            return None
    return None if periods % shift.interval else periods // shift.interval


def _is_on_named_days(shift: RecurringShift, local: datetime) -> bool:
    last = monthrange(local.year, local.month)[1]
    if shift.by_monthday and not {local.day, local.day - last - 1} & shift.by_monthday:
        return False
    return not shift.by_day or local.weekday() in shift.by_day


def _is_active(restriction: Restriction, zone: ZoneInfo, at: datetime) -> bool:
    today = at.astimezone(zone).date()
    return any(
        day.weekday() in restriction.weekdays
        and first_instant(_on(day, restriction.start_clock), zone) <= at
        and at < last_instant(_end(day, restriction), zone)
        for day in (today + _DAY * offset for offset in range(-3, 3))
    )


def _end(day: date, restriction: Restriction) -> datetime:
    overnight = restriction.end_clock <= restriction.start_clock
    return _on(day + _DAY * overnight, restriction.end_clock)


def _on(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock)


def first_instant(local: datetime, zone: ZoneInfo) -> datetime:
    instant = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return instant if _wall(instant, zone) == local else _after_gap(local, zone)


def last_instant(local: datetime, zone: ZoneInfo) -> datetime:
    instant = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return instant if _wall(instant, zone) == local else _after_gap(local, zone)


def _after_gap(local: datetime, zone: ZoneInfo) -> datetime:
    """Walk minute by minute from before the gap to the first instant after it."""
    instant = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    while _wall(instant, zone) < local:
        instant += _MINUTE
    return instant


def _wall(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None)


def _sorted(users: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(users)))
