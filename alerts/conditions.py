"""Which alerts a rule is about. Pure: plain values in and out.

A rule's conditions narrow each other. A title pattern is looked for anywhere, ignoring
case; labels are compared as `core.labels` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import re2

from core.labels import EQUAL, LIKE, PATTERNS, LabelTest, compiled

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
REMEMBERED_TEXTS = 4_096
# A source may have half the warehouse downstream.
MOST_ASSETS_FILED = 500_000


def title_matches(pattern: str, title: str) -> bool:
    return compiled(f"(?i){pattern}").search(title) is not None


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

    def hold(self, subject: Subject) -> bool:
        """Whether all of them are true of `subject`. The cheap ones are asked first."""
        return (
            _fits(self.severities, subject.severity)
            and _fits(self.integrations, subject.integration_id)
            and _fits(self.teams, subject.team_id)
            and _fits(self.assets, subject.asset_id)
            and all(test.passes(subject.labels) for test in self.labels)
            and (self.hours is None or self.hours.holds(subject.at))
            and (not self.title or title_matches(self.title, subject.title))
        )


def _fits(wanted: frozenset[Any], value: object) -> bool:
    return not wanted or value in wanted


class _Patterns:
    """Patterns of rules, searched for in a text all at once; answers are remembered."""

    def __init__(self, patterns: Sequence[tuple[int, str]], found: Any) -> None:
        self._numbers = [number for number, _ in patterns]
        self._set, self._known = found, dict[str, list[int]]()
        for _, pattern in patterns:
            self._set.Add(pattern)
        self._set.Compile()

    def rules(self, text: str) -> list[int]:
        """The numbers of the rules whose pattern is in `text`."""
        known = self._known.get(text)
        if known is None:
            found: Iterable[int] = self._set.Match(text) or ()
            if len(self._known) >= REMEMBERED_TEXTS:
                self._known.clear()
            known = self._known[text] = [self._numbers[one] for one in found]
        return known


class Index:
    """Many conditions, asked at once which of them hold.

    Each rule is filed under one condition that is looked up and not tried: a label's
    value, an asset, an integration, a label's pattern or a title's. So 200 rules
    cost little more than the few that may match.
    """

    def __init__(self, rules: Sequence[Conditions]) -> None:
        self.rules = rules
        self._by_label: dict[str, dict[str, list[int]]] = {}
        self._by_integration: dict[int, list[int]] = {}
        self._by_asset: dict[int | None, list[int]] = {}
        self._room_for_assets = MOST_ASSETS_FILED
        self._others: list[int] = []
        patterns: dict[str, list[tuple[int, str]]] = {}
        titles: list[tuple[int, str]] = []
        for number, rule in enumerate(rules):
            like = next((test for test in rule.labels if test.op == LIKE), None)
            if self._is_filed(number, rule):
                continue
            if like is not None:
                patterns.setdefault(like.name, []).append((number, like.value))
            elif rule.title:
                titles.append((number, f"(?i){rule.title}"))
            else:
                self._others.append(number)
        self._by_pattern = {
            name: _Patterns(some, re2.Set.FullMatchSet(PATTERNS))
            for name, some in patterns.items()
        }
        self._by_title = (
            _Patterns(titles, re2.Set.SearchSet(PATTERNS)) if titles else None
        )

    def _is_filed(self, number: int, rule: Conditions) -> bool:
        for test in rule.labels:
            # An empty value is also that of an alert without the label.
            if test.op == EQUAL and test.value:
                values = self._by_label.setdefault(test.name, {})
                values.setdefault(test.value, []).append(number)
                return True
        if 0 < len(rule.assets) <= self._room_for_assets:
            self._room_for_assets -= len(rule.assets)
            for asset in rule.assets:
                self._by_asset.setdefault(asset, []).append(number)
            return True
        for integration in rule.integrations:
            self._by_integration.setdefault(integration, []).append(number)
        return bool(rule.integrations)

    def matching(self, subject: Subject) -> Iterator[int]:
        """The numbers of the rules that hold, in their order."""
        for number in sorted(self._candidates(subject)):
            if self.rules[number].hold(subject):
                yield number

    def _candidates(self, subject: Subject) -> list[int]:
        """Those that may hold. The others do not."""
        labels = subject.labels
        found = list(self._others)
        found += self._by_asset.get(subject.asset_id, ())
        found += self._by_integration.get(subject.integration_id, ())
        for name, values in self._by_label.items():
            found += values.get(labels.get(name, ""), ())
        for name, patterns in self._by_pattern.items():
            found += patterns.rules(labels.get(name, ""))
        if self._by_title is not None:
            found += self._by_title.rules(subject.title)
        return found
