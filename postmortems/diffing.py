"""Two versions of a text, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

CONTEXT_LINES = 3
# Beyond this the comparison would take seconds; the texts are shown whole instead.
MOST_LINES = 6_000


@dataclass(frozen=True, slots=True)
class DiffLine:
    """`kind` gap stands for equal lines left out."""

    kind: Literal["same", "del", "ins", "gap"]
    text: str = ""


def line_diff(old: str, new: str) -> list[DiffLine]:
    """What changed from `old` to `new`, with three lines around each change.

    Empty when nothing did.
    """
    before, after = old.splitlines(), new.splitlines()
    if max(len(before), len(after)) > MOST_LINES:
        return [*_lines("del", before), *_lines("ins", after)]
    matcher = SequenceMatcher(None, before, after)
    lines: list[DiffLine] = []
    for group in matcher.get_grouped_opcodes(CONTEXT_LINES):
        if lines or group[0][1] > 0:
            lines.append(DiffLine("gap"))
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                lines += _lines("same", before[i1:i2])
            else:
                lines += _lines("del", before[i1:i2])
                lines += _lines("ins", after[j1:j2])
    return lines


def _lines(kind: Literal["same", "del", "ins"], texts: list[str]) -> Iterator[DiffLine]:
    return (DiffLine(kind, text) for text in texts)
