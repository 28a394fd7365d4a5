"""The editor. Whatever happens to a save, the text that was sent comes back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts.http import SignedInRequest, responder_required
from core.errors import DomainError, StaleVersionError
from postmortems import services
from postmortems.blameless import check
from postmortems.diffing import line_diff
from postmortems.drafting import draft
from postmortems.forms import TextForm
from postmortems.models import ActionItem, Postmortem
from postmortems.outline import Snippet, insert, missing, reworded, snippets
from postmortems.rendering import render_with_findings
from postmortems.views.reading import visible


@require_http_methods(["GET", "HEAD", "POST"])
@responder_required
def edit(request: SignedInRequest, pk: int) -> HttpResponse:
    """The editor; a POST saves a new version and leads back to the article."""
    postmortem = visible(request, pk)
    if request.method != "POST":
        return _editor(request, postmortem, _stored(postmortem))
    form = TextForm(request.POST)
    if not form.is_valid():
        return _editor(request, postmortem, form, status=422)
    try:
        saved = services.save_text(
            postmortem_id=pk, by=request.user, at=timezone.now(), **form.cleaned_data
        )
    except DomainError as refused:
        return _refused(request, postmortem, form, refused)
    messages.success(request, f"Saved as version {saved.version}.")
    return redirect(saved)


@require_POST
@responder_required
def preview(request: SignedInRequest, pk: int) -> HttpResponse:
    """What the text sent will look like and what the check says. Saves nothing."""
    postmortem = visible(request, pk)
    form = TextForm(request.POST)
    if request.htmx:
        form.is_valid()
        context = _checked(postmortem, form.cleaned_data.get("body", ""))
        return render(request, "postmortems/_checked.html", context)
    return _editor(request, postmortem, form, status=200 if form.is_valid() else 422)


@require_POST
@responder_required
def reword(request: SignedInRequest, pk: int) -> HttpResponse:
    """Put a finding's suggestion in its place in the text sent. Saves nothing.

    `finding` is "start:end" as the check gave it for the same text.
    """

    def use_wording(body: str) -> str | None:
        for finding in check(body):
            if f"{finding.start}:{finding.end}" == request.POST.get("finding"):
                return reworded(
                    body,
                    start=finding.start,
                    end=finding.end,
                    suggestion=finding.suggestion,
                )
        return None

    return _changed(request, visible(request, pk), use_wording)


@require_POST
@responder_required
def put_in(request: SignedInRequest, pk: int) -> HttpResponse:
    """Put a recorded fact at the end of its section in the text sent. Saves nothing.

    `fact` is the key of a snippet.
    """
    postmortem = visible(request, pk)

    def add_fact(body: str) -> str | None:
        for _, pieces in _facts(request, postmortem):
            for piece in pieces:
                if piece.key == request.POST.get("fact"):
                    return insert(body, section=piece.section, snippet=piece.text)
        return None

    return _changed(request, postmortem, add_fact)


@require_safe
@responder_required
def news(request: SignedInRequest, pk: int) -> HttpResponse:
    """Whether somebody else saved after `?version=`: a part of the editor."""
    postmortem = visible(request, pk)
    asked = request.GET.get("version", "")
    version = int(asked) if asked.isdecimal() and len(asked) < 10 else 0
    context = {
        "postmortem": postmortem,
        "newer": _newer(postmortem, version, request),
        "version": version,
    }
    return render(request, "postmortems/_news.html", context)


def _newer(postmortem: Postmortem, version: int, request: SignedInRequest) -> Any:
    """The newest version that somebody else saved on top of `version`."""
    later = postmortem.versions.filter(version__gt=version).exclude(by=request.user)
    return later.select_related("by").first()


def _stored(postmortem: Postmortem) -> TextForm:
    return TextForm(
        initial={
            "title": postmortem.title,
            "body": postmortem.body,
            "version": postmortem.version,
        }
    )


def _changed(
    request: SignedInRequest, postmortem: Postmortem, change: Any
) -> HttpResponse:
    """The editor with the text sent, changed. Where nothing is to be changed any
    more, the text comes back as it was."""
    form = TextForm(request.POST)
    if not form.is_valid():
        return _editor(request, postmortem, form, status=422)
    body = change(form.cleaned_data["body"])
    if body is None:
        messages.info(request, "The text has changed there, so nothing was put in.")
    else:
        form = TextForm({**form.cleaned_data, "body": body})
    return _editor(request, postmortem, form)


def _editor(
    request: SignedInRequest, postmortem: Postmortem, form: TextForm, status: int = 200
) -> HttpResponse:
    if not postmortem.may_be_edited and not form.is_bound:
        messages.info(request, "It is published. Return it to draft to change it.")
        return redirect(postmortem)
    body = str(form["body"].value() or "").replace("\r\n", "\n")
    context = {
        "postmortem": postmortem,
        "incident": postmortem.incident,
        "form": form,
        "text": body,
        "is_unsaved": form.is_bound,
        "facts": _facts(request, postmortem),
        "last": postmortem.versions.select_related("by").first(),
        **_checked(postmortem, body),
    }
    return render(request, "postmortems/edit.html", context, status=status)


def _checked(postmortem: Postmortem, body: str) -> dict[str, Any]:
    """The text as it will look, what reads as blame in it, and what is missing."""
    findings = check(body)
    items = list(ActionItem.objects.filter(incident=postmortem.incident_id))
    lacking = [item for item in items if not item.is_done and not item.owner_id]
    undated = [item for item in items if not item.is_done and not item.due_on]
    return {
        "postmortem": postmortem,
        "preview": render_with_findings(body, findings),
        "findings": list(enumerate(findings, start=1)),
        "missing": missing(body),
        "item_count": len(items),
        "without_owner": len(lacking),
        "without_date": len(undated),
    }


def _facts(
    request: SignedInRequest, postmortem: Postmortem
) -> list[tuple[str, list[Snippet]]]:
    """What the record of the incident would say now, in pieces."""
    facts = services.facts_of(postmortem.incident)
    return snippets(draft(facts, tz=request.user.tz).body_markdown)


def _refused(
    request: SignedInRequest,
    postmortem: Postmortem,
    form: TextForm,
    refused: DomainError,
) -> HttpResponse:
    """Both texts, what differs, and mine still to be edited."""
    stale = refused.current if isinstance(refused, StaleVersionError) else postmortem
    assert isinstance(stale, Postmortem)
    sent = form.cleaned_data
    if (sent["title"], sent["body"]) == (stale.title, stale.body):
        # The same save arrived twice: its first answer was lost on the way.
        return redirect(stale)
    again = TextForm(initial={**sent, "version": stale.version})
    context = {
        "postmortem": stale,
        "incident": postmortem.incident,
        "form": again,
        "text": sent["body"],
        "message": str(refused),
        "last": stale.versions.select_related("by").first(),
        "diff": line_diff(stale.body, sent["body"]),
        "other_title": stale.title if stale.title != sent["title"] else "",
    }
    return render(request, "postmortems/conflict.html", context, status=409)
