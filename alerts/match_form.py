"""The part of a form that says which alerts a rule is about."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import re2
from django import forms
from django.db.models import QuerySet
from django.http import QueryDict

from accounts.models import Team
from alerts.models import Alert, Integration, Severity
from alerts.models.quiet import TITLE_PATTERN_LENGTH, Matching
from alerts.services.matching import MatchValues
from catalog.asset_choice import AssetChoiceForm
from catalog.models import Asset
from core.errors import InvalidInputError
from core.labels import EQUAL, MOST_TESTS, OPERATORS, LabelTest
from core.text import one_line
from oncall.forms.rows import SelectListField

OPERATOR_WORDS = [
    ("=", "is"),
    ("!=", "is not"),
    ("=~", "matches"),
    ("!~", "does not match"),
]
LABEL_FIELDS = ("label_name", "label_op", "label_value")
SPARE_ROWS = 1
# Which field shows what is wrong with what the services call otherwise.
FIELD_OF = {"assets": "asset_name", "until": "ends_at", "hours": "hours_start"}


@dataclass(frozen=True, slots=True)
class LabelRow:
    name: str = ""
    op: str = "="
    value: str = ""


class MatchForm(AssetChoiceForm):
    """Conditions. The rows of labels are not fields of the form: `label_rows` has what
    was sent, and an empty one.
    """

    integrations = SelectListField(
        word="Integration", label="Integration", required=False, distinct=True
    )
    includes_downstream = forms.BooleanField(
        required=False,
        initial=True,
        label="And what is downstream of it",
    )
    teams = SelectListField(word="Team", label="Team", required=False, distinct=True)
    severities = forms.MultipleChoiceField(
        choices=Severity.choices,
        required=False,
        label="Severity",
        widget=forms.CheckboxSelectMultiple,
    )
    title_pattern = forms.CharField(
        required=False,
        max_length=TITLE_PATTERN_LENGTH,
        label="Title matches",
        help_text="Words, or a pattern such as “orders.*failed”. Anywhere in the "
        "title, in capitals or not.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "auto"}),
    )

    def __init__(self, data: QueryDict | None = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.sent = data
        kept = Integration.objects.filter(deleted_at=None).values_list("pk", "name")
        self._offer("integrations", [(str(pk), name) for pk, name in kept])
        teams = Team.objects.values_list("pk", "name")
        self._offer("teams", [(str(pk), name) for pk, name in teams])

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, SelectListField)
        field.offer([("", choices)])

    @property
    def chosen_assets(self) -> QuerySet[Asset]:
        """The assets that are chosen, as far as they are known."""
        values = self["assets"].value() or []
        return Asset.objects.filter(pk__in=_ids(map(str, values))).order_by(
            "name", "pk"
        )

    @property
    def label_rows(self) -> list[LabelRow]:
        """The rows as sent or stored, and an empty one."""
        rows = _rows_in(self.sent) if self.sent is not None else self._stored_rows()
        filled = [row for row in rows if row.name or row.value]
        return [*filled, *[LabelRow()] * SPARE_ROWS][: MOST_TESTS + 1]

    def _stored_rows(self) -> list[LabelRow]:
        return [LabelRow(**one) for one in self.initial.get("labels", [])]

    def match_values(self) -> MatchValues:
        """What was filled in. Only for a valid form."""
        read = self.cleaned_data
        ids = {int(one) for one in read["integrations"]}
        return MatchValues(
            integrations=list(Integration.objects.filter(pk__in=ids)),
            assets=read["chosen"],
            includes_downstream=read["includes_downstream"],
            teams=list(Team.objects.filter(pk__in=[int(one) for one in read["teams"]])),
            severities=read["severities"],
            labels=[
                LabelTest(row.name, row.op, row.value)
                for row in self.label_rows
                if row.name or row.value
            ],
            title_pattern=read["title_pattern"],
        )

    def refuse(self, error: InvalidInputError) -> None:
        """Show beside the fields what a service found wrong."""
        for path, problems in error.errors.items():
            name = path.partition("[")[0]
            name = FIELD_OF.get(name, name)
            for problem in problems:
                self.add_error(name if name in self.fields else None, problem)


def match_initial(rule: Matching) -> dict[str, Any]:
    """What the form shows of a rule."""
    return {
        "integrations": [str(pk) for pk in rule.integration_ids],
        "assets": rule.asset_ids,
        "includes_downstream": rule.includes_downstream,
        "teams": [str(pk) for pk in rule.team_ids],
        "severities": rule.severities,
        "labels": rule.labels,
        "title_pattern": rule.title_pattern,
    }


def initial_from(query: QueryDict) -> dict[str, Any]:
    """What an address asks for: `?asset=`, `?integration=`, or `?alert=`, whose asset
    or else integration and key labels are taken."""
    initial: dict[str, Any] = {}
    assets = _numbers(query, "asset")
    integrations = _numbers(query, "integration")
    for pk in _numbers(query, "alert")[:1]:
        alert = Alert.objects.filter(pk=pk).first()
        if alert is not None and alert.asset_id is not None:
            assets.append(alert.asset_id)
        elif alert is not None:
            integrations.append(alert.integration_id)
            initial["title_pattern"] = _as_pattern(alert.title)
    if assets:
        initial["assets"] = assets
    if integrations:
        initial["integrations"] = [str(pk) for pk in integrations]
    return initial


def _as_pattern(title: str) -> str:
    """A pattern that finds this title, and as little else as fits."""
    escaped: str = re2.escape(title)
    if len(escaped) + 2 <= TITLE_PATTERN_LENGTH:
        return f"^{escaped}$"
    # Cut short; an odd sign at the end must not be half of an escape.
    return escaped[: TITLE_PATTERN_LENGTH - 2].rstrip("\\")


def _numbers(query: QueryDict, name: str) -> list[int]:
    return _ids(query.getlist(name)[:20])


def _ids(texts: Iterable[str]) -> list[int]:
    return [int(one) for one in texts if re.fullmatch("[0-9]{1,18}", one)]


def _rows_in(data: QueryDict) -> list[LabelRow]:
    columns = (data.getlist(name)[: MOST_TESTS + 2] for name in LABEL_FIELDS)
    return [
        LabelRow(one_line(name, 200), op if op in OPERATORS else EQUAL, value[:2000])
        for name, op, value in zip(*columns, strict=False)
    ]
