"""Reading iCalendar files of other programs. RFC 5545.

Plain values in and out: no network, no tables. Repeating events are unfolded by
recurring-ical-events.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import recurring_ical_events  # type: ignore[import-untyped]  # has no stubs
from icalendar import Calendar, Event

from core.text import one_line

MOST_EVENTS = 2_000
TITLE_LENGTH = 200
# These repeat so often that unfolding them would take for ever.
TOO_OFTEN = {"SECONDLY", "MINUTELY"}

_ADDRESS = re.compile(r"[^\s<>,;:()\"']+@[^\s<>,;:()\"']+\.[^\s<>,;:()\"']+")
_BETWEEN_NAMES = re.compile(
    r"\s*(?:[,;/&+|:]|\band\b|\s[-\u2013\u2014]\s|\bon[ -]call\b)\s*", re.IGNORECASE
)
_WORD = re.compile(r"[\w.-]+")


class CalendarError(Exception):
    """The file cannot be read; the message is fit to show."""


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """`addresses` are those of attendees and of the title, in lower case."""

    title: str
    addresses: tuple[str, ...]
    start: datetime
    end: datetime
    all_day: bool


def read_events(
    content: bytes, *, zone: ZoneInfo, start: datetime, end: datetime
) -> list[CalendarEvent]:
    """Return the events that touch [`start`, `end`), by their start.

    Days and times without a zone are those of `zone`. Cancelled events are left out.
    Raises CalendarError.
    """
    try:
        calendar = Calendar.from_ical(content)
    except (ValueError, IndexError, KeyError) as error:
        raise CalendarError("This is not an iCalendar file.") from error
    if not isinstance(calendar, Calendar):
        raise CalendarError("This is not an iCalendar file.")
    if any(TOO_OFTEN & _frequencies(event) for event in calendar.walk("VEVENT")):
        raise CalendarError("An event repeats every minute or more often.")
    try:
        # A day more on both sides: times without a zone are not placed yet.
        found = recurring_ical_events.of(calendar, skip_bad_series=True).between(
            start, end
        )
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise CalendarError(f"An event cannot be read: {error}") from error
    if len(found) > MOST_EVENTS:
        raise CalendarError(f"There are more than {MOST_EVENTS} events ahead.")
    events = [_event(one, zone) for one in found if _counts(one)]
    inside = [one for one in events if one and one.start < end and one.end > start]
    return sorted(inside, key=lambda one: (one.start, one.end, one.title))


def _frequencies(event: Any) -> set[str]:
    rules = event.get("rrule", [])
    rules = rules if isinstance(rules, list) else [rules]
    return {str(freq).upper() for rule in rules for freq in rule.get("freq", [])}


def _counts(event: Event) -> bool:
    return str(event.get("status", "")).upper() != "CANCELLED"


def _event(event: Event, zone: ZoneInfo) -> CalendarEvent | None:
    begins, ends = event.start, event.end
    start, end = _instant(begins, zone), _instant(ends, zone)
    if end <= start:
        return None
    title = one_line(str(event.get("summary", "")), TITLE_LENGTH)
    attendees = event.get("attendee", [])
    attendees = attendees if isinstance(attendees, list) else [attendees]
    named = [str(one).removeprefix("mailto:") for one in attendees]
    named = [one.removeprefix("MAILTO:") for one in named]
    addresses = [*named, *_ADDRESS.findall(title)]
    return CalendarEvent(
        title=title,
        addresses=tuple(dict.fromkeys(one.lower() for one in addresses if "@" in one)),
        start=start,
        end=end,
        all_day=not isinstance(begins, datetime),
    )


def _instant(value: date, zone: ZoneInfo) -> datetime:
    if not isinstance(value, datetime):
        value = datetime.combine(value, time(0))
    return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)


def people_of(
    event: CalendarEvent, *, by_address: Mapping[str, str], by_name: Mapping[str, str]
) -> tuple[str, ...]:
    """Return whom an event names: by address, else by whole names in its title.

    The mappings go from addresses and names, in lower case, to people.
    """
    found = [by_address[one] for one in event.addresses if one in by_address]
    return tuple(dict.fromkeys(found or _named_in(event.title, by_name)))


def _named_in(title: str, by_name: Mapping[str, str]) -> Iterable[str]:
    parts = [part.casefold() for part in _BETWEEN_NAMES.split(title)]
    exact = [by_name[part] for part in parts if part in by_name]
    if exact:
        return exact
    # "Ada Winter is on call": only names of two words, so that "May" is a month.
    words = f" {' '.join(_WORD.findall(title.casefold()))} "
    return [
        person
        for name, person in by_name.items()
        if " " in name and f" {name} " in words
    ]
