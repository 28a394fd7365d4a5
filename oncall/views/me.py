"""How I am reached, and when I am on call."""

from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.http import SignedInRequest
from core.errors import DomainError, InvalidInputError
from core.http import absolute_url
from oncall.channels.push import public_key
from oncall.channels.webhook import signing_secret
from oncall.forms.method import CodeForm, ContactMethodForm, DelayForm
from oncall.models import ContactMethod, Notification, Swap
from oncall.services.feeds import (
    feed_path,
    personal_feed,
    personal_shifts,
    renew_personal_feed,
)
from oncall.services.methods import (
    add_method,
    change_delay,
    delete_method,
    move_method,
    send_code,
    send_test_page,
    tests_of,
    verify_method,
)

SHIFTS_AHEAD = timedelta(days=28)


@require_safe
def me(request: SignedInRequest) -> HttpResponse:
    return _page(request, ContactMethodForm())


@require_POST
def add(request: SignedInRequest) -> HttpResponse:
    form = ContactMethodForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=400)
    at = timezone.now()
    try:
        method = add_method(**form.cleaned_data, by=request.user, at=at)
    except InvalidInputError as error:
        for field, told in error.errors.items():
            form.add_error(field, told)
        return _page(request, form, status=400)
    return _code_sent(request, method)


@require_POST
def code(request: SignedInRequest, pk: int) -> HttpResponse:
    return _code_sent(request, _mine(request, pk))


def _code_sent(request: SignedInRequest, method: ContactMethod) -> HttpResponse:
    try:
        send_code(method_id=method.pk, by=request.user, at=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "A code is on its way. Type it in below.")
    return redirect("oncall:me")


@require_POST
def verify(request: SignedInRequest, pk: int) -> HttpResponse:
    method = _mine(request, pk)
    form = CodeForm(request.POST)
    typed = form.cleaned_data["code"] if form.is_valid() else ""
    try:
        verify_method(
            method_id=method.pk, code=typed, by=request.user, at=timezone.now()
        )
    except InvalidInputError as error:
        messages.error(request, " ".join(error.errors["code"]))
    else:
        messages.success(request, "Verified. Pages reach you this way from now on.")
    return redirect("oncall:me")


@require_POST
def move(request: SignedInRequest, pk: int) -> HttpResponse:
    method = _mine(request, pk)
    up = request.POST.get("to") == "earlier"
    move_method(method_id=method.pk, up=up, by=request.user, at=timezone.now())
    return redirect("oncall:me")


@require_POST
def delay(request: SignedInRequest, pk: int) -> HttpResponse:
    method = _mine(request, pk)
    form = DelayForm(request.POST)
    if form.is_valid():
        change_delay(
            method_id=method.pk,
            delay=form.cleaned_data["delay"],
            by=request.user,
            at=timezone.now(),
        )
        messages.success(request, "Saved.")
    else:
        messages.error(request, "Give the delay in whole minutes, 0 to 1440.")
    return redirect("oncall:me")


@require_POST
def delete(request: SignedInRequest, pk: int) -> HttpResponse:
    method = _mine(request, pk)
    delete_method(method_id=method.pk, by=request.user, at=timezone.now())
    messages.success(request, f"{method.get_kind_display()} removed.")
    return redirect("oncall:me")


@require_POST
def test(request: SignedInRequest, pk: int) -> HttpResponse:
    method = _mine(request, pk)
    if method.verified_at is None:
        messages.error(request, "Verify it first.")
        return redirect("oncall:me")
    try:
        send_test_page(method_id=method.pk, by=request.user, at=timezone.now())
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "The test page is on its way.")
    return redirect("oncall:me")


@require_POST
def renew_feed(request: SignedInRequest) -> HttpResponse:
    renew_personal_feed(by=request.user, at=timezone.now())
    messages.success(request, "The calendar has a new address. The old one is dead.")
    return redirect("oncall:me")


def _mine(request: SignedInRequest, pk: int) -> ContactMethod:
    return get_object_or_404(request.user.contact_methods, pk=pk)


def _page(
    request: SignedInRequest, form: ContactMethodForm, status: int = 200
) -> HttpResponse:
    at, user = timezone.now(), request.user
    methods = list(user.contact_methods.all())
    tests: dict[int, Notification] = {}
    for one in tests_of(user)[:100]:
        if one.method_id is not None:
            tests.setdefault(one.method_id, one)
    context = {
        "form": form,
        "methods": [
            {
                "method": method,
                "minutes": int(method.delay.total_seconds() // 60),
                "secret": _secret(method),
                "test": tests.get(method.pk),
                "awaits_code": method.code_expires_at is not None
                and method.code_expires_at > at,
            }
            for method in methods
        ],
        "verified": [one for one in methods if one.verified_at],
        "is_waiting": any(one.verified_at is None for one in methods),
        "code_form": CodeForm(),
        "push_key": public_key(),
        "shifts": personal_shifts(user, start=at, end=at + SHIFTS_AHEAD),
        "at": at,
        "keeps_mail": not settings.EMAIL_URL,
        "offers": Swap.objects.filter(taken_at=None, end_at__gt=at)
        .exclude(giver=user)
        .select_related("giver", "schedule", "taker"),
        "feed_url": absolute_url(feed_path(personal_feed(user).secret)),
    }
    return render(request, "oncall/me.html", context, status=status)


def _secret(method: ContactMethod) -> str:
    """What a webhook's receiver checks signatures with; for its owner only."""
    return signing_secret(method.address) if method.kind == "webhook" else ""
