"""What did not happen, and is wished for now: should have, could have, if only."""

from postmortems.blameless.findings import Finding
from postmortems.blameless.omissions import not_visible
from postmortems.blameless.people import Who, is_person_noun
from postmortems.blameless.phrases import (
    BE,
    DETERMINERS,
    OBJECT_PRONOUNS,
    PREPOSITIONS,
    Phrase,
    acts,
    is_conditional,
    object_end,
    phrase_after,
    subject_before,
)
from postmortems.blameless.rule import Rules, advice, blame
from postmortems.blameless.sentences import Sentence
from postmortems.blameless.verbs import (
    CARING_VERBS,
    DESCRIBING_PARTICIPLES,
    HUMAN_VERBS,
    MACHINE_VERBS,
    PERCEIVING_VERBS,
    gerund_of_past,
    is_participle,
)
from postmortems.blameless.wordlist import words

KIND = "counterfactual"
_WHY_PERSON = (
    "This holds a person to what is known only now; say what made sense at the time."
)
_WHY_NOBODY = "This describes what did not happen; say what did, and why it could."
_WHY_QUESTION = "This asks a person to justify themselves; ask what made it hard."

_BETWEEN = words(
    """
    also at least probably really just already never first then better instead not
    all both still even ever perhaps maybe
    """
)
# "Ana should have been more careful."
_CARE = words(
    """
    careful aware faster quicker more better vigilant attentive diligent cautious
    prepared quick checking monitoring watching paying following testing looking
    alert thorough honest smarter
    """
)
# What readers and customers could or should have got is impact, not blame.
_RECEIVING = words("seen received gotten got had lost experienced")
_ANYBODY = words("anyone anybody you")
_SAFEGUARD = "there was no safeguard at this step"


def _modal_have(s: Sentence, i: int) -> tuple[int, bool] | None:
    """Return the word after "should (not) have", and whether it is denied."""
    lower = s.lower(i)
    denied = lower.endswith("n't")
    k = i + 1
    if lower == "ought":
        denied = s.lower(k) == "not"
        k += 2 if denied else 1
        if s.lower(k - 1) != "to":
            return None
    if not lower.endswith("'ve"):
        while s.lower(k) in _BETWEEN or s.lower(k).endswith("ly"):
            denied = denied or s.lower(k) in {"not", "never"}
            k += 1
        if s.lower(k) not in {"have", "of", "'ve"}:
            return None
        k += 1
    while s.lower(k) in _BETWEEN or s.lower(k).endswith("ly"):
        denied = denied or s.lower(k) in {"not", "never"}
        k += 1
    return (k, denied) if k < len(s) else None


def _is_done(s: Sentence, k: int) -> bool:
    """Return whether word `k` is what should have been done, not what one has.

    "should have limited access" is about access, "should have limited the
    access" is not.
    """
    lower = s.lower(k)
    if not is_participle(lower):
        return False
    after = s.lower(k + 1)
    if lower not in DESCRIBING_PARTICIPLES or k + 1 >= len(s):
        return True
    return (
        after in DETERMINERS
        or after in PREPOSITIONS
        or after in OBJECT_PRONOUNS
        or s.words[k + 1].is_mark
    )


def _should_have(s: Sentence, i: int) -> Finding | None:
    parsed = _modal_have(s, i)
    if parsed is None or (s.lower(i).startswith("could") and parsed[1]):
        return None  # "could not have known" clears, it does not blame
    k, denied = parsed
    if not _is_done(s, k):
        return None
    subject = subject_before(s, i)
    if subject is not None and is_conditional(s, subject.first):
        return None
    if s.lower(k) == "been":
        return _should_have_been(s, i, k, subject)
    if s.lower(k) == "happened":
        if not denied:
            return None
        text = "happened although it was not expected"
        return advice(s, i, k, KIND, _WHY_NOBODY, text)
    if not _is_addressed(s, i, k, subject):
        return None
    first = subject.first if subject is not None else i
    last = object_end(s, k + 1)
    return blame(s, first, last, KIND, _WHY_PERSON, _instead_of(s, k, last, denied))


def _is_addressed(s: Sentence, i: int, k: int, subject: Phrase | None) -> bool:
    """Return whether the wish is addressed to a person who was to act."""
    verb = s.lower(k)
    if subject is None:
        return i == 0 and verb not in MACHINE_VERBS
    is_could = s.lower(i).startswith("could")
    if subject.who is Who.NOBODY or s.lower(subject.first) in _ANYBODY:
        return not is_could and verb not in _RECEIVING
    is_receiving = verb in _RECEIVING and (is_could or subject.who is Who.MAYBE)
    if is_receiving:
        return False
    if subject.who is Who.MAYBE and s.lower(subject.last) == "they":
        return verb not in MACHINE_VERBS
    return acts(subject, verb)


def _instead_of(s: Sentence, k: int, last: int, denied: bool) -> str:
    """Return the rewording of "should have <participle at k> ... <last>"."""
    verb = s.lower(k)
    if denied:
        what = f"{gerund_of_past(verb)} {s.original(k + 1, last)}".rstrip()
        return f"nothing in the process prevented {what}"
    if verb in {"known", "thought"} and s.lower(k + 1) == "better":
        return _SAFEGUARD
    if verb in PERCEIVING_VERBS:
        return not_visible(s, k + 1, last)
    what = f"{gerund_of_past(verb)} {s.original(k + 1, last)}".rstrip()
    return f"{what} was not part of the process{_at_that_point(s, last)}"


def _at_that_point(s: Sentence, last: int) -> str:
    """Return the time, unless the sentence goes on and says it itself."""
    ends = last + 1 >= len(s) or s.words[last + 1].is_mark
    return " at that point" if ends else ""


def _should_have_been(
    s: Sentence, i: int, been: int, subject: Phrase | None
) -> Finding | None:
    k = been + 1
    while s.lower(k) in _BETWEEN or s.lower(k).endswith("ly"):
        k += 1
    if s.lower(i - 1) == "there":
        return _there_should_have_been(s, i, been)
    is_person = subject is not None and subject.who in (
        Who.PERSON, Who.SELF, Who.LIKELY
    )  # fmt: skip
    if is_person and subject is not None and s.lower(k) in _CARE:
        last = object_end(s, k)
        return blame(s, subject.first, last, KIND, _WHY_PERSON, _SAFEGUARD)
    if s.lower(k) not in CARING_VERBS or not is_participle(s.lower(k)):
        return None
    by = phrase_after(s, k + 2) if s.lower(k + 1) == "by" else None
    was = _was(s, i, subject)
    if by is not None and by.who in (Who.PERSON, Who.LIKELY):
        text = f"{was} not {s.original(k, k)}"
        return blame(s, i, by.last, KIND, _WHY_PERSON, text)
    if s.lower(i).startswith("could") and s.lower(k) in {"communicated", "approved"}:
        return None
    text = f"{was} not {s.original(k, k)}"
    return advice(s, i, k, KIND, _WHY_NOBODY, text)


def _was(s: Sentence, i: int, subject: Phrase | None) -> str:
    noun = s.lower(subject.last if subject is not None else i - 1)
    is_plural = noun in {"they", "we", "you", "these", "those", "both"} or (
        noun.endswith("s") and not noun.endswith(("ss", "us", "is"))
    )
    return "were" if is_plural and noun != "this" else "was"


def _there_should_have_been(s: Sentence, i: int, been: int) -> Finding:
    k = been
    if s.lower(been + 1) in {"a", "an", "some", "more", "at", "better"}:
        k = been + (2 if s.lower(been + 1) == "at" else 1)
    be = "were" if s.lower(k) in {"some", "more"} else "was"
    no = {"more": "no further", "better": "no better"}.get(s.lower(k), "no")
    return advice(s, i, k, KIND, _WHY_NOBODY, f"{be} {no}")


def _if_had(s: Sentence, i: int) -> Finding | None:
    """If Ana had checked the logs; if only the alert had fired."""
    if s.lower(i + 1) == "only":
        return _if_only(s, i)
    if s.lower(i - 1) == "as":
        return None
    subject = phrase_after(s, i + 1)
    if subject is None or s.lower(subject.last + 1) not in {"had", "hadn't"}:
        return None
    return _had(s, i, subject, subject.last + 2, s.lower(subject.last + 1) == "hadn't")


def _if_only(s: Sentence, i: int) -> Finding | None:
    subject = phrase_after(s, i + 2)
    had = subject.last + 1 if subject is not None else -1
    if subject is None or s.lower(had) != "had":
        return None  # "if only the first one is set"
    found = _had(s, i, subject, had + 1, False)
    if found is not None:
        return found
    last = object_end(s, had + 1)
    text = f"{s.original(i + 2, subject.last)} had not {s.original(had + 1, last)}"
    return advice(s, i, last, KIND, _WHY_NOBODY, text)


def _had_inverted(s: Sentence, i: int) -> Finding | None:
    """Had the engineer read the runbook, ..."""
    if i and not s.words[i - 1].is_mark:
        return None
    subject = phrase_after(s, i + 1)
    return None if subject is None else _had(s, i, subject, subject.last + 1, False)


def _had(
    s: Sentence, first: int, subject: Phrase, k: int, denied: bool
) -> Finding | None:
    while s.lower(k) in _BETWEEN or s.lower(k).endswith("ly"):
        denied = denied or s.lower(k) in {"not", "never"}
        k += 1
    is_person = subject.who in (Who.PERSON, Who.SELF, Who.LIKELY)
    if not is_person and not acts(subject, s.lower(k)):
        return None
    if not _is_done(s, k):
        return None
    last = object_end(s, k + 1)
    is_job = s.lower(k) == "done" and s.lower(last) in {"job", "work", "homework"}
    if s.lower(k) == "been" or is_job:
        if not is_job and s.lower(k + 1) not in _CARE:
            return None
        text = "with a safeguard at this step"
        return blame(s, first, last, KIND, _WHY_PERSON, text)
    if not acts(subject, s.lower(k)):
        return None
    what = f"{gerund_of_past(s.lower(k))} {s.original(k + 1, last)}".rstrip()
    verb = "prevented" if denied else "included"
    text = f"if the process had {verb} {what}"
    return blame(s, first, last, KIND, _WHY_PERSON, text)


def _why_not(s: Sentence, i: int) -> Finding | None:
    """Why didn't Ana check the logs?"""
    k = i + 2
    denied = s.lower(i + 1) in {"didn't", "doesn't", "haven't", "hasn't", "wasn't"}
    if not denied and s.lower(i + 1) not in {"did", "does", "was"}:
        return None
    subject = _asked(s, k)
    if subject is None:
        return None
    k = subject.last + 1
    if not denied and s.lower(k) != "not":
        return None
    k += 0 if denied else 1
    if s.lower(i + 1).startswith("was") or not acts(subject, s.lower(k)):
        return None
    last = object_end(s, k)
    text = f"what made it hard to {s.original(k, last)}".rstrip()
    return blame(s, i, last, KIND, _WHY_QUESTION, text)


def _asked(s: Sentence, first: int) -> Phrase | None:
    """Return whom "why didn't the on-call check ..." asks; "check" is its verb."""
    subject = phrase_after(s, first)
    if subject is None or subject.who in (Who.PERSON, Who.SELF):
        return subject
    for j in range(first, subject.last):
        if is_person_noun(s.lower(j)) and s.lower(j + 1) in HUMAN_VERBS:
            return Phrase(first, j, Who.PERSON)
    return subject


def _known_better(s: Sentence, i: int) -> Finding | None:
    """The engineer knew better."""
    if s.lower(i + 1) != "better" or s.lower(i + 2) == "than" and s.lower(i) == "know":
        return None
    start = i - 1 if s.lower(i - 1) in {"should", "must", "could"} else i
    subject = subject_before(s, start)
    if subject is None or subject.who not in (Who.PERSON, Who.SELF, Who.LIKELY):
        return None
    return blame(s, subject.first, i + 1, KIND, _WHY_PERSON, _SAFEGUARD)


def _would_be_better(s: Sentence, i: int) -> Finding | None:
    """It would have been better to / would have been avoided."""
    if not s.says(i + 1, "have", "been"):
        return _anyone_competent(s, i)
    k = i + 3
    while s.lower(k).endswith("ly"):
        k += 1
    if s.lower(k) in {"avoided", "prevented"}:
        text = f"was not {s.original(k, k)}"
        return advice(s, i, k, KIND, _WHY_NOBODY, text)
    if s.lower(k) in {"better", "wiser", "smarter"} and s.lower(k + 1) == "to":
        text = "was not part of the process at that point"
        return advice(s, i, k + 1, KIND, _WHY_NOBODY, f"{text} to")
    return None


def _anyone_competent(s: Sentence, i: int) -> Finding | None:
    """Anyone competent would have seen it."""
    if s.lower(i - 1) not in {"competent", "sensible", "sane", "reasonable"}:
        return None
    if s.lower(i - 2) not in _ANYBODY or s.lower(i + 1) != "have":
        return None
    last = object_end(s, i + 3)
    text = "this did not stand out at that point"
    return blame(s, i - 2, last, KIND, _WHY_PERSON, text)


def _avoidable(s: Sentence, i: int) -> Finding | None:
    if s.lower(i - 1) not in BE | {"easily", "entirely", "completely"}:
        return None
    text = "not stopped by the safeguards in place"
    first = i if s.lower(i - 1) in BE else i - 1
    return advice(s, first, i, KIND, _WHY_NOBODY, text)


RULES: Rules = (
    (words("should shouldn't should've could could've couldn't ought"), _should_have),
    (words("if"), _if_had),
    (words("had"), _had_inverted),
    (words("why"), _why_not),
    (words("knew know"), _known_better),
    (words("would"), _would_be_better),
    (words("avoidable preventable"), _avoidable),
)
