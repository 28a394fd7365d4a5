"""What can be corrected about an incident: one form a page, each with its address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest, responder_required
from accounts.models import User
from catalog.models import Asset
from incidents.forms import (
    DetailsForm,
    MergeForm,
    RoleForm,
    RootCauseForm,
    SeverityForm,
    SituationForm,
    SnoozeForm,
    TimesForm,
)
from incidents.models import Incident
from incidents.surroundings import others_to_merge
from incidents.views.detail import visible_incident
from oncall.forms.policy import PageToForm

Data = QueryDict | None


@dataclass(frozen=True, slots=True)
class Section:
    """One form. `slug` is in its address, and names the act it is sent to;
    `is_for_open` leaves it out once the incident is resolved."""

    slug: str
    heading: str
    submit: str
    form: Callable[[Incident, User, Data], forms.Form]
    is_for_open: bool = False

    @property
    def act(self) -> str:
        return f"incidents:{self.slug.replace('-', '_')}"


def _severity(incident: Incident, user: User, data: Data) -> forms.Form:
    return SeverityForm(data, initial={"severity": incident.severity})


def _roles(incident: Incident, user: User, data: Data) -> forms.Form:
    return RoleForm(data)


def _times(incident: Incident, user: User, data: Data) -> forms.Form:
    return TimesForm(data, incident=incident)


def _root_cause(incident: Incident, user: User, data: Data) -> forms.Form:
    suspects = [cause["asset"] for cause in incident.causes]
    failing = incident.failing_assets.values_list("asset_id", flat=True)
    written = [incident.root_cause_asset_id] if incident.root_cause_asset_id else []
    return RootCauseForm(
        data,
        assets=Asset.objects.filter(pk__in=[*suspects, *failing, *written]),
        initial={
            "category": incident.root_cause_category,
            "asset": incident.root_cause_asset_id or incident.suspected_asset_id,
            "summary": incident.root_cause_summary,
            "contributing_factors": incident.contributing_factors,
        },
    )


def _situation(incident: Incident, user: User, data: Data) -> forms.Form:
    return SituationForm(data, initial={"situation": incident.situation})


def _details(incident: Incident, user: User, data: Data) -> forms.Form:
    initial = {
        "title": incident.title,
        "team": incident.team_id,
        "private": incident.private,
    }
    return DetailsForm(data, initial=initial)


def _snooze(incident: Incident, user: User, data: Data) -> forms.Form:
    return SnoozeForm(data)


def _page_to(incident: Incident, user: User, data: Data) -> forms.Form:
    return PageToForm(data)


def _merge(incident: Incident, user: User, data: Data) -> forms.Form:
    return MergeForm(data, others=others_to_merge(incident, user=user))


SECTIONS = {
    section.slug: section
    for section in (
        Section("severity", "Severity", "Change the severity", _severity),
        Section("roles", "Roles", "Assign", _roles),
        Section("situation", "Situation", "Save the situation", _situation),
        Section("times", "Times", "Correct the times", _times),
        Section("root-cause", "Root cause", "Record the root cause", _root_cause),
        Section("details", "Title, team and privacy", "Save", _details),
        Section("snooze", "Snooze", "Snooze the paging", _snooze, is_for_open=True),
        Section("page-more", "Page more", "Page them", _page_to, is_for_open=True),
        Section("reassign", "Reassign", "Reassign", _page_to, is_for_open=True),
        Section("merge", "Merge", "Merge", _merge, is_for_open=True),
    )
}


@require_safe
@responder_required
def edit(request: SignedInRequest, pk: int, name: str = "details") -> HttpResponse:
    """One form about the incident, with links to the others."""
    incident = visible_incident(request, pk)
    section = SECTIONS.get(name)
    if section is None or section not in sections_of(incident):
        raise Http404
    return edit_page(request, incident, section)


def sections_of(incident: Incident) -> list[Section]:
    return [
        section
        for section in SECTIONS.values()
        if incident.is_open or not section.is_for_open
    ]


def edit_page(
    request: SignedInRequest,
    incident: Incident,
    section: Section,
    *,
    form: forms.Form | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page of `section`; with `form`, as it was sent and with what is wrong."""
    context: dict[str, Any] = {
        "incident": incident,
        "roles": list(incident.roles.all()),
        "section": section,
        "sections": sections_of(incident),
        "form": form or section.form(incident, request.user, None),
        "action": reverse(section.act, args=[incident.pk]),
        "zone": request.user.time_zone,
        "hears_of_end": incident.stakeholders.told().count(),
    }
    return render(request, "incidents/edit.html", context, status=status)
