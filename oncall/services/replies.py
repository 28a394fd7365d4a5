"""Answers by text message: "A" acknowledges, "R 31" resolves page 31."""

import re
from datetime import datetime

from django.db.models import QuerySet

from oncall.models import ContactMethod, Escalation, Page
from oncall.services.answering import Act, answer_page

REPLY = re.compile(
    r"\s*(a|ack|acknowledge|r|res|resolve|e|esc|escalate)\W*(\d{1,18})?\s*",
    re.IGNORECASE,
)
ACTS = {"a": Act.ACKNOWLEDGE, "r": Act.RESOLVE, "e": Act.ESCALATE}
HELP = "Reply A to acknowledge, R to resolve, E to escalate."
MOST_LISTED = 5


def answer_by_text(*, number: str, text: str, at: datetime) -> str:
    """Do what a text from `number` (E.164) asks, and return the reply to it.

    It concerns the pages of whoever has verified that number. Without a page's number
    it is for the only one that waits; of several it asks which.
    """
    people = ContactMethod.objects.filter(address=number, kind__in=("sms", "call"))
    users = set(people.exclude(verified_at=None).values_list("user_id", flat=True))
    if not users:
        return "This number belongs to nobody here."
    found = REPLY.fullmatch(text)
    if found is None:
        return HELP
    act = ACTS[found[1][0].lower()]
    pages = _answerable(users)
    if found[2]:
        pages = pages.filter(pk=int(found[2]))
    waiting = list(pages[: MOST_LISTED + 1])
    if not waiting:
        return "No page of yours waits for an answer."
    if len(waiting) > 1:
        letter = found[1][0].upper()
        listed = "\n".join(
            f"{letter} {page.pk}: {page.escalation.title[:60]}"
            for page in waiting[:MOST_LISTED]
        )
        return f"Several pages wait. Reply one of:\n{listed}"
    return answer_page(page_id=waiting[0].pk, act=act, at=at, via="sms")


def _answerable(users: set[int]) -> QuerySet[Page]:
    """The newest pages of these people about what nobody has ended yet, one for each
    subject."""
    states = (
        Escalation.State.RUNNING,
        Escalation.State.EXHAUSTED,
        Escalation.State.ACKNOWLEDGED,
    )
    newest = (
        Page.objects.filter(
            user__in=users, user__is_active=True, escalation__state__in=states
        )
        .order_by("escalation_id", "-pk")
        .distinct("escalation_id")
    )
    rows = Page.objects.filter(pk__in=newest.values("pk"))
    return rows.select_related("escalation").order_by("-pk")
