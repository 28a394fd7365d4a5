"""Matters of style: absolutes, hindsight, one root cause, nobody who acted."""

from postmortems.blameless.findings import Finding
from postmortems.blameless.people import Who
from postmortems.blameless.phrases import BE, subject_before
from postmortems.blameless.rule import Rules, advice
from postmortems.blameless.sentences import Sentence
from postmortems.blameless.wordlist import words

_WHY_OBVIOUS = "What is obvious now was not obvious then."
_WHY_SIMPLE = "This makes the step sound easier than it was for whoever was there."
_WHY_ALWAYS = "An absolute about people is seldom true and sounds like a charge."
_WHY_ROOT = (
    "Incidents have several contributing factors; one root cause ends the search."
)
_WHY_PASSIVE = "The sentence hides what happened; say what was done and why."
_WHY_HINDSIGHT = "Hindsight changes what looks important; say what was known then."

_PEOPLE = (Who.PERSON, Who.SELF, Who.LIKELY)
_CLEARLY_SHOWN = words(
    """
    marked labelled labeled visible documented defined stated written separated
    shows showed shown named see describes described defines states specified
    separate communicated show state describe understood structured tagged indicated
    indicates
    """
)
_SIMPLE_STEPS = words(
    """
    check run restart look read ask use click roll revert rerun re-run follow add
    make test do be call wait set turn update change fix
    """
)
_FORGOTTEN_SIGNALS = words(
    """
    alert alarm warning page notification email step task check review
    """
)


def _obviously(s: Sentence, i: int) -> Finding | None:
    if s.lower(i) == "clearly" and (
        s.lower(i + 1) in _CLEARLY_SHOWN or s.lower(i - 1) in _CLEARLY_SHOWN
    ):
        return None
    return _dropped(s, i, i, "hindsight", _WHY_OBVIOUS)


def _it_is_obvious(s: Sentence, i: int) -> Finding | None:
    start = i - 2
    if s.lower(i - 1) not in BE or s.lower(start) != "it" or s.lower(i + 1) != "that":
        return None
    return _dropped(s, start, i + 1, "hindsight", _WHY_OBVIOUS)


def _dropped(s: Sentence, first: int, last: int, kind: str, why: str) -> Finding | None:
    """Advise to leave out words `first` to `last`: the next word stands for them."""
    k = last + 1
    while k < len(s) and s.words[k].is_mark:
        k += 1
    if k < len(s):
        return advice(s, first, k, kind, why, s.original(k, k))
    if first == 0 or s.words[first - 1].is_mark:
        return None
    return advice(s, first - 1, last, kind, why, s.original(first - 1, first - 1))


def _of_course(s: Sentence, i: int) -> Finding | None:
    if not s.says(i, "of", "course"):
        return None
    return _dropped(s, i, i + 1, "hindsight", _WHY_OBVIOUS)


def _needless_to_say(s: Sentence, i: int) -> Finding | None:
    if not s.says(i, "needless", "to", "say"):
        return None
    return _dropped(s, i, i + 2, "hindsight", _WHY_OBVIOUS)


def _everyone_knows(s: Sentence, i: int) -> Finding | None:
    if s.lower(i + 1) not in {"knows", "knew"}:
        return None
    return advice(s, i, i + 1, "hindsight", _WHY_OBVIOUS, "the documentation says")


def _simply(s: Sentence, i: int) -> Finding | None:
    if s.lower(i - 1) in {"put", "putting"}:
        return None
    return _dropped(s, i, i, "minimiser", _WHY_SIMPLE)


def _just(s: Sentence, i: int) -> Finding | None:
    after, before = s.lower(i + 1), s.lower(i - 1)
    needed = {"had", "needed", "has", "needs", "have", "need"}
    is_need = after in needed and s.lower(i + 2) == "to"
    is_modal = before in {"should", "could", "can", "must", "would", "to"}
    if not is_need and not (after in _SIMPLE_STEPS and (is_modal or i == 0)):
        return None
    return _dropped(s, i, i, "minimiser", _WHY_SIMPLE)


def _always(s: Sentence, i: int) -> Finding | None:
    """The team never tests; engineers always forget."""
    after = s.lower(i + 1)
    is_verb = after.isalpha() and not after.endswith(("ed", "ing", "ly"))
    subject = subject_before(s, i) if is_verb and after not in BE else None
    if subject is None or subject.who is not Who.PERSON:
        return None
    if after in {"had", "have", "has", "been", "got", "saw", "on", "at", "in", "a"}:
        return None
    text = "often" if s.lower(i) == "always" else "rarely"
    return advice(s, i, i, "absolute", _WHY_ALWAYS, text)


def _root_cause(s: Sentence, i: int) -> Finding | None:
    if s.lower(i + 1) != "cause":
        return None
    first = i
    while first and s.lower(first - 1) in _SINGLING:
        first -= 1
    is_single = any(s.lower(j) in _SINGLING - {"the"} for j in range(first, i))
    after = s.lower(i + 2)
    states = after in BE | {"of", "turned", "lies", "behind"} or s.says(i + 2, "for")
    if first == i or not (is_single or states) or not _is_stated(s, i + 2, first):
        return None
    last = i + 2 if after == "of" else i + 1
    text = "one contributing factor in" if after == "of" else "one contributing factor"
    return advice(s, first, last, "root-cause", _WHY_ROOT, text)


_SINGLING = words("the single one only sole true real actual ultimate underlying")


def _is_stated(s: Sentence, k: int, first: int) -> bool:
    """Return whether a cause is stated, rather than searched for or unknown."""
    if s.lower(first - 1) in {"find", "found", "confirm", "record", "identify", "for"}:
        return False
    unknown = {"unknown", "unclear", "not", "under", "still", "recorded", "confirmed"}
    return not any(s.lower(j) in unknown for j in range(k, k + 3))


def _sole_cause(s: Sentence, i: int) -> Finding | None:
    if s.lower(i + 1) not in {"cause", "reason"} or s.lower(i - 1) != "the":
        return None
    text = "one contributing factor"
    return advice(s, i - 1, i + 1, "root-cause", _WHY_ROOT, text)


def _mistakes_were_made(s: Sentence, i: int) -> Finding | None:
    if s.lower(i + 1) not in {"was", "were"} or s.lower(i + 2) != "made":
        return None
    if s.lower(i + 3) in {"by", "easy"} or s.lower(i - 1) == "no":
        return None
    first = i - 1 if s.lower(i - 1) in {"a", "some", "several", "the", "many"} else i
    text = "this step went differently than planned"
    return advice(s, first, i + 2, "passive", _WHY_PASSIVE, text)


def _it_was_decided(s: Sentence, i: int) -> Finding | None:
    if not s.says(i, "it", "was", "decided"):
        return None
    text = "the decision at that point was"
    return advice(s, i, i + 2, "passive", _WHY_PASSIVE, text)


def _was_forgotten(s: Sentence, i: int) -> Finding | None:
    """The step was forgotten; the alert was ignored."""
    if s.lower(i - 1) not in {"was", "were", "been"} or s.lower(i + 1) == "by":
        return None
    subject = subject_before(s, i - 1)
    noun = s.lower(subject.last) if subject is not None else ""
    if noun.removesuffix("s") not in _FORGOTTEN_SIGNALS:
        return None
    if s.lower(i - 1) == "been":
        return None
    return advice(s, i - 1, i, "passive", _WHY_PASSIVE, "did not stand out")


def _hindsight(s: Sentence, i: int) -> Finding | None:
    before = s.lower(i - 1)
    if before not in {"in", "with"}:
        return None
    return advice(s, i - 1, i, "hindsight", _WHY_HINDSIGHT, "at that point")


RULES: Rules = (
    (words("obviously clearly"), _obviously),
    (words("obvious"), _it_is_obvious),
    (words("of"), _of_course),
    (words("needless"), _needless_to_say),
    (words("everyone everybody"), _everyone_knows),
    (words("simply"), _simply),
    (words("just"), _just),
    (words("always never"), _always),
    (words("root"), _root_cause),
    (words("only sole"), _sole_cause),
    (words("mistake mistakes error errors"), _mistakes_were_made),
    (words("it"), _it_was_decided),
    (words("forgotten overlooked ignored neglected missed"), _was_forgotten),
    (words("hindsight retrospect"), _hindsight),
)
