"""What the frame of every page shows."""

from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from incidents.queries import needs_you_count, open_count
from oncall.queries import on_call_now
from oncall.services.findings import standing_findings

SECTIONS = {
    "incidents": "incidents",
    "catalog": "assets",
    "oncall": "oncall",
    "postmortems": "postmortems",
    "alerts": "integrations",
    "accounts": "settings",
}
# Pages that stand in the rail by themselves.
SECTIONS_OF_PAGES = {
    "home": "home",
    "search": "",
    "incidents:analytics": "analytics",
    "incidents:messages": "settings",
    "oncall:me": "settings",
}


def navigation(request: HttpRequest) -> dict[str, object]:
    """Counts for the rail and who is on call now, for signed-in people.

    Nothing for a part that is fetched by itself: it has no frame.
    """
    user = getattr(request, "user", None)
    if not isinstance(user, User) or request.headers.get("HX-Request"):
        return {}
    at = timezone.now()
    return {
        "nav": {
            "at": at,
            "section": section_of(request),
            "open_incidents": open_count(user),
            "needs_you": needs_you_count(user),
            "on_call_now": on_call_now(at),
            "findings": standing_findings(at=at),
        }
    }


def section_of(request: HttpRequest) -> str:
    """Return the link of the rail that the page belongs to, or ""."""
    match = request.resolver_match
    if match is None:  # a page of an error
        return ""
    return SECTIONS_OF_PAGES.get(match.view_name) or SECTIONS.get(match.app_name, "")
