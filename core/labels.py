"""Tests of labels, as Prometheus has them. Pure.

A label that is not there is "", and `=~` must match the whole value
(https://prometheus.io/docs/alerting/latest/configuration/#matcher). Patterns are RE2,
which needs linear time whatever the pattern (https://github.com/google/re2/wiki/Syntax).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2

EQUAL, UNEQUAL, LIKE, UNLIKE = "=", "!=", "=~", "!~"
OPERATORS = (EQUAL, UNEQUAL, LIKE, UNLIKE)
MOST_TESTS = 20
NAME_LENGTH, VALUE_LENGTH = 128, 1024
REMEMBERED_VALUES = 65_536
LINE = re.compile(r"\s*(?P<name>[^=!~\s]+)\s*(?P<op>=~|!~|!=|=)\s*(?P<value>.*?)\s*")

PATTERNS = re2.Options()  # how every pattern is read
PATTERNS.log_errors = False


@dataclass(frozen=True, slots=True)
class LabelTest:
    """One label against one value, or against a pattern for `=~` and `!~`."""

    name: str
    op: str
    value: str

    def __str__(self) -> str:
        return f"{self.name} {self.op} {self.value}".strip()

    def passes(self, labels: Mapping[str, str]) -> bool:
        value = labels.get(self.name, "")
        if self.op == EQUAL:
            return value == self.value
        if self.op == UNEQUAL:
            return value != self.value
        return _matches_whole(self.value, value) == (self.op == LIKE)

    @property
    def problem(self) -> str:
        """What is wrong with it, "" when it can be used."""
        if not 0 < len(self.name) <= NAME_LENGTH:
            return f"A name of 1 to {NAME_LENGTH} characters is wanted."
        if self.op not in OPERATORS:
            return f"{self.op[:10]!r} is not one of {', '.join(OPERATORS)}."
        if "\x00" in self.name + self.value:
            return "Null characters are not allowed."
        if self.op in (LIKE, UNLIKE):
            return pattern_problem(self.value, most=VALUE_LENGTH)
        return _too_long(self.value, VALUE_LENGTH)


def read_tests(text: str) -> list[LabelTest]:
    """Tests as people write them, one a line: "env = prod", "team =~ data|ml".

    Raises ValueError with the line that is none.
    """
    tests = []
    for line in filter(str.strip, text.splitlines()):
        found = LINE.fullmatch(line)
        if found is None:
            raise ValueError(f"{line.strip()[:80]!r} is not like “env = prod”.")
        test = LabelTest(found["name"], found["op"], found["value"])
        if test.problem:
            raise ValueError(test.problem)
        tests.append(test)
    if len(tests) > MOST_TESTS:
        raise ValueError(f"At most {MOST_TESTS} labels can be asked for.")
    return tests


def read_labels(text: str) -> dict[str, str]:
    """Labels as people write them, one a line or after commas: "env=prod, team=ml".

    Raises ValueError with what is none.
    """
    labels = {}
    for part in filter(str.strip, re.split(r"[\n,]", text)):
        name, sign, value = part.partition("=")
        if not sign or not name.strip() or "\x00" in part:
            raise ValueError(f"{part.strip()[:80]!r} is not like “env=prod”.")
        labels[name.strip()[:NAME_LENGTH]] = value.strip()[:VALUE_LENGTH]
    return labels


def pattern_problem(pattern: str, *, most: int) -> str:
    """What is wrong with a pattern of at most that many characters, "" when it can be
    used."""
    if problem := _too_long(pattern, most):
        return problem
    try:
        compiled(pattern)
    except re2.error as error:
        told = error.args[0]
        said = told.decode() if isinstance(told, bytes) else str(told)
        return f"Not a pattern that can be used: {said}."
    return ""


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> Any:
    """The pattern, ready for use. Raises re2.error."""
    return re2.compile(pattern, options=PATTERNS)


@lru_cache(maxsize=REMEMBERED_VALUES)
def _matches_whole(pattern: str, value: str) -> bool:
    return compiled(pattern).fullmatch(value) is not None


def _too_long(text: str, most: int) -> str:
    return f"At most {most} characters." if len(text) > most else ""
