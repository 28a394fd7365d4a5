"""What responders write down about an incident. Each raises Incident.DoesNotExist."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Team, User
from accounts.services import record_audit
from catalog.models import Asset
from core.errors import InvalidInputError
from core.live import publish
from incidents import wording
from incidents.models import Incident, RoleAssignment, TimelineEntry
from incidents.services.locking import lock_incident
from incidents.services.paging import page_next_step
from incidents.services.stakeholders import tell_start
from incidents.severity import is_worse

Kind = TimelineEntry.Kind
Role = RoleAssignment.Role
CLOCKS = (
    "impact_started_at",
    "detected_at",
    "acknowledged_at",
    "mitigated_at",
    "resolved_at",
)
CLOCK_WORDS = {
    "impact_started_at": "impact started",
    "detected_at": "detected",
    "acknowledged_at": "acknowledged",
    "mitigated_at": "mitigated",
    "resolved_at": "resolved",
}


@transaction.atomic
def change_severity(
    *, incident_id: int, severity: str, by: User, at: datetime
) -> Incident:
    """Set the severity by hand; from then on the machine leaves it alone.

    When it gets worse while people are being paged, the next step is paged.
    """
    incident = lock_incident(incident_id)
    before = incident.severity
    if before == severity and incident.severity_is_set_by_hand:
        return incident
    incident.severity, incident.severity_is_set_by_hand = severity, True
    incident.severity_reason = f"Set by {by}."
    incident.save(
        update_fields=["severity", "severity_is_set_by_hand", "severity_reason"]
    )
    incident.record(Kind.SEVERITY, f"{before} to {severity}.", at=at, by=by)
    if is_worse(severity, before):
        page_next_step(incident, at=at, why=f"severity rose to {severity}.")
        tell_start({incident: []}, at=at)
    _changed(incident, by=by, at=at, severity=[before, severity])
    return incident


@transaction.atomic
def rename_incident(
    *, incident_id: int, title: str, by: User, at: datetime
) -> Incident:
    incident = lock_incident(incident_id)
    title = title.strip()
    if not title:
        raise InvalidInputError({"title": ["Must not be empty."]})
    before, incident.title = incident.title, title[:1024]
    if before != incident.title:
        incident.save(update_fields=["title"])
        incident.record(Kind.CHANGED, f"Title was: {before}", at=at, by=by)
        _changed(incident, by=by, at=at, title=[before, incident.title])
    return incident


@transaction.atomic
def set_situation(
    *, incident_id: int, situation: str, by: User, at: datetime
) -> Incident:
    """Say what is known, what is being done and what is needed, in Markdown."""
    incident = lock_incident(incident_id)
    if incident.situation != situation:
        incident.situation = situation
        incident.save(update_fields=["situation"])
        incident.record(Kind.CHANGED, f"Situation: {situation}", at=at, by=by)
        _changed(incident, by=by, at=at, situation=situation)
    return incident


@transaction.atomic
def set_team(
    *, incident_id: int, team: Team | None, by: User, at: datetime
) -> Incident:
    incident = lock_incident(incident_id)
    before = incident.team
    if before != team:
        incident.team = team
        incident.save(update_fields=["team"])
        incident.record(Kind.CHANGED, f"Team: {team or 'none'}.", at=at, by=by)
        _changed(incident, by=by, at=at, team=[str(before or ""), str(team or "")])
    return incident


@transaction.atomic
def assign_role(
    *, incident_id: int, role: str, user: User, by: User, at: datetime
) -> Incident:
    """Give `user` the role; whoever held it before gives it up, except responders.

    Raises InvalidInputError for an unknown role or a person who was deactivated.
    """
    incident = lock_incident(incident_id)
    if role not in Role.values:
        raise InvalidInputError({"role": [f"Must be one of {', '.join(Role.values)}."]})
    if not user.is_active:
        raise InvalidInputError({"user": [f"{user} is no longer active."]})
    if hold_role(incident, role, user, at=at):
        incident.record(Kind.ROLE, f"{Role(role).label}: {user}", at=at, by=by)
        _changed(incident, by=by, at=at, **{role: user.email})
    return incident


def hold_role(incident: Incident, role: str, user: User, *, at: datetime) -> bool:
    """Write the assignment; False if the person holds the role already."""
    if incident.roles.filter(role=role, user=user).exists():
        return False
    if role != Role.RESPONDER:
        incident.roles.filter(role=role).delete()
    incident.roles.create(role=role, user=user, assigned_at=at)
    return True


def fill_role(
    *, incident_id: int, role: str, user: User | None, by: User, at: datetime
) -> None:
    """Give a role that one person holds to `user`, or with None to nobody."""
    if user is not None:
        assign_role(incident_id=incident_id, role=role, user=user, by=by, at=at)
        return
    for held in RoleAssignment.objects.filter(incident=incident_id, role=role):
        remove_role(incident_id=incident_id, role=role, user=held.user, by=by, at=at)


@transaction.atomic
def remove_role(
    *, incident_id: int, role: str, user: User, by: User, at: datetime
) -> Incident:
    incident = lock_incident(incident_id)
    removed, _ = incident.roles.filter(role=role, user=user).delete()
    if removed:
        text = f"{Role(role).label}: no longer {user}"
        incident.record(Kind.ROLE, text, at=at, by=by)
        _changed(incident, by=by, at=at, **{role: [user.email, None]})
    return incident


@transaction.atomic
def add_note(
    *,
    incident_id: int,
    text: str,
    by: User,
    at: datetime,
    happened_at: datetime | None = None,
) -> TimelineEntry:
    """Add a note to the timeline, at its own time if that is given.

    Raises InvalidInputError for an empty note and a time in the future.
    """
    incident = lock_incident(incident_id)
    if not text.strip():
        raise InvalidInputError({"text": ["Must not be empty."]})
    if happened_at is not None and happened_at > at:
        raise InvalidInputError({"at": ["This lies in the future."]})
    entry = incident.record(
        Kind.NOTE, text.strip(), at=happened_at or at, by=by, recorded_at=at
    )
    _changed(incident, by=by, at=at, note=entry.pk)
    return entry


@transaction.atomic
def pin_entry(
    *, incident_id: int, entry_id: int, pinned: bool, by: User, at: datetime
) -> TimelineEntry:
    """Pin an entry to the top or let it go. Raises TimelineEntry.DoesNotExist."""
    incident = lock_incident(incident_id)
    entry = incident.timeline.get(pk=entry_id)
    if entry.pinned != pinned:
        entry.pinned = pinned
        entry.save(update_fields=["pinned"])
        _changed(incident, by=by, at=at, pinned={str(entry.pk): pinned})
    return entry


@transaction.atomic
def set_times(
    *, incident_id: int, times: dict[str, datetime | None], by: User, at: datetime
) -> Incident:
    """Correct the clocks named in CLOCKS, also after the end.

    Raises InvalidInputError where they would run backwards or past `at`, and for
    taking away a time that the incident's status needs.
    """
    incident = lock_incident(incident_id)
    changed = {n: v for n, v in times.items() if getattr(incident, n) != v}
    if not changed:
        return incident
    _check_presence(incident, changed)
    before = {name: getattr(incident, name) for name in changed}
    for name, value in changed.items():
        setattr(incident, name, value)
    incident.check_clocks(now=at)
    incident.save(update_fields=list(changed))
    said = [
        f"{CLOCK_WORDS[name]} {wording.day_and_clock(value) if value else 'unset'}"
        for name, value in changed.items()
    ]
    incident.record(Kind.TIMES, f"Times corrected: {', '.join(said)}.", at=at, by=by)
    _changed(
        incident,
        by=by,
        at=at,
        **{name: [_iso(before[name]), _iso(changed[name])] for name in changed},
    )
    return incident


def _check_presence(incident: Incident, times: dict[str, datetime | None]) -> None:
    """Acknowledging and resolving are acts: a clock alone cannot do or undo them."""
    errors = {}
    for name in times.keys() & {"impact_started_at", "detected_at"}:
        if times[name] is None:
            errors[name] = ["Must have a time."]
    for name in times.keys() & {"acknowledged_at", "resolved_at"}:
        if (times[name] is None) != (getattr(incident, name) is None):
            act = "acknowledge" if name == "acknowledged_at" else "resolve"
            errors[name] = [f"To change this, {act} or reopen the incident."]
    if errors:
        raise InvalidInputError(errors)


@transaction.atomic
def record_root_cause(
    *,
    incident_id: int,
    category: str,
    asset: Asset | None,
    summary: str,
    by: User,
    at: datetime,
    contributing_factors: str | None = None,
) -> Incident:
    """Write down what broke and why. None leaves the contributing factors alone.

    Raises InvalidInputError for an unknown category.
    """
    incident = lock_incident(incident_id)
    if category and category not in Incident.CauseCategory.values:
        known = ", ".join(Incident.CauseCategory.values)
        raise InvalidInputError({"category": [f"Must be one of {known}."]})
    incident.root_cause_category = category
    incident.root_cause_asset = asset
    incident.root_cause_summary = summary
    if contributing_factors is not None:
        incident.contributing_factors = contributing_factors
    incident.save(
        update_fields=[
            "root_cause_category", "root_cause_asset", "root_cause_summary",
            "contributing_factors",
        ]
    )  # fmt: skip
    label = Incident.CauseCategory(category).label if category else "not said"
    where = f" in {asset}" if asset else ""
    incident.record(
        Kind.CAUSE, f"Root cause: {label}{where}. {summary}".strip(), at=at, by=by
    )
    _changed(incident, by=by, at=at, root_cause=category, asset=asset and asset.pk)
    return incident


def _iso(value: datetime | None) -> str | None:
    return value.isoformat() if value else None


def _changed(incident: Incident, *, by: User, at: datetime, **changes: Any) -> None:
    record_audit(
        actor=by, action="incident.changed", target=incident, changes=changes, at=at
    )
    publish("incidents", incident.subject)
