"""Opsgenie's REST API v2: /users, /schedules?expand=rotation and /escalations.

A schedule may carry an "overrides" list, as /schedules/{id}/overrides answers it.
https://docs.opsgenie.com/docs/api-overview
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from itertools import groupby
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

from oncall.importers.plan import (
    Json,
    OnCallPlan,
    People,
    PersonDraft,
    PolicyDraft,
    ScheduleDraft,
    StepDraft,
    TargetKey,
)
from oncall.importers.turns import (
    DAY,
    Block,
    aware,
    blocks_of,
    restricted,
    rotation_layer,
    zone_named,
)
from oncall.resolver import format_instant

LENGTHS = {"hourly": timedelta(hours=1), "daily": DAY, "weekly": 7 * DAY}
DELAY_UNITS = {
    "seconds": timedelta(seconds=1),
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
    "days": DAY,
}
Weekday = Literal[
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"
]
WEEKDAYS = get_args(Weekday)
Hour = Annotated[int, Meta(ge=0, le=24)]
Minute = Annotated[int, Meta(ge=0, le=59)]
Count = Annotated[int, Meta(ge=0, le=10_000)]
WEEK = 7 * DAY
LAST_DELAY = timedelta(minutes=5)
MOST_REPEATS = 20


class User(Struct):
    id: str
    username: str
    fullName: str = ""  # noqa: N815  # the names are Opsgenie's
    timeZone: str = ""  # noqa: N815


class Party(Struct):
    """A person, a team, a schedule, an escalation or nobody."""

    type: str
    id: str | None = None
    username: str | None = None
    name: str | None = None


class Hours(Struct):
    startHour: Hour  # noqa: N815
    endHour: Hour  # noqa: N815
    startMin: Minute = 0  # noqa: N815
    endMin: Minute = 0  # noqa: N815
    startDay: Weekday | None = None  # noqa: N815
    endDay: Weekday | None = None  # noqa: N815


class TimeRestriction(Struct):
    type: str
    restriction: Hours | None = None
    restrictions: list[Hours] | None = None


class Rotation(Struct):
    type: str
    startDate: datetime  # noqa: N815
    participants: list[Party]
    name: str | None = None
    length: Annotated[int, Meta(ge=1, le=1000)] = 1
    endDate: datetime | None = None  # noqa: N815
    timeRestriction: TimeRestriction | None = None  # noqa: N815
    enabled: bool = True


class Override(Struct):
    user: Party
    startDate: datetime  # noqa: N815
    endDate: datetime  # noqa: N815


class Schedule(Struct):
    id: str
    name: str
    timezone: str
    rotations: list[Rotation]
    overrides: list[Override] | None = None
    ownerTeam: Party | None = None  # noqa: N815
    enabled: bool = True


class Delay(Struct):
    timeAmount: Count = 0  # noqa: N815
    timeUnit: str = "minutes"  # noqa: N815


class Rule(Struct):
    recipient: Party
    delay: Delay
    notifyType: str = "default"  # noqa: N815
    condition: str = "if-not-acked"


class Repeat(Struct):
    count: Count = 0
    waitInterval: Count = 0  # noqa: N815


class Escalation(Struct):
    id: str
    name: str
    rules: list[Rule]
    repeat: Repeat | None = None
    ownerTeam: Party | None = None  # noqa: N815


def read(documents: Sequence[Any], *, at: datetime) -> OnCallPlan:
    """Return what the answers hold; what ended before `at` is left out."""
    plan = OnCallPlan()
    people = People(plan)
    items = list(_items(documents))
    users = [one for one in items if "username" in one]
    for user in plan.read_items(users, User, "User"):
        people.add(user.id, PersonDraft(user.username, user.fullName, user.timeZone))
    found = [one for one in items if "rotations" in one]
    schedules = plan.read_items(found, Schedule, "Schedule")
    for schedule in schedules:
        with plan.within_reach(schedule.name):
            _read_schedule(schedule, plan, people, at)
    names = {schedule.id: schedule.name for schedule in schedules}
    found = [one for one in items if "rules" in one]
    for escalation in plan.read_items(found, Escalation, "Escalation"):
        plan.policies.append(_policy(escalation, plan, people, names))
    return plan


def _items(documents: Sequence[Any]) -> Iterator[Json]:
    """What is under "data", where Opsgenie puts a list or a single thing."""
    for document in documents:
        data = document.get("data") if isinstance(document, dict) else None
        for item in data if isinstance(data, list) else [data]:
            if isinstance(item, dict):
                yield item


def _read_schedule(
    schedule: Schedule, plan: OnCallPlan, people: People, at: datetime
) -> None:
    zone = zone_named(schedule.timezone)
    if zone is None or not schedule.enabled:
        why = f"no zone {schedule.timezone!r}" if zone is None else "it is switched off"
        plan.note(f"{schedule.name} is left out: {why}.")
        return
    layers: list[Json] = []
    for number, rotation in enumerate(schedule.rotations, start=1):
        where = f"{schedule.name}, {rotation.name or f'rotation {number}'}"
        layers += _layers(rotation, where, zone, plan, people, at)
    form = {
        "name": schedule.name,
        "timezone": zone.key,
        "layers": layers,
        "overrides": list(_overrides(schedule, people, at)),
    }
    plan.schedules.append(ScheduleDraft(schedule.name, form, _team(schedule.ownerTeam)))


def _layers(
    rotation: Rotation,
    where: str,
    zone: ZoneInfo,
    plan: OnCallPlan,
    people: People,
    at: datetime,
) -> list[Json]:
    ended = rotation.endDate is not None and aware(rotation.endDate) <= at
    if ended or not rotation.enabled or rotation.type not in LENGTHS:
        plan.note(f"{where} is left out: it ended, is switched off or is of no kind.")
        return []
    made = rotation_layer(
        name=rotation.name or "Rotation",
        priority=0,  # all rotations of a schedule are on call together
        length=LENGTHS[rotation.type] * rotation.length,
        start=rotation.startDate,
        zone=zone,
        groups=[_group(one, where, plan, people) for one in rotation.participants],
        begins=rotation.startDate,
        ends=rotation.endDate,
        at=at,
    )
    if made is None:
        plan.note(f"{where} is left out: its turns have no length.")
        return []
    return restricted(made, _blocks(rotation.timeRestriction))


def _group(party: Party, where: str, plan: OnCallPlan, people: People) -> list[str]:
    if party.type == "user":
        return people.group([party.id or ""], name=party.username or "", where=where)
    if party.type != "none":  # "none" is a turn that nobody takes, here as there
        name = party.name or party.id or ""
        plan.note(f"{where}: the turn of {party.type} {name} is left empty.")
    return []


def _blocks(restriction: TimeRestriction | None) -> Iterator[Block]:
    if restriction is None:
        return
    if restriction.restriction is not None:
        for day in range(7):
            yield from _span(day, day, restriction.restriction)
    for hours in restriction.restrictions or []:
        start = WEEKDAYS.index(hours.startDay or "monday")
        end = WEEKDAYS.index(hours.endDay or hours.startDay or "monday")
        yield from _span(start, end, hours)


def _span(start_day: int, end_day: int, hours: Hours) -> Iterator[Block]:
    """From a clock of one weekday to that of another, or of the same the day after."""
    start = time(hours.startHour % 24, hours.startMin)
    begin = start_day * DAY + timedelta(hours=start.hour, minutes=start.minute)
    end = end_day * DAY + timedelta(hours=hours.endHour % 24, minutes=hours.endMin)
    length = (end - begin) % WEEK
    if start_day == end_day and end <= begin:
        length = end + DAY - begin  # over midnight, not around the week
    yield from blocks_of(start_day, start, length or WEEK)


def _overrides(schedule: Schedule, people: People, at: datetime) -> Iterator[Json]:
    for one in schedule.overrides or []:
        if aware(one.endDate) <= at or one.user.type != "user":
            continue
        name = one.user.username or ""
        where = f"{schedule.name}, an override"
        email = people.find(one.user.id or "", name=name, where=where)
        if email:
            yield {
                "type": "cover",
                "add": email,
                "start": format_instant(aware(one.startDate)),
                "end": format_instant(aware(one.endDate)),
                "priority": 0,
            }


def _policy(
    escalation: Escalation, plan: OnCallPlan, people: People, schedules: dict[str, str]
) -> PolicyDraft:
    """Opsgenie counts each rule's delay from the alert, a step's wait is up to the
    next step; rules of the same delay are one step."""
    ordered = sorted(escalation.rules, key=_moment)
    moments = [(moment, list(rules)) for moment, rules in groupby(ordered, key=_moment)]
    if moments and moments[0][0] > timedelta(0):
        waits = int(moments[0][0].total_seconds() // 60)
        plan.note(f"{escalation.name} waits {waits} minutes; here it pages at once.")
    repeat = escalation.repeat or Repeat()
    last = timedelta(minutes=repeat.waitInterval) or LAST_DELAY
    steps = []
    for index, (moment, rules) in enumerate(moments):
        is_last = index + 1 == len(moments)
        delay = last if is_last else moments[index + 1][0] - moment
        where = f"{escalation.name}, step {index + 1}"
        targets = [_target(rule, where, plan, people, schedules) for rule in rules]
        steps.append(StepDraft(delay, tuple(one for one in targets if one)))
    repeats = min(repeat.count, MOST_REPEATS)
    team = _team(escalation.ownerTeam)
    return PolicyDraft(escalation.name, repeats, tuple(steps), team)


def _moment(rule: Rule) -> timedelta:
    unit = DELAY_UNITS.get(rule.delay.timeUnit, DELAY_UNITS["minutes"])
    return rule.delay.timeAmount * unit


def _target(
    rule: Rule,
    where: str,
    plan: OnCallPlan,
    people: People,
    schedules: dict[str, str],
) -> TargetKey | None:
    party = rule.recipient
    if rule.notifyType != "default":
        plan.note(f"{where}: {rule.notifyType!r} becomes whoever is on call.")
    if rule.condition == "if-not-closed":
        plan.note(f"{where}: it stops once acknowledged, not once closed.")
    if party.type == "user":
        email = people.find(party.id or "", name=party.username or "", where=where)
        return ("user", email) if email else None
    name = party.name or schedules.get(party.id or "")
    if party.type in ("schedule", "team") and name:
        return party.type, name
    plan.note(f"{where}: {party.type} {party.id or ''} cannot be paged here.")
    return None


def _team(party: Party | None) -> str:
    return (party.name or "") if party else ""
