"""The reference form as people send it, made fit to store.

What is kept is what docs/api.md names, with instants in UTC and users as primary keys.
People may be named by id or by e-mail address.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from accounts.models import User
from core.errors import InvalidInputError
from core.text import one_line
from oncall.models import SCHEDULE_NAME_LENGTH
from oncall.resolver import format_instant, parse_instant, parse_schedule

MOST_DIGITS = 18  # of a primary key: more do not fit PostgreSQL's bigint

Json = dict[str, Any]
# Where a user is named: the path to say what is wrong, and the place itself.
Mention = tuple[str, Any, Any]


@dataclass(frozen=True, slots=True)
class CheckedForm:
    """A schedule that the resolver takes and that names only known people."""

    name: str
    timezone: str
    layers: list[Json]
    overrides: list[Json]
    swaps: list[Json]
    temporary_schedules: list[Json]
    history: list[Json]


def check_form(payload: object) -> CheckedForm:
    """Return the form in `payload`. One query.

    Raises InvalidInputError with all that is wrong, by field path.
    """
    parse_schedule(payload)
    assert isinstance(payload, dict)  # else it had not been parsed
    form = _kept(payload, _SCHEDULE)
    form["name"] = _name(form.get("name") or "")
    if not 0 < len(form["name"]) <= SCHEDULE_NAME_LENGTH:
        wanted = f"Wanted is a text of 1 to {SCHEDULE_NAME_LENGTH} characters."
        raise InvalidInputError({"name": [wanted]})
    form["layers"] = [
        _kept(layer, _LAYER | _PATTERNS[layer["kind"]])
        for layer in payload.get("layers") or []
    ]
    form["overrides"] = [
        _kept(one, _OVERRIDE | _NAMED_BY[one["type"]])
        for one in payload.get("overrides") or []
    ]
    lists = ("layers", "overrides", "swaps", "temporary_schedules", "history")
    checked = CheckedForm(
        name=form["name"],
        timezone=form["timezone"],
        **{name: form.get(name) or [] for name in lists},
    )
    _resolve_people(list(mentions(checked)))
    return checked


def find_people(references: set[str]) -> dict[str, User]:
    """The users behind ids and e-mail addresses, by the reference. One query."""
    ids = {int(text) for text in references if is_key(text)}
    emails = {text.lower() for text in references if "@" in text and text.isprintable()}
    users = User.objects.filter(Q(pk__in=ids) | Q(email__in=emails))
    known = {str(user.pk): user for user in users}
    known |= {user.email: user for user in users}
    return {text: known[text.lower()] for text in references if text.lower() in known}


def is_key(text: str) -> bool:
    """Whether `text` can be a primary key."""
    return text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS


def _resolve_people(mentions: list[Mention]) -> None:
    known = find_people({str(place[key]) for _, place, key in mentions})
    errors = {
        path: [
            f"{str(place[key])[:80]!r} is nobody here; "
            "wanted is a person's id or e-mail address."
        ]
        for path, place, key in mentions
        if str(place[key]) not in known
    }
    if errors:
        raise InvalidInputError(errors)
    for _, place, key in mentions:
        place[key] = str(known[str(place[key])].pk)


def mentions(form: CheckedForm) -> Iterator[Mention]:
    """Every place where a user is named."""
    for index, layer in enumerate(form.layers):
        path = f"layers[{index}]"
        pattern = layer.get("rotation") or layer.get("shift")
        if pattern:
            field = "rotation" if "rotation" in layer else "shift"
            for turn, group in enumerate(pattern["participants"]):
                yield from _listed(group, f"{path}.{field}.participants[{turn}]")
        yield from _listed(layer.get("users") or [], f"{path}.users")
        yield from _of_shifts(layer, path)
    for index, one in enumerate(form.overrides):
        yield from _named(one, ("add", "remove"), f"overrides[{index}]")
    for index, one in enumerate(form.swaps):
        yield from _named(one, ("from", "to"), f"swaps[{index}]")
    for index, one in enumerate(form.temporary_schedules):
        yield from _of_shifts(one, f"temporary_schedules[{index}]")
    for index, one in enumerate(form.history):
        yield from _named(one, ("user",), f"history[{index}]")


def people_in_layers(layers: list[Json]) -> set[str]:
    """Everybody named in the layers of a stored schedule, as keys."""
    form = CheckedForm("", "", layers, [], [], [], [])
    return {str(place[key]) for _, place, key in mentions(form)}


def _listed(users: list[Any], path: str) -> Iterator[Mention]:
    for index in range(len(users)):
        yield f"{path}[{index}]", users, index


def _named(place: Json, fields: tuple[str, ...], path: str) -> Iterator[Mention]:
    for field in fields:
        if place.get(field) is not None:
            yield f"{path}.{field}", place, field


def _of_shifts(place: Json, path: str) -> Iterator[Mention]:
    for index, shift in enumerate(place.get("shifts") or []):
        yield from _listed(shift["users"], f"{path}.shifts[{index}].users")


def _kept(value: Any, shape: Any) -> Any:
    """Return what `shape` names of a value that the resolver has taken."""
    if value is None:
        return None
    if isinstance(shape, dict):
        return {key: _kept(value[key], of) for key, of in shape.items() if key in value}
    if isinstance(shape, list):
        return [_kept(one, shape[0]) for one in value]
    return shape(value)


def _as_is(value: Any) -> Any:
    return value


def _name(value: str) -> str:
    return one_line(value, len(value))


def _instant(value: str) -> str:
    return format_instant(parse_instant(value))


def _local(value: str) -> str:
    moment = datetime.fromisoformat(value)
    is_whole = moment.second == moment.microsecond == 0
    return moment.isoformat(timespec="minutes" if is_whole else "auto")


Kept = Callable[[Any], Any]
_SPAN: dict[str, Kept] = {"start": _instant, "end": _instant}
_USERS = [_as_is]
_SHIFTS = [{**_SPAN, "users": _USERS}]
_LAYER = {
    "name": _name,
    "priority": _as_is,
    "kind": _as_is,
    "restriction": {"weekdays": _as_is, "start_clock": _as_is, "end_clock": _as_is},
}
_PATTERNS: dict[str, Json] = {
    "rotation": {
        "rotation": {
            "unit": _as_is,
            "every": _as_is,
            "start_local": _local,
            "participants": [_USERS],
            "anchor": {"at": _instant, "index": _as_is},
        }
    },
    "recurring_shift": {
        "shift": {
            "start_local": _local,
            "duration_minutes": _as_is,
            "duration_seconds": _as_is,
            "freq": _as_is,
            "interval": _as_is,
            "by_day": _as_is,
            "by_monthday": _as_is,
            "week_start": _as_is,
            "effective_from_local": _local,
            "until_local": _local,
            "participants": [_USERS],
        }
    },
    "always": {"users": _USERS},
    "fixed": {"shifts": _SHIFTS},
}
_OVERRIDE = {"type": _as_is, **_SPAN, "priority": _as_is}
_NAMED_BY: dict[str, dict[str, Kept]] = {
    "add": {"add": _as_is},
    "cover": {"add": _as_is},
    "remove": {"remove": _as_is},
    "replace": {"add": _as_is, "remove": _as_is},
}
_SCHEDULE: Json = {
    "name": _as_is,
    "timezone": _as_is,
    "swaps": [{"from": _as_is, "to": _as_is, "taken": _as_is, **_SPAN}],
    "temporary_schedules": [{**_SPAN, "shifts": _SHIFTS}],
    "history": [{"user": _as_is, **_SPAN}],
}
