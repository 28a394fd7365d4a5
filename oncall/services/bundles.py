"""Answering a message that carried several pages."""

from datetime import datetime

from django.db.models import QuerySet

from oncall.models import Bundle, Page
from oncall.services.escalations import acknowledge_page

EVERY_PAGE = None


def pages_in(bundle: Bundle) -> QuerySet[Page]:
    """The newest page of each thing in it, the worst first."""
    newest = bundle.pages.order_by("escalation_id", "-pk").distinct("escalation_id")
    rows = Page.objects.filter(pk__in=newest.values("pk"))
    rows = rows.select_related("user", "escalation__acknowledged_by")
    return rows.order_by("escalation__severity", "pk")


def acknowledge_in_bundle(
    bundle: Bundle, *, page_id: int | None, at: datetime, via: str
) -> None:
    """Acknowledge one of its pages, or with EVERY_PAGE all that wait.

    Each in its own transaction, so that one that is busy holds up no other. Doing it
    twice is fine. Raises Page.DoesNotExist where it has no such page.
    """
    if page_id is not EVERY_PAGE:
        pages_in(bundle).get(pk=page_id)
        acknowledge_page(page_id=page_id, at=at, via=via)
        return
    for page in pages_in(bundle).filter(ended_at=None):
        acknowledge_page(page_id=page.pk, at=at, via=via)
