"""Making, changing and ordering routing rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import Team, User
from accounts.services import record_audit
from accounts.time_zones import find_zone
from alerts.conditions import WEEKDAYS
from alerts.models import Handling, InletQuiet, Integration, Route, Severity
from alerts.services.matching import Errors, MatchValues, audited
from alerts.services.rulebook import change_rules
from core.errors import DomainError, InvalidInputError
from core.live import publish
from oncall.models import EscalationPolicy

MOST_ROUTES = 500
NAME_LENGTH = 120
MOST_HOLD = timedelta(days=7)
MOST_COUNT = 1000
MOST_FLAPS = 50
ZERO = timedelta(0)


@dataclass(frozen=True, slots=True)
class HoursValues:
    weekdays: Sequence[str]
    start: time
    end: time
    zone: str

    def problems(self) -> Errors:
        if not self.weekdays or set(self.weekdays) - set(WEEKDAYS):
            return {"hours": [f"Weekdays must be of {', '.join(WEEKDAYS)}."]}
        if find_zone(self.zone) != self.zone:
            return {"hours": ["The zone must be a name such as Europe/Madrid."]}
        return {}

    def stored(self) -> dict[str, Any]:
        return {
            "weekdays": [day for day in WEEKDAYS if day in self.weekdays],
            "start": f"{self.start:%H:%M}",
            "end": f"{self.end:%H:%M}",
            "zone": self.zone,
        }


@dataclass(frozen=True, slots=True)
class DampingValues:
    """Zero and None ask for nothing."""

    hold_for: timedelta | None = None
    after_count: int | None = None
    after_within: timedelta | None = None

    def problems(self) -> Errors:
        errors: Errors = {}
        if self.hold_for is not None and not ZERO < self.hold_for <= MOST_HOLD:
            errors["hold_for"] = ["Wanted is more than nothing and at most 7 days."]
        if (self.after_count is None) != (self.after_within is None):
            errors["after_count"] = ["Say both: how many, and within what time."]
            return errors
        if self.after_count is not None and not 2 <= self.after_count <= MOST_COUNT:
            errors["after_count"] = [f"Wanted is 2 to {MOST_COUNT}."]
        if self.after_within is not None and not ZERO < self.after_within <= MOST_HOLD:
            errors["after_within"] = ["Wanted is more than nothing and at most 7 days."]
        return errors

    def write_to(self, row: Route | InletQuiet) -> None:
        row.hold_for = self.hold_for
        row.after_count, row.after_within = self.after_count, self.after_within


@dataclass(frozen=True, slots=True)
class RouteValues:
    name: str
    match: MatchValues = MatchValues()
    hours: HoursValues | None = None
    action: str = Route.Action.PAGE
    team: Team | None = None
    policy: EscalationPolicy | None = None
    severity: str = ""
    damping: DampingValues = DampingValues()
    is_on: bool = True

    def check(self) -> None:
        """Raise InvalidInputError with all that is wrong."""
        errors = self.match.problems() | self.damping.problems()
        if self.hours is not None:
            errors |= self.hours.problems()
        if not self.name.strip() or len(self.name) > NAME_LENGTH:
            errors["name"] = [f"Wanted is a name of up to {NAME_LENGTH} characters."]
        if self.action not in Route.Action.values:
            errors["action"] = [f"Must be one of {', '.join(Route.Action.values)}."]
        if self.severity and self.severity not in Severity.values:
            errors["severity"] = [f"Must be one of {', '.join(Severity.values)}."]
        if errors:
            raise InvalidInputError(errors)


@transaction.atomic
def create_route(*, values: RouteValues, by: User, at: datetime) -> Route:
    """Make a rule, the last before the default. Raises InvalidInputError by field."""
    values.check()
    rules = _locked_in_order()
    if len(rules) >= MOST_ROUTES:
        raise DomainError(f"There are {MOST_ROUTES} rules; that is as many as can be.")
    Route.objects.get_or_create(
        is_default=True, defaults={"name": "Everything else", "position": 0}
    )
    route = Route(position=rules[-1].position + 1 if rules else 0)
    _write(route, values)
    _noted(route, "created", by=by, at=at)
    return route


@transaction.atomic
def change_route(
    *, route_id: int, values: RouteValues, by: User, at: datetime
) -> Route:
    """Put `values` in the place of what was. Raises Route.DoesNotExist, DomainError
    for the default one, InvalidInputError by field."""
    values.check()
    route = _locked_rule(route_id, "change")
    _write(route, values)
    _look_again(Handling.objects.filter(route=route), at=at)
    _noted(route, "changed", by=by, at=at)
    return route


@transaction.atomic
def change_default_route(
    *, team: Team | None, policy: EscalationPolicy | None, by: User, at: datetime
) -> Route:
    """Say who is paged when nothing else names a policy."""
    route, _ = Route.objects.select_for_update().get_or_create(
        is_default=True, defaults={"name": "Everything else", "position": 0}
    )
    route.team, route.policy = team, policy
    route.save(update_fields=["team", "policy"])
    _noted(route, "changed", by=by, at=at)
    return route


@transaction.atomic
def delete_route(*, route_id: int, by: User, at: datetime) -> None:
    """Raises Route.DoesNotExist, and DomainError for the default one."""
    route = _locked_rule(route_id, "delete")
    _look_again(Handling.objects.filter(route=route), at=at)
    _noted(route, "deleted", by=by, at=at)
    route.delete()


@transaction.atomic
def order_routes(*, route_ids: Sequence[int], by: User, at: datetime) -> None:
    """Ask the rules in this order. Ones that are not named keep to the end.

    Raises InvalidInputError for what is not a rule, or is named twice.
    """
    rules = _locked_in_order()
    known = {rule.pk: rule for rule in rules}
    if len(set(route_ids)) != len(route_ids) or not known.keys() >= set(route_ids):
        raise InvalidInputError({"ids": ["Must be ids of rules, each once."]})
    named = [known[pk] for pk in route_ids]
    wanted = named + [rule for rule in rules if rule.pk not in route_ids]
    if wanted == rules:
        return
    for position, rule in enumerate(wanted):
        rule.position = position
    Route.objects.bulk_update(wanted, ["position"])
    change_rules()
    record_audit(
        actor=by,
        action="route.ordered",
        target=wanted[0],
        changes={"order": [[rule.name for rule in rules], [r.name for r in wanted]]},
        at=at,
    )
    publish("quiet")


@transaction.atomic
def move_route(*, route_id: int, steps: int, by: User, at: datetime) -> None:
    """Ask a rule `steps` places later, or earlier if negative; as far as it goes.

    Raises Route.DoesNotExist, and DomainError for the default one.
    """
    _locked_rule(route_id, "move")
    ids = [rule.pk for rule in _locked_in_order()]
    place = ids.index(route_id)
    ids.insert(max(place + steps, 0), ids.pop(place))
    order_routes(route_ids=ids, by=by, at=at)


@transaction.atomic
def damp_integration(
    integration: Integration,
    *,
    damping: DampingValues,
    flap_changes: int | None,
    flap_within: timedelta | None,
    by: User,
    at: datetime,
) -> InletQuiet:
    """Set how its alerts are damped where no rule says so. None: as is usual.

    Raises InvalidInputError by field.
    """
    errors = damping.problems()
    if (flap_changes is None) != (flap_within is None):
        errors["flap_changes"] = ["Say both: how often, and within what time."]
    if flap_changes is not None and not 0 <= flap_changes <= MOST_FLAPS:
        errors["flap_changes"] = [f"Wanted is 0 to {MOST_FLAPS}."]
    if flap_within is not None and not ZERO < flap_within <= timedelta(days=1):
        errors["flap_within"] = ["Wanted is more than nothing and at most a day."]
    if errors:
        raise InvalidInputError(errors)
    row, _ = InletQuiet.objects.get_or_create(integration=integration)
    damping.write_to(row)
    row.flap_changes, row.flap_within = flap_changes, flap_within
    row.save()
    _look_again(Handling.objects.filter(alert__integration=integration), at=at)
    change_rules()
    record_audit(
        actor=by,
        action="integration.damped",
        target=integration,
        changes={
            "hold_for": str(row.hold_for),
            "after": [row.after_count, str(row.after_within)],
            "flapping": [row.flap_changes, str(row.flap_within)],
        },
        at=at,
    )
    return row


def _look_again(handled: QuerySet[Handling], *, at: datetime) -> None:
    """Let the next tick decide anew what waits, as the rule it waits by is another."""
    handled.filter(state=Handling.State.PENDING).update(due_at=at)


def _locked_in_order() -> list[Route]:
    """All rules but the default one, in order; nobody else orders them meanwhile."""
    rules = Route.objects.select_for_update().filter(is_default=False)
    return sorted(rules.order_by("pk"), key=lambda rule: (rule.position, rule.pk))


def _locked_rule(route_id: int, act: str) -> Route:
    route = Route.objects.select_for_update().get(pk=route_id)
    if route.is_default:
        raise DomainError(f"The default route is always the last: you cannot {act} it.")
    return route


def _write(route: Route, values: RouteValues) -> None:
    values.match.write_to(route)
    values.damping.write_to(route)
    route.name, route.is_on = values.name.strip(), values.is_on
    route.hours = values.hours.stored() if values.hours else None
    route.action, route.severity = values.action, values.severity
    route.team, route.policy = values.team, values.policy
    route.save()


def _noted(route: Route, act: str, *, by: User, at: datetime) -> None:
    change_rules()
    changes = {
        **audited(route),
        "action": route.action,
        "team": str(route.team),
        "policy": str(route.policy),
    }
    record_audit(actor=by, action=f"route.{act}", target=route, changes=changes, at=at)
    publish("quiet")
