"""What went out to one person in one message: a list, and buttons that acknowledge."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import SignedInRequest
from core.text import link
from oncall.models import Bundle, Page
from oncall.services.bundles import EVERY_PAGE, acknowledge_in_bundle, pages_in
from oncall.services.sending import BUNDLE_SALT
from oncall.views.answer import read_token, unusable


@require_safe
def bundle(request: SignedInRequest, pk: int) -> HttpResponse:
    """Only for whom it went to."""
    found = get_object_or_404(Bundle, pk=pk, user=request.user)
    pages = pages_in(found)
    return render(request, "oncall/bundle.html", {"bundle": found, "pages": pages})


# The token is the proof that a CSRF token would be: it is in no other site's hands.
@csrf_exempt
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """By the signed link: looking at it never acts, its buttons do."""
    bundle_id = read_token(request, token, salt=BUNDLE_SALT)
    if isinstance(bundle_id, HttpResponse):
        return bundle_id
    rows = Bundle.objects.select_related("user").filter(user__is_active=True)
    found = rows.filter(pk=bundle_id).first()
    if found is None:
        return unusable(request, "gone", 410)
    if request.method == "POST":
        return _acknowledge(request, found, token)
    pages = [(page, link(page.escalation.url)) for page in pages_in(found)]
    waiting = sum(page.ended_at is None for page, _ in pages)
    context = {"bundle": found, "pages": pages, "waiting": waiting}
    with timezone.override(found.user.tz):
        return render(request, "oncall/answer_bundle.html", context)


def _acknowledge(request: HttpRequest, bundle: Bundle, token: str) -> HttpResponse:
    """`page` names one of its pages; without it, all."""
    named = request.POST.get("page", "")
    page_id = int(named) if named.isdecimal() and len(named) < 19 else EVERY_PAGE
    if named and page_id is EVERY_PAGE:
        return unusable(request, "unknown", 404)
    try:
        acknowledge_in_bundle(bundle, page_id=page_id, at=timezone.now(), via="link")
    except Page.DoesNotExist:
        return unusable(request, "unknown", 404)
    return redirect("oncall:answer_bundle", token)
