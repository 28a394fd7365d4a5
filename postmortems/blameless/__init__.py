"""The blameless language check: marks blame in English prose and rewords it.

It knows people from systems, because "the job failed to start" blames nobody,
and it leaves code, quotations, addresses and comments alone. It needs no model
of the language: lists of words and the words nearby, in time linear in the text.

The guides it follows: https://sre.google/sre-book/postmortem-culture/,
https://postmortems.pagerduty.com/culture/blameless/ and
https://www.etsy.com/codeascraft/debriefing-facilitation-guide.
"""

from collections import defaultdict
from collections.abc import Iterator

from postmortems.blameless import (
    causes,
    conduct,
    counterfactuals,
    faults,
    harms,
    omissions,
    style,
    traits,
)
from postmortems.blameless.findings import Finding, Level, without_overlaps
from postmortems.blameless.markdown import cover
from postmortems.blameless.rule import Rule
from postmortems.blameless.sentences import Sentence, sentences

__all__ = ["Finding", "Level", "check"]


_MODULES = (
    causes, faults, omissions, counterfactuals, harms, conduct, traits, style
)  # fmt: skip


def _rules_by_word() -> dict[str, list[Rule]]:
    by_word: defaultdict[str, list[Rule]] = defaultdict(list)
    for module in _MODULES:
        for words, rule in module.RULES:
            for word in words:
                by_word[word].append(rule)
    return dict(by_word)


_RULES = _rules_by_word()


def check(text: str) -> list[Finding]:
    """Return what reads as blame in the Markdown `text`, in order of place.

    The findings do not overlap. Code, quotations, addresses, link targets and
    comments are not looked at; where languages other than English are written,
    nothing is found.
    """
    found = (
        finding
        for sentence in sentences(text, cover(text))
        for finding in _findings(sentence)
    )
    return without_overlaps(found)


def _findings(sentence: Sentence) -> Iterator[Finding]:
    for i, word in enumerate(sentence.words):
        for rule in _RULES.get(word.lower, ()):
            finding = rule(sentence, i)
            if finding is not None:
                yield finding
        if word.is_possessive:
            finding = causes.possessive(sentence, i)
            if finding is not None:
                yield finding
