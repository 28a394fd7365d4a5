"""A person or "human error" given as the cause; mistakes that belong to somebody."""

from postmortems.blameless.findings import Finding
from postmortems.blameless.people import Who
from postmortems.blameless.phrases import (
    BE,
    CONJUNCTIONS,
    DETERMINERS,
    NEGATIONS,
    Phrase,
    is_negated,
    object_end,
    owner_at,
    phrase_after,
    subject_before,
)
from postmortems.blameless.rule import Rules, blame
from postmortems.blameless.sentences import Sentence
from postmortems.blameless.wordlist import words

_KIND_ERROR, _KIND_CAUSE = "human-error", "person-as-cause"
_WHY_ERROR = "Human error is where the questions begin, not an explanation."
_WHY_CAUSE = "This names a person as the cause; say which conditions made it possible."

_ALLOWED = "a system that made this mistake easy to make"
_CONDITIONS = "the conditions at the time"
SEVERAL = "several conditions contributed"

_ERROR_MAKERS = words(
    """
    human operator user engineer developer admin administrator analyst employee
    staff personnel programmer people pilot dba manual clerical
    """
)
# "User error messages" and "operator error rate" are about something else.
COMPOUND_TAILS = words(
    """
    rate rates budget budgets handling handler log logs message messages code codes
    count counts page pages threshold thresholds report reports queue tracker
    tracking response responses state states alert alerts monitoring metric metrics
    tolerance mode modes domain domains tests recovery correction prone dialog text
    banner dashboard events event
    """
)
_SLIPS = words(
    """
    mistake mistakes error errors fault oversight failure failures negligence
    carelessness typo blunder bug misconfiguration lapse slip slip-up sloppiness
    inattention ignorance laziness incompetence inexperience screw-up misjudgement
    misjudgment misunderstanding inability inaction recklessness stupidity
    complacency mess inattentiveness forgetfulness
    """
)
# After "our" and "their" only what cannot be the system's.
_OWN_SLIPS = words(
    """
    mistake mistakes fault oversight negligence carelessness blunder sloppiness
    inattention ignorance laziness incompetence inexperience stupidity complacency
    forgetfulness
    """
)
_POOR = words("bad poor wrong sloppy careless terrible reckless negligent")
_DEEDS = words(
    """
    decision judgement judgment choice call work code job change deploy query
    planning communication design coding testing management timing handling response
    performance
    """
)
BAD_THINGS = words(
    """
    outage incident failure bug error mistake problem breakage regression loss
    corruption typo misconfiguration downtime disruption leak issue mess delay
    breach disaster damage
    """
)
_HARMED_BY = words(
    """
    caused broken corrupted botched ruined misconfigured missed overlooked forgotten
    neglected mishandled messed ignored misread
    """
)
_DONE_BY = words("made introduced triggered started created committed initiated")
_SURE = (Who.PERSON, Who.SELF)
PEOPLE = (Who.PERSON, Who.SELF, Who.LIKELY)
ADVERBS = words(
    """
    solely entirely largely mostly clearly partly partially directly only really
    """
)


_BEFORE_ERROR = words(
    """
    a an the this some simple pure avoidable plain basic unfortunate
    """
)


def _human_error(s: Sentence, i: int) -> Finding | None:
    is_hyphened = s.lower(i).startswith(("human-", "user-", "operator-"))
    if not is_hyphened and s.lower(i - 1) not in _ERROR_MAKERS:
        return None
    if s.lower(i + 1) in COMPOUND_TAILS or is_denied(s, i):
        return None
    first = i if is_hyphened else i - 1
    is_many = s.lower(i).endswith("s") and s.lower(first) in {"user", "manual"}
    if is_many and s.lower(first - 1) not in {"to", "by", "of"}:
        return None  # "User errors rose to 5 %" is a count
    if s.words[first].is_possessive:
        return None
    while s.lower(first - 1) in _BEFORE_ERROR:
        first -= 1
    return blame(s, first, i, _KIND_ERROR, _WHY_ERROR, _ALLOWED)


def is_denied(s: Sentence, i: int) -> bool:
    """Return whether the sentence says that it was not so."""
    if is_negated(s, i):
        return True
    if s.lower(i + 1) in {"wasn't", "isn't", "weren't"}:
        return True
    if s.lower(i + 1) in BE and s.lower(i + 2) in {"not", "never"}:
        return True
    tail = [s.lower(j) for j in range(i + 1, i + 6)]
    return ("played" in tail and "no" in tail) or ("ruled" in tail and "out" in tail)


def _slip_by(s: Sentence, i: int) -> Finding | None:
    """A mistake by Ana, negligence on the part of the team, error of the operator."""
    k = i + 1
    if s.says(k, "on", "the", "part", "of"):
        k += 3
    elif s.lower(k) == "made" and s.lower(k + 1) == "by":
        k += 1
    elif s.lower(k) not in {"by", "of", "from"}:
        return None
    person = phrase_after(s, k + 1)
    sure = s.lower(k) in {"by", "of"} and k == i + 1 and s.lower(k) == "by"
    allowed = PEOPLE if sure else _SURE
    if person is None or not _is_blamed(s, person, allowed) or is_negated(s, i):
        return None
    first = i
    while first and s.lower(first - 1) in _POOR | _ADJECTIVES:
        first -= 1
    if s.lower(first - 1) in DETERMINERS:
        first -= 1
    text = "a mistake the system allowed"
    if s.lower(i) in {"judgement", "judgment"}:
        text = "a decision made with what was known"
    return blame(s, first, person.last, _KIND_CAUSE, _WHY_CAUSE, text)


def _is_blamed(s: Sentence, person: Phrase, allowed: tuple[Who, ...]) -> bool:
    is_operator = person.who is Who.MAYBE and s.lower(person.last) == "operator"
    return person.who in allowed or is_operator


def _done_by(s: Sentence, i: int) -> Finding | None:
    """Caused by Ana; the mistake was made by the new hire."""
    by = i + 2 if s.lower(i + 1) == "up" else i + 1
    if s.lower(by) != "by":
        return None
    person = phrase_after(s, by + 1)
    if person is None or not _is_blamed(s, person, PEOPLE) or is_negated(s, i):
        return None
    if s.lower(person.last) in {"it", "them", "anyone", "you"}:
        return None
    is_mistake = s.lower(i) in _DONE_BY
    if is_mistake and not any(
        s.lower(j) in BAD_THINGS | _SLIPS for j in range(max(0, i - 8), i)
    ):
        return None
    first, text = _undone(s, i)
    last = person.last
    if s.lower(last + 1) == "who":
        last = object_end(s, last + 2)
    return blame(s, first, last, _KIND_CAUSE, _WHY_CAUSE, text)


def _undone(s: Sentence, i: int) -> tuple[int, str]:
    """Return where "was missed by Ana" is to be marked, and its rewording."""
    verb = s.lower(i)
    if verb == "made":
        return i, "easy to make"
    if verb == "caused":
        return i, f"made possible by {_CONDITIONS}"
    if verb in {"missed", "ignored", "overlooked", "forgotten", "neglected"}:
        if s.lower(i - 1) in {"was", "were"}:
            return i - 1, "did not stand out"
        return i, "that did not stand out"
    if verb in {"misconfigured", "mishandled", "botched", "misread", "messed"}:
        return i, "easy to get wrong"
    return i, f"{s.original(i, i)} by a change"


def _due_to(s: Sentence, i: int) -> Finding | None:
    """Because of Ana; due to the on-call engineer."""
    if s.lower(i + 1) not in {"to", "of"}:
        return None
    person = phrase_after(s, i + 2)
    if person is None or person.who is not Who.PERSON or is_negated(s, i):
        return None
    after = person.last + 1
    ends = after >= len(s) or s.words[after].is_mark or s.lower(after) in CONJUNCTIONS
    if not ends:
        return None
    return blame(
        s, i, person.last, _KIND_CAUSE, _WHY_CAUSE, f"because of {_CONDITIONS}"
    )


def _on_person(s: Sentence, i: int) -> Finding | None:
    """This is on Ana."""
    if s.lower(i - 1) not in BE or s.lower(i - 2) not in {"this", "that", "all"}:
        return None
    person = phrase_after(s, i + 1)
    if person is None or person.who is not Who.PERSON or not _closes(s, person):
        return None
    return _several(s, i - 2, person.last, "")


def cause_is(s: Sentence, i: int) -> Finding | None:
    """The cause was Ana; Ana was the cause of the outage."""
    k = i + 1
    if s.lower(k) in {"of", "for", "behind"}:  # "the cause of the outage was Ana"
        inner = phrase_after(s, k + 1)
        k = inner.last + 1 if inner is not None else k
    if s.lower(k) in BE or s.says(k, "turned", "out"):
        k = k + 4 if s.says(k, "turned", "out", "to", "be") else k + 1
        person = phrase_after(s, k)
        if person is not None and person.who is Who.PERSON and _closes(s, person):
            first = i
            while first and s.lower(first - 1) in CAUSE_WORDS:
                first -= 1
            last = person.last
            if s.lower(last + 1) == "who":
                last = object_end(s, last + 2)
            return _several(s, first, last, "")
    return _is_cause(s, i)


CAUSE_WORDS = words(
    """
    the a one root main sole primary only real true underlying actual
    """
)


def _closes(s: Sentence, person: Phrase) -> bool:
    after = person.last + 1
    return (
        after >= len(s)
        or s.words[after].is_mark
        or s.lower(after) in {"who", "and", "because", "again"}
    )


def _is_cause(s: Sentence, i: int) -> Finding | None:
    first = i
    while first and s.lower(first - 1) in CAUSE_WORDS:
        first -= 1
    if first == i or s.lower(first - 1) not in BE:
        return None
    subject = subject_before(s, first - 1)
    if subject is None or subject.who not in PEOPLE:
        return None
    if s.lower(i) == "reason" and s.lower(i + 1) not in {"", "of", "for", "behind"}:
        text = "several conditions explain why"
        last = i + 1 if s.lower(i + 1) == "why" else i
        return blame(s, subject.first, last, _KIND_CAUSE, _WHY_CAUSE, text)
    of = s.lower(i + 1) in {"of", "for", "behind", "here"}
    return _several(s, subject.first, i + 1 if of else i, " to" if of else "")


def _several(s: Sentence, first: int, last: int, tail: str) -> Finding:
    text = f"{SEVERAL}{tail}"
    return blame(s, first, last, _KIND_CAUSE, _WHY_CAUSE, text)


def possessive(s: Sentence, i: int) -> Finding | None:
    """Return what is found in "Ana's mistake", "their carelessness", "whose fault"."""
    word = s.lower(i)
    k = i + 1
    poor = False
    while s.lower(k) in _POOR | _ADJECTIVES:
        poor = poor or s.lower(k) in _POOR
        k += 1
    slips = _OWN_SLIPS if word in {"our", "their", "whose"} else _SLIPS
    is_lack = s.lower(k) in {"lack", "absence"} and s.lower(k + 1) == "of"
    is_work = s.lower(k) in _WORKS and s.lower(k + 1) in _BROKE and word != "their"
    is_deed = poor and s.lower(k) in _DEEDS
    if not (s.lower(k) in slips or is_lack or is_deed or is_work):
        return None
    if s.lower(k + 1) in COMPOUND_TAILS or is_negated(s, i):
        return None
    owner = Phrase(i, i, Who.PERSON) if word in _OWNERS else _owner(s, i)
    if owner is None or s.lower(owner.first - 1) in NEGATIONS:
        return None
    asks = s.lower(k + 1) in BE and s.lower(k + 2) in {"this", "it", "that"}
    if is_work and s.lower(owner.last) in {"team", "our", "squad"}:
        return None
    if is_work:
        text = f"a {s.original(k, k)}"
        return blame(s, owner.first, k, _KIND_CAUSE, _WHY_CAUSE, text)
    if word == "whose" and asks:
        text = "what made this possible"
        return blame(s, i, k + 2, _KIND_CAUSE, _WHY_CAUSE, text)
    return _blamed_slip(s, owner.first, k, is_lack)


_ADJECTIVES = words(
    """
    own simple basic silly stupid rookie honest big huge repeated human
    """
)
_OWNERS = words("his her my your our their whose somebody's someone's")


_WORKS = words(
    """
    change commit pr query script migration merge code release patch refactor
    refactoring deploy deployment fix pull-request
    """
)
_BROKE = words("broke caused crashed corrupted deleted ruined took brought led")


def _owner(s: Sentence, i: int) -> Phrase | None:
    """Return the person whose name or role stands, with an 's, at word `i`."""
    person = owner_at(s, i)
    if person is None or person.who not in PEOPLE:
        return None
    return None if s.lower(i) in {"anyone", "anybody"} else person


def _blamed_slip(s: Sentence, first: int, last: int, is_lack: bool) -> Finding:
    noun = s.lower(last)
    if is_lack:
        text = "a lack"
    elif noun in {"failure", "inability"} and s.lower(last + 1) == "to":
        text = "the missing prompt"
    elif noun == "fault":
        text = "the result of several conditions"
    elif noun in _DEEDS:
        text = f"the {noun}"
    elif noun.endswith("s") and not noun.endswith("ss"):
        text = "mistakes the system allowed"
    elif noun in _STATES:
        text = "a missing safeguard"
    else:
        text = f"a {noun} the system allowed"
        text = text.replace("a error", "an error").replace("a over", "an over")
    return blame(s, first, last, _KIND_CAUSE, _WHY_CAUSE, text)


_STATES = words(
    """
    negligence carelessness sloppiness inattention ignorance laziness incompetence
    inexperience recklessness stupidity complacency inaction inattentiveness
    forgetfulness inability
    """
)
RULES: Rules = (
    (
        words("error errors mistake mistakes human-error user-error failure"),
        _human_error,
    ),
    (_SLIPS | {"judgement", "judgment"}, _slip_by),
    (_HARMED_BY | _DONE_BY, _done_by),
    (words("due because owing"), _due_to),
    (words("on"), _on_person),
    (words("cause reason problem"), cause_is),
    (_OWNERS, possessive),
)
