"""What people may ask of a rule, checked before it is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from accounts.models import Team
from alerts.conditions import LIKE, OPERATORS, UNLIKE, LabelTest, pattern_problem
from alerts.formats.base import LABEL_KEY_LENGTH, LABEL_VALUE_LENGTH
from alerts.models import Integration, Severity
from alerts.models.quiet import TITLE_PATTERN_LENGTH, Matching
from catalog.models import Asset

MOST_NAMED = 100
MOST_LABELS = 20

Errors = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class MatchValues:
    """Which alerts a rule is about; empty is any. See `alerts.conditions`."""

    integrations: Sequence[Integration] = ()
    assets: Sequence[Asset] = ()
    includes_downstream: bool = True
    teams: Sequence[Team] = ()
    severities: Sequence[str] = ()
    labels: Sequence[LabelTest] = ()
    title_pattern: str = ""

    @property
    def is_empty(self) -> bool:
        lists = (self.integrations, self.assets, self.teams, self.severities)
        return not (any(lists) or self.labels or self.title_pattern)

    def problems(self) -> Errors:
        """What is wrong, by field."""
        errors: Errors = {}
        for name in ("integrations", "assets", "teams"):
            if len(getattr(self, name)) > MOST_NAMED:
                errors[name] = [f"At most {MOST_NAMED}."]
        if set(self.severities) - set(Severity.values):
            errors["severities"] = [f"Must be of {', '.join(Severity.values)}."]
        if len(self.labels) > MOST_LABELS:
            errors["labels"] = [f"At most {MOST_LABELS}."]
        for number, test in enumerate(self.labels):
            if problem := _label_problem(test):
                errors[f"labels[{number}]"] = [problem]
        if problem := _pattern_problem(self.title_pattern, TITLE_PATTERN_LENGTH):
            errors["title_pattern"] = [problem]
        return errors

    def write_to(self, rule: Matching) -> None:
        rule.integration_ids = [one.pk for one in self.integrations]
        rule.asset_ids = [one.pk for one in self.assets]
        rule.includes_downstream = self.includes_downstream
        rule.team_ids = [one.pk for one in self.teams]
        rule.severities = list(self.severities)
        rule.labels = [asdict(one) for one in self.labels]
        rule.title_pattern = self.title_pattern


def _label_problem(test: LabelTest) -> str:
    if not test.name or len(test.name) > LABEL_KEY_LENGTH:
        return f"A name of 1 to {LABEL_KEY_LENGTH} characters is wanted."
    if test.op not in OPERATORS:
        return f"{test.op[:10]!r} is not one of {', '.join(OPERATORS)}."
    if len(test.value) > LABEL_VALUE_LENGTH:
        return f"At most {LABEL_VALUE_LENGTH} characters."
    if test.op in (LIKE, UNLIKE):
        return _pattern_problem(test.value, LABEL_VALUE_LENGTH)
    return ""


def _pattern_problem(pattern: str, most: int) -> str:
    if len(pattern) > most:
        return f"At most {most} characters."
    problem = pattern_problem(pattern)
    return f"Not a pattern that can be used: {problem}." if problem else ""


def audited(rule: Matching) -> dict[str, Any]:
    """The conditions as the audit log keeps them."""
    return {
        "integrations": rule.integration_ids,
        "assets": rule.asset_ids,
        "includes_downstream": rule.includes_downstream,
        "teams": rule.team_ids,
        "severities": list(rule.severities),
        "labels": rule.labels,
        "title_pattern": rule.title_pattern,
    }
