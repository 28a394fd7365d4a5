"""What Twilio sends back: replies to texts, keys pressed in calls, what became of
each. Every request is signed with the account's token; others are refused."""

import re
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from core.http import absolute_url
from oncall.channels import twilio
from oncall.models import Page
from oncall.services.answering import Act, answer_page
from oncall.services.receipts import Fate, note_fate
from oncall.services.replies import answer_by_text
from oncall.services.sending import LINK_SALT
from oncall.views.answer import LINK_LIFETIME

KEYS = {"1": Act.ACKNOWLEDGE, "2": Act.RESOLVE, "3": Act.ESCALATE}
FATES = {
    "delivered": Fate.DELIVERED,
    "read": Fate.DELIVERED,
    "undelivered": Fate.FAILED,
    "failed": Fate.FAILED,
    "completed": Fate.DELIVERED,
    "busy": Fate.FAILED,
    "no-answer": Fate.FAILED,
    "canceled": Fate.FAILED,
}
SID = re.compile(r"[A-Za-z]{2}[0-9A-Za-z]{1,60}")


def signed_by_twilio(view: Any) -> Any:
    """Answer 403 to whoever is not Twilio speaking for our account."""

    @csrf_exempt
    @login_not_required
    @require_POST
    @wraps(view)
    def wrapper(request: HttpRequest, **kwargs: str) -> HttpResponse:
        fields = request.POST.dict()
        signature = request.headers.get("X-Twilio-Signature", "")
        url = absolute_url(request.get_full_path())
        is_ours = bool(settings.TWILIO_AUTH_TOKEN)
        if not is_ours or not twilio.is_signed(url, fields, signature):
            return HttpResponse("The signature does not match.", status=403)
        answer: HttpResponse = view(request, **kwargs)
        return answer

    return wrapper


@signed_by_twilio
def sms(request: HttpRequest) -> HttpResponse:
    """Somebody replied to a text."""
    told = answer_by_text(
        number=str(request.POST.get("From", "")),
        text=str(request.POST.get("Body", "")),
        at=timezone.now(),
    )
    return HttpResponse(twilio.reply(told), content_type="text/xml")


@signed_by_twilio
def call(request: HttpRequest, token: str) -> HttpResponse:
    """Somebody pressed a key while a page was read to them."""
    act = KEYS.get(str(request.POST.get("Digits", "")))
    try:
        page_id = signing.loads(token, salt=LINK_SALT, max_age=LINK_LIFETIME)
        page = Page.objects.select_related("user").get(pk=page_id)
    except (signing.BadSignature, Page.DoesNotExist):
        return _said("This page is no longer there. Goodbye.")
    if act is None or not page.user.is_active:
        return _said("Nothing was done. Goodbye.")
    told = answer_page(page_id=page.pk, act=act, at=timezone.now(), via="call")
    return _said(f"{told}. Goodbye.")


@signed_by_twilio
def status(request: HttpRequest) -> HttpResponse:
    """What became of a text or a call."""
    fields = request.POST
    sid = str(fields.get("MessageSid") or fields.get("CallSid") or "")
    word = str(fields.get("MessageStatus") or fields.get("CallStatus") or "")
    fate = FATES.get(word)
    if fate is not None and SID.fullmatch(sid):
        code = str(fields.get("ErrorCode") or "")[:20]
        words = f"Twilio: {word}" + (f" ({code})" if code else "")
        note_fate(provider_id=sid, fate=fate, words=words, at=timezone.now())
    return HttpResponse(status=204)


def _said(text: str) -> HttpResponse:
    return HttpResponse(twilio.say(text), content_type="text/xml")
