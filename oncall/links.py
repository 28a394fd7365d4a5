"""Addresses that carry a time, in the wall clock of their schedule."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.urls import reverse

from oncall.models import Schedule


def override_path(
    schedule: Schedule, start: datetime, end: datetime, users: Sequence[str] = ()
) -> str:
    """Where an exception to this time is made; `users` are those on call then."""
    zone = ZoneInfo(schedule.timezone)
    query = {"start": local_text(start, zone), "end": local_text(end, zone)}
    if len(users) == 1:
        query["remove"] = users[0]
    path = reverse("oncall:add_override", args=[schedule.pk])
    return f"{path}?{urlencode(query)}"


def local_text(moment: datetime, zone: ZoneInfo) -> str:
    """The value of an <input type="datetime-local">."""
    return f"{moment.astimezone(zone):%Y-%m-%dT%H:%M}"
