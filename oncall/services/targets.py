"""What a step pages, as people write it: "ana@example.com", "schedule:3",
"schedule:3:next", "team:data-platform", "channel:slack:C0123ABCD", "policy:2", or
{"type": "schedule", "id": 3, "who": "next"}."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

from accounts.models import Team, User
from core.errors import InvalidInputError
from oncall.channels.base import DeliveryError
from oncall.channels.registry import channel_for
from oncall.models import EscalationPolicy, Schedule, StepTarget
from oncall.models.policy import WHO_WORDS, room_label
from oncall.services.reference import is_key

Who = StepTarget.Who
KINDS = ("user", "schedule", "team", "policy", "channel")
# What can be told without waking anybody in particular.
CHANNEL_KINDS = ("slack", "webhook", "email", "apprise")
SLACK_ROOM = re.compile(r"#[\w.-]{1,80}|[CG][A-Z0-9]{2,20}")
MOST_TARGETS = 50
WANTED = (
    'wanted is a person\'s e-mail address, "user:<id>", "schedule:<id>" (with ":next", '
    '":everyone" or ":turns"), "team:<slug>" or "channel:<kind>:<address>"'
)


@dataclass(frozen=True, slots=True)
class OfSchedule:
    """Other people of a schedule than those on call."""

    schedule: Schedule
    who: str

    def __str__(self) -> str:
        return WHO_WORDS[Who(self.who)].format(self.schedule)


@dataclass(frozen=True, slots=True)
class Room:
    """A place in a channel. `channel` is the channel's kind."""

    channel: str
    address: str

    def __str__(self) -> str:
        return room_label(self.channel, self.address)


Target = User | Schedule | Team | OfSchedule | Room


class FrozenTarget(TypedDict):
    """`kind` is user, schedule, team, admins or channel; `id` is 0 for the last two.
    `who` is of schedules, where it is not "current"; `channel` and `address` are of
    channels."""

    kind: str
    id: int
    label: str
    who: NotRequired[str]
    channel: NotRequired[str]
    address: NotRequired[str]


def find_targets(values: object, *, field: str) -> list[Target]:
    """Return what the values of a step name, in their order.

    Raises InvalidInputError with each value that names nothing, by its path.
    """
    found = find_targets_and_policies(values, field=field)
    wrong = {
        f"{field}[{index}]": [f"A step cannot page a policy; {WANTED}."]
        for index, one in enumerate(found)
        if isinstance(one, EscalationPolicy)
    }
    if wrong:
        raise InvalidInputError(wrong)
    return [one for one in found if not isinstance(one, EscalationPolicy)]


def find_targets_and_policies(
    values: object, *, field: str
) -> list[Target | EscalationPolicy]:
    """As `find_targets`; policies are allowed too. A query each."""
    if not isinstance(values, list) or not 0 < len(values) <= MOST_TARGETS:
        raise InvalidInputError(
            {field: [f"Wanted is a list of 1 to {MOST_TARGETS} to page; {WANTED}."]}
        )
    found: list[Target | EscalationPolicy] = []
    errors: dict[str, list[str]] = {}
    for index, value in enumerate(values):
        try:
            one = _find(value)
        except InvalidInputError as error:
            errors[f"{field}[{index}]"] = [str(error)]
            continue
        if one is None:
            wrong = f"{str(value)[:80]!r} names nothing here; {WANTED}."
            errors[f"{field}[{index}]"] = [wrong]
        else:
            found.append(one)
    if errors:
        raise InvalidInputError(errors)
    return list(dict.fromkeys(found))


def kind_of(target: Target) -> str:
    match target:
        case User():
            return "user"
        case Team():
            return "team"
        case Room():
            return "channel"
    return "schedule"


def frozen(target: Target) -> FrozenTarget:
    """The target as plain values."""
    label = str(target)
    match target:
        case OfSchedule(schedule, who):
            return FrozenTarget(kind="schedule", id=schedule.pk, label=label, who=who)
        case Room(channel, address):
            return FrozenTarget(
                kind="channel", id=0, label=label, channel=channel, address=address
            )
    return FrozenTarget(kind=kind_of(target), id=target.pk, label=label)


def columns_of(target: Target) -> dict[str, Any]:
    """The columns of a `StepTarget` that names it."""
    match target:
        case OfSchedule(schedule, who):
            return {"schedule": schedule, "who": who}
        case Room(channel, address):
            return {"channel": channel, "address": address}
    return {kind_of(target): target}


def target_of(row: StepTarget) -> Target:
    if row.schedule is not None and row.who != Who.CURRENT:
        return OfSchedule(row.schedule, row.who)
    found = row.user or row.schedule or row.team
    return found if found is not None else Room(row.channel, row.address)


def written(target: FrozenTarget) -> str:
    """The form in which `find_targets` reads it, by id."""
    if target["kind"] == "channel":
        return f"channel:{target['channel']}:{target['address']}"
    who = target.get("who")
    return f"{target['kind']}:{target['id']}" + (f":{who}" if who else "")


def _find(value: object) -> Target | EscalationPolicy | None:
    kind, key, more = _parts(value)
    if not key.isprintable():
        return None
    match kind:
        case "user":
            return _find_user(key)
        case "schedule":
            return _find_schedule(key, more or Who.CURRENT)
        case "policy":
            return EscalationPolicy.objects.filter(pk=_key(key)).first()
        case "team":
            return _find_team(key)
        case "channel":
            return find_room(key, more)
    return None


def _parts(value: object) -> tuple[str, str, str]:
    """The kind, the key, and what comes after that."""
    if isinstance(value, dict):
        kind = str(value.get("type"))
        if kind == "channel":
            return kind, str(value.get("channel", "")), str(value.get("address", ""))
        return kind, str(value.get("id", "")), str(value.get("who") or "")
    if isinstance(value, str) and value.partition(":")[0] in KINDS:
        kind, _, rest = value.partition(":")
        key, _, more = rest.partition(":")
        return kind, key, more
    return "user", str(value), ""


def find_room(channel: str, address: str) -> Room:
    """The place a step tells. Raises InvalidInputError where there can be none."""
    if channel not in CHANNEL_KINDS:
        known = ", ".join(CHANNEL_KINDS)
        raise InvalidInputError({"channel": [f"Wanted is one of {known}."]})
    if not channel_for(channel).is_configured():
        raise InvalidInputError({"channel": [f"{channel} is not set up here."]})
    if channel == "slack":
        if not SLACK_ROOM.fullmatch(address):
            wanted = "Wanted is a Slack channel: #data-alerts, or an ID as C0123ABCD."
            raise InvalidInputError({"address": [wanted]})
        return Room(channel, address)
    try:
        return Room(channel, channel_for(channel).check_address(address))
    except DeliveryError as error:
        raise InvalidInputError({"address": [str(error)]}) from error


def _find_schedule(key: str, who: str) -> Target | None:
    schedule = Schedule.objects.filter(pk=_key(key)).first()
    if schedule is None or who not in Who.values:
        return None
    return schedule if who == Who.CURRENT else OfSchedule(schedule, who)


def _find_user(key: str) -> User | None:
    active = User.objects.filter(is_active=True)
    if is_key(key):
        return active.filter(pk=int(key)).first()
    return active.filter(email__iexact=key).first()


def _find_team(key: str) -> Team | None:
    by_slug = Team.objects.filter(slug=key).first()
    return by_slug or Team.objects.filter(pk=_key(key)).first()


def _key(text: str) -> int:
    """The primary key in `text`; one that no row has when there is none."""
    return int(text) if is_key(text) else 0
