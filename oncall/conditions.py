"""When a policy or a step of one counts: by severity, weekday and the clock of a zone,
and the labels of the alert."""

from collections.abc import Mapping
from datetime import datetime, time
from typing import TypedDict
from zoneinfo import ZoneInfo

from core.labels import LabelTest
from oncall.urgency import Span


class When(TypedDict, total=False):
    """What is not in it does not matter. `days` counts from Monday, 0; `start` and
    `end` are "HH:MM", over midnight if `end` is not after `start`, a day being that
    on which such a span begins. All `labels`, which
    are `LabelTest`s as JSON, must pass."""

    severities: list[str]
    days: list[int]
    start: str
    end: str
    timezone: str
    labels: list[dict[str, str]]


def fits(
    when: When, *, severity: str, at: datetime, labels: Mapping[str, str] | None = None
) -> bool:
    """Whether what counts `when` does so for `severity` at `at`."""
    if when.get("severities") and severity not in when["severities"]:
        return False
    tests = when.get("labels") or ()
    if not all(LabelTest(**test).passes(labels or {}) for test in tests):
        return False
    return _is_time(when, at)


def _is_time(when: When, at: datetime) -> bool:
    local = at.astimezone(ZoneInfo(when.get("timezone") or "UTC"))
    day = local.weekday()
    if when.get("start") and when.get("end"):
        span = Span(time.fromisoformat(when["start"]), time.fromisoformat(when["end"]))
        if local.time() not in span:
            return False
        day -= local.time() < span.start
    return not when.get("days") or day % 7 in when["days"]


def said(when: Mapping[str, object] | When) -> str:
    """In words: "SEV1, SEV2; Mon, Tue; 09:00-17:00 (Europe/Berlin); env = prod"."""
    short = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    given: When = {**when}  # type: ignore[typeddict-item]  # read from JSON
    timed = [", ".join(short[day] for day in given.get("days", []))]
    if given.get("start"):
        timed.append(f"{given['start']}-{given['end']}")
    clock = "; ".join(filter(None, timed))
    parts = [
        ", ".join(given.get("severities", [])),
        f"{clock} ({given.get('timezone') or 'UTC'})" if clock else "",
        *(str(LabelTest(**test)) for test in given.get("labels", [])),
    ]
    return "; ".join(filter(None, parts))
