"""Declaring an incident by hand."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import SignedInRequest, responder_required
from catalog.models import Asset
from catalog.naming import suggestion
from core.errors import InvalidInputError
from core.text import one_line
from incidents.declare_form import DeclareForm
from incidents.models import Incident
from incidents.reach import Reach, reach_of
from incidents.services import declare_incident
from incidents.views.acting import take_errors

MOST_SUGGESTED = 12
GO = "go"


@require_http_methods(["GET", "HEAD", "POST"])
@responder_required
def declare(request: SignedInRequest) -> HttpResponse:
    """Open an incident that a person noticed, and page whoever is chosen.

    Only the button that says so declares (`step` is "go"). Any other submit shows the
    page again with the asset just named and whom declaring would reach.
    """
    asset = Asset.objects.filter(pk=_number(request.GET.get("asset"))).first()
    if request.method != "POST":
        form = DeclareForm(initial={"severity": "SEV3", "page": ""})
        return _page(request, form, chosen=[asset] if asset else [])
    form = DeclareForm(request.POST)
    is_valid = form.is_valid()
    chosen = [
        one
        for one in form.cleaned_data.get("chosen", [])
        if str(one.pk) != request.POST.get("drop")
    ]
    if request.POST.get("step") != GO:
        return _page(request, form, chosen=chosen, is_look=True)
    if is_valid and (incident := _declare(request, form)):
        return redirect(incident)
    return _page(request, form, chosen=chosen, status=422)


def _declare(request: SignedInRequest, form: DeclareForm) -> Incident | None:
    """The new incident; None when the form now says what is wrong."""
    values = form.cleaned_data
    try:
        return declare_incident(
            title=values["title"],
            severity=values["severity"],
            assets=values["chosen"],
            team=values["team"],
            private=values["private"],
            impact_started_at=values["impact_started_at"],
            page=form.targets,
            by=request.user,
            at=timezone.now(),
        )
    except InvalidInputError as error:
        take_errors(form, error)
        return None


def _page(
    request: SignedInRequest,
    form: DeclareForm,
    *,
    chosen: list[Asset],
    status: int = 200,
    is_look: bool = False,
) -> HttpResponse:
    if is_look:  # nothing is wrong yet with what is not typed yet
        for name in set(form.errors) - {"asset_name"}:
            del form.errors[name]
    is_named = "asset_name" in form.errors
    context = {
        "form": form,
        "chosen": chosen,
        "asset_name": form.data.get("asset_name", "") if is_named else "",
        "reach": _reach(form, chosen),
    }
    return render(request, "incidents/declare.html", context, status=status)


def _reach(form: DeclareForm, chosen: list[Asset]) -> Reach:
    values = form.cleaned_data if form.is_bound else {}
    return reach_of(
        chosen,
        severity=values.get("severity") or "SEV3",
        team=values.get("team"),
        policy=form.policy if form.is_bound else None,
        pages=form.pages if form.is_bound else True,
        private=values.get("private", False),
        at=timezone.now(),
    )


@require_safe
@responder_required
def suggest_assets(request: SignedInRequest) -> HttpResponse:
    """Options for the field that names an asset."""
    q = one_line(request.GET.get("asset_name", ""), 200)
    found = Asset.objects.matching(q)[:MOST_SUGGESTED] if q else []
    context = {"suggestions": [(suggestion(a), a.get_type_display()) for a in found]}
    return render(request, "incidents/_asset_options.html", context)


def _number(text: str | None) -> int:
    """The id in an address; 0, which nothing has, when it is none."""
    return int(text) if text and text.isdecimal() and len(text) < 19 else 0
