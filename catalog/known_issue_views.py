"""Known issues of an asset: everybody sees them, responders write and end them."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import SignedInRequest, responder_required
from catalog.models import Asset, KnownIssue
from catalog.services import add_known_issue, end_known_issue
from core.errors import InvalidInputError

PAGE_SIZE = 25


class KnownIssueForm(forms.Form):
    text = forms.CharField(
        label="What is known",
        max_length=500,
        help_text="One sentence for whoever looks at the data.",
    )
    ends_at = forms.DateTimeField(
        label="Until",
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
        ),
        help_text="It is shown no longer than that.",
    )
    url = forms.URLField(
        label="Link", required=False, max_length=2000, assume_scheme="https"
    )


@require_http_methods(["GET", "HEAD"])
def index(request: SignedInRequest, pk: int) -> HttpResponse:
    return _page(request, get_object_or_404(Asset, pk=pk), KnownIssueForm())


@require_POST
@responder_required
def add(request: SignedInRequest, pk: int) -> HttpResponse:
    asset = get_object_or_404(Asset, pk=pk)
    form = KnownIssueForm(request.POST)
    if form.is_valid():
        try:
            add_known_issue(
                asset=asset, **form.cleaned_data, by=request.user, at=timezone.now()
            )
        except InvalidInputError as error:
            for name, problems in error.errors.items():
                form.add_error(name, " ".join(problems))
        else:
            messages.success(request, "It is shown on the asset and its badge.")
            return redirect(asset)
    return _page(request, asset, form)


@require_POST
@responder_required
def end(request: SignedInRequest, pk: int, issue: int) -> HttpResponse:
    found = get_object_or_404(KnownIssue, pk=issue, asset=pk)
    end_known_issue(issue_id=found.pk, by=request.user, at=timezone.now())
    messages.success(request, "It is shown no longer.")
    return redirect("catalog:known-issues", pk)


def _page(request: SignedInRequest, asset: Asset, form: KnownIssueForm) -> HttpResponse:
    issues = asset.known_issues.select_related("created_by").order_by("-ends_at", "-pk")
    context = {
        "asset": asset,
        "form": form,
        "page_obj": Paginator(issues, PAGE_SIZE).get_page(request.GET.get("page")),
        "at": timezone.now(),
    }
    status = 400 if form.is_bound else 200
    return render(request, "catalog/known_issues.html", context, status=status)
