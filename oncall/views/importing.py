"""Bringing on-call over from another tool: choose, look, apply."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import SignedInRequest, admin_required
from core.errors import InvalidInputError
from oncall.forms.importing import ImportForm
from oncall.models import OnCallImport
from oncall.services.importing import apply_import, keep_export, preview_import

SHOWN = 20


@require_http_methods(["GET", "HEAD", "POST"])
@admin_required
def choose(request: SignedInRequest) -> HttpResponse:
    form = ImportForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        try:
            kept = keep_export(
                tool=form.cleaned_data["tool"],
                documents=form.cleaned_data["answers"],
                by=request.user,
                at=timezone.now(),
            )
            return redirect(kept)
        except InvalidInputError as error:
            form.add_error("answers", error.errors["answers"])
    context = {
        "form": form,
        "earlier": OnCallImport.objects.select_related("created_by").defer("documents")[
            :SHOWN
        ],
    }
    status = 400 if form.is_bound else 200
    return render(request, "oncall/imports.html", context, status=status)


@require_safe
@admin_required
def detail(request: SignedInRequest, pk: int) -> HttpResponse:
    kept = get_object_or_404(OnCallImport.objects.select_related("created_by"), pk=pk)
    report = (
        kept.report
        if kept.applied_at
        else preview_import(kept=kept, by=request.user, at=timezone.now())
    )
    return render(request, "oncall/import.html", {"kept": kept, "report": report})


@require_http_methods(["POST"])
@admin_required
def apply(request: SignedInRequest, pk: int) -> HttpResponse:
    get_object_or_404(OnCallImport.objects.only("pk"), pk=pk)
    kept = apply_import(import_id=pk, by=request.user, at=timezone.now())
    messages.success(request, "Done. Everything below is here now.")
    return redirect(kept)
