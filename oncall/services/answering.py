"""What a person does by answering a page: from a link, a text, a key or a button."""

from datetime import datetime
from enum import StrEnum

from django.db import transaction

from core.errors import InvalidTransitionError
from oncall.models import Page
from oncall.services.escalations import acknowledge_page
from oncall.signals import page_escalated, page_resolved


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
        asked = page_resolved if act is Act.RESOLVE else page_escalated
        try:
            with transaction.atomic():
                asked.send(
                    Page, subject=page.escalation.subject, by=page.user, at=at, via=via
                )
        except InvalidTransitionError as error:
            return str(error)
    return f"{DONE[act]}: {page.escalation.title}"
