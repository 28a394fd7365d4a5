"""What a field is made of: lines of expressions or of text with expressions. Pure.

`@.job.name`                  what stands there in one alert
`$.source`                    what stands there in the whole message
`Job {@.job.name} failed`     text, with what stands there in place of the braces
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from alerts.formats.text import as_json
from alerts.mappings.paths import Budget, ExpressionError, Path, compile_path
from core.text import text_of

MOST_LINES = 10
MOST_JOINED = 20
TEXT_LENGTH = 8192
_HOLE = re.compile(r"\{\s*([$@][^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Reader:
    """One message and the alert of it that is being read."""

    message: Any
    item: Any
    budget: Budget

    def values(self, path: Path, *, most: int) -> list[Any]:
        start = self.item if path.is_about_item else self.message
        return path.find(start, self.budget, most=most)

    def text(self, path: Path) -> str:
        """What stands there as text: several, joined by commas; nested, as JSON."""
        found = (self._told(one) for one in self.values(path, most=MOST_JOINED))
        return ", ".join(text for text in found if text)

    def _told(self, value: Any) -> str:
        if not isinstance(value, dict | list):
            return text_of(value, TEXT_LENGTH).strip()
        _weigh(value, self.budget)
        return as_json(value) if value else ""


@dataclass(frozen=True, slots=True)
class Line:
    """Text and expressions in turn. Text around expressions that all give nothing is
    nothing too; text without any is itself."""

    source: str
    parts: tuple[str | Path, ...]

    def text(self, reader: Reader) -> str:
        if not any(isinstance(part, Path) for part in self.parts):
            return self.source
        told = [
            part if isinstance(part, str) else reader.text(part) for part in self.parts
        ]
        has_found = any(
            text
            for text, part in zip(told, self.parts, strict=True)
            if isinstance(part, Path)
        )
        return "".join(told).strip() if has_found else ""


@dataclass(frozen=True, slots=True)
class Template:
    """The lines of a field."""

    lines: tuple[Line, ...] = ()

    @property
    def source(self) -> str:
        return " | ".join(line.source for line in self.lines)

    def first(self, reader: Reader) -> str:
        """What the first line that gives something gives."""
        return next((text for one in self.lines if (text := one.text(reader))), "")

    def joined(self, reader: Reader, separator: str) -> str:
        """What all lines give, in one text; those that give nothing are left out."""
        told = [text for one in self.lines if (text := one.text(reader))]
        return separator.join(told)


def compile_template(text: str) -> Template:
    """Read the lines of a field. Raises ExpressionError naming line and expression."""
    written = [line.strip() for line in text.splitlines() if line.strip()]
    if len(written) > MOST_LINES:
        raise ExpressionError(f"At most {MOST_LINES} lines are taken.")
    return Template(tuple(compile_line(line) for line in written))


def compile_line(text: str) -> Line:
    """Read one line. Raises ExpressionError naming the expression."""
    if text.startswith(("$", "@")):
        return Line(text, (_path(text),))
    return Line(text, tuple(_split(text)))


def _split(text: str) -> Iterable[str | Path]:
    start = 0
    for hole in _HOLE.finditer(text):
        if hole.start() > start:
            yield text[start : hole.start()]
        yield _path(hole[1])
        start = hole.end()
    if start < len(text):
        yield text[start:]


def _path(text: str) -> Path:
    try:
        return compile_path(text)
    except ExpressionError as error:
        shown = text if len(text) <= 60 else f"{text[:60]}…"
        raise ExpressionError(f"“{shown.strip()}” {error}") from error


def _weigh(value: Any, budget: Budget) -> None:
    """Take a step for each value within: that is what writing it as JSON costs."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        budget.take()
        if isinstance(one, dict):
            budget.take(len(one))
            waiting += (v for v in one.values() if isinstance(v, dict | list))
        else:
            budget.take(len(one))
            waiting += (v for v in one if isinstance(v, dict | list))
