"""Spans of time in words."""

from datetime import datetime
from zoneinfo import ZoneInfo


def span_text(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """ "Mon 5 Jan 09:00 to 17:00", "Mon 5 Jan 09:00 to Tue 6 Jan 09:00"."""
    begins, ends = start.astimezone(zone), end.astimezone(zone)
    is_one_day = begins.date() == ends.date()
    return f"{_moment(begins)} to {f'{ends:%H:%M}' if is_one_day else _moment(ends)}"


def moment_text(at: datetime, zone: ZoneInfo) -> str:
    """ "Mon 5 Jan 09:00"."""
    return _moment(at.astimezone(zone))


def _moment(local: datetime) -> str:
    return f"{local:%a} {local.day} {local:%b %H:%M}"
