"""The sections of a postmortem's Markdown: what they lack and what can be put in.

A section begins with a heading of the second level; headings in fenced code are code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

ACTION_ITEMS = "Action items"
# What a draft says where the record says nothing.
NO_ACTION_ITEMS = "None recorded yet."
UNKNOWN = (
    "The cause is not recorded yet.",
    "Contributing factors are not recorded yet.",
    "Nothing is recorded.",
)
FACT_SECTIONS = (
    "Impact",
    "Detection",
    "Timeline",
    "Trigger",
    "Root cause and contributing factors",
)

_HEADING = re.compile(r"##[ \t]+(.+?)[ \t]*#*[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_COMMENT = re.compile(r"<!--(.*?)-->", re.DOTALL)
_QUESTION_LINE = re.compile(r"^<!--[ \t]*(.+?)[ \t]*-->[ \t]*\n?", re.MULTILINE)
_BULLET = ("- ", "* ", "+ ")


@dataclass(frozen=True, slots=True)
class Section:
    """It begins `at` its heading; `start` and `end` are offsets of what is below."""

    at: int
    heading: str
    start: int
    end: int
    text: str

    @property
    def prose(self) -> str:
        """The text without comments."""
        return _COMMENT.sub("", self.text).strip()

    @property
    def questions(self) -> list[str]:
        """What the comments ask."""
        return [" ".join(found.split()) for found in _COMMENT.findall(self.text)]


def sections(body: str) -> list[Section]:
    found: list[tuple[str, int, int]] = []
    at, fence = 0, ""
    for line in body.splitlines(keepends=True):
        mark = _FENCE.match(line)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
        elif not fence and (heading := _HEADING.match(line.rstrip("\r\n"))):
            found.append((heading[1], at, at + len(line)))
        at += len(line)
    found.append(("", len(body), len(body)))
    return [
        Section(at, heading, start, end, body[start:end])
        for (heading, at, start), (_, end, _) in pairwise(found)
    ]


@dataclass(frozen=True, slots=True)
class Question:
    """What a section still asks in a comment."""

    section: str
    text: str


@dataclass(frozen=True, slots=True)
class Missing:
    """`gaps` are sentences about what is not written; `questions` are still open."""

    gaps: tuple[str, ...]
    questions: tuple[Question, ...]


def missing(body: str) -> Missing:
    """What a reader would look for in vain. Action items are not looked at."""
    gaps: list[str] = []
    questions: list[Question] = []
    for section in sections(body):
        questions += [Question(section.heading, text) for text in section.questions]
        if not section.prose:
            gaps.append(f"“{section.heading}” is empty.")
        gaps += [sentence for sentence in UNKNOWN if sentence in section.prose]
    return Missing(tuple(gaps), tuple(questions))


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of Markdown to put into a section; `key` tells it from the others."""

    key: str
    section: str
    text: str


def snippets(drafted: str) -> list[tuple[str, list[Snippet]]]:
    """The facts of a generated draft in pieces, by section: [(heading, pieces)]."""
    groups = []
    for section in sections(drafted):
        pieces = list(_pieces(section)) if section.heading in FACT_SECTIONS else []
        if pieces:
            named = [
                Snippet(f"{section.heading}:{number}", section.heading, text)
                for number, text in enumerate(pieces)
            ]
            groups.append((section.heading, named))
    return groups


def _pieces(section: Section) -> Iterator[str]:
    """Blocks of a section, a heading line with its list; a timeline line by line."""
    opening = ""
    for block in re.split(r"\n\s*\n", section.prose):
        text = block.strip("\n")
        if text.rstrip("*").endswith(":") and not text.startswith(_BULLET):
            opening = text
        elif section.heading == "Timeline" and text.startswith(_BULLET):
            yield from text.splitlines()
        elif text.startswith("**") and "\n" not in text:
            continue  # the day above some lines of the timeline
        elif text:
            yield f"{opening}\n\n{text}" if opening else text
            opening = ""


def insert(body: str, *, section: str, snippet: str) -> str:
    """Put `snippet` at the end of the section's text, or of everything without one."""
    end = next((s.end for s in sections(body) if s.heading == section), len(body))
    written, rest = body[:end].rstrip("\n"), body[end:]
    last = written.rpartition("\n")[2]
    # A line joins a list above it; anything else begins a paragraph.
    is_list = last.startswith(_BULLET) and snippet.startswith(_BULLET)
    gap = "" if not written else "\n" if is_list else "\n\n"
    return f"{written}{gap}{snippet}\n" + (f"\n{rest}" if rest else "")


def with_action_items(body: str, lines: list[str]) -> str:
    """Put the recorded action items where the text says that there are none yet."""
    for found in sections(body):
        if found.heading == ACTION_ITEMS and NO_ACTION_ITEMS in found.text and lines:
            listed = "\n".join(f"- {line}" for line in lines)
            text = found.text.replace(NO_ACTION_ITEMS, listed, 1)
            return body[: found.start] + text + body[found.end :]
    return body


def finished(body: str) -> str:
    """The text without its open questions, and without sections that say nothing."""
    for section in reversed(sections(body)):
        if not section.prose:
            body = body[: section.at] + body[section.end :]
    return _QUESTION_LINE.sub("", body)


def asking(body: str) -> str:
    """The text with its open questions to be read."""
    return _QUESTION_LINE.sub(r"> To answer: *\1*\n", body)


def reworded(body: str, *, start: int, end: int, suggestion: str) -> str:
    return body[:start] + suggestion + body[end:]
