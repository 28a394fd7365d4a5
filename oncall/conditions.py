"""When a step of a policy counts: by severity, weekday and the clock of a zone."""

from collections.abc import Mapping
from datetime import datetime, time
from typing import TypedDict
from zoneinfo import ZoneInfo

from oncall.urgency import Span


class When(TypedDict, total=False):
    """What is not in it does not matter. `days` counts from Monday, 0; `start` and
    `end` are "HH:MM", over midnight if `end` is not after `start`, a day being that
    on which such a span begins."""

    severities: list[str]
    days: list[int]
    start: str
    end: str
    timezone: str


def fits(when: When, *, severity: str, at: datetime) -> bool:
    """Whether a step that counts `when` does so for `severity` at `at`."""
    if when.get("severities") and severity not in when["severities"]:
        return False
    local = at.astimezone(ZoneInfo(when.get("timezone") or "UTC"))
    day = local.weekday()
    if when.get("start") and when.get("end"):
        span = Span(time.fromisoformat(when["start"]), time.fromisoformat(when["end"]))
        if local.time() not in span:
            return False
        day -= local.time() < span.start
    return not when.get("days") or day % 7 in when["days"]


def said(when: Mapping[str, object] | When) -> str:
    """In words: "SEV1, SEV2; Mon, Tue; 09:00-17:00 (Europe/Berlin)"."""
    short = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    given: When = {**when}  # type: ignore[typeddict-item]  # read from JSON
    parts = [
        ", ".join(given.get("severities", [])),
        ", ".join(short[day] for day in given.get("days", [])),
    ]
    if given.get("start"):
        parts.append(f"{given['start']}-{given['end']}")
    text = "; ".join(part for part in parts if part)
    is_timed = given.get("start") or given.get("days")
    return f"{text} ({given.get('timezone') or 'UTC'})" if is_timed else text
