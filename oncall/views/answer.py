"""The signed link of a page: looking at it never acts, its button does.

A mail scanner's GET must not acknowledge, and the link works without signing in: who
holds it has received the page.
"""

from datetime import timedelta

from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from core.text import link
from oncall.models import Escalation, Page
from oncall.services import acknowledge_page
from oncall.services.sending import LINK_SALT

LINK_LIFETIME = timedelta(days=7)
WAITING = (Escalation.State.RUNNING, Escalation.State.EXHAUSTED)


# The token is the proof that a CSRF token would be: it is in no other site's hands.
@csrf_exempt
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, token: str) -> HttpResponse:
    page_id = read_token(request, token, salt=LINK_SALT)
    if isinstance(page_id, HttpResponse):
        return page_id
    page = (
        Page.objects.select_related("user", "escalation__acknowledged_by")
        .filter(pk=page_id, user__is_active=True)
        .first()
    )
    if page is None:
        return unusable(request, "gone", 410)
    if request.method == "POST":
        acknowledge_page(page_id=page.pk, at=timezone.now(), via="link")
        return redirect("oncall:answer", token)
    return _show(request, page)


def _show(request: HttpRequest, page: Page) -> HttpResponse:
    escalation = page.escalation
    if escalation.state in WAITING:
        state = "waiting"
    elif escalation.state == Escalation.State.STOPPED:
        state = "over"
    else:
        is_theirs = escalation.acknowledged_by_id == page.user_id
        state = "yours" if is_theirs else "answered"
    context = {
        "page": page,
        "escalation": escalation,
        "state": state,
        "url": link(escalation.url),
    }
    with timezone.override(page.user.tz):
        return render(request, "oncall/answer.html", context)


def read_token(request: HttpRequest, token: str, *, salt: str) -> int | HttpResponse:
    """What the token names, or the answer to one that names nothing any more."""
    try:
        found: int = signing.loads(token, salt=salt, max_age=LINK_LIFETIME)
    except signing.SignatureExpired:
        return unusable(request, "expired", 410)
    except signing.BadSignature:
        return unusable(request, "unknown", 404)
    return found


def unusable(request: HttpRequest, reason: str, status: int) -> HttpResponse:
    return render(
        request, "oncall/answer_unusable.html", {"reason": reason}, status=status
    )
