"""What a person does by answering a page: from a link, a text, a key or a button."""

from datetime import datetime
from enum import StrEnum

from django.db import transaction

from accounts.models import User
from core.errors import InvalidTransitionError
from oncall.models import Escalation, Page
from oncall.services.escalations import acknowledge_escalation, acknowledge_page
from oncall.signals import page_acknowledged, page_escalated, page_resolved


class Act(StrEnum):
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"
    ESCALATE = "escalate"


DONE = {
    Act.ACKNOWLEDGE: "Acknowledged",
    Act.RESOLVE: "Resolved",
    Act.ESCALATE: "Escalated: the next step is paged",
}


@transaction.atomic
def answer_page(*, page_id: int, act: Act, at: datetime, via: str) -> str:
    """Do what the page's person asks, and return in words what was done.

    Doing it twice or late is fine. `via` says how: "sms", "call", "slack". Raises
    Page.DoesNotExist.
    """
    if act is Act.ACKNOWLEDGE:
        page = acknowledge_page(page_id=page_id, at=at, via=via)
    else:
        page = Page.objects.select_related("user", "escalation").get(pk=page_id)
        refused = _ask(act, page.escalation.subject, by=page.user, at=at, via=via)
        if refused:
            return refused
    return f"{DONE[act]}: {page.escalation.title}"


@transaction.atomic
def answer_subject(*, subject: str, by: User, act: Act, at: datetime, via: str) -> str:
    """As `answer_page`, for somebody who may not have been paged: the channel was
    told."""
    escalation = Escalation.objects.filter(subject=subject).first()
    title = escalation.title if escalation else subject
    if act is Act.ACKNOWLEDGE:
        if acknowledge_escalation(subject=subject, by=by, at=at):
            page_acknowledged.send(Page, subject=subject, by=by, at=at, via=via)
        return f"{DONE[act]} by {by}: {title}"
    return _ask(act, subject, by=by, at=at, via=via) or f"{DONE[act]} by {by}: {title}"


def _ask(act: Act, subject: str, *, by: User, at: datetime, via: str) -> str:
    """Ask for what stands to the right of this app; why it was refused, or ""."""
    asked = page_resolved if act is Act.RESOLVE else page_escalated
    try:
        with transaction.atomic():
            asked.send(Page, subject=subject, by=by, at=at, via=via)
    except InvalidTransitionError as error:
        return str(error)
    return ""
