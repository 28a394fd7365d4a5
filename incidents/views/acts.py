"""What people do to an incident. Each act calls one service.

With JavaScript the answer is empty and the page's live parts fetch themselves;
without it the browser goes back to the page.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.http import SignedInRequest, responder_required
from catalog.models import Asset
from core.errors import InvalidInputError
from incidents import services
from incidents.forms import (
    DetailsForm,
    MergeForm,
    NoteForm,
    RoleForm,
    RootCauseForm,
    SeverityForm,
    SituationForm,
    SnoozeForm,
    StatusForm,
    TimesForm,
    UpdateForm,
)
from incidents.models import Incident, TimelineEntry

Act = Callable[..., Incident | None]
CHANGED = "changed"


def act(do: Act) -> Callable[..., HttpResponse]:
    """Make a view of a function that changes one visible incident.

    It gets the request, the incident and whatever else the address holds; an
    incident it returns is where the browser goes.
    """

    @require_POST
    @responder_required
    @wraps(do)
    def view(request: SignedInRequest, pk: int, **rest: Any) -> HttpResponse:
        visible = Incident.objects.visible_to(request.user)
        incident = get_object_or_404(visible, pk=pk)
        result = do(request, incident, **rest)
        if request.htmx:
            return HttpResponse(status=204, headers={"HX-Trigger": CHANGED})
        return redirect(result or incident)

    return view


def cleaned(form: forms.Form) -> dict[str, Any]:
    """The form's values. Raises InvalidInputError naming each wrong field."""
    if not form.is_valid():
        raise InvalidInputError(
            {
                field: [str(error) for error in errors]
                for field, errors in form.errors.items()
            }
        )
    return form.cleaned_data


def _by(request: SignedInRequest, incident: Incident) -> dict[str, Any]:
    return {
        "incident_id": incident.pk,
        "by": request.user,
        "at": timezone.now(),
    }


@act
def acknowledge(request: SignedInRequest, incident: Incident) -> None:
    services.acknowledge_incident(**_by(request, incident))


@act
def status(request: SignedInRequest, incident: Incident) -> None:
    values = cleaned(StatusForm(request.POST))
    services.change_status(**_by(request, incident), **values)


@act
def resolve(request: SignedInRequest, incident: Incident) -> None:
    services.resolve_incident(**_by(request, incident))


@act
def reopen(request: SignedInRequest, incident: Incident) -> None:
    services.reopen_incident(**_by(request, incident))


@act
def escalate(request: SignedInRequest, incident: Incident) -> None:
    services.escalate_incident(**_by(request, incident))


@act
def snooze(request: SignedInRequest, incident: Incident) -> None:
    values = cleaned(SnoozeForm(request.POST))
    services.snooze_incident(**_by(request, incident), **values)


@act
def severity(request: SignedInRequest, incident: Incident) -> None:
    values = cleaned(SeverityForm(request.POST))
    services.change_severity(**_by(request, incident), **values)


@act
def details(request: SignedInRequest, incident: Incident) -> None:
    values = cleaned(DetailsForm(request.POST))
    by = _by(request, incident)
    services.rename_incident(**by, title=values["title"])
    services.set_team(**by, team=values["team"])
    services.set_private(**by, private=values["private"])


@act
def situation(request: SignedInRequest, incident: Incident) -> None:
    values = cleaned(SituationForm(request.POST))
    services.set_situation(**_by(request, incident), **values)


@act
def roles(request: SignedInRequest, incident: Incident) -> None:
    values = cleaned(RoleForm(request.POST))
    if values.pop("remove"):
        services.remove_role(**_by(request, incident), **values)
    else:
        services.assign_role(**_by(request, incident), **values)


@act
def note(request: SignedInRequest, incident: Incident) -> None:
    values = cleaned(NoteForm(request.POST))
    services.add_note(**_by(request, incident), **values)


@act
def pin(request: SignedInRequest, incident: Incident, entry: int) -> None:
    found = get_object_or_404(TimelineEntry, pk=entry, incident=incident)
    services.pin_entry(
        **_by(request, incident), entry_id=entry, pinned=not found.pinned
    )


@act
def times(request: SignedInRequest, incident: Incident) -> None:
    form = TimesForm(request.POST, incident=incident)
    values = cleaned(form)
    given = {
        name: value
        for name, value in values.items()
        if name in form.changed_data and (value is not None or name == "mitigated_at")
    }
    services.set_times(**_by(request, incident), times=given)


@act
def root_cause(request: SignedInRequest, incident: Incident) -> None:
    assets = Asset.objects.all()
    values = cleaned(RootCauseForm(request.POST, assets=assets))
    services.record_root_cause(**_by(request, incident), **values)


@act
def judge(request: SignedInRequest, incident: Incident, asset: int) -> None:
    services.judge_cause(
        **_by(request, incident),
        asset=get_object_or_404(Asset, pk=asset),
        verdict=request.POST.get("verdict", ""),
    )


@act
def update(request: SignedInRequest, incident: Incident) -> None:
    values = cleaned(UpdateForm(request.POST))
    services.post_update(**_by(request, incident), **values)


@act
def merge(request: SignedInRequest, incident: Incident) -> Incident:
    values = cleaned(MergeForm(request.POST))
    visible = Incident.objects.visible_to(request.user)
    into = get_object_or_404(visible, pk=values["into"])
    return services.merge_incidents(**_by(request, incident), into_id=into.pk)
