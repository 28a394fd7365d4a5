"""Every version that was saved, what changed between two, and going back to one."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.http import SignedInRequest, responder_required
from core.markdown import render_markdown
from postmortems.diffing import line_diff
from postmortems.models import Postmortem, PostmortemVersion
from postmortems.services import restore_version
from postmortems.views.reading import visible

PAGE_SIZE = 100
SITTING_SECONDS = 15 * 60


@require_safe
def history(request: SignedInRequest, pk: int) -> HttpResponse:
    """The versions, newest first; those of one sitting of one person in one group."""
    postmortem = visible(request, pk)
    versions = postmortem.versions.select_related("by").defer("body")
    page = Paginator(versions, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "postmortem": postmortem,
        "incident": postmortem.incident,
        "page_obj": page,
        "sittings": _sittings(list(page.object_list)),
        "may_act": request.user.can_respond,
    }
    return render(request, "postmortems/history.html", context)


@require_safe
def version(request: SignedInRequest, pk: int, number: int) -> HttpResponse:
    """One version. `?against=` another shows what changed from that one to this; the
    one before unless it says "none"."""
    postmortem = visible(request, pk)
    shown = _version(postmortem, number)
    against = request.GET.get("against", str(number - 1))
    other = None
    if against.isdecimal() and len(against) < 10 and int(against) > 0:
        other = _version(postmortem, int(against))
    numbers = postmortem.versions.values_list("version", flat=True)
    context: dict[str, Any] = {
        "postmortem": postmortem,
        "incident": postmortem.incident,
        "shown": shown,
        "other": other,
        "is_newest": shown.version == postmortem.version,
        "numbers": [n for n in numbers if n != number],
        "may_act": request.user.can_respond,
        **_neighbours(list(numbers), number),
    }
    if other is None:
        context["article"] = render_markdown(shown.body)
    else:
        context["diff"] = line_diff(other.body, shown.body)
    return render(request, "postmortems/version.html", context)


@require_POST
@responder_required
def restore(request: SignedInRequest, pk: int, number: int) -> HttpResponse:
    """Make the version's text the newest, as a version of its own."""
    postmortem = visible(request, pk)
    _version(postmortem, number)
    restored = restore_version(
        postmortem_id=pk, version=number, by=request.user, at=timezone.now()
    )
    messages.success(
        request, f"Version {number} stands again, as version {restored.version}."
    )
    return redirect(restored)


def _version(postmortem: Postmortem, number: int) -> PostmortemVersion:
    if number >= 2**31:
        raise Http404
    versions = postmortem.versions.select_related("by")
    return get_object_or_404(versions, version=number)


def _neighbours(numbers: list[int], number: int) -> dict[str, int | None]:
    """The version before and after, from a list with the newest first."""
    at = numbers.index(number)
    return {
        "newer": numbers[at - 1] if at else None,
        "older": numbers[at + 1] if at + 1 < len(numbers) else None,
    }


def _sittings(versions: list[PostmortemVersion]) -> list[list[PostmortemVersion]]:
    """Neighbouring versions of one person, each within minutes of the next."""
    sittings = [versions[:1]] if versions else []
    for later, earlier in pairwise(versions):
        gap = (later.at - earlier.at).total_seconds()
        if later.by_id == earlier.by_id and gap <= SITTING_SECONDS:
            sittings[-1].append(earlier)
        else:
            sittings.append([earlier])
    return sittings
