"""Cuts covered text into sentences and words that know where they stand."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from postmortems.blameless.markdown import BREAK, CODE, QUOTE
from postmortems.blameless.wordlist import words

_TOKEN = re.compile(
    rf"{CODE}+|{QUOTE}+|{BREAK}+|\d+(?::\d+)+|@?\w+(?:[-.'’/@]\w+)*['’]?|[^\w\s]"
)
_ENDS = frozenset(".!?;|…")
_KEPT_MARKS = frozenset(",:()—–-")
_JOINED = {("on", "call"): "on-call", ("no", "one"): "no-one"}
_CONTRACTED = words(
    """
    it's that's there's here's what's who's he's she's let's how's where's one's
    everyone's everybody's
    """
)
_TITLE_CASE_MIN_WORDS = 4


@dataclass(frozen=True, slots=True)
class Word:
    """A word or mark. `lower` has straight apostrophes and no possessive ending."""

    start: int
    end: int
    text: str
    lower: str
    is_possessive: bool = False

    @property
    def is_mark(self) -> bool:
        return self.text in _KEPT_MARKS

    @property
    def is_capitalised(self) -> bool:
        return self.text[:1].isupper()


@dataclass(frozen=True, slots=True)
class Sentence:
    """The words of one sentence, with the text they were cut from."""

    source: str
    words: list[Word]
    is_title_case: bool = field(init=False)

    def __post_init__(self) -> None:
        spelled = [w for w in self.words if w.text[:1].isalpha()]
        capitals = sum(w.is_capitalised for w in spelled)
        # In a Title Like This a capital says nothing about names.
        is_title = len(spelled) >= _TITLE_CASE_MIN_WORDS and capitals > (
            0.6 * len(spelled)
        )
        object.__setattr__(self, "is_title_case", is_title)

    def __len__(self) -> int:
        return len(self.words)

    def lower(self, i: int) -> str:
        """Return word `i` in lower case; "" outside the sentence."""
        return self.words[i].lower if 0 <= i < len(self.words) else ""

    def says(self, i: int, *phrase: str) -> bool:
        """Return whether the words from `i` on are `phrase`."""
        return all(self.lower(i + n) == word for n, word in enumerate(phrase))

    def original(self, first: int, last: int) -> str:
        """Return the source from word `first` to word `last`, on one line."""
        if last < first:
            return ""
        text = self.source[self.words[first].start : self.words[last].end]
        return " ".join(text.split())


def sentences(source: str, covered: str) -> Iterator[Sentence]:
    """Yield the sentences of `covered`; offsets hold in `source` alike."""
    words: list[Word] = []
    for match in _TOKEN.finditer(covered):
        text = match.group()
        if text in _ENDS or text[0] == BREAK:
            if words:
                yield Sentence(source, words)
            words = []
        elif text[0].isalnum() or text[0] in f"@_{CODE}{QUOTE}":
            _append(words, match)
        elif text in _KEPT_MARKS and words:
            words.append(Word(match.start(), match.end(), text, text))
    if words:
        yield Sentence(source, words)


def _append(words: list[Word], match: re.Match[str]) -> None:
    """Append the word, without the underscores of emphasis around it."""
    text = match.group()
    core = text.strip("_")
    if not core:
        return
    start = match.start() + text.index(core)
    end = start + len(core)
    lower = core.lower().replace("’", "'")
    is_possessive = lower not in _CONTRACTED and lower.endswith(("'s", "s'"))
    if is_possessive:
        lower = lower[:-2] if lower.endswith("'s") else lower[:-1]
    joined = _JOINED.get((words[-1].lower, lower)) if words else None
    if joined is not None:
        previous = words.pop()
        text = f"{previous.text}-{core}"
        words.append(Word(previous.start, end, text, joined, is_possessive))
        return
    words.append(Word(start, end, core, lower.rstrip("'"), is_possessive))
