"""Declaring an incident by hand."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import Team, User
from accounts.services import record_audit
from alerts.models import Severity
from catalog.models import Asset
from core.errors import InvalidInputError
from core.http import absolute_url
from core.live import publish
from incidents.models import FailingAsset, Incident, RoleAssignment, TimelineEntry
from incidents.services.assessing import ASSESSED_FIELDS, take_in
from incidents.services.entries import save_entries
from incidents.services.lineage import Findings, examine
from incidents.services.paging import page_body, start_paging
from incidents.services.stakeholders import tell_start
from oncall.models import EscalationPolicy, Schedule
from oncall.services import start_escalation
from oncall.services.ladder import FrozenStep
from oncall.services.targets import FrozenTarget

STEP_DELAY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class PageTargets:
    """Whom a person wants paged: people and schedules at once, or a policy's ladder."""

    users: tuple[User, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    policy: EscalationPolicy | None = None

    @property
    def steps(self) -> list[FrozenStep] | None:
        targets = [FrozenTarget(kind="user", id=u.pk, label=str(u)) for u in self.users]
        targets += [
            FrozenTarget(kind="schedule", id=schedule.pk, label=str(schedule))
            for schedule in self.schedules
        ]
        if not targets:
            return None
        delay = int(STEP_DELAY.total_seconds())
        return [FrozenStep(delay_seconds=delay, targets=targets)]


NOBODY = PageTargets()


@transaction.atomic
def declare_incident(
    *,
    title: str,
    by: User,
    at: datetime,
    severity: str | None = None,
    assets: Collection[Asset] = (),
    team: Team | None = None,
    private: bool = False,
    detected_by: str = Incident.DetectedBy.PERSON,
    impact_started_at: datetime | None = None,
    page: PageTargets | None = None,
) -> Incident:
    """Open an incident that a person noticed.

    `severity` None: SEV3, raised by what is downstream; a given one is kept as it is.
    `page` None pages by the usual policy, NOBODY pages nobody. `by` becomes a
    responder. Raises InvalidInputError for an empty title and a start in the future.
    """
    _check(title, impact_started_at, at=at)
    incident = Incident.objects.create(
        title=title.strip()[:1024],
        severity=severity or Severity.SEV3,
        severity_is_set_by_hand=severity is not None,
        severity_reason=f"Set by {by}." if severity else "",
        team=team,
        private=private,
        impact_started_at=impact_started_at or at,
        detected_at=at,
        triggered_at=at,
        detected_by=detected_by,
        declared_by=by,
    )
    incident.record(TimelineEntry.Kind.OPENED, f"Declared by {by}.", at=at, by=by)
    incident.roles.create(role=RoleAssignment.Role.RESPONDER, user=by, assigned_at=at)
    found = _take_assets(incident, assets, at=at)
    _page(incident, page, found, at=at)
    tell_start({incident: found.dashboards}, at=at)
    record_audit(
        actor=by,
        action="incident.declared",
        target=incident,
        changes={"severity": incident.severity, "private": private},
        at=at,
    )
    publish("incidents", incident.subject)
    return incident


def _check(title: str, impact_started_at: datetime | None, *, at: datetime) -> None:
    errors = {}
    if not title.strip():
        errors["title"] = ["Must not be empty."]
    if impact_started_at is not None and impact_started_at > at:
        errors["impact_started_at"] = ["This lies in the future."]
    if errors:
        raise InvalidInputError(errors)


def _take_assets(
    incident: Incident, assets: Collection[Asset], *, at: datetime
) -> Findings:
    since = incident.impact_started_at
    FailingAsset.objects.bulk_create(
        [FailingAsset(incident=incident, asset=a, since=since) for a in assets],
        ignore_conflicts=True,
    )
    found, rows = examine({incident.pk: {asset.pk: since for asset in assets}})
    entries = take_in(
        incident, found[incident.pk], rows, alerts_severity=incident.severity, at=at
    )
    cause = incident.suspected_asset_id
    if incident.team_id is None and cause is not None:
        incident.team_id = rows[cause].team_id
    incident.save(update_fields=[*ASSESSED_FIELDS, "team"])
    save_entries(entries)
    return found[incident.pk]


def _page(
    incident: Incident, page: PageTargets | None, found: Findings, *, at: datetime
) -> None:
    if page is None:
        start_paging(incident, dashboards=found.dashboards, at=at)
    elif page.steps or page.policy:
        start_escalation(
            subject=incident.subject,
            title=f"{incident.severity} {incident}",
            body=page_body(incident, dashboards=found.dashboards),
            url=absolute_url(incident),
            severity=incident.severity,
            policy=page.policy,
            steps=page.steps,
            is_private=incident.private,
            at=at,
        )
