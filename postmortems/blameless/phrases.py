"""Finds who a sentence says did something: the noun phrases around a verb.

There is no grammar here, only what can be told from words nearby. Every walk is
bounded, so a sentence of any length costs time in proportion to its length.
"""

from dataclasses import dataclass

from postmortems.blameless import people
from postmortems.blameless.people import Who
from postmortems.blameless.sentences import Sentence
from postmortems.blameless.verbs import HUMAN_VERBS, MACHINE_VERBS, is_past
from postmortems.blameless.wordlist import words

_MAX_MODIFIERS = 6
_MAX_HELPERS = 8
_MAX_CLAUSE_WORDS = 30
_MAX_OBJECT_WORDS = 14
_MAX_NEGATION_WORDS = 6

DETERMINERS = words(
    """
    a an the this that these those my our your his her their its each every some any
    no another one two three several many all both either neither which what whose
    certain other
    """
)
OBJECT_PRONOUNS = words("him her them us me it you")
PREPOSITIONS = words(
    """
    of from on in at for with within behind under by to into onto about against
    between through during over after before without since until than via per as
    like near across
    """
)
_ATTACHING = words("of from on in at for with within behind under by")
AUXILIARIES = words("has have had having did does do 've")
BE = words("is are was were be been being am isn't aren't wasn't weren't")
_MODALS = words(
    """
    can could may might must shall should will would cannot can't couldn't
    """
)
CONJUNCTIONS = words(
    """
    and but or nor so because when while if unless where although though whereas
    once whether then yet however therefore
    """
)
_ADVERBS = words(
    """
    also again still just even never once twice always often probably perhaps maybe
    apparently then not almost already later first too ever sometimes repeatedly
    both all
    """
)
_TIMES = words("yesterday today tonight tomorrow earlier later now")
_ING_NOUNS = words(
    """
    accounting billing controlling engineering marketing monitoring pricing
    purchasing reporting testing training
    """
)
_RELATIVES = words("that which who")
_OBJECT_ENDS = CONJUNCTIONS | words("which who before after until since")
_CLAUSE_MARKS = frozenset(",:()—–-")
NEGATIONS = words(
    """
    no not never without nobody no-one none neither nor cannot nothing avoid avoids
    avoiding isn't wasn't aren't weren't don't doesn't didn't won't hasn't haven't
    hadn't can't couldn't shouldn't wouldn't
    """
)
# A negation on the far side of one of these belongs to another clause.
_NEGATION_STOPS = words(", : ( ) — – - because but since although due so and")
_CONDITIONS = words("if unless whether until case lest should")
_PRESENT_CONDITIONS = words("when whenever whoever time where once")


@dataclass(frozen=True, slots=True)
class Phrase:
    """The noun phrase from word `first` to word `last`, and what it stands for."""

    first: int
    last: int
    who: Who


def subject_before(s: Sentence, verb: int) -> Phrase | None:
    """Return the subject of the verb (or its first helper) at `verb`, if told."""
    i = verb - 1
    while i >= 0 and verb - i <= _MAX_HELPERS and _is_passed_over(s, i):
        i -= 1
    if s.lower(i) == ")":
        i = _before_parenthesis(s, i)
    if i < 0:
        return None
    if s.words[i].is_mark or s.lower(i) in CONJUNCTIONS:
        return first_phrase(s, i)
    return _phrase_ending(s, i)


def _is_passed_over(s: Sentence, i: int) -> bool:
    lower = s.lower(i)
    return (
        lower in _ADVERBS
        or lower in AUXILIARIES
        or (lower.endswith("ly") and not s.words[i].is_capitalised)
    )


def _before_parenthesis(s: Sentence, closing: int) -> int:
    for i in range(closing - 1, max(-1, closing - _MAX_OBJECT_WORDS), -1):
        if s.lower(i) == "(":
            return i - 1
    return -1


def first_phrase(s: Sentence, end: int) -> Phrase | None:
    """Return the first noun phrase of the clause that ends before word `end`.

    That is the subject of "Ana restarted the job and forgot to ...", where the
    verb in question has none beside it.
    """
    start = max(0, end - _MAX_CLAUSE_WORDS)
    for i in range(end - 1, start - 1, -1):
        if s.lower(i) in {":", "—", "–"}:
            start = i + 1
            break
    i = start
    while i < end:
        phrase = phrase_after(s, i)
        if phrase is not None and s.lower(phrase.first - 1) not in PREPOSITIONS:
            return phrase
        i = phrase.last + 1 if phrase is not None else i + 1
    return None


def phrase_after(s: Sentence, start: int) -> Phrase | None:
    """Return the noun phrase that begins with word `start`, if one does."""
    if start >= len(s) or s.words[start].is_mark:
        return None
    if _is_pronoun(s, start):
        return Phrase(start, start, people.classify(s, start))
    last = start
    while (
        last - start < _MAX_MODIFIERS
        and _may_modify(s, last)
        and not _ends_phrase(s, last)
        and _continues(s, last + 1)
    ):
        last += 1
    if last == start and not _is_noun_like(s, last):
        return None
    if s.words[last].is_possessive:
        return None
    return Phrase(start, last, people.classify(s, last))


def _is_pronoun(s: Sentence, i: int) -> bool:
    lower = s.lower(i)
    return (
        lower
        in people.PERSON_PRONOUNS
        | people.SELF_PRONOUNS
        | people.NOBODY_PRONOUNS
        | {"they", "them", "it"}
        and not (lower == "her" and _continues(s, i + 1))
    )


def _may_modify(s: Sentence, i: int) -> bool:
    return s.words[i].is_possessive or s.lower(i) not in PREPOSITIONS | CONJUNCTIONS


def _ends_phrase(s: Sentence, i: int) -> bool:
    """Return whether the word is a whole name, after which a verb comes."""
    word = s.words[i]
    if word.is_possessive or not (people.is_name(word) or people.may_be_name(word)):
        return False
    if i + 1 >= len(s) or people.is_mention(word):
        return True
    after = s.words[i + 1]
    if people.is_name(word) or (i and people.is_name(s.words[i - 1])):
        return not people.may_be_name(after)
    return not (
        after.is_capitalised
        or people.is_system_noun(after.lower)
        or people.is_person_noun(after.lower)
    )


def _continues(s: Sentence, i: int) -> bool:
    """Return whether word `i` can belong to the noun phrase before it."""
    if i >= len(s) or s.words[i].is_mark or _is_pronoun(s, i):
        return False
    lower = s.lower(i)
    if people.is_person_noun(lower) or people.is_system_noun(lower):
        return True
    is_verb = is_past(lower) and s.lower(i - 1) not in DETERMINERS
    is_verb = is_verb or (lower.endswith("ing") and lower not in _ING_NOUNS)
    return not (is_verb or _is_function_word(lower))


def _is_function_word(lower: str) -> bool:
    return (
        lower in PREPOSITIONS
        or lower in CONJUNCTIONS
        or lower in BE
        or lower in AUXILIARIES
        or lower in _MODALS
        or lower in _ADVERBS
        or lower in NEGATIONS
        or lower in {"who", "which", "that", "there", "here"}
        or lower in _TIMES
    )


def _is_noun_like(s: Sentence, i: int) -> bool:
    word = s.words[i]
    lower = word.lower
    if _is_function_word(lower) or lower in DETERMINERS:
        return False
    if people.is_person_noun(lower) or people.is_maybe_noun(lower):
        return True
    if people.is_name(word) or people.is_identifier(word):
        return True
    if people.is_system_noun(lower) or lower in people.SYSTEM_NAMES:
        return True
    return people.may_be_name(word) and not (is_past(lower) or lower.endswith("ly"))


def _phrase_ending(s: Sentence, last: int) -> Phrase | None:
    """Return the noun phrase that ends with word `last`, with what it hangs on.

    In "the owner of the table" that is the owner, in "a note from Ana" the note.
    """
    phrase = _plain_phrase_ending(s, last)
    for _ in range(3):
        if phrase is None or s.lower(phrase.first - 1) not in _ATTACHING:
            break
        is_by = s.lower(phrase.first - 1) == "by"
        done = 1 if is_by and is_past(s.lower(phrase.first - 2)) else 0
        outer = _plain_phrase_ending(s, phrase.first - 2 - done)
        if outer is None or not _is_headed(s, outer):
            return None if is_by else phrase
        phrase = Phrase(outer.first, last, outer.who)
    if phrase is not None and phrase.who not in (Who.PERSON, Who.SELF):
        return _before_relative(s, phrase) or phrase
    return phrase


def _is_headed(s: Sentence, phrase: Phrase) -> bool:
    """Return whether a phrase before a preposition is sure to be a noun phrase."""
    return (
        s.lower(phrase.first) in DETERMINERS
        or phrase.who in (Who.PERSON, Who.NOBODY)
        or phrase.first < phrase.last
        or _is_noun_like(s, phrase.last)
    )


def _before_relative(s: Sentence, phrase: Phrase) -> Phrase | None:
    """Return the person in "the engineer who ran the backfill", given the backfill."""
    for i in range(phrase.first - 1, max(-1, phrase.first - _MAX_MODIFIERS), -1):
        if s.words[i].is_mark:
            return None
        if s.lower(i) in {"who", "whoever"}:
            before = _plain_phrase_ending(s, i - 1) if i else None
            if before is None or before.who is Who.OTHER:
                return Phrase(i, phrase.last, Who.PERSON)
            return Phrase(before.first, phrase.last, before.who)
    return None


def nearest_phrase(s: Sentence, before: int) -> Phrase | None:
    """Return the noun phrase right before a word, whatever it hangs on."""
    return _plain_phrase_ending(s, before - 1)


def owner_at(s: Sentence, last: int) -> Phrase | None:
    """Return who owns something, where word `last` ends in 's."""
    return _bare_phrase(s, last) if s.words[last].is_possessive else None


def _plain_phrase_ending(s: Sentence, last: int) -> Phrase | None:
    if last < 0 or s.words[last].is_mark or s.words[last].is_possessive:
        return None
    return _bare_phrase(s, last)


def _bare_phrase(s: Sentence, last: int) -> Phrase | None:
    lower = s.lower(last)
    if lower in _RELATIVES:
        return _relative(s, last)
    if lower == "both" or _is_pronoun(s, last):
        return Phrase(last, last, people.classify(s, last))
    if _is_function_word(lower) or lower in DETERMINERS:
        return None
    if is_past(lower) and not people.is_system_noun(lower):
        return None
    first = last
    is_named = people.is_name(s.words[last]) or people.may_be_name(s.words[last])
    while last - first < _MAX_MODIFIERS and _extends_back(s, first - 1, is_named):
        first -= 1
        if s.lower(first) in DETERMINERS:
            break
    return Phrase(first, last, people.classify(s, last))


def _relative(s: Sentence, at: int) -> Phrase:
    is_alone = s.lower(at - 1) in _RELATIVES
    before = _plain_phrase_ending(s, at - 1) if at and not is_alone else None
    if before is not None and s.lower(at) != "who":
        return Phrase(before.first, at, before.who)
    first = before.first if before is not None else at
    return Phrase(first, at, people.classify(s, at))


def _extends_back(s: Sentence, i: int, is_named: bool) -> bool:
    """Return whether word `i` belongs to the noun phrase that follows it."""
    if i < 0 or s.words[i].is_mark:
        return False
    word, lower = s.words[i], s.lower(i)
    if lower in DETERMINERS or lower in people.TITLES:
        return True
    if is_named and not word.is_possessive:
        # "our DBA Ana" is one phrase, "on the primary Ana" is not.
        return people.is_person_noun(lower) or (
            not s.is_title_case
            and (people.is_name(word) or people.may_be_name(word))
            and not _is_function_word(lower)
        )
    if _is_function_word(lower) or _is_pronoun(s, i):
        return False
    return not (is_past(lower) and s.lower(i - 1) not in DETERMINERS)


def object_end(s: Sentence, start: int) -> int:
    """Return the last word of what the verb before `start` acts on; start-1: none."""
    i = start
    while i < len(s) and i - start < _MAX_OBJECT_WORDS:
        if s.words[i].is_mark or s.lower(i) in _OBJECT_ENDS:
            break
        i += 1
    return i - 1


def is_negated(s: Sentence, i: int) -> bool:
    """Return whether a negation in the same clause stands before word `i`."""
    for j in range(i - 1, max(-1, i - 1 - _MAX_NEGATION_WORDS), -1):
        lower = s.lower(j)
        if lower in _NEGATION_STOPS:
            return False
        if s.says(j, "rather", "than") or s.says(j, "instead", "of"):
            return True
        if lower in NEGATIONS:
            return s.lower(j + 1) not in {"only", "doubt", "question", "just", "other"}
    return False


def is_conditional(s: Sentence, first: int, *, present: bool = False) -> bool:
    """Return whether the clause whose subject begins at `first` is only supposed."""
    before = s.lower(first - 1)
    return before in _CONDITIONS or (present and before in _PRESENT_CONDITIONS)


def acts(phrase: Phrase | None, verb: str) -> bool:
    """Return whether the subject of `verb` is a person, given what the verb is."""
    if phrase is None:
        return False
    if phrase.who in (Who.PERSON, Who.SELF):
        return True
    if phrase.who is Who.LIKELY:
        return verb not in MACHINE_VERBS
    return phrase.who is Who.MAYBE and verb in HUMAN_VERBS
