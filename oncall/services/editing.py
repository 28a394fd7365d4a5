"""Making, changing and deleting schedules. Running escalations are not touched."""

import secrets
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from accounts.models import Team, User
from accounts.services import record_audit
from core.errors import DomainError, StaleVersionError
from core.live import publish
from oncall.models import Override, PlannedChange, Schedule, StepTarget, Swap
from oncall.resolver import format_instant, parse_instant
from oncall.services.history import record_until
from oncall.services.reference import CheckedForm, Json, check_form
from oncall.services.schedules import reference_form

DEFINED_IN_ROW = ("name", "timezone", "layers", "temporary_schedules", "history")


@transaction.atomic
def create_schedule(
    *, form: object, team: Team | None, by: User, at: datetime
) -> Schedule:
    """Make a schedule from the reference form, with its overrides and swaps.

    Raises InvalidInputError by field path, and DomainError when the name is taken.
    """
    checked = check_form(form)
    checked = replace(checked, history=_told_before(at, checked.history))
    try:
        with transaction.atomic():
            schedule = Schedule.objects.create(
                **{field: getattr(checked, field) for field in DEFINED_IN_ROW},
                team=team,
                feed_secret=secrets.token_urlsafe(24),
            )
    except IntegrityError as error:
        raise _name_is_taken(checked.name) from error
    _write_overrides(schedule, checked.overrides, by=by)
    _write_swaps(schedule, checked.swaps, at=at)
    record_until(schedule, at=at)
    record_audit(
        actor=by,
        action="schedule.created",
        target=schedule,
        changes={"layers": [None, checked.layers]},
        at=at,
    )
    publish("oncall")
    return schedule


@transaction.atomic
def change_schedule(
    *,
    schedule_id: int,
    form: object,
    team: Team | None,
    version: int | None,
    by: User,
    at: datetime,
    effective_at: datetime | None = None,
) -> Schedule:
    """Put what `form` says in the place of what was; fields it does not have stay.

    `version` is the one that was edited, None to overwrite whatever is there. Layers
    and zone count from `effective_at` on (None: from `at`); a change of them that was
    planned before is given up. Who was on call until `at` is recorded first. Raises
    Schedule.DoesNotExist, InvalidInputError by field path, StaleVersionError when
    somebody saved another version since, and DomainError when the name is taken.
    """
    schedule = Schedule.objects.select_for_update().get(pk=schedule_id)
    record_until(schedule, at=at)
    if version is not None and version != schedule.version:
        raise StaleVersionError(
            "Somebody changed this schedule since you opened it.",
            current=schedule.version,
        )
    given = form if isinstance(form, dict) else {}
    kept = {field: getattr(schedule, field) for field in DEFINED_IN_ROW}
    checked = check_form({**kept, **given} if given else form)
    assert schedule.recorded_from is not None  # recorded up to now
    told = _told_before(schedule.recorded_from, checked.history)
    checked = replace(checked, history=told)
    changes = _replan(schedule, checked, given, effective_at, by=by, at=at)
    if changes:
        checked = replace(checked, timezone=schedule.timezone, layers=schedule.layers)
    changes |= _changes(schedule, checked, team)
    for field in DEFINED_IN_ROW:
        setattr(schedule, field, getattr(checked, field))
    schedule.team = team
    if "overrides" in given:
        changes |= _write_overrides(schedule, checked.overrides, by=by)
    if "swaps" in given:
        changes |= _write_swaps(schedule, checked.swaps, at=at)
    if changes:
        _save(schedule)
        record_audit(
            actor=by, action="schedule.changed", target=schedule, changes=changes, at=at
        )
        publish("oncall")
    return schedule


def _replan(
    schedule: Schedule,
    checked: CheckedForm,
    given: Json,
    effective_at: datetime | None,
    *,
    by: User,
    at: datetime,
) -> dict[str, Any]:
    """Plan new layers for later, or give up what was planned. Returns what to write in
    the audit log; nothing when the layers are to count at once."""
    if not {"layers", "timezone"} & given.keys():
        return {}
    PlannedChange.objects.filter(schedule=schedule).delete()
    is_same = (schedule.timezone, schedule.layers) == (checked.timezone, checked.layers)
    if effective_at is None or effective_at <= at or is_same:
        return {}
    PlannedChange.objects.create(
        schedule=schedule,
        effective_at=effective_at,
        timezone=checked.timezone,
        layers=checked.layers,
        created_by=by,
        created_at=at,
    )
    return {"planned": [None, format_instant(effective_at)]}


@transaction.atomic
def drop_planned_change(*, schedule_id: int, by: User, at: datetime) -> Schedule:
    """Give up the change that is planned, if it has not begun to count.

    Raises Schedule.DoesNotExist. Safe to repeat.
    """
    schedule = Schedule.objects.select_for_update().get(pk=schedule_id)
    record_until(schedule, at=at)
    planned = PlannedChange.objects.filter(schedule=schedule).first()
    if planned is not None:
        told = format_instant(planned.effective_at)
        planned.delete()
        record_audit(
            actor=by,
            action="schedule.changed",
            target=schedule,
            changes={"planned": [told, None]},
            at=at,
        )
        publish("oncall")
    return schedule


def _told_before(bound: datetime, history: list[Json]) -> list[Json]:
    """What is told about the time before `bound`, when recording began; nobody can
    rewrite what was recorded."""
    return [
        {**one, "end": format_instant(min(_end(one) or bound, bound))}
        for one in history
        if parse_instant(one["start"]) < bound
    ]


def _end(entry: Json) -> datetime | None:
    return parse_instant(entry["end"]) if entry.get("end") else None


@transaction.atomic
def delete_schedule(*, schedule_id: int, by: User, at: datetime) -> None:
    """Delete a schedule that no policy pages.

    Raises Schedule.DoesNotExist, and DomainError naming the policies that do.
    """
    schedule = Schedule.objects.select_for_update().get(pk=schedule_id)
    used_by = policies_paging(schedule)
    if used_by:
        raise DomainError(
            f"{schedule} is paged by {', '.join(used_by)}. Take it out there first."
        )
    record_audit(
        actor=by,
        action="schedule.deleted",
        target=schedule,
        changes={"layers": [schedule.layers, None]},
        at=at,
    )
    schedule.delete()
    publish("oncall")


def policies_paging(schedule: Schedule) -> list[str]:
    """The names of the policies with a step to `schedule`. One query."""
    targets = StepTarget.objects.filter(schedule=schedule)
    return sorted(set(targets.values_list("step__policy__name", flat=True)))


@transaction.atomic
def renew_feed(*, schedule_id: int, by: User, at: datetime) -> Schedule:
    """Give the schedule's calendar another address; the old one stops working."""
    schedule = Schedule.objects.select_for_update().get(pk=schedule_id)
    schedule.feed_secret = secrets.token_urlsafe(24)
    schedule.save(update_fields=["feed_secret"])
    record_audit(
        actor=by, action="schedule.feed_renewed", target=schedule, changes={}, at=at
    )
    return schedule


def _save(schedule: Schedule) -> None:
    schedule.version += 1
    fields = [*DEFINED_IN_ROW, "team", "version", "updated_at"]
    try:
        with transaction.atomic():
            schedule.save(update_fields=fields)
    except IntegrityError as error:
        raise _name_is_taken(schedule.name) from error


def _changes(
    schedule: Schedule, checked: CheckedForm, team: Team | None
) -> dict[str, Any]:
    changes: dict[str, Any] = {
        field: [getattr(schedule, field), getattr(checked, field)]
        for field in DEFINED_IN_ROW
        if getattr(schedule, field) != getattr(checked, field)
    }
    if schedule.team != team:
        changes["team"] = [schedule.team and schedule.team.name, team and team.name]
    return changes


def _write_overrides(
    schedule: Schedule, wanted: list[Json], *, by: User
) -> dict[str, Any]:
    """Make the schedule's overrides exactly `wanted`; what stays keeps its row."""
    rows = list(schedule.overrides.all())
    forms: list[Json] = reference_form(schedule)["overrides"]
    added, removed = _difference(wanted, list(zip(forms, rows, strict=True)))
    Override.objects.filter(pk__in=[row.pk for row in removed]).delete()
    Override.objects.bulk_create(
        Override(
            schedule=schedule,
            type=one["type"],
            add_id=one.get("add"),
            remove_id=one.get("remove"),
            start_at=parse_instant(one["start"]),
            end_at=parse_instant(one["end"]),
            priority=one["priority"],
            created_by=by,
        )
        for one in added
    )
    return _counted("overrides", removed, added)


def _write_swaps(
    schedule: Schedule, wanted: list[Json], *, at: datetime
) -> dict[str, Any]:
    """As `_write_overrides`. Offers without a taker are not in the form, and stay."""
    rows = [row for row in schedule.swaps.all() if row.taker_id]
    forms: list[Json] = reference_form(schedule)["swaps"]
    added, removed = _difference(wanted, list(zip(forms, rows, strict=True)))
    Swap.objects.filter(pk__in=[row.pk for row in removed]).delete()
    Swap.objects.bulk_create(
        Swap(
            schedule=schedule,
            giver_id=one["from"],
            taker_id=one.get("to"),
            start_at=parse_instant(one["start"]),
            end_at=parse_instant(one["end"]),
            taken_at=at if one["taken"] else None,
        )
        for one in added
    )
    return _counted("swaps", removed, added)


def _difference(
    wanted: list[Json], stored: list[tuple[Json, Any]]
) -> tuple[list[Json], list[Any]]:
    """Return the forms to add and the rows to remove."""
    left = [(_normal(form), row) for form, row in stored]
    added = []
    for one in map(_normal, wanted):
        match = next((pair for pair in left if pair[0] == one), None)
        if match is None:
            added.append(one)
        else:
            left.remove(match)
    return added, [row for _, row in left]


def _normal(form: Json) -> Json:
    """A form without empty fields, with its defaults, and with instants written alike,
    so that two can be compared."""
    full = {"taken": False} if "from" in form else {"priority": 0}
    full |= {key: value for key, value in form.items() if value is not None}
    span = {key: format_instant(parse_instant(form[key])) for key in ("start", "end")}
    return {**full, **span}


def _counted(what: str, removed: list[Any], added: list[Any]) -> dict[str, Any]:
    if not removed and not added:
        return {}
    return {what: [f"{len(removed)} removed", f"{len(added)} added"]}


def _name_is_taken(name: str) -> DomainError:
    return DomainError(f"There is already a schedule named {name}.")
