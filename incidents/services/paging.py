"""Asking `oncall` to page about incidents, and writing down what it did."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from accounts.models import Team
from alerts.models import Integration, Route
from core.http import absolute_url
from incidents import wording
from incidents.models import Incident, TimelineEntry
from incidents.services.assessing import failing_since
from incidents.services.lineage import AssetRow, examine
from incidents.services.routing import route_of
from oncall.models import EscalationPolicy
from oncall.services import (
    escalate_now,
    policy_for_team,
    raise_urgency,
    start_escalation,
)

# How long the alerts of one fault usually keep coming.
SETTLING = timedelta(minutes=2)


def start_paging(
    incident: Incident,
    *,
    at: datetime,
    integration: Integration | None = None,
    route: Route | None = None,
    description: str = "",
    dashboards: Iterable[AssetRow] | None = None,
) -> None:
    """Page about the incident by the policy that fits; nothing if paging goes on."""
    start_escalation(
        subject=incident.subject,
        title=page_title(incident),
        body=page_body(incident, description=description, dashboards=dashboards),
        url=absolute_url(incident),
        severity=incident.severity,
        policy=policy_for(incident, integration=integration, route=route),
        at=at,
    )


def policy_for(
    incident: Incident,
    *,
    integration: Integration | None,
    route: Route | None = None,
) -> EscalationPolicy | None:
    """The policy that the routing rule names, else the suspected cause's team's, else
    the inlet's, else that of the inlet's or incident's team, else that of the default
    route, else the install's default; None when there is none at all.

    `integration` and `route` are those of the alert that opened the incident, looked
    up where they are not given.
    """
    # Given together, so that opening thousands of incidents asks for neither.
    if integration is None:
        route = route or route_of(incident)
        integration = first_integration(incident)
    cause = incident.suspected_asset
    return (
        _policy_by(route)
        or _policy_of(cause.team if cause else None)
        or (integration.escalation_policy if integration else None)
        or _policy_of(integration.team if integration else None)
        or _policy_of(incident.team)
        or _policy_by(Route.objects.filter(is_default=True).first())
        or policy_for_team(None)
    )


def first_integration(incident: Incident) -> Integration | None:
    """The inlet of the incident's first alert; None when a person declared it, and
    for one that is only a draft."""
    if incident._state.adding:
        return None
    member = incident.members.select_related("alert__integration").first()
    return member.alert.integration if member else None


def _policy_by(route: Route | None) -> EscalationPolicy | None:
    """The policy a rule names, itself or by its team."""
    return (route.policy or _policy_of(route.team)) if route else None


def _policy_of(team: Team | None) -> EscalationPolicy | None:
    """The team's default policy, or another of its own if none is marked."""
    if team is None:
        return None
    return team.policies.order_by("-is_default", "name").first()


def page_body(
    incident: Incident,
    *,
    description: str = "",
    dashboards: Iterable[AssetRow] | None = None,
) -> str:
    """What the person paged needs to decide whether to get up.

    `dashboards` are the affected ones, found in four queries if they are not given.
    """
    if dashboards is None:
        failing = failing_since([incident.pk])
        found, _ = examine({incident.pk: failing.get(incident.pk, {})})
        dashboards = found[incident.pk].dashboards
    reasons: list[str] = []
    for suspect in incident.causes:
        if suspect["asset"] == incident.suspected_asset_id:
            reasons = suspect["reasons"]
    return wording.page_body(
        description=description,
        cause=str(incident.suspected_asset or ""),
        reasons=reasons,
        dashboards=[row.name for row in dashboards],
        severity_reason=incident.severity_reason,
    )


def page_again(incident: Incident, *, at: datetime, why: str) -> None:
    """Severity rose and nobody has answered: page on, or from the first step.

    While the alerts of a fault still come in, each may raise it a little: then only
    those who are being paged already hear of it, and nobody else is woken.
    """
    if not incident.is_open or incident.acknowledged_at is not None:
        return
    if at - incident.triggered_at < SETTLING:
        if raise_urgency(
            subject=incident.subject,
            severity=incident.severity,
            title=page_title(incident),
            body=page_body(incident),
            at=at,
        ):
            return
    elif page_next_step(incident, at=at, why=why):
        return
    start_paging(incident, at=at)


def page_title(incident: Incident) -> str:
    return f"{incident.severity} {incident}"


def page_next_step(incident: Incident, *, at: datetime, why: str) -> bool:
    """Take the next step without waiting for it. False when nobody is being paged."""
    if not escalate_now(subject=incident.subject, at=at):
        return False
    incident.record(TimelineEntry.Kind.PAGED, f"Next step paged: {why}", at=at)
    return True
