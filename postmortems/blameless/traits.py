"""Judgements of people: careless, stupid, not careful enough, a rookie mistake."""

from postmortems.blameless.findings import Finding
from postmortems.blameless.people import Who, classify, is_person_noun
from postmortems.blameless.phrases import (
    BE,
    DETERMINERS,
    NEGATIONS,
    is_negated,
    object_end,
    phrase_after,
    subject_before,
)
from postmortems.blameless.rule import Rules, advice, blame
from postmortems.blameless.sentences import Sentence
from postmortems.blameless.wordlist import words

KIND = "judgement"
_WHY = "This judges people; say what made the action seem right, or easy, at the time."
_WHY_CARE = "Asking for more care changes nothing; say what would make the step safe."
_WHY_PUNISH = "Punishing people hides the next incident; say what will change."

_SAFEGUARD = "there was no safeguard at this step"
_MISSING = "a missing safeguard"
_PEOPLE = (Who.PERSON, Who.SELF, Who.LIKELY)

# These are about people wherever they stand.
_HARSH = words(
    """
    careless negligent incompetent reckless sloppy unprofessional irresponsible
    inattentive idiotic moronic clueless
    """
)
# These are said of things too ("lazy loading", "a dumb terminal", "a naive query").
_HARSH_OF_PEOPLE = words(
    """
    lazy stupid dumb foolish ignorant inexperienced complacent unqualified
    thoughtless clumsy ashamed distracted overconfident impatient stubborn inept
    forgetful lax selfish arrogant
    """
)
_HARSH_NOUNS = words(
    """
    mistake mistakes error errors copy-paste workaround shortcut idea decision
    choice oversight move act omission excuse
    """
)
_NAMES = words(
    """
    idiot idiots moron morons fool fools slacker slackers imbecile cowboy
    """
)
_VICES = words(
    """
    carelessness negligence incompetence recklessness sloppiness stupidity laziness
    inattention unprofessionalism irresponsibility forgetfulness complacency
    inattentiveness
    """
)
_CARELESSLY = words(
    """
    carelessly negligently recklessly sloppily stupidly foolishly thoughtlessly
    """
)
_VIRTUES = words(
    """
    care attention diligence discipline professionalism vigilance competence rigour
    rigor attentiveness carefulness seriousness
    """
)
_BASIC = words(
    """
    rookie silly stupid amateur amateurish beginner beginner's dumb boneheaded
    """
)


def _harsh(s: Sentence, i: int) -> Finding | None:
    """A careless change; Ana was careless; the lazy engineer."""
    word = s.lower(i)
    if is_negated(s, i):
        return None
    before = s.lower(i - 1)
    if before in BE | {"being", "too", "so", "very"} or before.endswith("ly"):
        return _is_harsh(s, i)
    if i + 1 >= len(s) or s.words[i + 1].is_mark:
        return None if word in _HARSH_OF_PEOPLE else _word_only(s, i)
    return _harsh_noun(s, i)


def _word_only(s: Sentence, i: int) -> Finding:
    return blame(s, i, i, KIND, _WHY, "risky")


def _is_harsh(s: Sentence, i: int) -> Finding | None:
    be = i - 1
    while be > 0 and s.lower(be) not in BE:
        if i - be > 3:
            return None
        be -= 1
    subject = subject_before(s, be)
    # "They are lazy" is often said of views; "they were too lazy to ask" is not.
    may_be = () if s.lower(i) in _HARSH_OF_PEOPLE and be == i - 1 else (Who.MAYBE,)
    is_person = subject is not None and subject.who in (*_PEOPLE, *may_be)
    if subject is None or not is_person:
        return _word_only(s, i) if s.lower(i) in _HARSH else None
    last = object_end(s, i + 1)
    if s.lower(i + 1) == "to" and last > i + 1:
        text = f"the process did not include a step {s.original(i + 1, last)}"
        return blame(s, subject.first, last, KIND, _WHY, text)
    last = last if s.lower(i + 1) in {"enough", "in"} else i
    return blame(s, subject.first, last, KIND, _WHY, _SAFEGUARD)


def _harsh_noun(s: Sentence, i: int) -> Finding | None:
    """Return the finding for "a careless change", "the lazy engineer"."""
    start = i - 1 if s.lower(i - 1) in DETERMINERS else i
    phrase = phrase_after(s, i)
    last = phrase.last if phrase is not None else i
    noun = s.lower(last)
    is_of_person = phrase is not None and phrase.who is Who.PERSON
    if s.lower(i) in _HARSH_OF_PEOPLE and not is_of_person and noun not in _HARSH_NOUNS:
        return None
    if last == i:
        return _word_only(s, i)
    text = _with_article(s, start, i + 1, last)
    last = _with_author(s, last)
    if not is_of_person:
        text = f"{text} that no check caught"
    return blame(s, start, last, KIND, _WHY, text)


def _with_author(s: Sentence, last: int) -> int:
    """Return the last word of "... by Ana" where word `last` is followed by that."""
    author = phrase_after(s, last + 2) if s.lower(last + 1) == "by" else None
    return author.last if author is not None and author.who in _PEOPLE else last


def _with_article(s: Sentence, start: int, first: int, last: int) -> str:
    """Return the words from `first` on, with the article at `start` made to fit."""
    rest = s.original(first, last)
    if start == first - 1:
        return rest
    article = s.original(start, start)
    if article.lower() in {"a", "an"}:
        article = "an" if rest[:1].lower() in "aeiou" else "a"
    return f"{article} {rest}"


def _name_calling(s: Sentence, i: int) -> Finding | None:
    if is_negated(s, i):
        return None
    first = i - 1 if s.lower(i - 1) in {"a", "an", "the", "these", "those"} else i
    if s.lower(first - 1) == "only" and s.lower(i + 1) == "would":
        return blame(s, first - 1, i + 1, KIND, _WHY, "somebody could")
    text = "people" if s.lower(i).endswith("s") else "a person"
    return blame(s, first, i, KIND, _WHY, text)


def _vice(s: Sentence, i: int) -> Finding | None:
    if is_negated(s, i) or s.lower(i + 1) in BE and s.lower(i + 2) in NEGATIONS:
        return None
    first = i
    while first and s.lower(first - 1) in {"gross", "sheer", "pure", "plain", "human"}:
        first -= 1
    return blame(s, first, _with_author(s, i), KIND, _WHY, _MISSING)


def _carelessly(s: Sentence, i: int) -> Finding | None:
    if is_negated(s, i):
        return None
    follows = i + 1 < len(s) and s.lower(i + 1).endswith("ed")
    if follows:
        text = f"{s.original(i + 1, i + 1)} with no check in the way"
        return blame(s, i, i + 1, KIND, _WHY, text)
    return blame(s, i, i, KIND, _WHY, "with no check in the way")


def _lack_of(s: Sentence, i: int) -> Finding | None:
    """A lack of care; insufficient attention."""
    k = i + 2 if s.lower(i + 1) == "of" else i + 1
    if s.lower(i) == "lack" and s.lower(i + 1) != "of":
        return None
    while s.lower(k) in {"basic", "due", "proper", "common", "personal", "any"}:
        k += 1
    is_sense = s.lower(k) == "sense" and s.lower(k - 1) == "common"
    if not (s.lower(k) in _VIRTUES or is_sense) or is_negated(s, i):
        return None
    first = i - 1 if s.lower(i - 1) in {"a", "the", "this"} else i
    return blame(s, first, _with_author(s, k), KIND, _WHY, _MISSING)


def _careful(s: Sentence, i: int) -> Finding | None:
    """Be more careful; was not careful enough; pay more attention."""
    start = i - 1 if s.lower(i - 1) in {"more", "very", "extra"} else i
    if s.lower(start - 1) in {"n't", "not"}:
        start -= 1
    be = start - 1
    if s.lower(be) not in BE:
        return None
    is_denied = start < i and s.lower(start) == "not" or s.lower(be).endswith("n't")
    end = i + 1 if s.lower(i + 1) in {"enough"} else i
    if s.lower(be) == "be":
        if s.lower(i - 1) not in {"more", "extra"}:
            return None
        return _be_careful(s, be, end)
    if not is_denied:
        return None
    subject = subject_before(s, be)
    if subject is None or subject.who is Who.SYSTEM:
        return None
    return blame(s, subject.first, end, KIND, _WHY_CARE, _SAFEGUARD)


def _be_careful(s: Sentence, be: int, end: int) -> Finding:
    """Return the finding for "(the team should) be more careful"."""
    modal = be - 1
    if s.lower(modal) == "to" and s.lower(modal - 1) in {
        "need",
        "needs",
        "have",
        "has",
    }:
        modal -= 1
    if s.lower(modal) in {"must", "should", "need", "needs", "have", "has", "will"}:
        subject = subject_before(s, modal)
        first = subject.first if subject is not None else modal
        text = "the tooling needs a check at this step"
        return blame(s, first, end, KIND, _WHY_CARE, text)
    return blame(s, be, end, KIND, _WHY_CARE, "rely on a check in the tooling")


def _attention(s: Sentence, i: int) -> Finding | None:
    """Was not paying attention; pay more attention."""
    k = i - 1
    while s.lower(k) in {"more", "enough", "close", "closer", "any", "much", "proper"}:
        k -= 1
    if s.lower(k) not in {"pay", "paying", "paid", "pays"}:
        return None
    more = s.lower(i - 1) in {"more", "closer"}
    is_denied = is_negated(s, k)
    if not (more or is_denied):
        return None
    start = k
    while start and s.lower(start - 1) in _HELPERS:
        start -= 1
    subject = subject_before(s, start)
    first = subject.first if subject is not None else start
    if more and not is_denied and subject is None:
        return blame(s, k, i, KIND, _WHY_CARE, "rely on a check in the tooling")
    if subject is not None and subject.who is Who.NOBODY and s.lower(i + 1) == "to":
        return blame(s, k, i + 1, KIND, _WHY_CARE, "reached by")
    text = "the signal did not stand out at that point"
    if more and not is_denied:
        text = "the tooling needs a clearer signal"
    return blame(s, first, i, KIND, _WHY_CARE, text)


_HELPERS = BE | words(
    """
    not did didn't must should need needs to have has do don't doesn't
    """
)


def _basic_mistake(s: Sentence, i: int) -> Finding | None:
    if s.lower(i + 1) not in {"mistake", "mistakes", "error", "errors"}:
        return None
    if is_negated(s, i):
        return None
    is_many = s.lower(i + 1).endswith("s")
    first = i - 1 if s.lower(i - 1) in DETERMINERS else i
    text = "mistakes the system allowed" if is_many else "a mistake the system allowed"
    return blame(s, first, i + 1, KIND, _WHY, text)


def _poor_judgement(s: Sentence, i: int) -> Finding | None:
    if s.lower(i + 1) not in {"judgement", "judgment", "decision-making"}:
        return None
    first = i - 1 if s.lower(i - 1) in DETERMINERS else i
    return blame(s, first, i + 1, KIND, _WHY, "a decision made with what was known")


def _asleep(s: Sentence, i: int) -> Finding | None:
    """Asleep at the wheel."""
    if not s.says(i + 1, "at", "the", "wheel"):
        return None
    be = i - 1
    is_said = s.lower(be) in BE | {"fell", "fallen"}
    subject = subject_before(s, be) if is_said else None
    first = subject.first if subject is not None else i
    return blame(s, first, i + 3, KIND, _WHY, "no signal reached anyone")


def _bad_apple(s: Sentence, i: int) -> Finding | None:
    word, after = s.lower(i), s.lower(i + 1)
    is_rogue = word in {"rogue", "cowboy"} and is_person_noun(after)
    if not (is_rogue or (word == "bad" and after in {"apple", "apples"})):
        return None
    return blame(s, i, i + 1, KIND, _WHY, "person" if word == "bad" else after)


def _inexcusable(s: Sentence, i: int) -> Finding | None:
    if is_negated(s, i):
        return None
    return blame(s, i, i, KIND, _WHY, "important")


def _no_idea(s: Sentence, i: int) -> Finding | None:
    """Did not know what he was doing."""
    if not (s.lower(i - 1).endswith("n't") or s.lower(i - 1) == "not"):
        return None
    if s.lower(i + 1) != "what" or not any(
        s.lower(j) == "doing" for j in range(i + 2, i + 6)
    ):
        return None
    last = next(j for j in range(i + 2, i + 6) if s.lower(j) == "doing")
    start = i - 1
    while start and s.lower(start - 1) in {"did", "does", "clearly", "obviously"}:
        start -= 1
    subject = subject_before(s, start)
    first = subject.first if subject is not None else start
    return blame(s, first, last, KIND, _WHY, "this step had no guidance")


def _punished(s: Sentence, i: int) -> Finding | None:
    """Disciplinary action; Ana was reprimanded; hold the team accountable."""
    word = s.lower(i)
    if is_negated(s, i):
        return None
    if word == "disciplinary":
        end = i + 1 if i + 1 < len(s) else i
        return blame(s, i, end, "punishment", _WHY_PUNISH, "a change to the process")
    if word == "accountable":
        return _accountable(s, i)
    if s.lower(i - 1) not in BE:
        return None
    subject = subject_before(s, i - 1)
    if subject is None or subject.who not in _PEOPLE:
        return None
    text = "the process was changed"
    return blame(s, subject.first, i, "punishment", _WHY_PUNISH, text)


def _accountable(s: Sentence, i: int) -> Finding | None:
    for k in range(i - 1, max(-1, i - 6), -1):
        if s.lower(k) in {"hold", "held", "holding"}:
            if k == i - 1 and s.lower(k - 1) == "be":
                return blame(s, k, i, "punishment", _WHY_PUNISH, "asked what they saw")
            if classify(s, i - 1) not in _PEOPLE:
                return None
            text = f"ask {s.original(k + 1, i - 1)} what they saw"
            return blame(s, k, i, "punishment", _WHY_PUNISH, text)
    return None


def _had_no_idea(s: Sentence, i: int) -> Finding | None:
    """Whoever wrote this."""
    if s.lower(i + 1) not in {
        "wrote", "deployed", "broke", "pushed", "merged", "did", "made", "approved",
        "deleted", "dropped", "changed", "configured", "designed", "reviewed",
    }:  # fmt: skip
        return None
    return advice(s, i, i, KIND, _WHY, "the person who")


RULES: Rules = (
    (_HARSH | _HARSH_OF_PEOPLE, _harsh),
    (_NAMES, _name_calling),
    (_VICES, _vice),
    (_CARELESSLY, _carelessly),
    (words("lack insufficient lacked"), _lack_of),
    (words("careful cautious vigilant attentive diligent"), _careful),
    (words("attention"), _attention),
    (_BASIC, _basic_mistake),
    (words("poor bad"), _poor_judgement),
    (words("asleep"), _asleep),
    (words("bad rogue cowboy"), _bad_apple),
    (words("inexcusable unforgivable disgraceful shameful"), _inexcusable),
    (words("know"), _no_idea),
    (
        words("disciplinary disciplined reprimanded punished fired accountable"),
        _punished,
    ),
    (words("whoever"), _had_no_idea),
)
