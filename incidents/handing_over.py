"""What is open, for who hands a shift over. Connected in `apps.py`."""

from typing import Any

from accounts.models import User
from incidents.models import Incident
from oncall.models import Schedule
from oncall.signals import Matter

MOST_MATTERS = 20


def tell_open_incidents(*, schedule: Schedule, reader: User, **_: Any) -> list[Matter]:
    """The open incidents of the schedule's team, of everybody without a team."""
    found = Incident.objects.visible_to(reader).open()
    if schedule.team_id is not None:
        found = found.filter(team=schedule.team_id)
    return [
        Matter(
            title=f"#{one.number} {one.title}",
            url=one.get_absolute_url(),
            word=f"{one.severity}, {one.get_status_display().lower()}",
        )
        for one in found.order_by("severity", "-triggered_at")[:MOST_MATTERS]
    ]
