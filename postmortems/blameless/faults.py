"""Fault, blame and guilt: whom a sentence holds to account."""

from postmortems.blameless.causes import (
    ADVERBS,
    BAD_THINGS,
    CAUSE_WORDS,
    COMPOUND_TAILS,
    PEOPLE,
    SEVERAL,
    cause_is,
    is_denied,
)
from postmortems.blameless.findings import Finding
from postmortems.blameless.people import is_person_noun
from postmortems.blameless.phrases import (
    BE,
    DETERMINERS,
    first_phrase,
    is_negated,
    phrase_after,
    subject_before,
)
from postmortems.blameless.rule import Rules, advice, blame
from postmortems.blameless.sentences import Sentence
from postmortems.blameless.wordlist import words

KIND = "fault"
_WHY = "This hands out blame; a postmortem looks for conditions."
_WHY_CULPRIT = (
    "This word looks for someone guilty; incidents have contributing factors."
)


def _fault(s: Sentence, i: int) -> Finding | None:
    """At fault; the fault lies with Ana; the fault of the team."""
    if s.lower(i + 1) in COMPOUND_TAILS or is_negated(s, i):
        return None
    if s.lower(i - 1) == "at":
        return _at_fault(s, i)
    k = i + 1
    if s.lower(k) in {"lies", "is", "was", "rests", "lay"} and s.lower(k + 1) == "with":
        k += 1
    if s.lower(k) not in {"with", "of"}:
        return None
    person = phrase_after(s, k + 1)
    if person is None or person.who not in PEOPLE:
        return None
    first = i - 1 if s.lower(i - 1) in DETERMINERS else i
    text = "the result of several conditions" if s.lower(k) == "of" else SEVERAL
    return blame(s, first, person.last, KIND, _WHY, text)


def _at_fault(s: Sentence, i: int) -> Finding | None:
    be = i - 2
    while s.lower(be) in ADVERBS:
        be -= 1
    if s.lower(be) in BE:
        subject = subject_before(s, be)
        if subject is None or subject.who not in PEOPLE:
            return None
        return blame(s, subject.first, i, KIND, _WHY, SEVERAL)
    subject = subject_before(s, i - 1)
    if subject is None or subject.who not in PEOPLE:
        return None
    text = s.original(subject.first, subject.last)
    return blame(s, subject.first, i, KIND, _WHY, f"{text} involved")


def _to_blame(s: Sentence, i: int) -> Finding | None:
    """Ana is to blame for the delay; we blame Ana; the blame lies with Ana."""
    if s.lower(i - 1) in {"git", "github", "gitlab", "hg"} or is_negated(s, i):
        return None
    if s.lower(i - 1) == "to" and s.lower(i - 2) in _REFLEXIVES:
        subject = first_phrase(s, i - 2)
        first = subject.first if subject is not None else i - 2
        return _blamed(s, first, i, SEVERAL)
    if s.lower(i - 1) == "to" and s.lower(i - 2) in BE | ADVERBS:
        be = i - 2
        while s.lower(be) in ADVERBS:
            be -= 1
        subject = subject_before(s, be)
        if subject is None or subject.who not in PEOPLE:
            return None
        first = subject.first
        last = i
    else:
        span = _blamed_person(s, i)
        if span is None:
            return None
        first, last = span
    if s.lower(last + 1) == "for" and last + 2 < len(s):
        return _blamed(s, first, last + 1, f"{SEVERAL} to")
    return _blamed(s, first, last, SEVERAL)


def _blamed_person(s: Sentence, i: int) -> tuple[int, int] | None:
    """Return the words of "we blame the on-call" or "the blame lies with Ana"."""
    k = i + 1
    if s.lower(k) == "for":  # "the blame for this rests with Ana"
        k = next((j for j in range(k, k + 6) if s.lower(j) in _LIES), k)
    if s.lower(k) in _LIES:
        k += 1
    if s.lower(k) in {"with", "on", "to"}:
        k += 1
    elif k > i + 1:
        return None
    if s.lower(k) in {"it", "this", "that"} and s.lower(k + 1) == "on":
        k += 2  # "blame it on the new hires"
        person = phrase_after(s, k)
        is_person = person is not None and person.who in PEOPLE
        return (i, person.last) if person is not None and is_person else None
    person = phrase_after(s, k)
    if person is None or person.who not in PEOPLE:
        return None
    if k == i + 1:
        subject = subject_before(s, i)
        return (subject.first if subject is not None else i, person.last)
    first = i - 1 if s.lower(i - 1) in {"the", "all"} else i
    return first, person.last


_REFLEXIVES = words("himself herself themselves myself ourselves yourself")
_LIES = words("lies falls rests is was lay goes belongs")


def _blamed(s: Sentence, first: int, last: int, text: str) -> Finding:
    return blame(s, first, last, KIND, _WHY, text)


def _was_blamed(s: Sentence, i: int) -> Finding | None:
    """Ana was blamed; the engineer got the blame."""
    if s.lower(i - 1) not in BE:
        return _to_blame(s, i)
    subject = subject_before(s, i - 1)
    if subject is None or subject.who not in PEOPLE or is_negated(s, i):
        return None
    return _blamed(s, subject.first, i, SEVERAL)


def _responsible(s: Sentence, i: int) -> Finding | None:
    """Responsible for the outage; being responsible for a pipeline is fine."""
    if s.lower(i + 1) != "for" or is_negated(s, i):
        return None
    if s.lower(i + 2) not in {"the", "this", "that", "our", "causing", "breaking"}:
        return None
    thing = phrase_after(s, i + 2)
    causing = s.lower(i + 2) in {"causing", "breaking"}
    if not causing and (thing is None or s.lower(thing.last) not in BAD_THINGS):
        return None
    be = i - 1
    while s.lower(be) in ADVERBS:
        be -= 1
    start = be if s.lower(be) in BE else i
    subject = subject_before(s, start)
    if subject is None or subject.who not in PEOPLE:
        return None
    if start == i:
        return _blamed(s, subject.first, i, "what contributed")
    return _blamed(s, subject.first, i + 1, f"{SEVERAL} to")


def _culprit(s: Sentence, i: int) -> Finding | None:
    if is_negated(s, i) or is_denied(s, i):
        return None
    found = cause_is(s, i)
    if found is not None:
        return found
    first = i
    while first and s.lower(first - 1) in CAUSE_WORDS | {"likely"}:
        first -= 1
    if first == i:
        return None
    is_many = s.lower(i).endswith("s")
    text = "the contributing factors" if is_many else "one contributing factor"
    return advice(s, first, i, KIND, _WHY_CULPRIT, text)


def _guilty(s: Sentence, i: int) -> Finding | None:
    if is_negated(s, i) or s.lower(i - 1) in {"feel", "felt", "feels", "feeling"}:
        return None
    after = s.lower(i + 1)
    if after in {"party", "parties"} or is_person_noun(after):
        text = "people involved" if after == "parties" else "person involved"
        return _blamed(s, i, i + 1, text)
    subject = subject_before(s, i - 1) if s.lower(i - 1) in BE else None
    if subject is None or subject.who not in PEOPLE:
        return None
    if s.lower(i + 1) == "of":
        return _blamed(s, subject.first, i + 1, "nothing in the process prevented")
    return _blamed(s, subject.first, i, "there was no safeguard at this step")


RULES: Rules = (
    (words("fault"), _fault),
    (words("blame blaming blames"), _to_blame),
    (words("blamed"), _was_blamed),
    (words("responsible accountable"), _responsible),
    (words("culprit culprits offender perpetrator"), _culprit),
    (words("guilty"), _guilty),
)
