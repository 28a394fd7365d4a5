"""What a step pages, as people write it: "ana@example.com", "schedule:3",
"team:data-platform", "policy:2", or {"type": "schedule", "id": 3}."""

from collections.abc import Sequence

from accounts.models import Team, User
from core.errors import InvalidInputError
from oncall.models import EscalationPolicy, Schedule
from oncall.services.reference import is_key

Target = User | Schedule | Team
KINDS = ("user", "schedule", "team", "policy")
MOST_TARGETS = 50
WANTED = (
    'wanted is a person\'s e-mail address, "user:<id>", "schedule:<id>" or '
    '"team:<slug>"'
)


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
    found = [_find(value) for value in values]
    errors = {
        f"{field}[{index}]": [f"{str(value)[:80]!r} names nothing here; {WANTED}."]
        for index, (value, one) in enumerate(zip(values, found, strict=True))
        if one is None
    }
    if errors:
        raise InvalidInputError(errors)
    return list(dict.fromkeys(one for one in found if one is not None))


def kind_of(target: Target) -> str:
    match target:
        case User():
            return "user"
        case Schedule():
            return "schedule"
    return "team"


def written(targets: Sequence[Target]) -> list[str]:
    """The form in which `find_targets` reads them, by id."""
    return [f"{kind_of(target)}:{target.pk}" for target in targets]


def _find(value: object) -> Target | EscalationPolicy | None:
    if isinstance(value, dict):
        kind, key = value.get("type"), str(value.get("id", ""))
    elif isinstance(value, str) and value.partition(":")[0] in KINDS:
        kind, _, key = value.partition(":")
    else:
        kind, key = "user", str(value)
    if not key.isprintable():
        return None
    match kind:
        case "user":
            return _find_user(key)
        case "schedule":
            return Schedule.objects.filter(pk=_key(key)).first()
        case "policy":
            return EscalationPolicy.objects.filter(pk=_key(key)).first()
        case "team":
            return _find_team(key)
    return None


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
