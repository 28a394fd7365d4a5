"""What the frame of every page shows."""

from django.http import HttpRequest

from accounts.models import User
from incidents.queries import navigation_counts


def navigation(request: HttpRequest) -> dict[str, object]:
    """Counts for the rail and who is on call now, for signed-in people."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {}
    return {"nav": navigation_counts(user)}
