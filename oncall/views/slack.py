"""The buttons of Slack's messages. Slack signs what it sends; others are refused."""

import json
import time
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from core.text import items, mapping, text_of
from oncall.channels import slack
from oncall.channels.base import DeliveryError
from oncall.models import ContactMethod, Notice, Page
from oncall.services.answering import Act, answer_page, answer_subject
from oncall.services.sending import LINK_SALT, NOTICE_SALT
from oncall.views.answer import LINK_LIFETIME

ACTS = {act.value: act for act in Act}
SECONDS_TO_REPLACE = 2.0
GONE = "This page is no longer there."


@csrf_exempt
@login_not_required
@require_POST
def actions(request: HttpRequest) -> HttpResponse:
    """Somebody pressed a button. Under a page only whom it is for may, as Slack names
    them; under a notice in a channel any responder whose Slack is known."""
    is_ours = bool(settings.SLACK_SIGNING_SECRET) and slack.is_signed(
        request.body,
        stamp=request.headers.get("X-Slack-Request-Timestamp", ""),
        signature=request.headers.get("X-Slack-Signature", ""),
        now=time.time(),
    )
    if not is_ours:
        return HttpResponse("The signature does not match.", status=403)
    payload = _payload(request)
    told = _answer(payload)
    if told:
        _show(payload, told)
    return HttpResponse(status=200)


def _answer(payload: Any) -> str:
    """Do what the button says and return it in words; "" for a button of no act."""
    pressed = mapping(next(iter(items(payload.get("actions"))), None))
    act = ACTS.get(text_of(pressed.get("action_id")))
    if act is None:
        return ""
    token = text_of(pressed.get("value"))
    member = text_of(mapping(payload.get("user")).get("id"))
    page_id = _signed(token, LINK_SALT)
    if page_id is None:
        return _answer_notice(_signed(token, NOTICE_SALT), act, member)
    page = Page.objects.select_related("user").filter(pk=page_id).first()
    if page is None:
        return GONE
    if not page.user.is_active or not _is_theirs(page, member):
        return ""
    return answer_page(page_id=page.pk, act=act, at=timezone.now(), via="slack")


def _answer_notice(notice_id: int | None, act: Act, member: str) -> str:
    notice = (
        Notice.objects.select_related("escalation").filter(pk=notice_id).first()
        if notice_id
        else None
    )
    if notice is None:
        return GONE
    known = ContactMethod.objects.filter(kind="slack", address=member)
    verified = known.exclude(verified_at=None).select_related("user")
    person = next((one.user for one in verified if one.user.is_active), None)
    if person is None or not person.can_respond:
        return ""
    subject = notice.escalation.subject
    return answer_subject(
        subject=subject, by=person, act=act, at=timezone.now(), via="slack"
    )


def _signed(token: str, salt: str) -> int | None:
    try:
        return int(signing.loads(token, salt=salt, max_age=LINK_LIFETIME))
    except signing.BadSignature:
        return None


def _is_theirs(page: Page, member: str) -> bool:
    methods = ContactMethod.objects.filter(user=page.user, kind="slack", address=member)
    return methods.exclude(verified_at=None).exists()


def _show(payload: Any, told: str) -> None:
    url = text_of(payload.get("response_url"), 2000)
    if not url:
        return
    try:
        slack.replace_message(
            url, slack.escaped(told), timeout_seconds=SECONDS_TO_REPLACE
        )
    except DeliveryError:
        return  # the act counts; the message only stays as it was


def _payload(request: HttpRequest) -> Any:
    try:
        return mapping(json.loads(str(request.POST.get("payload", ""))))
    except ValueError:
        return {}
