"""What is said to people about an incident: plain, and without blame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from incidents.affected_dates import Days, all_partitions, together
from incidents.expected import Expected, State

MOST_NAMED = 5
MOST_LISTED = 40


@dataclass(frozen=True, slots=True)
class Affected:
    """An affected asset, and what to expect of it where that is known."""

    name: str
    expected: Expected | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """The facts a message is made of. `affected` are the assets that one person owns,
    or only follows; times are said in `zone`. `next_at`: when they hear next."""

    title: str
    severity: str
    affected: Sequence[Affected]
    since: datetime
    owns: bool = True
    cause: str = ""
    responder: str = ""
    next_at: datetime | None = None
    zone: ZoneInfo = ZoneInfo("UTC")

    @property
    def assets(self) -> list[str]:
        return [one.name for one in self.affected]


class HasZone(Protocol):
    @property
    def tz(self) -> ZoneInfo: ...


def clock(at: datetime) -> str:
    return f"{at.astimezone(UTC):%H:%M} UTC"


def day_and_clock(at: datetime) -> str:
    local = at.astimezone(UTC)
    return f"{local.day} {local:%B}, {local:%H:%M} UTC"


def listed(names: Sequence[str], most: int = MOST_NAMED) -> str:
    """ "a, b and c"; of more than `most` only as many are named, the rest counted."""
    named = list(names)
    if len(named) > most:
        named = [*named[:most], f"{len(names) - most} more"]
    if len(named) < 2:
        return "".join(named)
    return f"{', '.join(named[:-1])} and {named[-1]}"


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def local_moment(at: datetime, zone: ZoneInfo) -> str:
    """ "29 March, 14:00 CEST" """
    local = at.astimezone(zone)
    return f"{local.day} {local:%B}, {local:%H:%M %Z}"


def next_word(next_at: datetime | None, reader: HasZone | None) -> str:
    """A last sentence of an update; nothing where no word is promised."""
    if next_at is None:
        return ""
    zone = reader.tz if reader else ZoneInfo("UTC")
    return f"\n\nThe next word comes by {local_moment(next_at, zone)} at the latest."


def start_title(told: Told) -> str:
    return f"Do not rely on {listed(told.assets, 3)} for now"


def start_body(told: Told, *, is_again: bool = False) -> str:
    """What is affected, what not to trust, since when, who has it, what comes next."""
    responder = (
        f"{told.responder} is working on it."
        if told.responder
        else "The people on call know of it. Nobody has said yet that they have it."
    )
    yours = "you own" if told.owns else "you subscribed to"
    opening = (
        f"We said that it was over, and it is not: {told.title} ({told.severity}) "
        f"affects what {yours}."
        if is_again
        else f"A problem upstream affects what {yours}: {told.title} ({told.severity})."
    )
    cause = f"The likely cause is {told.cause}." if told.cause else ""
    coming = (
        f"The next word comes by {local_moment(told.next_at, told.zone)} at the "
        "latest, and one more when it is over."
        if told.next_at
        else "You will get one more message when it is over."
    )
    lines = [
        opening,
        "",
        "Please do not trust these until you hear from us again:",
        *_expectations(told, ended_at=None),
        *([cause] if cause else []),
        responder,
        coming,
    ]
    return "\n".join(lines)


def end_title(told: Told) -> str:
    named = listed(told.assets, 3) or told.title
    return f"Over: {named or 'the problem we told you about'}"


def end_body(told: Told, *, ended_at: datetime) -> str:
    """Without a title where that must not be said."""
    began, ended = (local_moment(at, told.zone) for at in (told.since, ended_at))
    title = f": {told.title}" if told.title else ""
    lines = [
        f"The problem we told you about is over{title}.",
        "",
        f"It lasted from {began} to {ended}.",
    ]
    if told.assets:
        lines += [
            "These can be relied on again:",
            *_expectations(told, ended_at=ended_at),
        ]
    return "\n".join(lines)


def expectation(one: Expected, zone: ZoneInfo) -> str:
    """ "has not been updated since Sunday 29 March, 02:14 CEST" """
    began = _weekday_moment(one.since, zone)
    if one.until is None:
        return {
            State.STALE: f"has not been updated since {began}",
            State.WRONG: f"numbers since {began} may be wrong",
            State.EITHER: f"may be stale or wrong since {began}",
        }[one.state]
    ended = _weekday_moment(one.until, zone)
    return {
        State.STALE: f"was not updated between {began} and {ended}",
        State.WRONG: f"numbers between {began} and {ended} may have been wrong",
        State.EITHER: f"may have been stale or wrong between {began} and {ended}",
    }[one.state]


def days(span: Days) -> str:
    """ "28 March 2026", "28 March 2026 to 2 April 2026" """
    first, last = (f"{day.day} {day:%B %Y}" for day in (span.first, span.last))
    return first if first == last else f"{first} to {last}"


def partitions(names: Sequence[str]) -> str:
    """ "the partition country=de", "the partitions country=de and country=fr" """
    return f"the partition{'s' if len(names) > 1 else ''} {listed(names, MOST_LISTED)}"


def _weekday_moment(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%A} {local_moment(at, zone)}"


def _expectations(told: Told, *, ended_at: datetime | None) -> list[str]:
    """The assets, a line each, with what to expect of each; said once below where it
    is the same for all."""
    unknown = Expected(State.EITHER, told.since)
    every = [one.expected or unknown for one in told.affected]
    # An end is told once all is over, whatever the alerts say.
    every = [
        replace(one, until=one.until or ended_at) if ended_at else one for one in every
    ]
    words = [expectation(one, told.zone) for one in every]
    known = together(one.days for one in every)
    parts = all_partitions(one.partitions for one in every)
    extent = [f"the data of {days(known)}"] if known else []
    extent += [partitions(parts)] if parts else []
    about = [f"This concerns {listed(extent)}."] if extent else []
    if len(set(words)) == 1:
        one = words[0]
        them = one if one.startswith("numbers") else f"each of these {one}"
        return [*_items(told.assets), "", f"{them[0].upper()}{them[1:]}.", *about]
    lines = [f"{name}: {said}" for name, said in zip(told.assets, words, strict=True)]
    return [*_items(lines), "", *about]


def summary_part(
    *,
    title: str,
    severity: str,
    since: datetime,
    ended_at: datetime | None,
    assets: Sequence[str],
    zone: ZoneInfo,
) -> str:
    """One incident of a daily summary."""
    began = local_moment(since, zone)
    span = (
        f"It lasted from {began} to {local_moment(ended_at, zone)} and is over."
        if ended_at
        else f"It goes on since {began}: do not trust these yet."
    )
    return "\n".join([f"{title} ({severity})", span, *_items(assets)])


def no_news(*, status: str, responder: str) -> str:
    """What is said when a word is due and nobody has posted one."""
    who = f" {responder} has it." if responder else ""
    return f"It is not over, and there is no news. {status}{who}"


def _items(names: Sequence[str]) -> list[str]:
    lines = [f"- {name}" for name in names[:MOST_LISTED]]
    more = len(names) - len(lines)
    return [*lines, f"- and {more} more"] if more else lines


def page_body(
    *,
    description: str,
    cause: str,
    reasons: Sequence[str],
    dashboards: Sequence[str],
    severity_reason: str,
    products: Sequence[str] = (),
) -> str:
    """What the person paged needs to decide whether to get up."""
    parts = [description.strip()]
    if cause:
        parts.append(f"Likely cause: {cause}. {'; '.join(reasons)}.")
    if dashboards:
        number = counted(len(dashboards), "dashboard")
        parts.append(f"Affects {number}: {listed(dashboards)}.")
    if products:
        number = counted(len(products), "data product")
        parts.append(f"Affects {number}: {listed(products)}.")
    parts.append(severity_reason)
    return "\n\n".join(part for part in parts if part)
