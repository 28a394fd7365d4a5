"""How people get an account: the first run, and invitations."""

from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.forms import FirstRunForm, NewPersonForm
from accounts.models import Invitation, User, hash_secret
from accounts.services import accept_invitation, create_first_admin
from accounts.time_zones import offered_zones


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def setup(request: HttpRequest) -> HttpResponse:
    """Makes the first admin; is gone as soon as there is anybody."""
    if User.objects.exists():
        raise Http404
    form = FirstRunForm(request.POST or None)
    if form.is_valid():
        admin = create_first_admin(**form.cleaned_data, at=timezone.now())
        login(request, admin)
        return redirect("home")
    context = {"form": form, "zones": offered_zones()}
    return render(request, "accounts/setup.html", context, status=_status(form))


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Lets the invited person choose name and password, and signs them in."""
    at = timezone.now()
    found = (
        Invitation.objects.select_related("invited_by", "team")
        .filter(token_hash=hash_secret(token))
        .first()
    )
    if found is None or not found.is_open(at=at):
        status = 404 if found is None else 410
        context = {"invitation": found}
        return render(
            request, "accounts/invitation_closed.html", context, status=status
        )
    form = NewPersonForm(request.POST or None)
    if form.is_valid():
        person = accept_invitation(invitation_id=found.pk, **form.cleaned_data, at=at)
        login(request, person)
        return redirect("home")
    return render(
        request,
        "accounts/invitation.html",
        {"form": form, "invitation": found, "zones": offered_zones()},
        status=_status(form),
    )


def closed(request: HttpRequest) -> HttpResponse:
    """A page of allauth's that Headwater does without."""
    raise Http404


def _status(form: NewPersonForm) -> int:
    return 400 if form.is_bound else 200
