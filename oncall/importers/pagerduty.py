"""PagerDuty's REST API v2: /users, /schedules and /escalation_policies.

Schedules want their layers: GET /schedules/{id}, or the list with
include[]=schedule_layers. https://developer.pagerduty.com/api-reference/
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Annotated, Any
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
    Block,
    aware,
    blocks_of,
    restricted,
    rotation_layer,
    zone_named,
)
from oncall.resolver import format_instant

MOST_REPEATS = 20


class Reference(Struct):
    id: str
    type: str = ""
    summary: str | None = None


class User(Struct):
    id: str
    email: str
    name: str = ""
    time_zone: str | None = None


class LayerUser(Struct):
    user: Reference


class Restriction(Struct):
    type: str
    start_time_of_day: time
    duration_seconds: Annotated[int, Meta(gt=0, le=7 * 24 * 3600)]
    start_day_of_week: Annotated[int, Meta(ge=1, le=7)] = 1  # 1 is Monday


class Layer(Struct):
    rotation_virtual_start: datetime
    rotation_turn_length_seconds: Annotated[int, Meta(gt=0, le=366 * 24 * 3600)]
    users: list[LayerUser]
    name: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    restrictions: list[Restriction] | None = None


class Entry(Struct):
    start: datetime
    end: datetime
    user: Reference


class Entries(Struct):
    rendered_schedule_entries: list[Entry] | None = None


class Schedule(Struct):
    id: str
    name: str
    time_zone: str
    schedule_layers: list[Layer] | None = None
    overrides_subschedule: Entries | None = None
    teams: list[Reference] | None = None


class Rule(Struct):
    escalation_delay_in_minutes: Annotated[int, Meta(ge=0, le=7 * 24 * 60)]
    targets: list[Reference]
    escalation_rule_assignment_strategy: dict[str, Any] | None = None


class Policy(Struct):
    id: str
    name: str
    escalation_rules: list[Rule]
    num_loops: Annotated[int, Meta(ge=0)] = 0
    teams: list[Reference] | None = None


def read(documents: Sequence[Any], *, at: datetime) -> OnCallPlan:
    """Return what the answers hold; what ended before `at` is left out."""
    plan = OnCallPlan()
    people = People(plan)
    for user in plan.read_items(_listed(documents, "user", "users"), User, "User"):
        person = PersonDraft(user.email, user.name, user.time_zone or "")
        people.add(user.id, person)
    found = _listed(documents, "schedule", "schedules")
    schedules = plan.read_items(found, Schedule, "Schedule")
    for schedule in schedules:
        with plan.within_reach(schedule.name):
            _read_schedule(schedule, plan, people, at)
    names = {schedule.id: schedule.name for schedule in schedules}
    found = _listed(documents, "escalation_policy", "escalation_policies")
    for policy in plan.read_items(found, Policy, "Escalation policy"):
        plan.policies.append(_policy(policy, plan, people, names))
    return plan


def _listed(documents: Sequence[Any], one: str, many: str) -> Iterator[Any]:
    """The objects of a kind in lists and in answers about a single one."""
    for document in documents:
        if not isinstance(document, dict):
            continue
        found = [*_as_list(document.get(many)), document.get(one)]
        yield from (item for item in found if isinstance(item, dict))


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _read_schedule(
    schedule: Schedule, plan: OnCallPlan, people: People, at: datetime
) -> None:
    zone = zone_named(schedule.time_zone)
    if zone is None:
        plan.note(f"{schedule.name} is left out: no zone {schedule.time_zone!r}.")
        return
    if not schedule.schedule_layers:
        plan.note(
            f"{schedule.name} is left out: its layers are not in the answer. Ask for "
            "the schedule itself, or the list with include[]=schedule_layers."
        )
        return
    layers: list[Json] = []
    # The last layer of the page, which hides the others, comes first.
    for priority, layer in enumerate(reversed(schedule.schedule_layers)):
        where = f"{schedule.name}, {layer.name or f'layer {priority + 1}'}"
        layers += _layers(layer, priority, where, zone, plan, people, at)
    form = {
        "name": schedule.name,
        "timezone": zone.key,
        "layers": layers,
        "overrides": list(_overrides(schedule, people, at)),
    }
    plan.schedules.append(ScheduleDraft(schedule.name, form, _team(schedule.teams)))


def _layers(
    layer: Layer,
    priority: int,
    where: str,
    zone: ZoneInfo,
    plan: OnCallPlan,
    people: People,
    at: datetime,
) -> list[Json]:
    """The layer once for each of its restrictions that differ in their clocks."""
    if layer.end and aware(layer.end) <= at:
        plan.note(f"{where} ended and is left out.")
        return []
    made = rotation_layer(
        name=layer.name or f"Layer {priority + 1}",
        priority=priority,
        length=timedelta(seconds=layer.rotation_turn_length_seconds),
        start=layer.rotation_virtual_start,
        zone=zone,
        groups=[
            people.group([one.user.id], name=one.user.summary or "", where=where)
            for one in layer.users
        ],
        begins=layer.start,
        ends=layer.end,
        at=at,
    )
    if made is None:
        plan.note(f"{where} is left out: its turns are no number of whole hours.")
        return []
    return restricted(made, _blocks(layer.restrictions or []))


def _blocks(restrictions: list[Restriction]) -> Iterator[Block]:
    for one in restrictions:
        clock = one.start_time_of_day.replace(tzinfo=None)
        length = timedelta(seconds=one.duration_seconds)
        is_daily = one.type == "daily_restriction"
        for day in range(7) if is_daily else (one.start_day_of_week - 1,):
            yield from blocks_of(day, clock, length)


def _overrides(schedule: Schedule, people: People, at: datetime) -> Iterator[Json]:
    entries = schedule.overrides_subschedule
    for one in (entries and entries.rendered_schedule_entries) or []:
        if aware(one.end) <= at:
            continue
        name = one.user.summary or ""
        where = f"{schedule.name}, an override"
        email = people.find(one.user.id, name=name, where=where)
        if email:
            yield {
                "type": "cover",
                "add": email,
                "start": format_instant(aware(one.start)),
                "end": format_instant(aware(one.end)),
                "priority": 0,
            }


def _policy(
    policy: Policy, plan: OnCallPlan, people: People, schedules: dict[str, str]
) -> PolicyDraft:
    steps = []
    for number, rule in enumerate(policy.escalation_rules, start=1):
        where = f"{policy.name}, step {number}"
        strategy = rule.escalation_rule_assignment_strategy or {}
        if strategy.get("type") == "round_robin":
            plan.note(f"{where} pages one after the other in turn; here it pages all.")
        targets = [_target(one, where, plan, people, schedules) for one in rule.targets]
        delay = timedelta(minutes=rule.escalation_delay_in_minutes)
        steps.append(StepDraft(delay, tuple(one for one in targets if one)))
    repeats = min(policy.num_loops, MOST_REPEATS)
    return PolicyDraft(policy.name, repeats, tuple(steps), _team(policy.teams))


def _target(
    target: Reference,
    where: str,
    plan: OnCallPlan,
    people: People,
    schedules: dict[str, str],
) -> TargetKey | None:
    if target.type.startswith("schedule"):
        name = schedules.get(target.id) or target.summary
        if name:
            return "schedule", name
        plan.note(f"{where}: schedule {target.id} is not in the answers.")
        return None
    if target.type and not target.type.startswith("user"):
        plan.note(f"{where}: a {target.type} cannot be paged here.")
        return None
    email = people.find(target.id, name=target.summary or "", where=where)
    return ("user", email) if email else None


def _team(teams: list[Reference] | None) -> str:
    return (teams[0].summary or "") if teams else ""
