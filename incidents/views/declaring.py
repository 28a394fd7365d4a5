"""Declaring an incident by hand."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.http import SignedInRequest, responder_required
from catalog.models import Asset
from incidents.forms import DeclareForm
from incidents.services import PageTargets, declare_incident


@require_http_methods(["GET", "HEAD", "POST"])
@responder_required
def declare(request: SignedInRequest) -> HttpResponse:
    """Open an incident that a person noticed, and page whoever is chosen."""
    asset = Asset.objects.filter(pk=_number(request.GET.get("asset"))).first()
    initial = {"assets": asset.name if asset else "", "severity": "SEV3"}
    form = DeclareForm(request.POST or None, initial=initial)
    if form.is_valid():
        values = form.cleaned_data
        policy = values.pop("policy")
        incident = declare_incident(
            **values,
            page=PageTargets(policy=policy) if policy else None,
            by=request.user,
            at=timezone.now(),
        )
        return redirect(incident)
    status = 422 if form.is_bound else 200
    return render(request, "incidents/declare.html", {"form": form}, status=status)


def _number(text: str | None) -> int:
    """The id in an address; 0, which nothing has, when it is none."""
    return int(text) if text and text.isdecimal() and len(text) < 19 else 0
