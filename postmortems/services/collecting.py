"""What was recorded of an incident, gathered from the database for a draft."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from accounts.models import User
from alerts.models import Alert
from catalog.graph import snapshot
from catalog.models import Asset, Change
from core.http import absolute_url
from incidents.cause import CHANGE_LOOKBACK
from incidents.models import Incident, RoleAssignment, TimelineEntry
from incidents.queries import pages_of, told_about
from incidents.services import Impact, impact_of
from oncall.models import Notification
from oncall.models import Page as OwedPage
from postmortems import facts
from postmortems.services.casting import Cast, roles_of_told

MOST_CHANGES = 20
MOST_ALERT_MOMENTS = 6
KEPT_ALERT_MOMENTS = 3

Kind = TimelineEntry.Kind
Role = RoleAssignment.Role
# How the record itself was kept is no part of what happened.
LEFT_OUT = (Kind.ROLE, Kind.TIMES, Kind.CHANGED)
MONITOR = "a monitor"
BY_MONITOR = (Kind.OPENED, Kind.ALERT)


def facts_of(incident: Incident) -> facts.IncidentFacts:
    """Everything a draft says about the incident, people by role only.

    Some twenty queries, whatever was recorded.
    """
    entries = list(incident.timeline.exclude(kind__in=LEFT_OUT).select_related("actor"))
    pages = pages_of(incident)
    cast = _cast(incident, entries, pages)
    failing = list(
        Asset.objects.filter(failures__incident=incident).order_by("failures__since")
    )
    impact = impact_of(incident)
    first = Alert.objects.filter(membership__incident=incident).order_by(
        "first_at", "pk"
    )
    return facts.IncidentFacts(
        number=incident.number,
        title=incident.title,
        severity=incident.severity,
        url=absolute_url(incident),
        impact_started_at=incident.impact_started_at,
        detected_at=incident.detected_at,
        acknowledged_at=incident.acknowledged_at,
        mitigated_at=incident.mitigated_at,
        resolved_at=incident.resolved_at,
        detected_by="person" if incident.detected_by == "person" else "monitor",
        people=cast.people(),
        timeline=tuple(_moments(entries, cast)),
        assets=tuple(asset.name for asset in failing),
        asset_count=_affected_count(incident, failing),
        dashboards=_dashboards(impact),
        dashboard_count=len(impact.dashboards),
        reached=impact.words if impact.dashboards else "",
        people_told=_told_count(incident),
        suspicion=_suspicion(incident),
        root_cause=_root_cause(incident),
        contributing_factors=tuple(_lines(incident.contributing_factors)),
        changes=tuple(_changes(incident, failing)),
        alert_count=incident.alert_count,
        first_alert=next(
            (facts.FirstAlert(a.title, a.first_at) for a in first[:1]), None
        ),
        pages=tuple(_pages(pages, cast)),
        recurs_from=_recurs_from(incident),
        action_items=tuple(_action_items(incident)),
    )


def _action_items(incident: Incident) -> Iterator[facts.ActionItem]:
    for item in incident.action_items.select_related("owner"):
        yield facts.ActionItem(
            title=item.title,
            kind=item.get_kind_display().lower(),
            owner=str(item.owner or ""),
            due_on=item.due_on,
        )


def _cast(
    incident: Incident, entries: Iterable[TimelineEntry], pages: Iterable[OwedPage]
) -> Cast:
    """The people of the incident, each with one role."""
    cast = Cast()
    order = Role.values
    assigned = sorted(
        incident.roles.select_related("user"),
        key=lambda one: (order.index(one.role), one.assigned_at),
    )
    # Whoever was paged is on call, though answering made them a responder too.
    for one in assigned:
        if one.role != Role.RESPONDER:
            cast.add(one.user, one.get_role_display().lower())
    for user in chain([incident.acknowledged_by], (page.user for page in pages)):
        cast.add(user, "on-call engineer")
    responders = (one.user for one in assigned)
    actors = (entry.actor for entry in entries)
    for user in chain(responders, [incident.declared_by], actors):
        cast.add(user, Role.RESPONDER.label.lower())
    for email, role in roles_of_told(incident).items():
        cast.add_address([email], role)
    said = "\n".join(
        [incident.title, incident.root_cause_summary, incident.contributing_factors]
        + [entry.text for entry in entries]
    )
    for user in User.objects.exclude(pk__in=cast.user_ids):
        if user.email in said or (user.name and user.name in said):
            cast.add(user, "colleague")
    return cast


def _moments(entries: Iterable[TimelineEntry], cast: Cast) -> Iterator[facts.Moment]:
    """Timeline entries; of many about alerts the first few and how many followed."""
    shown = list(entries)
    about_alerts = [entry for entry in shown if entry.kind == Kind.ALERT]
    folded: list[TimelineEntry] = []
    if len(about_alerts) > MOST_ALERT_MOMENTS:
        folded = about_alerts[KEPT_ALERT_MOMENTS:]
    hidden = {entry.pk for entry in folded}
    for entry in shown:
        if entry.pk not in hidden:
            yield facts.Moment(entry.at, _text(entry), _actor(entry, cast))
    if folded:
        text = f"The last of {len(folded)} further entries about alerts."
        yield facts.Moment(folded[-1].at, text, MONITOR)


def _text(entry: TimelineEntry) -> str:
    """What happened; of mail only to how many it went, not to whom."""
    if entry.kind == Kind.TOLD:
        return entry.text.partition(": ")[0].rstrip(".") + "."
    return entry.text


def _actor(entry: TimelineEntry, cast: Cast) -> str:
    if entry.actor is not None:
        return cast.role_of(entry.actor)
    return MONITOR if entry.kind in BY_MONITOR else ""


def _affected_count(incident: Incident, failing: list[Asset]) -> int:
    """The failing assets and everything downstream of them."""
    lineage = snapshot(fresh=True)
    affected = {asset.pk for asset in failing}
    for asset in failing:
        affected |= lineage.descendants(asset.pk).keys()
    return max(len(affected), incident.affected_assets)


def _dashboards(impact: Impact) -> tuple[facts.Dashboard, ...]:
    return tuple(
        facts.Dashboard(one.asset.name, len(one.owners)) for one in impact.dashboards
    )


def _told_count(incident: Incident) -> int:
    """How many people an e-mail about it was sent to."""
    sent = Notification.State.SENT
    return len({one.address for one in told_about(incident) if one.state == sent})


def _suspicion(incident: Incident) -> facts.Suspicion | None:
    asset = incident.suspected_asset
    if asset is None:
        return None
    reasons: list[str] = next(
        (c["reasons"] for c in incident.causes if c["asset"] == asset.pk), []
    )
    return facts.Suspicion(asset.name, tuple(reasons))


def _root_cause(incident: Incident) -> facts.RootCause | None:
    asset = incident.root_cause_asset
    if not (incident.root_cause_category or asset or incident.root_cause_summary):
        return None
    return facts.RootCause(
        category=incident.get_root_cause_category_display()
        if incident.root_cause_category
        else "",
        asset=asset.name if asset else "",
        summary=incident.root_cause_summary,
    )


def _lines(text: str) -> Iterator[str]:
    """Each line of a list as people type it, without its mark."""
    for line in text.splitlines():
        if stripped := re.sub(r"^\s*(?:[-*+•]|\d+[.)])\s+", "", line).strip():
            yield stripped


def _changes(incident: Incident, failing: list[Asset]) -> Iterator[facts.Change]:
    """What touched the cause, or what it depends on, in the day before."""
    named = {incident.root_cause_asset_id, incident.suspected_asset_id} - {None}
    causes = {pk for pk in named if pk} or {asset.pk for asset in failing}
    lineage = snapshot(fresh=True)
    above = set(causes).union(*(lineage.ancestors(pk) for pk in causes))
    rows = Change.objects.filter(
        asset__in=above,
        occurred_at__gte=incident.impact_started_at - CHANGE_LOOKBACK,
        occurred_at__lte=incident.detected_at,
    ).select_related("asset")
    for change in rows[:MOST_CHANGES]:
        yield facts.Change(
            title=change.title,
            at=change.occurred_at,
            kind=change.get_kind_display().lower(),
            asset=change.asset.name if change.asset else "",
            url=change.url,
        )


def _pages(pages: Iterable[OwedPage], cast: Cast) -> Iterator[facts.Page]:
    for page in pages:
        yield facts.Page(
            at=page.created_at,
            step=page.step + 1,
            to=cast.role_of(page.user),
            acknowledged_at=page.acknowledged_at,
        )


def _recurs_from(incident: Incident) -> int | None:
    """Not told where fewer people may see the earlier one."""
    earlier = incident.recurs_from
    if earlier is None or (earlier.private and not incident.private):
        return None
    return earlier.number
