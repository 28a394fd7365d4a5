"""The page of one incident, in parts that fetch themselves when something changes."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest
from alerts.models import Alert
from catalog.models import Asset
from core.markdown import render_markdown
from incidents import queries
from incidents.drawing import picture_of
from incidents.forms import (
    DetailsForm,
    MergeForm,
    RoleForm,
    RootCauseForm,
    SeverityForm,
    SituationForm,
    SnoozeForm,
    TimesForm,
    UpdateForm,
)
from incidents.models import Incident, StatusUpdate
from incidents.presenting import (
    NEXT_ACTS,
    causes_of,
    commander_of,
    rung_rows,
    timeline_days,
)
from incidents.services import impact_of
from oncall.services import ladder

MOST_ENTRIES = 300
MOST_ALERTS = 200
TABS = ("timeline", "alerts", "updates")

Context = dict[str, Any]


def strip(incident: Incident, at: datetime) -> Context:
    """Who, what, how bad, since when, and the one next step."""
    return {
        "commander": commander_of(incident) or incident.acknowledged_by,
        "next_act": NEXT_ACTS.get(Incident.Status(incident.status)),
        "is_paging": incident.status == Incident.Status.TRIGGERED,
    }


def situation(incident: Incident, at: datetime) -> Context:
    return {"situation": render_markdown(incident.situation)}


def cause(incident: Incident, at: datetime) -> Context:
    causes = causes_of(incident)
    live = [one for one in causes if one.verdict != "rejected"]
    return {"cause": live[0] if live else None, "others": live[1:4], "causes": causes}


def affected(incident: Incident, at: datetime) -> Context:
    return {
        "impact": impact_of(incident),
        "told": queries.told_about(incident),
    }


def people(incident: Incident, at: datetime) -> Context:
    return {"rungs": rung_rows(ladder(subject=incident.subject, at=at))}


def facts(incident: Incident, at: datetime) -> Context:
    return {
        "roles": list(incident.roles.all()),
        "failing": list(
            incident.failing_assets.select_related("asset").order_by("since")[:20]
        ),
    }


def timeline(incident: Incident, at: datetime) -> Context:
    newest = incident.timeline.select_related("actor").order_by("-at", "-pk")
    entries = list(newest[:MOST_ENTRIES])
    return {
        "days": timeline_days(reversed(entries)),
        "pinned": [entry for entry in entries if entry.pinned],
        "is_cut": len(entries) == MOST_ENTRIES,
    }


def alerts(incident: Incident, at: datetime) -> Context:
    members = Alert.objects.filter(membership__incident=incident)
    shown = members.select_related("asset", "integration", "membership")
    return {"alerts": list(shown.order_by("first_at", "pk")[:MOST_ALERTS])}


def updates(incident: Incident, at: datetime) -> Context:
    posted = StatusUpdate.objects.filter(incident=incident).select_related("by")
    return {"updates": [(one, render_markdown(one.text)) for one in posted[:50]]}


def drawing(incident: Incident, at: datetime) -> Context:
    return {"picture": picture_of(incident)}


PARTS: dict[str, Callable[[Incident, datetime], Context]] = {
    "strip": strip,
    "situation": situation,
    "picture": drawing,
    "cause": cause,
    "affected": affected,
    "people": people,
    "facts": facts,
    "timeline": timeline,
    "alerts": alerts,
    "updates": updates,
}
ALWAYS = ("strip", "situation", "picture", "cause", "affected", "people", "facts")


@require_safe
def detail(request: SignedInRequest, pk: int) -> HttpResponse:
    """The whole page. `?tab=` chooses the record shown: timeline, alerts, updates."""
    incident = _visible(request, pk)
    at = timezone.now()
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else "timeline"
    context: Context = {"incident": incident, "tab": tab, "at": at}
    for name in (*ALWAYS, tab):
        context |= PARTS[name](incident, at)
    context["may_act"] = request.user.can_respond
    context["update_form"] = UpdateForm()
    context["update_count"] = incident.updates.count()
    return render(request, "incidents/detail.html", context)


@require_safe
def part(request: SignedInRequest, pk: int, name: str) -> HttpResponse:
    """One part of the page by itself, for the browser to swap in."""
    if name not in PARTS:
        raise Http404
    incident = _visible(request, pk)
    at = timezone.now()
    context = {"incident": incident, "may_act": request.user.can_respond, "at": at}
    return render(
        request, f"incidents/_{name}.html", context | PARTS[name](incident, at)
    )


@require_safe
def picture(request: SignedInRequest, pk: int) -> HttpResponse:
    """The picture on a page of its own, larger, with the list below."""
    incident = _visible(request, pk)
    at = timezone.now()
    context = {"incident": incident, "at": at, "is_large": True}
    context |= drawing(incident, at) | affected(incident, at) | facts(incident, at)
    return render(request, "incidents/picture.html", context)


@require_safe
def edit(request: SignedInRequest, pk: int) -> HttpResponse:
    """Every form about the incident on one page, each saved by itself."""
    incident = _visible(request, pk)
    suspects = [cause["asset"] for cause in incident.causes]
    failing = incident.failing_assets.values_list("asset_id", flat=True)
    chosen = [incident.root_cause_asset_id] if incident.root_cause_asset_id else []
    assets = Asset.objects.filter(pk__in=[*suspects, *failing, *chosen])
    details = {
        "title": incident.title,
        "team": incident.team,
        "private": incident.private,
    }
    cause_form = RootCauseForm(
        assets=assets,
        initial={
            "category": incident.root_cause_category,
            "asset": incident.root_cause_asset_id or incident.suspected_asset_id,
            "summary": incident.root_cause_summary,
            "contributing_factors": incident.contributing_factors,
        },
    )
    sections = [
        ("severity", "Severity", SeverityForm(initial={"severity": incident.severity})),
        ("roles", "Roles", RoleForm()),
        ("times", "Times", TimesForm(incident=incident)),
        ("root-cause", "Root cause", cause_form),
        (
            "situation",
            "Situation",
            SituationForm(initial={"situation": incident.situation}),
        ),
        ("details", "Title, team and privacy", DetailsForm(initial=details)),
        ("snooze", "Snooze the paging", SnoozeForm()),
        ("merge", "Merge into another incident", MergeForm()),
    ]
    context = {
        "incident": incident,
        "roles": list(incident.roles.all()),
        "sections": [
            (anchor, heading, form, _address(incident, anchor))
            for anchor, heading, form in sections
            if incident.is_open or anchor not in ("snooze", "merge")
        ],
    }
    return render(request, "incidents/edit.html", context)


def _address(incident: Incident, anchor: str) -> str:
    return reverse(f"incidents:{anchor.replace('-', '_')}", args=[incident.pk])


def _visible(request: SignedInRequest, pk: int) -> Incident:
    visible = Incident.objects.visible_to(request.user).for_list()
    return get_object_or_404(visible, pk=pk)
