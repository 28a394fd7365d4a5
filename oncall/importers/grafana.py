"""Grafana OnCall's public API v1: /users, /teams, /schedules, /on_call_shifts,
/escalation_chains and /escalation_policies.

https://grafana.com/docs/oncall/latest/oncall-api-reference/
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
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
from oncall.importers.turns import aware, wall_clock, zone_named
from oncall.resolver import format_instant

NO_WAIT = timedelta(seconds=1)
LAST_DELAY = timedelta(minutes=5)
REPEATS = 5  # how often Grafana OnCall walks a chain again at most


class User(Struct):
    id: str
    email: str
    username: str = ""
    timezone: str | None = None


class Team(Struct):
    id: str
    name: str


class Shift(Struct):
    id: str
    type: Literal["single_event", "recurrent_event", "rolling_users", "override"]
    start: datetime
    duration: Annotated[int, Meta(gt=0, le=366 * 24 * 3600)]
    name: str | None = None
    time_zone: str | None = None
    level: Annotated[int, Meta(ge=-1000, le=1000)] | None = None
    rotation_start: datetime | None = None
    until: datetime | None = None
    frequency: Literal["hourly", "daily", "weekly", "monthly"] | None = None
    interval: Annotated[int, Meta(ge=1, le=1000)] | None = None
    week_start: str | None = None
    by_day: list[str] | None = None
    by_month: list[int] | None = None
    by_monthday: list[int] | None = None
    users: list[str] | None = None
    rolling_users: list[list[str]] | None = None
    start_rotation_from_user_index: int | None = None


class Schedule(Struct):
    id: str
    name: str
    type: str
    team_id: str | None = None
    time_zone: str | None = None
    shifts: list[str] | None = None


class Chain(Struct):
    id: str
    name: str
    team_id: str | None = None


class Step(Struct):
    id: str
    escalation_chain_id: str
    type: str | None = None
    position: int = 0
    duration: Annotated[int, Meta(ge=0, le=7 * 24 * 3600)] | None = None
    persons_to_notify: list[str] | None = None
    persons_to_notify_next_each_time: list[str] | None = None
    notify_on_call_from_schedule: str | None = None
    team_to_notify: str | None = None
    notify_team_members: str | None = None


def read(documents: Sequence[Any], *, at: datetime) -> OnCallPlan:
    """Return what the answers hold; what ended before `at` is left out."""
    plan = OnCallPlan()
    people = People(plan)
    items = list(_items(documents))
    for user in plan.read_items(_with(items, "email", "username"), User, "User"):
        person = PersonDraft(user.email, user.username, user.timezone or "")
        people.add(user.id, person)
    teams = {team.id: team.name for team in _teams(items, plan)}
    found = plan.read_items(_with(items, "start", "duration"), Shift, "Shift")
    shifts = {shift.id: shift for shift in found}
    is_schedule = [one for one in _with(items, "name", "type") if "start" not in one]
    schedules = plan.read_items(is_schedule, Schedule, "Schedule")
    for schedule in schedules:
        team = teams.get(schedule.team_id or "", "")
        with plan.within_reach(schedule.name):
            _read_schedule(schedule, team, shifts, plan, people, at)
    names = {schedule.id: schedule.name for schedule in schedules}
    steps = plan.read_items(_with(items, "escalation_chain_id"), Step, "Step")
    for chain in _chains(items, steps, plan):
        own = [one for one in steps if one.escalation_chain_id == chain.id]
        ladder = _Ladder(chain.name, plan, people, names, teams)
        for step in sorted(own, key=lambda one: one.position):
            ladder.add(step)
        team = teams.get(chain.team_id or "", "")
        plan.policies.append(
            PolicyDraft(chain.name, ladder.repeats, tuple(ladder.steps), team)
        )
    return plan


def _items(documents: Sequence[Any]) -> Iterator[Json]:
    """What is on a page of results, or a single thing."""
    for document in documents:
        results = document.get("results") if isinstance(document, dict) else document
        for item in results if isinstance(results, list) else [document]:
            if isinstance(item, dict):
                yield item


def _with(items: Sequence[Json], *fields: str) -> list[Json]:
    return [one for one in items if all(field in one for field in fields)]


def _teams(items: Sequence[Json], plan: OnCallPlan) -> list[Team]:
    found = [one for one in _with(items, "name", "avatar_url") if "type" not in one]
    return plan.read_items(found, Team, "Team")


def _chains(
    items: Sequence[Json], steps: Sequence[Step], plan: OnCallPlan
) -> list[Chain]:
    """The chains among the answers, and those that only their steps name."""
    kinds = {"type", "avatar_url", "email", "escalation_chain_id"}
    found = [one for one in _with(items, "id", "name") if not kinds & one.keys()]
    chains = plan.read_items(found, Chain, "Escalation chain")
    known = {chain.id for chain in chains}
    unknown = dict.fromkeys(one.escalation_chain_id for one in steps)
    chains += [Chain(key, f"Chain {key}") for key in unknown if key not in known]
    used = {one.escalation_chain_id for one in steps}
    for chain in chains:
        if chain.id not in used:
            plan.note(f"{chain.name} has no steps in these answers: left out.")
    return [chain for chain in chains if chain.id in used]


def _read_schedule(
    schedule: Schedule,
    team: str,
    shifts: dict[str, Shift],
    plan: OnCallPlan,
    people: People,
    at: datetime,
) -> None:
    zone = zone_named(schedule.time_zone or "UTC")
    if schedule.type == "ical" or zone is None:
        plan.note(
            f"{schedule.name} is left out: "
            + (
                "it is a calendar kept elsewhere. Make a schedule and add the "
                "calendar's address to it as a layer."
                if zone
                else f"no zone {schedule.time_zone!r}."
            )
        )
        return
    layers: list[Json] = []
    overrides: list[Json] = []
    for key in schedule.shifts or []:
        shift = shifts.get(key)
        if shift is None:
            plan.note(f"{schedule.name}: shift {key} is not in the answers.")
        elif shift.type == "override":
            overrides += _overrides(shift, schedule, zone, people, at)
        else:
            layers += _layer(shift, schedule, zone, plan, people, at)
    form = {
        "name": schedule.name,
        "timezone": zone.key,
        "layers": layers,
        "overrides": overrides,
    }
    plan.schedules.append(ScheduleDraft(schedule.name, form, team))


def _overrides(
    shift: Shift, schedule: Schedule, zone: ZoneInfo, people: People, at: datetime
) -> Iterator[Json]:
    start = _instant(shift.start, shift, zone)
    end = start + timedelta(seconds=shift.duration)
    members = [key for group in shift.rolling_users or [] for key in group]
    where = f"{schedule.name}, an override"
    keys = shift.users or members
    for email in people.group(keys, where=where) if end > at else []:
        yield {
            "type": "cover",
            "add": email,
            "start": format_instant(start),
            "end": format_instant(end),
            "priority": 0,
        }


def _layer(
    shift: Shift,
    schedule: Schedule,
    zone: ZoneInfo,
    plan: OnCallPlan,
    people: People,
    at: datetime,
) -> list[Json]:
    where = f"{schedule.name}, {shift.name or shift.id}"
    until = shift.until and _instant(shift.until, shift, zone)
    if until and until <= at:
        plan.note(f"{where} ended and is left out.")
        return []
    if shift.by_month:
        plan.note(f"{where}: it was for some months only; here it is for all.")
    start = _instant(shift.start, shift, zone)
    layer: Json = {"name": (shift.name or "Shift")[:120], "priority": shift.level or 0}
    if shift.type == "single_event" or shift.frequency is None:
        one = {
            "start": format_instant(start),
            "end": format_instant(start + timedelta(seconds=shift.duration)),
            "users": people.group(shift.users or [], where=where),
        }
        return [{**layer, "kind": "fixed", "shifts": [one]}]
    if shift.time_zone and shift.time_zone != zone.key:
        plan.note(
            f"{where}: its clock was that of {shift.time_zone}; from now on it is that "
            f"of {zone.key}, which may differ when clocks change."
        )
    began = shift.rotation_start and _instant(shift.rotation_start, shift, zone)
    repeated = {
        "start_local": wall_clock(start, zone),
        "duration_seconds": shift.duration,
        "freq": shift.frequency,
        "interval": shift.interval or 1,
        "by_day": shift.by_day or [],
        "by_monthday": shift.by_monthday or [],
        "week_start": shift.week_start or "SU",
        "effective_from_local": wall_clock(began or start, zone),
        "until_local": wall_clock(until, zone) if until else None,
        "participants": _groups(shift, where, people),
    }
    return [{**layer, "kind": "recurring_shift", "shift": repeated}]


def _groups(shift: Shift, where: str, people: People) -> list[list[str]]:
    """The groups in turn, from the one the rotation starts with."""
    wanted = shift.rolling_users or [shift.users or []]
    first = (shift.start_rotation_from_user_index or 0) % len(wanted)
    return [
        people.group(group, where=where) for group in [*wanted[first:], *wanted[:first]]
    ]


def _instant(moment: datetime, shift: Shift, zone: ZoneInfo) -> datetime:
    """A shift's times name no zone: they are of its own, else of the schedule's."""
    if moment.tzinfo:
        return moment
    own = zone_named(shift.time_zone) if shift.time_zone else zone
    return aware(moment.replace(tzinfo=own or UTC)).astimezone(UTC)


class _Ladder:
    """A chain's steps as ours: those without a wait between them are one."""

    def __init__(
        self,
        name: str,
        plan: OnCallPlan,
        people: People,
        schedules: dict[str, str],
        teams: dict[str, str],
    ) -> None:
        self.steps: list[StepDraft] = []
        self.repeats = 0
        self._name = name
        self._plan = plan
        self._people = people
        self._schedules = schedules
        self._teams = teams
        self._has_waited = True

    def add(self, step: Step) -> None:
        if step.type == "wait":
            self._wait(timedelta(seconds=step.duration or 0))
        elif step.type == "repeat_escalation":
            self.repeats = REPEATS
        elif targets := list(self._targets(step)):
            self._page(targets)

    def _wait(self, delay: timedelta) -> None:
        if not self.steps:
            self._plan.note(f"{self._name} waits first; here it pages at once.")
            return
        last = self.steps[-1]
        before = timedelta(0) if not self._has_waited else last.delay
        self.steps[-1] = StepDraft(max(before + delay, NO_WAIT), last.targets)
        self._has_waited = True

    def _page(self, targets: list[TargetKey]) -> None:
        if self._has_waited or not self.steps:
            self.steps.append(StepDraft(LAST_DELAY, tuple(targets)))
        else:
            last = self.steps[-1]
            together = tuple(dict.fromkeys([*last.targets, *targets]))
            self.steps[-1] = StepDraft(last.delay, together)
        self._has_waited = False

    def _targets(self, step: Step) -> Iterator[TargetKey]:
        people = step.persons_to_notify or step.persons_to_notify_next_each_time or []
        if step.persons_to_notify_next_each_time:
            self._plan.note(f"{self._name} pages one after the other; here all.")
        for email in self._people.group(people, where=self._name):
            yield "user", email
        if name := self._schedules.get(step.notify_on_call_from_schedule or ""):
            yield "schedule", name
            return
        if name := self._teams.get(
            step.team_to_notify or step.notify_team_members or ""
        ):
            yield "team", name
            return
        if not people:
            self._plan.note(f"{self._name}: a step of type {step.type} is left out.")
