"""Which alerts a rule is about. Pure: plain values in and out.

A rule's conditions narrow each other. Labels are compared as Prometheus does: a label
that is not there is "", and `=~` must match the whole value
(https://prometheus.io/docs/alerting/latest/configuration/#matcher). A title pattern
is looked for anywhere, ignoring case. Patterns are RE2, which needs linear time
whatever the pattern (https://github.com/google/re2/wiki/Syntax).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import re2

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
EQUAL, UNEQUAL, LIKE, UNLIKE = "=", "!=", "=~", "!~"
OPERATORS = (EQUAL, UNEQUAL, LIKE, UNLIKE)
REMEMBERED_VALUES = 65_536

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False


def pattern_problem(pattern: str) -> str:
    """What is wrong with a pattern, "" when it can be used."""
    try:
        re2.compile(pattern, options=_OPTIONS)
    except re2.error as error:
        said = error.args[0]
        return said.decode() if isinstance(said, bytes) else str(said)
    return ""


@lru_cache(maxsize=REMEMBERED_VALUES)
def _matches_whole(pattern: str, value: str) -> bool:
    return _compiled(pattern).fullmatch(value) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Any:
    return re2.compile(pattern, options=_OPTIONS)


def title_matches(pattern: str, title: str) -> bool:
    return _compiled(f"(?i){pattern}").search(title) is not None


@dataclass(frozen=True, slots=True)
class Subject:
    """An alert, reduced to what rules look at. `at` is when it counts as new."""

    alert_id: int
    integration_id: int
    asset_id: int | None
    team_id: int | None
    severity: str
    title: str
    labels: Mapping[str, str]
    at: datetime


@dataclass(frozen=True, slots=True)
class LabelTest:
    """One label against one value or pattern."""

    name: str
    op: str
    value: str

    def passes(self, labels: Mapping[str, str]) -> bool:
        value = labels.get(self.name, "")
        if self.op == EQUAL:
            return value == self.value
        if self.op == UNEQUAL:
            return value != self.value
        return _matches_whole(self.value, value) == (self.op == LIKE)


@dataclass(frozen=True, slots=True)
class Hours:
    """Certain hours of certain weekdays (Monday is 0) on the wall clock of `zone`.

    An end at or before the start is on the next day; the weekday is the start's.
    """

    weekdays: frozenset[int]
    start: time
    end: time
    zone: ZoneInfo

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Hours:
        return cls(
            frozenset(WEEKDAYS.index(day) for day in stored["weekdays"]),
            time.fromisoformat(stored["start"]),
            time.fromisoformat(stored["end"]),
            ZoneInfo(stored["zone"]),
        )

    def holds(self, at: datetime) -> bool:
        local = at.astimezone(self.zone)
        today, clock = local.weekday(), local.time()
        if self.start < self.end:
            return today in self.weekdays and self.start <= clock < self.end
        since_yesterday = (today - 1) % 7 in self.weekdays and clock < self.end
        return (today in self.weekdays and clock >= self.start) or since_yesterday


@dataclass(frozen=True, slots=True)
class Conditions:
    """What has to be true of an alert. Empty fields ask for nothing.

    `assets` are all that will do, downstream ones included. `teams` are compared with
    the asset's team, or the integration's where the asset has none.
    """

    integrations: frozenset[int] = frozenset()
    assets: frozenset[int] = frozenset()
    teams: frozenset[int] = frozenset()
    severities: frozenset[str] = frozenset()
    labels: tuple[LabelTest, ...] = ()
    title: str = ""
    hours: Hours | None = None

    def during(self, hours: Hours) -> Conditions:
        return replace(self, hours=hours)

    @property
    def is_empty(self) -> bool:
        return self == Conditions()

    def hold(self, subject: Subject, *, title_is_hit: bool | None = None) -> bool:
        """Whether all of them are true of `subject`. The cheap ones are asked first.

        `title_is_hit`: the answer for the title, where it is known already.
        """
        return (
            _fits(self.severities, subject.severity)
            and _fits(self.integrations, subject.integration_id)
            and _fits(self.teams, subject.team_id)
            and _fits(self.assets, subject.asset_id)
            and all(test.passes(subject.labels) for test in self.labels)
            and (self.hours is None or self.hours.holds(subject.at))
            and self._title_fits(subject.title, title_is_hit)
        )

    def _title_fits(self, title: str, is_hit: bool | None) -> bool:
        if not self.title:
            return True
        return title_matches(self.title, title) if is_hit is None else is_hit


def _fits(wanted: frozenset[Any], value: object) -> bool:
    return not wanted or value in wanted


@dataclass(slots=True)
class Index:
    """Many conditions, asked at once which of them hold.

    Those that want a certain label or integration are only tried on alerts that have
    it; all title patterns are searched for in one pass. So 200 rules cost little more
    than the few that may match.
    """

    rules: Sequence[Conditions]
    _by_label: dict[str, dict[str, list[int]]] = field(init=False)
    _by_integration: dict[int, list[int]] = field(init=False)
    _others: list[int] = field(init=False)
    _titles: Any = field(init=False)
    _titled: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self._by_label, self._by_integration, self._others = {}, {}, []
        for number, rule in enumerate(self.rules):
            self._file(number, rule)
        self._titled = [n for n, rule in enumerate(self.rules) if rule.title]
        self._titles = re2.Set.SearchSet(_OPTIONS)
        for number in self._titled:
            self._titles.Add(f"(?i){self.rules[number].title}")
        if self._titled:
            self._titles.Compile()

    def _file(self, number: int, rule: Conditions) -> None:
        for test in rule.labels:
            # An empty value is also that of an alert without the label.
            if test.op == EQUAL and test.value:
                values = self._by_label.setdefault(test.name, {})
                values.setdefault(test.value, []).append(number)
                return
        if not rule.integrations:
            self._others.append(number)
        for integration in rule.integrations:
            self._by_integration.setdefault(integration, []).append(number)

    def matching(self, subject: Subject) -> Iterator[int]:
        """The numbers of the rules that hold, in their order."""
        candidates = list(self._others)
        candidates += self._by_integration.get(subject.integration_id, ())
        for name, values in self._by_label.items():
            candidates += values.get(subject.labels.get(name, ""), ())
        candidates.sort()
        hits: set[int] | None = None
        for number in candidates:
            rule = self.rules[number]
            if rule.title and hits is None:
                found: Iterable[int] = self._titles.Match(subject.title) or ()
                hits = {self._titled[one] for one in found}
            if rule.hold(subject, title_is_hit=bool(hits and number in hits)):
                yield number
