"""What somebody is said not to have done: failed to, forgot, missed, did not check."""

from postmortems.blameless.findings import Finding
from postmortems.blameless.people import Who, is_system_noun
from postmortems.blameless.phrases import (
    CONJUNCTIONS,
    NEGATIONS,
    Phrase,
    acts,
    first_phrase,
    is_conditional,
    nearest_phrase,
    object_end,
    phrase_after,
    subject_before,
)
from postmortems.blameless.rule import Rules, advice, blame
from postmortems.blameless.sentences import Sentence
from postmortems.blameless.verbs import (
    HUMAN_VERBS,
    PERCEIVING_VERBS,
    bases_by_form,
)
from postmortems.blameless.wordlist import words

KIND = "omission"
WHY = "This says what a person did not do instead of what made it likely."
_WHY_FORGOT = "Forgetting is what people do; say what the step relied on."
_WHY_BOTHER = "This guesses at a person's motives."

# After "did not": what a later reader would have liked somebody to do.
_EXPECTED_VERBS = bases_by_form(
    """
    ask audit care check communicate consider consult coordinate cross-check document
    double-check escalate follow inform investigate listen look monitor plan question
    read review tell test think update validate verify mention announce remember
    """
)
# Only of a single person: teams are often said not to have noticed, as plain fact.
_NOTICED_VERBS = words("notice realise realize spot catch")
_ONLY_WITH = {
    "pay": frozenset(["attention"]),
    "run": words("tests test check checks validation"),
    "add": words("test tests check checks"),
    "write": frozenset(["test", "tests"]),
    "do": frozenset(["job", "work", "homework"]),
}
_DOING = {
    "checked": "check", "tested": "test", "reviewed": "review", "verified": "verify",
    "validated": "validate", "documented": "document", "questioned": "question",
}  # fmt: skip
_WITHOUT = words(
    """
    asking checking confirming consulting double-checking following informing
    looking notifying reading reviewing telling testing thinking understanding
    validating verifying approval review permission testing
    """
)
_ACTED = frozenset({Who.PERSON, Who.SELF, Who.LIKELY})


def step_missing(s: Sentence, verb: int, last: int) -> str:
    """Return the rewording of "X failed to <verb> ...", up to word `last`."""
    if s.lower(verb) == "follow" and last > verb:
        return f"{s.original(verb + 1, last)} left room for another way"
    if s.lower(verb) in PERCEIVING_VERBS:
        return not_visible(s, verb + 1, last)
    return f"the process did not include a step to {s.original(verb, last)}"


def not_visible(s: Sentence, first: int, last: int) -> str:
    """Return the rewording of "X did not notice <words first to last>"."""
    if s.lower(first) == "that" and last > first:
        return f"nothing showed at that point that {s.original(first + 1, last)}"
    if last < first or s.lower(first) in _VAGUE:
        return "this did not stand out at that point"
    return f"{s.original(first, last)} did not stand out at that point"


_VAGUE = words(
    """
    of about in on at until it this that them these sooner earlier before
    """
)


def _failed_to(s: Sentence, i: int) -> Finding | None:
    if s.lower(i + 1) != "to" or i + 2 >= len(s):
        return None
    subject = subject_before(s, i)
    if s.lower(i) == "failing":
        subject = first_phrase(s, i)
    if subject is None or not _may_fail(s, i, subject):
        return None
    last = object_end(s, i + 2)
    return blame(s, subject.first, last, KIND, WHY, step_missing(s, i + 2, last))


def _may_fail(s: Sentence, i: int, subject: Phrase) -> bool:
    if s.lower(i - 1) in NEGATIONS or is_conditional(
        s, subject.first, present=s.lower(i) != "failed"
    ):
        return False
    # Readers who "failed to check out" were kept from it.
    if subject.who is Who.MAYBE and s.lower(i + 3) in {"out", "in", "up"}:
        return False
    return acts(subject, s.lower(i + 2))


def _forgot(s: Sentence, i: int) -> Finding | None:
    word = s.lower(i)
    if i and s.lower(i - 1) in NEGATIONS | {"to", "be", "was", "were", "been", "can"}:
        return None
    subject = subject_before(s, i)
    if i and (subject is None or _cannot_forget(s, i, subject)):
        return None
    present = word in {"forget", "forgets"}
    if present and (subject is None or not acts(subject, "notice")):
        return None
    if present and s.lower(i - 1) in CONJUNCTIONS:
        return None  # "Close the file and forget it."
    first = subject.first if subject is not None else i
    if word == "forgotten" and s.lower(i - 1) not in {"had", "has", "have"}:
        return None
    if is_conditional(s, first, present=present):
        return None
    last = object_end(s, i + 1)
    what = s.original(i + 1, last)
    if what.startswith(("to ", "about ", "that ")):
        text = f"there was no reminder {what}"
    else:
        text = f"there was no reminder about {what or 'this'}"
    return blame(s, first, last, KIND, _WHY_FORGOT, text)


def _keeps_forgetting(s: Sentence, i: int) -> Finding | None:
    if s.lower(i - 1) not in {"keep", "keeps", "kept"}:
        return None
    subject = subject_before(s, i - 1)
    if subject is None or _cannot_forget(s, i, subject):
        return None
    last = object_end(s, i + 1)
    text = f"there is no reminder {s.original(i + 1, last)}".rstrip()
    return blame(s, subject.first, last, KIND, _WHY_FORGOT, text)


def _cannot_forget(s: Sentence, i: int, subject: Phrase) -> bool:
    if subject.who is Who.MAYBE and is_system_noun(s.lower(subject.last)):
        return not acts(subject, s.lower(i + 2))
    return subject.who in (Who.SYSTEM, Who.NOBODY)


def _neglected(s: Sentence, i: int) -> Finding | None:
    subject = subject_before(s, i)
    if subject is None or subject.who in (Who.SYSTEM, Who.NOBODY):
        return None
    verb = i + 2 if s.lower(i + 1) == "to" else i + 1
    if verb == i + 1 and subject.who not in _ACTED:
        return None
    last = object_end(s, i + 1)
    if last < verb:
        return None
    if verb == i + 1:
        text = f"there was no reminder about {s.original(verb, last)}"
    else:
        text = step_missing(s, verb, last)
    return blame(s, subject.first, last, KIND, WHY, text)


def _bothered(s: Sentence, i: int) -> Finding | None:
    """Nobody bothered to, did not bother to, could not be bothered to."""
    denial = next(
        (
            j
            for j in range(i - 1, max(-1, i - 7), -1)
            if s.lower(j) in NEGATIONS or s.lower(j).endswith("n't")
        ),
        None,
    )
    if denial is None:
        return None
    first = _denied_from(s, denial)
    if first is None:
        return None
    last = object_end(s, i + 1)
    verb = i + 2 if s.lower(i + 1) == "to" else i + 1
    text = "this step was not part of the process"
    if s.lower(i + 1) == "to" and last >= verb:
        text = step_missing(s, verb, last)
    return blame(s, first, last, KIND, _WHY_BOTHER, text)


def _denied_from(s: Sentence, denial: int) -> int | None:
    """Return where the clause with that negation begins, None if of a system."""
    if s.lower(denial) in {"nobody", "no-one", "none", "neither"}:
        return denial
    start = denial
    while start and s.lower(start - 1) in {"did", "could", "have", "has", "does", "do"}:
        start -= 1
    subject = subject_before(s, start)
    if subject is None:
        return start
    return None if subject.who is Who.SYSTEM else subject.first


def _did_not(s: Sentence, i: int) -> Finding | None:
    """Ana did not check, the engineer never tested."""
    verb = i + 1
    while s.lower(verb).endswith("ly") or s.lower(verb) in {"even", "actually"}:
        verb += 1
    is_gerund = s.lower(verb).endswith("ing")
    start = i
    if s.lower(i) == "not" and not is_gerund:
        if s.lower(i - 1) not in {"did", "does"}:
            return None
        start = i - 1
    subject = nearest_phrase(s, i) if is_gerund else subject_before(s, start)
    base = _base(s, verb)
    if subject is None or not acts(subject, base) or not _expected(s, verb, subject):
        return None
    if is_gerund:
        text = f"a process that did not include {s.original(verb, verb)}"
        return blame(s, subject.first, verb, KIND, WHY, text)
    if is_conditional(s, subject.first, present=True) and s.lower(i) != "never":
        return None
    last = object_end(s, verb + 1)
    text = _reworded_denial(s, base, verb, last)
    write = advice if subject.who is Who.SELF else blame
    return write(s, subject.first, last, KIND, WHY, text)


def _reworded_denial(s: Sentence, base: str, verb: int, last: int) -> str:
    if base == "think" and s.lower(verb + 1) == "to" and last > verb + 1:
        return f"the process did not include a step {s.original(verb + 1, last)}"
    if base in {"care", "think"}:
        return "this was not visible at that point"
    if base in PERCEIVING_VERBS:
        return not_visible(s, verb + 1, last)
    rest = s.original(verb + 1, last)
    if base == "follow" and rest:
        return f"{rest} left room for another way"
    return f"the process did not include a step to {base} {rest}".rstrip()


def _base(s: Sentence, verb: int) -> str:
    """Return the base form of the verb after "did not" or "never"."""
    lower = s.lower(verb)
    return _EXPECTED_VERBS.get(lower, lower)


def _expected(s: Sentence, verb: int, subject: Phrase) -> bool:
    base = _base(s, verb)
    if base in _EXPECTED_VERBS:
        return True
    if base in _NOTICED_VERBS:
        return subject.who is Who.PERSON and not _is_plural(s, subject)
    objects = _ONLY_WITH.get(base)
    if objects is None:
        return False
    return any(s.lower(j) in objects for j in range(verb + 1, verb + 7))


def _is_plural(s: Sentence, subject: Phrase) -> bool:
    lower = s.lower(subject.last)
    return lower in {"team", "squad", "people", "crew", "we", "they"} or (
        lower.endswith("s") and lower not in {"james", "carlos", "lukas", "nicolas"}
    )


def _nobody_checked(s: Sentence, i: int) -> Finding | None:
    verb = i + 1
    if s.lower(verb) in {"from", "on", "in", "of", "at"}:  # "nobody on the team"
        group = phrase_after(s, verb + 1)
        verb = group.last + 1 if group is not None else verb
    while s.lower(verb).endswith("ly") or s.lower(verb) in {"even", "else", "ever"}:
        verb += 1
    if s.lower(verb) in {"thought", "cared"} and s.lower(verb + 1) in {"to", "about"}:
        last = object_end(s, verb + 2)
        text = f"the process did not include a step {s.original(verb + 1, last)}"
        if s.lower(verb + 1) == "about":
            text = "this was not visible at that point"
        return blame(s, i, last, KIND, _WHY_BOTHER, text)
    base = _DOING.get(s.lower(verb))
    if base is None or is_conditional(s, i):
        return None
    last = object_end(s, verb + 1)
    rest = s.original(verb + 1, last)
    text = f"the process did not include a step to {base} {rest}".rstrip()
    return advice(s, i, last, KIND, WHY, text)


def _without(s: Sentence, i: int) -> Finding | None:
    """Ana deployed without testing."""
    what = i + 1
    while s.lower(what) in {"even", "any", "first", "properly", "actually", "really"}:
        what += 1
    if s.lower(what) not in _WITHOUT:
        return None
    subject = first_phrase(s, i)
    if subject is None or subject.who not in _ACTED or subject.last + 1 >= i:
        return None
    after = s.lower(subject.last + 1)
    if after in {"should", "can", "could", "may", "must", "will", "was", "were"}:
        return None
    thing = s.original(what, what)
    text = f"in a process that did not require {thing}"
    return blame(s, i, what, KIND, WHY, text)


def _failure_of_care(s: Sentence, i: int) -> Finding | None:
    """Ana was supposed to check."""
    if s.lower(i + 1) != "to" or s.lower(i - 1) not in {"was", "were"}:
        return None
    subject = subject_before(s, i - 1)
    if subject is None or not acts(subject, s.lower(i + 2)):
        return None
    if s.lower(i + 2) not in HUMAN_VERBS:
        return None  # "was supposed to move in May, and did"
    last = object_end(s, i + 2)
    if last < i + 2:
        return None
    text = f"there was no reminder {s.original(i + 1, last)}"
    if s.says(last + 1, "but", "didn't"):
        last += 2
    return blame(s, subject.first, last, "counterfactual", WHY, text)


RULES: Rules = (
    (words("failed fails failing fail"), _failed_to),
    (words("forgot forgets forget forgotten"), _forgot),
    (words("forgetting"), _keeps_forgetting),
    (words("neglected neglects"), _neglected),
    (words("bother bothered bothering"), _bothered),
    (words("didn't doesn't not never"), _did_not),
    (words("nobody no-one"), _nobody_checked),
    (words("without"), _without),
    (words("supposed"), _failure_of_care),
)
