"""What everybody may change about themselves."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.forms import ApiTokenForm, ProfileForm
from accounts.http import SignedInRequest
from accounts.models import ApiToken
from accounts.services import change_profile, create_api_token, revoke_api_token
from accounts.time_zones import offered_zones


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: SignedInRequest) -> HttpResponse:
    user = request.user
    initial = {"name": user.name, "time_zone": user.time_zone}
    form = ProfileForm(request.POST or None, initial=initial)
    if form.is_valid():
        change_profile(user=user, **form.cleaned_data, at=timezone.now())
        messages.success(request, "Saved.")
        return redirect("accounts:settings")
    context = {"form": form, "zones": offered_zones()}
    status = 400 if form.is_bound else 200
    return render(request, "accounts/profile.html", context, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: SignedInRequest) -> HttpResponse:
    """Lists one's tokens. A new one is shown in the answer to the POST, and only there,
    because keeping it for a redirect would mean storing it."""
    form = ApiTokenForm(request.POST or None)
    secret = None
    if form.is_valid():
        _, secret = create_api_token(
            owner=request.user, name=form.cleaned_data["name"], at=timezone.now()
        )
        form = ApiTokenForm()
    live = ApiToken.objects.live().filter(user=request.user)
    context = {"form": form, "tokens": live, "secret": secret}
    status = 400 if form.is_bound else 200
    return render(request, "accounts/tokens.html", context, status=status)


@require_POST
def revoke_token(request: SignedInRequest, pk: int) -> HttpResponse:
    try:
        token = revoke_api_token(token_id=pk, by=request.user, at=timezone.now())
    except ApiToken.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, f"{token.name} was revoked; it no longer works.")
    return redirect("accounts:tokens")
