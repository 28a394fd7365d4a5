"""What is said about pages that wait."""

from oncall.models import Page
from oncall.urgency import Held


def why_held(page: Page) -> str:
    """The reason, to be read after "because": "SEV3 waits for working hours"."""
    severity = page.escalation.severity
    return reason(page.held_for, severity)


def reason(held_for: str, severity: str) -> str:
    return {
        Held.WORKING_HOURS: f"{severity} waits for working hours",
        Held.DIGEST: f"{severity} goes into the daily digest",
        Held.QUIET_HOURS: "these are quiet hours",
        Held.THROTTLE: "many pages went out just now",
    }.get(Held(held_for), "")


def held_words(page: Page) -> str:
    """For the timeline, in the person's own zone."""
    assert page.held_until is not None
    local = page.held_until.astimezone(page.user.tz)
    return (
        f"Page to {page.user} is held until {local:%A %H:%M} ({page.user.time_zone}), "
        f"because {why_held(page)}."
    )
