"""The pages of imports: what was sent, what it would change, how far it is."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.http import SignedInRequest, responder_required
from catalog.api_jobs import read_upload
from catalog.models import ImportJob, SqlText
from catalog.services import cancel_import, run_import_again, start_import
from core.errors import InvalidInputError

PAGE_SIZE = 30


class ImportForm(forms.Form):
    kind = forms.ChoiceField(label="What is it?", choices=ImportJob.Kind.choices)
    file = forms.FileField(
        label="File",
        help_text="manifest.json of a dbt project, or JSON. Up to 64 MiB.",
    )
    catalog = forms.FileField(
        label="catalog.json",
        required=False,
        help_text="For dbt, if you have it: it knows all columns and their types.",
    )


@responder_required
def index(request: SignedInRequest) -> HttpResponse:
    """The imports so far, and the form that starts one by looking at it."""
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        job = _started(form, request)
        if job is not None:
            return redirect(job)
    jobs = ImportJob.objects.select_related("by").defer("document")
    context = {
        "form": form,
        "page_obj": Paginator(jobs, PAGE_SIZE).get_page(request.GET.get("page")),
    }
    is_wrong = form.is_bound and bool(form.errors)
    return render(
        request, "catalog/imports.html", context, status=400 if is_wrong else 200
    )


def _started(form: ImportForm, request: SignedInRequest) -> ImportJob | None:
    given = form.cleaned_data
    files = {name: given[name] for name in ("file", "catalog") if given[name]}
    if given["kind"] != ImportJob.Kind.DBT:
        files.pop("catalog", None)
    try:
        document, name = read_upload(given["kind"], None, files)
    except InvalidInputError as error:
        for field, texts in error.errors.items():
            form.add_error(field if field in form.fields else None, texts[0])
        return None
    return start_import(
        kind=given["kind"],
        document=document,
        file_name=name,
        is_preview=True,
        by=request.user,
        at=timezone.now(),
    )


@require_safe
def detail(request: SignedInRequest, pk: int) -> HttpResponse:
    jobs = ImportJob.objects.select_related("by").defer("document")
    job = get_object_or_404(jobs, pk=pk)
    # Nothing is fetched for it: only whether it is still there.
    has_document = ImportJob.objects.filter(pk=pk, document__isnull=False).exists()
    waiting = SqlText.objects.filter(state=SqlText.State.WAITING).count()
    context = {
        "job": job,
        "has_document": has_document,
        "sql_waiting": waiting,
        "kinds": _kinds(job),
    }
    return render(request, "catalog/import.html", context)


def _kinds(job: ImportJob) -> list[tuple[str, int, list[str]]]:
    """What the job changed or would change: (heading, how many, the first names)."""
    is_done = job.state == ImportJob.State.DONE
    add, change, go = (
        ("added", "changed", "gone") if is_done else ("to add", "to change", "to go")
    )
    # What goes comes first: it is what somebody would regret.
    words = {
        "gone": f"Assets {go}",
        "ended": f"Edges {go}",
        "assets": f"Assets {add}",
        "changed": f"Assets {change}",
        "edges": f"Edges {add}",
        "warnings": "Left out",
    }
    found = []
    for key, heading in words.items():
        part = job.result.get(key) or {}
        if part.get("count"):
            found.append((heading, part["count"], part["first"]))
    return found


@require_POST
@responder_required
def cancel(request: SignedInRequest, pk: int) -> HttpResponse:
    job = get_object_or_404(ImportJob.objects.defer("document"), pk=pk)
    cancel_import(job_id=pk, by=request.user, at=timezone.now())
    messages.success(request, "It is stopped; nothing of it is kept.")
    return redirect(job)


@require_POST
@responder_required
def start(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take over what was looked at, or try again what failed."""
    job = get_object_or_404(ImportJob.objects.defer("document"), pk=pk)
    run_import_again(job_id=pk, at=timezone.now())
    return redirect(job)
