"""What a person is told of incidents: their preferences and subscriptions."""

from __future__ import annotations

from django.contrib import messages as notices
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import SignedInRequest
from accounts.models import Team
from catalog.models import Asset
from incidents.message_form import MessageForm
from incidents.models import Subscription
from incidents.services import save_preferences, subscribe, unsubscribe
from incidents.services.preferences import preference_of

SUBSCRIPTIONS_PAGE = 50


@require_http_methods(["GET", "HEAD", "POST"])
def messages(request: SignedInRequest) -> HttpResponse:
    preference = preference_of(request.user.email)
    form = MessageForm(request.POST or None, user=request.user, instance=preference)
    if form.is_bound and form.is_valid():
        save_preferences(email=request.user.email, values=form.cleaned_data)
        notices.success(request, "Saved.")
        return redirect("incidents:messages")
    mine = Subscription.objects.filter(user=request.user)
    shown = mine.select_related("asset", "team")
    context = {
        "form": form,
        "preference": preference,
        "page_obj": Paginator(shown, SUBSCRIPTIONS_PAGE).get_page(
            request.GET.get("page")
        ),
    }
    status = 400 if form.is_bound else 200
    return render(request, "incidents/messages.html", context, status=status)


@require_POST
def asset(request: SignedInRequest, pk: int, act: str) -> HttpResponse:
    """Subscribe to an asset, or stop that."""
    found = get_object_or_404(Asset, pk=pk)
    if act == "subscribe":
        subscribe(user=request.user, asset=found, at=timezone.now())
        notices.success(request, "You are told when it is affected.")
    else:
        unsubscribe(user=request.user, asset=found)
        notices.success(request, f"You no longer follow {found.short_name}.")
    return _back(request, found.get_absolute_url())


@require_POST
def team(request: SignedInRequest, pk: int, act: str) -> HttpResponse:
    """Subscribe to all that a team owns, or stop that."""
    found = get_object_or_404(Team, pk=pk)
    if act == "subscribe":
        subscribe(user=request.user, team=found, at=timezone.now())
        notices.success(request, "You are told when anything of theirs is affected.")
    else:
        unsubscribe(user=request.user, team=found)
        notices.success(request, f"You no longer follow {found}.")
    return _back(request, f"/settings/teams/{pk}/")


def _back(request: SignedInRequest, url: str) -> HttpResponse:
    """To the list of subscriptions, if that is where the button was."""
    if request.POST.get("from") == "messages":
        return redirect("incidents:messages")
    return redirect(url)
