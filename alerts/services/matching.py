"""What people may ask of a rule, checked before it is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from accounts.models import Team
from alerts.models import Integration, Severity
from alerts.models.quiet import TITLE_PATTERN_LENGTH, Matching
from catalog.models import Asset
from core.labels import MOST_TESTS, LabelTest, pattern_problem

MOST_NAMED = 100

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
        if len(self.labels) > MOST_TESTS:
            errors["labels"] = [f"At most {MOST_TESTS}."]
        for number, test in enumerate(self.labels):
            if problem := test.problem:
                errors[f"labels[{number}]"] = [problem]
        if problem := pattern_problem(self.title_pattern, most=TITLE_PATTERN_LENGTH):
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
