"""What the frame of every page shows."""

from django.http import HttpRequest

from accounts.models import User
from incidents.queries import navigation_counts

SECTIONS = {
    "incidents": "incidents",
    "catalog": "assets",
    "oncall": "oncall",
    "postmortems": "postmortems",
    "alerts": "integrations",
    "accounts": "settings",
}
# Pages that stand in the rail by themselves.
SECTIONS_OF_PAGES = {"home": "home", "incidents:analytics": "analytics"}


def navigation(request: HttpRequest) -> dict[str, object]:
    """Counts for the rail and who is on call now, for signed-in people."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {}
    return {"nav": {**navigation_counts(user), "section": section_of(request)}}


def section_of(request: HttpRequest) -> str:
    """Return the link of the rail that the page belongs to, or ""."""
    match = request.resolver_match
    if match is None:  # a page of an error
        return ""
    return SECTIONS_OF_PAGES.get(match.view_name) or SECTIONS.get(match.app_name, "")
