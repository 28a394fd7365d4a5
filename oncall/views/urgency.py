"""How urgently people and teams are paged, and whom policies end at."""

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts.http import SignedInRequest, admin_required, responder_required
from accounts.models import Team
from core.errors import InvalidInputError
from oncall.forms.urgency import DelaysForm, FallbackForm, HabitsForm, UrgencyForm
from oncall.models import SEVERITIES, Fallback, TeamPaging
from oncall.services.targets import find_targets, written
from oncall.services.urgency import (
    change_fallback,
    change_habits,
    change_method_delays,
    change_team_paging,
)

TEAMS_PER_PAGE = 50


@require_http_methods(["GET", "HEAD", "POST"])
def mine(request: SignedInRequest) -> HttpResponse:
    methods = request.user.contact_methods.exclude(verified_at=None)
    if request.method != "POST":
        form, delays = HabitsForm.of(request.user), DelaysForm(methods=methods)
        return _mine_page(request, form, delays)
    form = HabitsForm(request.POST, otherwise={})
    delays = DelaysForm(request.POST, methods=methods)
    at = timezone.now()
    if not (form.is_valid() & delays.is_valid()):
        return _mine_page(request, form, delays, status=400)
    try:
        change_habits(values=form.values(), by=request.user, at=at)
    except InvalidInputError as error:
        for field, told in error.errors.items():
            form.add_error(field if field in form.fields else None, told)
        return _mine_page(request, form, delays, status=400)
    change_method_delays(delays=delays.delays(), by=request.user, at=at)
    messages.success(request, "Saved. It counts for every page from now on.")
    return redirect("oncall:my_urgency")


def _mine_page(
    request: SignedInRequest, form: HabitsForm, delays: DelaysForm, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "delays": delays,
        "severities": SEVERITIES,
        "most_pages": settings.MOST_PAGES,
    }
    return render(request, "oncall/my_urgency.html", context, status=status)


@require_safe
def overview(request: SignedInRequest) -> HttpResponse:
    return _overview(request, FallbackForm())


@require_POST
@responder_required
def change_team(request: SignedInRequest, pk: int) -> HttpResponse:
    team = get_object_or_404(Team, pk=pk)
    form = UrgencyForm(request.POST, prefix=f"team{pk}", otherwise=_usual())
    if not form.is_valid():
        messages.error(request, "Choose from the list.")
        return redirect("oncall:urgency")
    change_team_paging(
        team=team, urgencies=form.urgencies(), by=request.user, at=timezone.now()
    )
    messages.success(request, f"Saved for {team}.")
    return redirect("oncall:urgency")


@require_POST
@admin_required
def fallback(request: SignedInRequest) -> HttpResponse:
    form = FallbackForm(request.POST)
    at = timezone.now()
    if form.is_valid():
        try:
            targets = find_targets(form.cleaned_data["targets"], field="targets")
            change_fallback(targets=targets, by=request.user, at=at)
        except InvalidInputError as error:
            for told in error.errors.values():
                form.add_error("targets", told)
        else:
            messages.success(request, "Saved. Policies that are exhausted end there.")
            return redirect("oncall:urgency")
    return _overview(request, form, status=400)


def _overview(
    request: SignedInRequest, form: FallbackForm, status: int = 200
) -> HttpResponse:
    pages = Paginator(Team.objects.all(), TEAMS_PER_PAGE)
    page = pages.get_page(request.GET.get("page"))
    of_teams = TeamPaging.objects.filter(team__in=page.object_list)
    chosen = {one.team_id: one.urgencies for one in of_teams}
    found = Fallback.objects.first()
    if found and not form.is_bound:
        targets = [written(one) for one in found.targets]
        form.initial["targets"] = targets
    context = {
        "page": page,
        "rows": [
            (
                team,
                UrgencyForm(
                    prefix=f"team{team.pk}",
                    initial=chosen.get(team.pk, {}),
                    otherwise=_usual(),
                ),
            )
            for team in page.object_list
        ],
        "severities": SEVERITIES,
        "fallback": found,
        "form": form,
    }
    return render(request, "oncall/urgency.html", context, status=status)


def _usual() -> dict[str, str]:
    return dict(zip(SEVERITIES, settings.PAGE_URGENCY, strict=True))
