"""How alike two error texts are, by the groups of three letters they share.

As PostgreSQL's pg_trgm reckons it, which not every server has:
https://www.postgresql.org/docs/current/pgtrgm.html
"""

import re

MOST_LETTERS = 2000


def trigrams(text: str) -> frozenset[str]:
    """Groups of three letters of each word; digits count as one, whatever they are."""
    plain = re.sub(r"\d+", "0", text[:MOST_LETTERS].lower())
    words = (f"  {word} " for word in re.findall(r"\w+", plain))
    return frozenset(
        word[start : start + 3] for word in words for start in range(len(word) - 2)
    )


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """From 0 to 1: what both have of what either has."""
    either = len(one | other)
    return len(one & other) / either if either else 0.0
