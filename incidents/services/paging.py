"""Asking `oncall` to page about incidents, and writing down what it did."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.urls import reverse

from alerts.models import Integration, Route
from catalog.models import Asset
from core.http import absolute_url
from incidents import wording
from incidents.models import Incident, TimelineEntry
from incidents.services.assessing import failing_since
from incidents.services.lineage import AssetRow, examine
from incidents.services.policies import PolicyBook
from incidents.services.routing import route_of
from oncall.models import Escalation, EscalationPolicy
from oncall.services import (
    Call,
    escalate_now,
    raise_urgency,
    start_escalations,
    stop_escalation,
)
from oncall.services.choosing import choose_policy

# How long the alerts of one fault usually keep coming.
SETTLING = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Opening:
    """An incident somebody has to be paged about, and what the page is made of.

    `integration`, `route` and `labels` are those of the alert that opened it, if one
    did.
    """

    incident: Incident
    dashboards: Collection[AssetRow]
    integration: Integration | None = None
    route: Route | None = None
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


def start_paging(
    incident: Incident,
    *,
    at: datetime,
    dashboards: Collection[AssetRow] | None = None,
) -> None:
    """Page about the incident by the policy that fits; nothing if paging goes on.

    `dashboards` are the affected ones, found in four queries if they are not given.
    """
    if dashboards is None:
        dashboards = affected_dashboards(incident)
    integration, route, labels = opened_by(incident)
    opening = Opening(
        incident, dashboards, integration=integration, route=route, labels=labels
    )
    start_paging_all([opening], at=at)


def start_paging_all(openings: Collection[Opening], *, at: datetime) -> None:
    """Page about many incidents, in as many queries as about one."""
    if not openings:
        return
    book = PolicyBook()
    urls = _urls(opening.incident for opening in openings)
    calls = [
        Call(
            subject=opening.incident.subject,
            title=page_title(opening.incident),
            body=page_body(
                opening.incident,
                description=opening.description,
                dashboards=opening.dashboards,
            ),
            url=urls[opening.incident.pk],
            severity=opening.incident.severity,
            policy=policies[0] if policies else None,
            otherwise=tuple(policies[1:]),
            labels=opening.labels,
            is_private=opening.incident.private,
        )
        for opening in openings
        for policies in [
            book.policies_for(
                opening.incident,
                integration=opening.integration,
                route=opening.route,
            )
        ]
    ]
    start_escalations(calls, at=at)


def _urls(incidents: Iterable[Incident]) -> dict[int, str]:
    """{incident: its full address}. Looking a route up is dear, so it is done once."""
    before, after = reverse("incidents:detail", args=[0]).split("0")
    return {i.pk: absolute_url(f"{before}{i.pk}{after}") for i in incidents}


def policy_for(incident: Incident, *, at: datetime) -> EscalationPolicy | None:
    """The policy that pages at `at` about the incident, which may be only a draft."""
    integration, route, labels = opened_by(incident)
    policies = PolicyBook().policies_for(incident, integration=integration, route=route)
    chosen, _ = choose_policy(
        policies, severity=incident.severity, labels=labels, at=at
    )
    return chosen


def opened_by(
    incident: Incident,
) -> tuple[Integration | None, Route | None, Mapping[str, str]]:
    """The inlet, the routing rule and the labels of the incident's first alert; None,
    None and none when a person declared it, and for one that is only a draft."""
    if incident._state.adding:
        return None, None, {}
    member = incident.members.select_related("alert__integration").first()
    if member is None:
        return None, route_of(incident), {}
    return member.alert.integration, route_of(incident), member.alert.labels


def affected_dashboards(incident: Incident) -> Collection[AssetRow]:
    failing = failing_since([incident.pk])
    found, _ = examine({incident.pk: failing.get(incident.pk, {})})
    return found[incident.pk].dashboards


def page_body(
    incident: Incident, *, dashboards: Iterable[AssetRow], description: str = ""
) -> str:
    """What the person paged needs to decide whether to get up."""
    reasons: list[str] = []
    for suspect in incident.causes:
        if suspect["asset"] == incident.suspected_asset_id:
            reasons = suspect["reasons"]
    return wording.page_body(
        description=description,
        cause=str(incident.suspected_asset or ""),
        reasons=reasons,
        dashboards=[row.name for row in dashboards if row.type == Asset.Type.DASHBOARD],
        products=[row.name for row in dashboards if row.type != Asset.Type.DASHBOARD],
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
            body=page_body(incident, dashboards=affected_dashboards(incident)),
            at=at,
        ):
            return
    elif page_next_step(incident, at=at, why=why):
        return
    start_paging(incident, at=at)


def page_other_team(
    incident: Incident, *, at: datetime, dashboards: Collection[AssetRow]
) -> None:
    """The suspected cause is another team's: page that one instead, unless both have
    one policy. Those paged so far are let go."""
    escalation = Escalation.objects.running().filter(subject=incident.subject).first()
    policy = policy_for(incident, at=at)
    if escalation is not None and policy is not None:
        if escalation.policy_id == policy.pk:
            return
        stop_escalation(subject=incident.subject, at=at)
    cause = incident.suspected_asset
    incident.record(
        TimelineEntry.Kind.PAGED,
        f"The suspected cause is now {cause}, of {cause and cause.team}: that team is "
        "paged.",
        at=at,
    )
    start_paging(incident, at=at, dashboards=dashboards)


def page_title(incident: Incident) -> str:
    return f"{incident.severity} {incident}"


def page_next_step(incident: Incident, *, at: datetime, why: str) -> bool:
    """Take the next step without waiting for it. False when nobody is being paged."""
    severity = incident.severity
    if not escalate_now(subject=incident.subject, at=at, severity=severity):
        return False
    incident.record(TimelineEntry.Kind.PAGED, f"Next step paged: {why}", at=at)
    return True
