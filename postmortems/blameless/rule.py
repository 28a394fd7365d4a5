"""What a rule of the language check is, and how it writes down what it found."""

from collections.abc import Callable

from postmortems.blameless.findings import Finding, Level
from postmortems.blameless.sentences import Sentence

# A rule looks at one word of a sentence and says what it finds there, if anything.
Rule = Callable[[Sentence, int], Finding | None]
# Rules with the (lower-case) words that wake them.
Rules = tuple[tuple[frozenset[str], Rule], ...]


def blame(
    s: Sentence, first: int, last: int, kind: str, why: str, suggestion: str
) -> Finding:
    """Return a finding every guide agrees on, over words `first` to `last`."""
    return _finding(s, first, last, "blame", kind, why, suggestion)


def advice(
    s: Sentence, first: int, last: int, kind: str, why: str, suggestion: str
) -> Finding:
    """Return a finding that is a matter of style, over words `first` to `last`."""
    return _finding(s, first, last, "advice", kind, why, suggestion)


def _finding(
    s: Sentence, first: int, last: int, level: Level, kind: str, why: str, text: str
) -> Finding:
    start, end = _balanced(s.source, s.words[first].start, s.words[last].end)
    # The first word of a sentence keeps its capital.
    if first == 0 and not s.words[0].text[:1].islower():
        text = f"{text[:1].upper()}{text[1:]}"
    return Finding(start, end, s.source[start:end], level, kind, why, text)


def _balanced(source: str, start: int, end: int) -> tuple[int, int]:
    """Widen the stretch by the emphasis and link marks that only half belong to it."""
    for mark in ("**", "__", "*", "_"):
        if source.count(mark, start, end) % 2:
            if source.startswith(mark, max(0, start - len(mark))):
                start -= len(mark)
            elif source.startswith(mark, end):
                end += len(mark)
    if start and source[start - 1] == "[" and "](" in source[start:end]:
        start -= 1
    return start, end
