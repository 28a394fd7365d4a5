"""How urgently people and teams want to be paged, and whom policies end at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, time
from typing import Any

from django.db import transaction

from accounts.models import Team, User
from accounts.services import record_audit
from core.errors import InvalidInputError
from oncall.models import SEVERITIES, Fallback, PagingHabits, TeamPaging
from oncall.services.ladder import FrozenStep
from oncall.services.reach import Reachable
from oncall.services.targets import Room, Target, frozen
from oncall.urgency import Urgency

MOST_PAGES = 10_000
LONGEST_DELAY_MINUTES = 24 * 60

# {method: {severity: minutes, None for never}}
Delays = Mapping[int, Mapping[str, int | None]]


@dataclass(frozen=True, slots=True)
class HabitValues:
    """As `PagingHabits` has them. `delays` are those of contact methods."""

    urgencies: Mapping[str, str]
    work_days: Sequence[int]
    work_start: time
    work_end: time
    digest_at: time
    quiet_start: time | None
    quiet_end: time | None
    breaks_through: bool
    most_pages: int | None

    def check(self) -> None:
        """Raise InvalidInputError with all that is wrong."""
        errors = urgency_errors(self.urgencies)
        if not self.work_days or set(self.work_days) - set(range(7)):
            errors["work_days"] = ["Choose at least one day of the week."]
        if (self.quiet_start is None) != (self.quiet_end is None):
            errors["quiet_end"] = ["Quiet hours have a beginning and an end."]
        elif self.quiet_start is not None and self.quiet_start == self.quiet_end:
            errors["quiet_end"] = ["Quiet hours cannot be the whole day."]
        if self.work_start == self.work_end:
            errors["work_end"] = ["Working hours need some time."]
        if self.most_pages is not None and not 0 <= self.most_pages <= MOST_PAGES:
            errors["most_pages"] = [f"Wanted is 0 to {MOST_PAGES}."]
        if errors:
            raise InvalidInputError(errors)


def urgency_errors(urgencies: Mapping[str, str]) -> dict[str, list[str]]:
    wrong = [
        severity
        for severity, urgency in urgencies.items()
        if severity not in SEVERITIES or urgency not in set(Urgency)
    ]
    wanted = "Wanted are now, hold or digest, by SEV1 to SEV4."
    return {"urgencies": [wanted]} if wrong else {}


@transaction.atomic
def change_habits(*, values: HabitValues, by: User, at: datetime) -> PagingHabits:
    """Put `values` in the place of the person's own. Pages that are held already stay
    as they are. Raises InvalidInputError by field."""
    values.check()
    chosen = {one.name: getattr(values, one.name) for one in fields(values)}
    chosen["work_days"] = sorted(set(values.work_days))
    chosen["urgencies"] = dict(values.urgencies)
    habits, _ = PagingHabits.objects.update_or_create(user=by, defaults=chosen)
    told = {name: str(value) for name, value in chosen.items()}
    record_audit(
        actor=by, action="paging_habits.changed", target=by, changes=told, at=at
    )
    return habits


@transaction.atomic
def change_method_delays(*, delays: Delays, by: User, at: datetime) -> None:
    """Set the person's delays by severity; methods of others are left alone.

    Raises InvalidInputError for a delay that is no whole number of minutes up to a
    day.
    """
    methods = list(by.contact_methods.select_for_update().filter(pk__in=delays))
    for method in methods:
        chosen = dict(delays[method.pk])
        if not all(_is_delay(severity, one) for severity, one in chosen.items()):
            wanted = f"Wanted are minutes from 0 to {LONGEST_DELAY_MINUTES}."
            raise InvalidInputError({"delays": [wanted]})
        method.delays = chosen
        method.save(update_fields=["delays"])
    told = {str(method): method.delays for method in methods}
    record_audit(
        actor=by, action="contact_methods.ordered", target=by, changes=told, at=at
    )


def _is_delay(severity: str, minutes: int | None) -> bool:
    is_in_range = minutes is None or 0 <= minutes <= LONGEST_DELAY_MINUTES
    return severity in SEVERITIES and is_in_range


@transaction.atomic
def change_team_paging(
    *, team: Team, urgencies: Mapping[str, str], by: User, at: datetime
) -> TeamPaging:
    """Say how urgent each severity is to the team. What is being paged now goes on as
    it began. Raises InvalidInputError."""
    errors = urgency_errors(urgencies)
    if errors:
        raise InvalidInputError(errors)
    paging, _ = TeamPaging.objects.update_or_create(
        team=team, defaults={"urgencies": dict(urgencies)}
    )
    changes: dict[str, Any] = {"urgencies": dict(urgencies)}
    record_audit(
        actor=by, action="team_paging.changed", target=team, changes=changes, at=at
    )
    return paging


@transaction.atomic
def change_fallback(*, targets: Sequence[Target], by: User, at: datetime) -> Fallback:
    """Set whom an exhausted policy ends at.

    Raises InvalidInputError when that is nobody at `at`.
    """
    if any(isinstance(one, Room) for one in targets):
        raise InvalidInputError({"targets": ["The fallback is people, not a channel."]})
    plain = [frozen(one) for one in targets]
    step = FrozenStep(delay_seconds=0, targets=plain)
    if not Reachable(at=at).users_of(step):
        raise InvalidInputError({"targets": ["This reaches nobody now."]})
    fallback, _ = Fallback.objects.update_or_create(
        is_only=True, defaults={"targets": plain}
    )
    record_audit(
        actor=by,
        action="fallback.changed",
        target=fallback,
        changes={"targets": [target["label"] for target in plain]},
        at=at,
    )
    return fallback
