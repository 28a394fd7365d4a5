"""Teams: everybody sees them, responders change them."""

from collections.abc import Callable
from typing import TypeVar

from django import forms
from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts.forms import MemberForm, MoveForm, TeamForm
from accounts.http import SignedInRequest, admin_required, responder_required
from accounts.models import Team, User
from accounts.services import (
    add_team_member,
    change_team,
    create_team,
    delete_team,
    holdings_of,
    move_holdings,
    remove_team_member,
)
from accounts.signals import team_panels

Sent = TypeVar("Sent", bound=forms.Form)


@require_safe
def teams(request: SignedInRequest) -> HttpResponse:
    return _teams_page(request, TeamForm())


@require_POST
@responder_required
def create(request: SignedInRequest) -> HttpResponse:
    form = TeamForm(request.POST)
    if not form.is_valid():
        return _teams_page(request, form, status=400)
    made = create_team(**form.cleaned_data, by=request.user, at=timezone.now())
    return redirect("accounts:team", made.pk)


def _teams_page(
    request: SignedInRequest, form: TeamForm, status: int = 200
) -> HttpResponse:
    found = Team.objects.annotate(size=Count("members")).prefetch_related("members")
    context = {"teams": found, "form": form}
    return render(request, "accounts/teams.html", context, status=status)


@require_safe
def team(request: SignedInRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Team, pk=pk)
    initial = {"name": found.name, "description": found.description}
    return _team_page(request, found, TeamForm(team=found, initial=initial))


@require_POST
@responder_required
def change(request: SignedInRequest, pk: int) -> HttpResponse:
    found, form = _sent(request, pk, TeamForm)
    if not form.is_valid():
        return _team_page(request, found, form, status=400)
    change_team(team_id=pk, **form.cleaned_data, by=request.user, at=timezone.now())
    messages.success(request, "Saved.")
    return redirect("accounts:team", pk)


def _sent(
    request: SignedInRequest, pk: int, form: Callable[..., Sent]
) -> tuple[Team, Sent]:
    """The team, or 404, and what was sent about it."""
    team = get_object_or_404(Team, pk=pk)
    return team, form(request.POST, team=team)


def _team_page(
    request: SignedInRequest, found: Team, form: TeamForm, status: int = 200
) -> HttpResponse:
    context = {
        "team": found,
        "members": found.members.all(),
        "form": form,
        "member_form": MemberForm(team=found),
        "panels": _panels(request, found),
    }
    return render(request, "accounts/team.html", context, status=status)


@require_POST
@responder_required
def add_member(request: SignedInRequest, pk: int) -> HttpResponse:
    _, form = _sent(request, pk, MemberForm)
    if form.is_valid():
        person = form.cleaned_data["person"]
        add_team_member(
            team_id=pk, person_id=person.pk, by=request.user, at=timezone.now()
        )
    else:
        messages.error(request, "Choose somebody who is not in the team yet.")
    return redirect("accounts:team", pk)


@require_POST
@responder_required
def remove_member(request: SignedInRequest, pk: int, person: int) -> HttpResponse:
    get_object_or_404(Team, pk=pk)
    get_object_or_404(User, pk=person)
    remove_team_member(team_id=pk, person_id=person, by=request.user, at=timezone.now())
    return redirect("accounts:team", pk)


@require_http_methods(["GET", "HEAD", "POST"])
@admin_required
def delete(request: SignedInRequest, pk: int) -> HttpResponse:
    """What the team still holds, with a way to give it all to another; a POST deletes
    a team that holds nothing."""
    found = get_object_or_404(Team, pk=pk)
    if request.method == "POST":
        delete_team(team_id=pk, by=request.user, at=timezone.now())
        messages.success(request, f"{found} is deleted.")
        return redirect("accounts:teams")
    return _ending_page(request, found, MoveForm(team=found))


@require_POST
@admin_required
def move(request: SignedInRequest, pk: int) -> HttpResponse:
    found, form = _sent(request, pk, MoveForm)
    if not form.is_valid():
        return _ending_page(request, found, form, status=400)
    target = form.cleaned_data["target"]
    move_holdings(team_id=pk, target_id=target.pk, by=request.user, at=timezone.now())
    messages.success(request, f"All that {found} had belongs to {target} now.")
    return redirect("accounts:delete_team", pk)


def _ending_page(
    request: SignedInRequest, found: Team, form: MoveForm, status: int = 200
) -> HttpResponse:
    context = {"team": found, "held": holdings_of(found), "form": form}
    return render(request, "accounts/team_delete.html", context, status=status)


def _panels(request: SignedInRequest, found: Team) -> list[str]:
    answers = team_panels.send(
        sender=Team, team=found, user=request.user, request=request
    )
    return [panel for _, told in answers for panel in told or ()]
