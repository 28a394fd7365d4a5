"""What admins decide about people."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts.forms import InviteForm, RoleForm
from accounts.http import SignedInRequest, admin_required
from accounts.models import AuditEntry, Invitation, User
from accounts.services import (
    activate_person,
    change_role,
    deactivate_person,
    invite,
    revoke_invitation,
    send_invitation,
)

PEOPLE_PER_PAGE = 100
ENTRIES_PER_PAGE = 50


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@admin_required
def people(request: SignedInRequest) -> HttpResponse:
    """Lists people and open invitations. The link of a new invitation is shown in the
    answer to the POST, and only there, because it is kept nowhere."""
    at = timezone.now()
    form = InviteForm(request.POST or None)
    context: dict[str, object] = {}
    if form.is_valid():
        invitation, link = invite(**form.cleaned_data, by=request.user, at=at)
        was_mailed = send_invitation(invitation=invitation, link=link)
        context = {"invited": invitation, "link": link, "was_mailed": was_mailed}
        form = InviteForm()
    people = User.objects.order_by("-is_active", "name", "email")
    pages = Paginator(people.prefetch_related("teams"), PEOPLE_PER_PAGE)
    context |= {
        "form": form,
        "roles": User.Role,
        "page_obj": pages.get_page(request.GET.get("page")),
        "invitations": Invitation.objects.open(at=at).select_related("team"),
    }
    status = 400 if form.is_bound else 200
    return render(request, "accounts/people.html", context, status=status)


@require_POST
@admin_required
def role(request: SignedInRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User, pk=pk)
    form = RoleForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose one of the roles.")
        return redirect("accounts:people")
    person = change_role(
        person_id=person.pk,
        role=form.cleaned_data["role"],
        by=request.user,
        at=timezone.now(),
    )
    messages.success(request, f"{person} is now {person.get_role_display().lower()}.")
    return redirect("accounts:people")


@require_POST
@admin_required
def deactivate(request: SignedInRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User, pk=pk)
    deactivate_person(person_id=person.pk, by=request.user, at=timezone.now())
    undo = reverse("accounts:activate", args=[pk])
    messages.success(
        request, f"{person} can no longer sign in.", extra_tags=f"undo={undo}"
    )
    return redirect("accounts:people")


@require_POST
@admin_required
def activate(request: SignedInRequest, pk: int) -> HttpResponse:
    person = get_object_or_404(User, pk=pk)
    activate_person(person_id=person.pk, by=request.user, at=timezone.now())
    messages.success(request, f"{person} can sign in again.")
    return redirect("accounts:people")


@require_POST
@admin_required
def withdraw(request: SignedInRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Invitation, pk=pk)
    revoke_invitation(invitation_id=found.pk, by=request.user, at=timezone.now())
    messages.success(request, f"The link sent to {found.email} no longer works.")
    return redirect("accounts:people")


@require_safe
@admin_required
def audit(request: SignedInRequest) -> HttpResponse:
    entries = AuditEntry.objects.select_related("actor")
    page = Paginator(entries, ENTRIES_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "accounts/audit.html", {"page_obj": page})
