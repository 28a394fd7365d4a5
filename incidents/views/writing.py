"""What people write about an incident: each act takes a form and calls one service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpResponse

from accounts.http import SignedInRequest
from core.errors import InvalidInputError
from incidents import services
from incidents.forms import NoteForm, SplitForm, UpdateForm
from incidents.models import Incident, RoleAssignment
from incidents.views.acting import Done, Refusal, by, form_act
from incidents.views.acts import undo_url
from incidents.views.detail import detail_page
from incidents.views.editing import SECTIONS, edit_page
from oncall.services.targets import find_targets_and_policies

Role = RoleAssignment.Role


def _edits(slug: str) -> Callable[[Callable[..., Done]], Any]:
    """An act whose form stands on an edit page."""
    section = SECTIONS[slug]

    def make(request: SignedInRequest, incident: Incident) -> forms.Form:
        return section.form(incident, request.user, request.POST)

    def refuse(
        request: SignedInRequest, incident: Incident, form: forms.Form, status: int
    ) -> HttpResponse:
        return edit_page(request, incident, section, form=form, status=status)

    return form_act(make, refuse)


def _on_tab(tab: str, name: str) -> Refusal:
    """Shows a refused form where it stands, on a tab of the incident's page."""

    def refuse(
        request: SignedInRequest, incident: Incident, form: forms.Form, status: int
    ) -> HttpResponse:
        shown = {name: form}
        return detail_page(request, incident, status=status, tab=tab, **shown)

    return refuse


@_edits("severity")
def severity(request: SignedInRequest, incident: Incident, form: forms.Form) -> Done:
    chosen = form.cleaned_data["severity"]
    before = incident.severity
    services.change_severity(**by(request, incident), severity=chosen)
    undo = undo_url(incident, "severity", before) if before != chosen else ""
    return Done(f"Severity is {chosen}.", undo)


@_edits("details")
def details(request: SignedInRequest, incident: Incident, form: forms.Form) -> Done:
    values, who = form.cleaned_data, by(request, incident)
    services.rename_incident(**who, title=values["title"])
    services.set_team(**who, team=values["team"])
    services.set_private(**who, private=values["private"])
    return Done("Saved.")


@_edits("situation")
def situation(request: SignedInRequest, incident: Incident, form: forms.Form) -> Done:
    services.set_situation(**by(request, incident), **form.cleaned_data)
    return Done("The situation is written down.")


@_edits("roles")
def roles(request: SignedInRequest, incident: Incident, form: forms.Form) -> Done:
    """Give a role to a person, or take it off them."""
    role, user = form.cleaned_data["role"], form.cleaned_data["user"]
    who = by(request, incident)
    label = Role(role).label.lower()
    if form.cleaned_data["remove"]:
        services.remove_role(**who, role=role, user=user)
        undo = undo_url(incident, "hold", f"{role}-{user.pk}")
        return Done(f"{user} is no longer {label}.", undo)
    held = incident.roles.filter(role=role)
    before = None if role == Role.RESPONDER else held.first()
    services.assign_role(**who, role=role, user=user)
    if before is not None and before.user_id != user.pk:
        undo = undo_url(incident, "hold", f"{role}-{before.user_id}")
    else:
        undo = undo_url(incident, "drop", f"{role}-{user.pk}")
    return Done(f"{user} is {label}.", undo)


@_edits("times")
def times(request: SignedInRequest, incident: Incident, form: Any) -> Done:
    services.set_times(**by(request, incident), times=form.changed_times)
    return Done("The times are corrected.")


@_edits("root-cause")
def root_cause(request: SignedInRequest, incident: Incident, form: forms.Form) -> Done:
    services.record_root_cause(**by(request, incident), **form.cleaned_data)
    return Done("The root cause is recorded.")


@_edits("snooze")
def snooze(request: SignedInRequest, incident: Incident, form: forms.Form) -> Done:
    services.snooze_incident(**by(request, incident), **form.cleaned_data)
    return Done("Snoozed: nobody is paged until then.")


@_edits("page-more")
def page_more(request: SignedInRequest, incident: Incident, form: forms.Form) -> Done:
    to = find_targets_and_policies(form.cleaned_data["to"], field="to")
    services.page_more(**by(request, incident), to=to)
    return Done("The page is on its way.")


@_edits("reassign")
def reassign(request: SignedInRequest, incident: Incident, form: forms.Form) -> Done:
    to = find_targets_and_policies(form.cleaned_data["to"], field="to")
    services.reassign_incident(**by(request, incident), to=to)
    return Done("Reassigned: the page is on its way.")


@_edits("merge")
def merge(request: SignedInRequest, incident: Incident, form: forms.Form) -> Done:
    into = form.cleaned_data["incident"]
    kept = services.merge_incidents(**by(request, incident), into_id=into.pk)
    return Done(f"#{incident.number} goes on as this one.", incident=kept)


def _note(request: SignedInRequest, incident: Incident) -> forms.Form:
    return NoteForm(request.POST)


@form_act(_note, _on_tab("timeline", "note_form"))
def note(request: SignedInRequest, incident: Incident, form: forms.Form) -> Done:
    try:
        services.add_note(**by(request, incident), **form.cleaned_data)
    except InvalidInputError as error:  # the API calls the field `at`
        problems = {{"at": "happened_at"}.get(k, k): v for k, v in error.errors.items()}
        raise InvalidInputError(problems) from error
    return Done("Added to the timeline.")


def _update(request: SignedInRequest, incident: Incident) -> forms.Form:
    return UpdateForm(request.POST, incident=incident)


@form_act(_update, _on_tab("updates", "update_form"))
def update(request: SignedInRequest, incident: Incident, form: forms.Form) -> Done:
    values = {**form.cleaned_data, "status": form.cleaned_data.get("status") or None}
    posted = services.post_update(**by(request, incident), **values)
    return Done(f"Posted to {posted.get_audience_display().lower()}.")


def _split(request: SignedInRequest, incident: Incident) -> forms.Form:
    return SplitForm(request.POST, incident=incident)


@form_act(_split, _on_tab("alerts", "split_form"))
def split(request: SignedInRequest, incident: Incident, form: forms.Form) -> Done:
    alerts = form.cleaned_data["alerts"]
    ids = [alert.pk for alert in alerts]
    into = form.cleaned_data["into"]
    if into is None:
        new = services.split_incident(**by(request, incident), alert_ids=ids)
    elif Incident.objects.visible_to(request.user).filter(pk=into).exists():
        new = services.move_alerts(**by(request, incident), alert_ids=ids, into_id=into)
    else:
        raise InvalidInputError({"into": [f"There is no incident #{into}."]})
    moved = "1 alert has" if len(ids) == 1 else f"{len(ids)} alerts have"
    return Done(f"{moved} moved from #{incident.number} to this one.", incident=new)
