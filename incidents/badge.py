"""The badge of an asset: a small picture that a dashboard can carry.

State is said by a word and a shape, not by colour alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from html import escape

LABEL_LIMIT = 40
HEIGHT = 20
CHAR_WIDTH = 6.6  # of 11 px sans-serif, on the safe side
PADDING = 8
SHAPE_WIDTH = 16


class State(Enum):
    HEALTHY = "healthy"
    STALE = "stale"
    BROKEN = "broken"
    BEING_FIXED = "being fixed"
    KNOWN_ISSUE = "known issue"


@dataclass(frozen=True, slots=True)
class OpenTrouble:
    """An open incident that affects the asset, on it or upstream of it. `breaks_it`:
    the asset itself fails or has been given bad data, rather than nothing new.
    `is_answered`: somebody is at it, or it has recovered and is being watched."""

    breaks_it: bool
    is_answered: bool


FILL = {
    State.HEALTHY: "#1d6f42",
    State.STALE: "#8a5a00",
    State.BROKEN: "#a3232b",
    State.BEING_FIXED: "#2b5797",
    State.KNOWN_ISSUE: "#8a5a00",
}
# Drawn in a box of 10 by 10: dot, hatched ring, triangle, half-filled circle,
# exclamation mark.
SHAPE = {
    State.HEALTHY: '<circle cx="5" cy="5" r="4"/>',
    State.STALE: (
        '<circle cx="5" cy="5" r="3.5" fill="none" stroke="#fff" stroke-width="1.5" '
        'stroke-dasharray="2 1.5"/>'
    ),
    State.BROKEN: '<path d="M5 .5 9.5 9H.5z"/>',
    State.BEING_FIXED: (
        '<circle cx="5" cy="5" r="4" fill="none" stroke="#fff" stroke-width="1.5"/>'
        '<path d="M5 1a4 4 0 0 1 0 8z"/>'
    ),
    State.KNOWN_ISSUE: '<path d="M4 1h2v5H4zM4 7.2h2v2H4z"/>',
}


def state_of(
    troubles: Iterable[OpenTrouble], *, has_known_issue: bool = False
) -> State:
    """What to say: being fixed once somebody works on all that is wrong, else broken
    when the asset itself fails or its numbers may be wrong, else stale. A known issue
    is said where nothing else is wrong."""
    found = list(troubles)
    if not found:
        return State.KNOWN_ISSUE if has_known_issue else State.HEALTHY
    if all(trouble.is_answered for trouble in found):
        return State.BEING_FIXED
    if any(trouble.breaks_it for trouble in found):
        return State.BROKEN
    return State.STALE


def draw(name: str, state: State, *, note: str = "") -> str:
    """The badge as a whole SVG document. `note` is read out with it."""
    label = name if len(name) <= LABEL_LIMIT else f"{name[: LABEL_LIMIT - 1]}…"
    left = round(len(label) * CHAR_WIDTH + 2 * PADDING)
    right = round(len(state.value) * CHAR_WIDTH + 2 * PADDING + SHAPE_WIDTH)
    title = escape(": ".join(part for part in (name, state.value, note) if part))
    word_x = left + PADDING + SHAPE_WIDTH
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" '
        f'height="{HEIGHT}" role="img" aria-label="{title}">'
        f"<title>{title}</title>"
        f'<rect width="{left}" height="{HEIGHT}" fill="#3d4451"/>'
        f'<rect x="{left}" width="{right}" height="{HEIGHT}" fill="{FILL[state]}"/>'
        f'<g fill="#fff" transform="translate({left + PADDING} 5)">{SHAPE[state]}</g>'
        '<g fill="#fff" font-family="ui-sans-serif,system-ui,sans-serif" '
        'font-size="11">'
        f'<text x="{PADDING}" y="14">{escape(label)}</text>'
        f'<text x="{word_x}" y="14">{state.value}</text>'
        "</g></svg>"
    )
