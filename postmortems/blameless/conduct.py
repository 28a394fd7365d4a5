"""How somebody is said to have acted: by mistake, carelessly, too slowly."""

from postmortems.blameless.findings import Finding
from postmortems.blameless.harms import PEOPLE, actor
from postmortems.blameless.people import Who
from postmortems.blameless.phrases import (
    BE,
    CONJUNCTIONS,
    DETERMINERS,
    first_phrase,
    is_negated,
    object_end,
)
from postmortems.blameless.rule import Rules, blame
from postmortems.blameless.sentences import Sentence
from postmortems.blameless.verbs import gerund_of_past, is_past
from postmortems.blameless.wordlist import words

KIND = "judgement"
_WHY = "This judges how a person acted; say what made the step possible."

_BY_ACCIDENT = words("accidentally inadvertently unintentionally unknowingly")
_WRONGLY = words(
    """
    wrongly mistakenly erroneously incorrectly carelessly recklessly foolishly
    stupidly blindly improperly hastily negligently needlessly clumsily
    irresponsibly naively sloppily thoughtlessly rashly
    """
)
_LET_GO = words("expire lapse slip happen rot fester")
_BAD_STATES = words("panicked rushed lied procrastinated slacked refused")


def _adverb(s: Sentence, i: int) -> Finding | None:
    """Ana accidentally deleted the table; the table was deleted carelessly."""
    accident = s.lower(i) in _BY_ACCIDENT
    if not is_past(s.lower(i + 1)) or s.lower(i - 1) in DETERMINERS:
        return None
    subject = actor(s, i)
    if subject is None or is_negated(s, i):
        return None
    last = object_end(s, i + 2)
    what = f"{gerund_of_past(s.lower(i + 1))} {s.original(i + 2, last)}".rstrip()
    end = " by accident" if accident else ""
    text = f"the tooling allowed {what}{end}"
    return blame(s, subject.first, last, KIND, _WHY, text)


def _by_mistake(s: Sentence, i: int) -> Finding | None:
    """Ben deleted the table by mistake; she configured the job incorrectly."""
    first = i
    if s.lower(i) in {"mistake", "accident"}:
        if s.lower(i - 1) != "by":
            return None
        first = i - 1
    ends = i + 1 >= len(s) or s.words[i + 1].is_mark or s.lower(i + 1) in CONJUNCTIONS
    subject = first_phrase(s, first) if ends else None
    if subject is None or subject.who not in PEOPLE or is_negated(s, first):
        return None
    if s.lower(subject.last + 1) in BE or s.lower(subject.last + 1) in _REPORTING:
        return None
    text = "in a way the tooling allowed"
    return blame(s, first, i, KIND, _WHY, text)


_REPORTING = words("noticed found saw reported said wrote noted fixed corrected")


def _let(s: Sentence, i: int) -> Finding | None:
    last = object_end(s, i + 1)
    ends = [j for j in range(i + 1, last + 1) if s.lower(j) in _LET_GO]
    subject = actor(s, i) if ends else None
    if subject is None or is_negated(s, i):
        return None
    text = f"nothing warned before {s.original(i + 1, ends[0] - 1)} could"
    text = f"{text} {s.original(ends[0], ends[0])}"
    return blame(s, subject.first, ends[0], KIND, _WHY, text)


def _left(s: Sentence, i: int) -> Finding | None:
    """Ana left the debug flag on."""
    last = object_end(s, i + 1)
    subject = actor(s, i) if s.lower(last) in _LEFT_STATES and last > i + 1 else None
    if subject is None:
        return None
    text = f"nothing showed that {s.original(i + 1, last - 1)} was still"
    text = f"{text} {s.original(last, last)}"
    return blame(s, subject.first, last, KIND, _WHY, text)


_LEFT_STATES = words(
    """
    on enabled disabled open running paused unattended exposed unprotected unlocked
    off
    """
)
_IDIOMS = (
    ("cut", "corners"),
    ("took", "shortcuts"),
    ("took", "a", "shortcut"),
    ("turned", "a", "blind", "eye"),
    ("jumped", "the", "gun"),
    ("fell", "asleep"),
    ("overslept",),
    ("slept", "through"),
    ("slacked", "off"),
    ("had", "no", "clue"),
    ("made", "a", "mess"),
    ("made", "things", "worse"),
    ("let", "us", "down"),
    ("let", "everyone", "down"),
    ("got", "it", "wrong"),
    ("got", "this", "wrong"),
    ("was", "distracted"),
    ("were", "distracted"),
    ("was", "wrong", "to"),
    ("were", "wrong", "to"),
    ("leaked",),
    ("lacked", "the"),
    ("lacked", "experience"),
)


def _idiom(s: Sentence, i: int) -> Finding | None:
    idiom = next((words for words in _IDIOMS if s.says(i, *words)), None)
    subject = actor(s, i) if idiom is not None else None
    if idiom is None or subject is None:
        return None
    last = object_end(s, i + len(idiom))
    text = "something went differently than planned"
    return blame(s, subject.first, last, KIND, _WHY, text)


def _bad_state(s: Sentence, i: int) -> Finding | None:
    subject = actor(s, i)
    if subject is None or subject.who is not Who.PERSON or is_negated(s, i):
        return None
    last = object_end(s, i + 1)
    text = "there was little time and little information at that point"
    if s.lower(i) == "refused" and s.lower(i + 1) == "to" and last > i + 1:
        text = f"there was a reason not {s.original(i + 1, last)}"
    return blame(s, subject.first, last, KIND, _WHY, text)


def _too_slow(s: Sentence, i: int) -> Finding | None:
    """The on-call was too slow to respond, took too long to answer."""
    if s.lower(i + 1) not in {"slow", "late", "long", "tired", "busy"}:
        return None
    before = s.lower(i - 1)
    if before not in {"was", "were", "took", "waited", "reacted", "been"}:
        return None
    subject = actor(s, i - 1)
    if subject is None:
        return None
    last = object_end(s, i + 2)
    if s.lower(i + 2) == "to" and last > i + 2:
        text = f"there was little support {s.original(i + 2, last)} in time"
    else:
        text, last = "there was little support at that point", i + 1
    return blame(s, subject.first, last, KIND, _WHY, text)


RULES: Rules = (
    (_BY_ACCIDENT | _WRONGLY, _adverb),
    (words("mistake accident") | _WRONGLY, _by_mistake),
    (words("let"), _let),
    (words("left"), _left),
    (frozenset(first for first, *_ in _IDIOMS), _idiom),
    (_BAD_STATES, _bad_state),
    (words("too"), _too_slow),
)
