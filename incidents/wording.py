"""What is said to people about an incident: plain, and without blame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Told:
    """The facts a message is made of. `dashboards` are those of one owner."""

    title: str
    severity: str
    dashboards: Sequence[str]
    since: datetime
    cause: str = ""
    responder: str = ""


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


def start_title(told: Told) -> str:
    return f"Do not rely on {listed(told.dashboards, 3)} for now"


def start_body(told: Told) -> str:
    """What is affected, what not to trust, since when, who has it."""
    responder = (
        f"{told.responder} is working on it."
        if told.responder
        else "The people on call are being paged."
    )
    cause = f" The likely cause is {told.cause}." if told.cause else ""
    lines = [
        f"A problem upstream affects what you own: {told.title} ({told.severity}).",
        "",
        "Please do not trust these until you hear from us again:",
        *(f"- {name}" for name in told.dashboards),
        "",
        f"They may be stale or wrong since {day_and_clock(told.since)}.{cause}",
        responder,
        "You will get one more message when it is over.",
    ]
    return "\n".join(lines)


def end_title(told: Told) -> str:
    return f"Over: {listed(told.dashboards, 3) or told.title}"


def end_body(told: Told, *, ended_at: datetime) -> str:
    lines = [
        f"The problem we told you about is over: {told.title}.",
        "",
        f"It lasted from {day_and_clock(told.since)} to {day_and_clock(ended_at)}.",
    ]
    if told.dashboards:
        lines += [
            "These can be relied on again:",
            *(f"- {name}" for name in told.dashboards),
        ]
    return "\n".join(lines)


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
