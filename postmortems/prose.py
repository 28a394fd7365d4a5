"""Writes recorded values into Markdown: safely, by role, in one time zone."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from unicodedata import bidirectional, category
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from postmortems.blameless import check
from postmortems.facts import Person

MAX_TEXT_CHARS = 2_000

_ESCAPED = re.compile(r"[\\`*_\[\]#~]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;"}
_INTRAWORD_UNDERSCORE = re.compile(r"(?<=[^\W_])\\_(?=[^\W_])")
_LIST_MARKER = re.compile(r"^(\d{0,9})([-+.)])(?=\s)")
# Marks that change the direction of what follows them, and could hide its end.
_BIDI_CONTROLS = dict.fromkeys(
    [0x200E, 0x200F, 0x061C, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)
_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"
_CLOSING_QUOTES = str.maketrans("”„“", '"""')


def one_line(text: str) -> str:
    """Return `text` on one line, without control marks, cut to a readable length.

    Right-to-left text is isolated, so that it cannot reorder what stands around it.
    """
    joined = " ".join(text.translate(_BIDI_CONTROLS).split())
    line = "".join(c for c in joined if category(c) not in {"Cc", "Cs"}).strip()
    if len(line) > MAX_TEXT_CHARS:
        line = f"{line[:MAX_TEXT_CHARS].rstrip()}…"
    if any(bidirectional(c) in {"R", "AL"} for c in line):
        return f"{_ISOLATE}{line}{_POP_ISOLATE}"
    return line


def escape(text: str) -> str:
    """Return `text` as Markdown that shows it letter for letter, on one line."""
    entities = "".join(_ENTITIES.get(c, c) for c in one_line(text))
    # The "#" of an entity is no heading.
    escaped = _ESCAPED.sub(r"\\\g<0>", entities).replace(r"&\#124;", "&#124;")
    escaped = _INTRAWORD_UNDERSCORE.sub("_", escaped)
    return _LIST_MARKER.sub(r"\1\\\2", escaped)


def quoted(text: str) -> str:
    """Return `text` as Markdown between quotation marks: somebody's own words."""
    return f"“{escape(text.translate(_CLOSING_QUOTES))}”"


def code(name: str) -> str:
    """Return the name of an asset as Markdown."""
    line = one_line(name)
    if not line or "`" in line or "|" in line:
        return quoted(name)
    return f"`{line}`"


def link(text: str, url: str) -> str:
    """Return a link with `text`, which is Markdown; just the text without a web URL."""
    if not _is_web_address(url):
        return text
    return f"[{text}]({quote(url, safe=':/?=&%~#,;@+-._')})"


def _is_web_address(url: str) -> bool:
    try:
        return urlsplit(url).scheme in {"http", "https"}
    except ValueError:  # such as an unclosed [ of an IPv6 host
        return False


def counted(number: int, noun: str) -> str:
    """Return "1 alert", "3 alerts"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def duration(span: timedelta) -> str:
    """Return "1 h 12 min", "4 min", "35 s" or "2 d 3 h": the two largest units."""
    seconds = int(span.total_seconds())
    days, seconds = divmod(seconds, 86_400)
    hours, seconds = divmod(seconds, 3_600)
    minutes, seconds = divmod(seconds, 60)
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min" if minutes else f"{seconds} s"


def between(start: datetime | None, end: datetime | None) -> timedelta | None:
    """Return the time from `start` to `end`; None where unknown or out of order."""
    if start is None or end is None or end < start:
        return None
    return end - start


@dataclass(frozen=True, slots=True)
class Clock:
    """Writes times in one named zone, with UTC beside them."""

    tz: ZoneInfo

    @property
    def is_utc(self) -> bool:
        return self.tz.key in {"UTC", "Etc/UTC"}

    def time(self, at: datetime) -> str:
        """Return "03:12 CET (02:12 UTC)"."""
        utc = f"{at.astimezone(UTC):%H:%M} UTC"
        if self.is_utc:
            return utc
        return f"{at.astimezone(self.tz):%H:%M %Z} ({utc})"

    def day(self, at: datetime) -> str:
        """Return "10 January 2026", the day in the zone."""
        local = at.astimezone(self.tz)
        return f"{local.day} {local:%B %Y}"

    def full(self, at: datetime) -> str:
        """Return "10 January 2026, 03:12 CET (02:12 UTC)"."""
        return f"{self.day(at)}, {self.time(at)}"


@dataclass(frozen=True, slots=True)
class Scribe:
    """Writes free text by role instead of name, and as a quotation where it blames.

    What people wrote at the time is theirs to say; the document only quotes it.
    """

    people: tuple[Person, ...]

    def by_role(self, text: str) -> str:
        """Return `text` with everybody's names replaced by their roles."""
        for name, role in _longest_first(self.people):
            parts = re.split(rf"(?<![\w@]){re.escape(name)}(?!\w)", text)
            text = role.join(parts)
        return text

    def block(self, write: Callable[..., str], *texts: str) -> str:
        """Return `write(*texts)` with the texts as Markdown, quoted if need be."""
        by_role = [self.by_role(text) for text in texts]
        plain = [escape(text) for text in by_role]
        in_quotes = [quoted(text) if text else "" for text in by_role]
        blaming = [q if check(p) else p for p, q in zip(plain, in_quotes, strict=True)]
        for attempt in (plain, blaming):
            if not check(block := write(*attempt)):
                return block
        return write(*in_quotes)


def _longest_first(people: Iterable[Person]) -> list[tuple[str, str]]:
    pairs = [(name, one.role) for one in people for name in one.names if name.strip()]
    return sorted(pairs, key=lambda pair: -len(pair[0]))
