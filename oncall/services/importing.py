"""Bringing people, schedules and policies over from another on-call tool."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Team, User
from accounts.services import add_person, create_team, record_audit
from core.errors import DomainError, InvalidInputError
from oncall.importers import (
    OnCallPlan,
    PolicyDraft,
    ScheduleDraft,
    TargetKey,
    read_export,
)
from oncall.models import EscalationPolicy, OnCallImport, Schedule
from oncall.services.editing import create_schedule
from oncall.services.policies import (
    LEAST_DELAY,
    PolicyValues,
    StepValues,
    create_policy,
)
from oncall.services.targets import Target


@dataclass(slots=True)
class ImportReport:
    """What an import made, by name; `kept` was here before and stays as it is."""

    people: list[str] = field(default_factory=list)
    teams: list[str] = field(default_factory=list)
    schedules: list[str] = field(default_factory=list)
    policies: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def keep_export(
    *, tool: str, documents: list[Any], by: User, at: datetime
) -> OnCallImport:
    """Keep another tool's answers until somebody applies them.

    Raises InvalidInputError when they hold nothing that could be brought over.
    """
    plan = read_export(tool, documents, at=at)
    if not (plan.people or plan.schedules or plan.policies):
        hint = " ".join(plan.notes[:3])
        raise InvalidInputError(
            {"answers": [f"No person, schedule or policy was found in these. {hint}"]}
        )
    return OnCallImport.objects.create(
        tool=tool, documents=documents, created_by=by, created_at=at
    )


def preview_import(*, kept: OnCallImport, by: User, at: datetime) -> ImportReport:
    """Return what applying would make now. Does it, and takes it back."""
    with transaction.atomic():
        report = _carry_over(_plan(kept, at), by=by, at=at)
        transaction.set_rollback(True)
    return report


@transaction.atomic
def apply_import(*, import_id: int, by: User, at: datetime) -> OnCallImport:
    """Make what is not here yet, all or nothing; what has the same name stays.

    Raises OnCallImport.DoesNotExist, and DomainError when it was applied before.
    """
    kept = OnCallImport.objects.select_for_update().get(pk=import_id)
    if kept.applied_at is not None:
        raise DomainError("This import has been applied before.")
    report = _carry_over(_plan(kept, at), by=by, at=at)
    kept.applied_at, kept.report = at, asdict(report)
    kept.save(update_fields=["applied_at", "report"])
    changes = {name: len(made) for name, made in kept.report.items()}
    record_audit(
        actor=by, action="oncall.imported", target=kept, changes=changes, at=at
    )
    return kept


def _plan(kept: OnCallImport, at: datetime) -> OnCallPlan:
    return read_export(kept.tool, kept.documents, at=at)


def _carry_over(plan: OnCallPlan, *, by: User, at: datetime) -> ImportReport:
    report = ImportReport(notes=list(plan.notes))
    for person in plan.people:
        user, is_new = add_person(
            email=person.email,
            name=person.name,
            time_zone=person.time_zone,
            by=by,
            at=at,
        )
        (report.people if is_new else report.kept).append(str(user))
    for schedule in plan.schedules:
        _make_schedule(schedule, report, by=by, at=at)
    for policy in plan.policies:
        _make_policy(policy, report, by=by, at=at)
    return report


def _team(name: str, report: ImportReport, *, by: User, at: datetime) -> Team | None:
    name = name.strip()[:80]
    if not name:
        return None
    found = Team.objects.filter(name__iexact=name).first()
    if found is None:
        found = create_team(name=name, by=by, at=at)
        report.teams.append(name)
    return found


def _make_schedule(
    draft: ScheduleDraft, report: ImportReport, *, by: User, at: datetime
) -> None:
    if Schedule.objects.filter(name__iexact=draft.name).exists():
        report.kept.append(f"schedule {draft.name}")
        return
    try:
        with transaction.atomic():
            team = _team(draft.team, report, by=by, at=at)
            create_schedule(form=draft.form, team=team, by=by, at=at)
    except (InvalidInputError, DomainError) as error:
        report.notes.append(f"Schedule {draft.name} is left out: {error}")
        return
    report.schedules.append(draft.name)


def _make_policy(
    draft: PolicyDraft, report: ImportReport, *, by: User, at: datetime
) -> None:
    if EscalationPolicy.objects.filter(name__iexact=draft.name).exists():
        report.kept.append(f"policy {draft.name}")
        return
    steps = []
    for number, step in enumerate(draft.steps, start=1):
        targets = [_target(key) for key in step.targets]
        found = list(dict.fromkeys(one for one in targets if one is not None))
        if found:
            delay = max(step.delay, LEAST_DELAY)
            steps.append(StepValues(delay=delay, targets=found))
        if len(found) < len(set(step.targets)) or not found:
            report.notes.append(
                f"{draft.name}, step {number}: somebody or something it pages is not "
                "here" + ("." if found else ", so the step is left out.")
            )
    try:
        with transaction.atomic():
            team = _team(draft.team, report, by=by, at=at)
            values = PolicyValues(
                name=draft.name[:120], steps=steps, team=team, repeats=draft.repeats
            )
            create_policy(values=values, by=by, at=at)
    except (InvalidInputError, DomainError) as error:
        report.notes.append(f"Policy {draft.name} is left out: {error}")
        return
    report.policies.append(draft.name)


def _target(key: TargetKey) -> Target | None:
    kind, name = key
    if kind == "user":
        return User.objects.filter(email__iexact=name, is_active=True).first()
    if kind == "schedule":
        return Schedule.objects.filter(name__iexact=name).first()
    return Team.objects.filter(name__iexact=name).first()
