"""Tests of labels, as Prometheus has them. Pure.

A label that is not there is "", and `=~` must match the whole value
(https://prometheus.io/docs/alerting/latest/configuration/#matcher). Patterns are RE2,
which needs linear time whatever the pattern (https://github.com/google/re2/wiki/Syntax).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, TypedDict

import re2

OPERATORS = ("=", "!=", "=~", "!~")
MOST_TESTS = 20
NAME_LENGTH, VALUE_LENGTH = 128, 300
LINE = re.compile(r"\s*(?P<name>[^=!~\s]+)\s*(?P<op>=~|!~|!=|=)\s*(?P<value>.*?)\s*")

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False


class LabelTest(TypedDict):
    """One label against one value, or against a pattern for `=~` and `!~`."""

    name: str
    op: str
    value: str


def passes(test: LabelTest, labels: Mapping[str, str]) -> bool:
    value = labels.get(test["name"], "")
    if test["op"] in ("=", "!="):
        return (value == test["value"]) == (test["op"] == "=")
    found = _compiled(test["value"]).fullmatch(value) is not None
    return found == (test["op"] == "=~")


def problem(test: LabelTest) -> str:
    """What is wrong with a test, "" when it can be used."""
    if test["op"] not in OPERATORS:
        return f"Wanted is one of {', '.join(OPERATORS)}."
    if not 0 < len(test["name"]) <= NAME_LENGTH:
        return f"A label's name has 1 to {NAME_LENGTH} characters."
    if len(test["value"]) > VALUE_LENGTH:
        return f"A value has at most {VALUE_LENGTH} characters."
    if "\x00" in test["name"] + test["value"]:
        return "Null characters are not allowed."
    if test["op"] not in ("=~", "!~"):
        return ""
    try:
        _compiled(test["value"])
    except re2.error as error:
        return f"{test['value']!r} is no pattern: {_words(error)}."
    return ""


def read_tests(text: str) -> list[LabelTest]:
    """Tests as people write them, one a line: "env = prod", "team =~ data|ml".

    Raises ValueError with the line that is none.
    """
    tests = []
    for line in filter(str.strip, text.splitlines()):
        found = LINE.fullmatch(line)
        if found is None:
            raise ValueError(f"{line.strip()[:80]!r} is not like “env = prod”.")
        test = LabelTest(name=found["name"], op=found["op"], value=found["value"])
        if wrong := problem(test):
            raise ValueError(wrong)
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


def said(tests: Iterable[LabelTest]) -> list[str]:
    """Each as it is written: "env = prod"."""
    return [f"{one['name']} {one['op']} {one['value']}".strip() for one in tests]


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Any:
    return re2.compile(pattern, options=_OPTIONS)


def _words(error: re2.error) -> str:
    told = error.args[0]
    return told.decode() if isinstance(told, bytes) else str(told)
