"""What people fill in to map JSON of an unknown shape."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from alerts.mappings.guessing import guess_mapping
from alerts.mappings.mapping import FIELDS, OTHERWISE, SEVERITIES, STATUSES
from core.errors import InvalidInputError

PAIRS = ("status_map", "severity_map", "labels")
STATUS_WORDS = ", ".join(STATUSES)
SEVERITY_WORDS = ", ".join(SEVERITIES)


def _lines(
    label: str, help_text: str = "", *, required: bool = False
) -> forms.CharField:
    attrs = {"rows": 1, "spellcheck": "false", "autocapitalize": "off"}
    return forms.CharField(
        label=label,
        required=required,
        max_length=4_000,
        help_text=help_text,
        widget=forms.Textarea(attrs={**attrs, "class": "input mono"}),
    )


class MappingForm(forms.Form):
    """All of a mapping, as text: templates as they are, pairs a line each.

    `body` is what it is tried on; it is not kept.
    """

    items = _lines(
        "Where the alerts are",
        "A path to the list, such as $.alerts. Empty: the message is one alert.",
    )
    title = _lines("Title", "Text with {@.name} in it, or a path.", required=True)
    status = _lines("Status")
    status_map = _lines(
        "What its words mean",
        f"A line each: ok = resolved. One of {STATUS_WORDS}; * is any other word.",
    )
    severity = _lines("Severity")
    severity_map = _lines(
        "What its words mean",
        f"A line each: 1 = critical. One of {SEVERITY_WORDS}; * is any other word.",
    )
    dedup_key = _lines(
        "Dedup key",
        "What stays the same for one fault. Several lines are joined by “/”.",
    )
    asset_namespace = _lines("Asset's namespace", "As lineage names it.")
    asset_name = _lines("Asset's name")
    asset_type = _lines("Asset's type", "dataset, pipeline, task, dashboard …")
    description = _lines("Error text")
    run_id = _lines("Run")
    url = _lines("Link")
    occurred_at = _lines("Time")
    labels = _lines("Labels", "A line each: env = $.environment")
    body = forms.CharField(
        label="Body to try it on",
        required=False,
        widget=forms.Textarea(
            attrs={"rows": 12, "spellcheck": "false", "class": "input mono"}
        ),
    )

    @classmethod
    def of(cls, mapping: dict[str, Any] | None, *, body: str) -> MappingForm:
        """Filled with what is stored; without anything, with a guess from the body."""
        told: dict[str, Any] = mapping or {**guess_mapping(body)}
        pairs = {
            name: "\n".join(f"{k} = {v}" for k, v in _in_order(told.get(name, {})))
            for name in PAIRS
        }
        return cls(initial={**told, **pairs, "body": body})

    def mapping(self) -> dict[str, Any]:
        """What the form says, without what is left empty. Raises InvalidInputError
        for a line that is no pair. Needs a form that is valid."""
        told: dict[str, Any] = {}
        errors: dict[str, list[str]] = {}
        for name in ("items", *FIELDS):
            if text := self.cleaned_data[name].strip():
                told[name] = "\n".join(_written(text))
        for name in PAIRS:
            try:
                pairs = _pairs(self.cleaned_data[name], is_late=name != "labels")
            except ValueError as error:
                errors[name] = [str(error)]
                continue
            if pairs:
                told[name] = pairs
        if errors:
            raise InvalidInputError(errors)
        return told

    def add_errors(self, error: InvalidInputError) -> None:
        for name, texts in error.errors.items():
            self.add_error(name if name in self.fields else None, list(texts))


def _in_order(pairs: dict[str, str]) -> list[tuple[str, str]]:
    """By name, with what stands for any other last: PostgreSQL keeps no order."""
    return sorted(pairs.items(), key=lambda pair: (pair[0] == OTHERWISE, pair))


def _written(text: str) -> Iterable[str]:
    return (line.strip() for line in text.splitlines() if line.strip())


def _pairs(text: str, *, is_late: bool) -> dict[str, str]:
    """{left: right} of each line; the last “=” parts them when `is_late`, else the
    first, as an expression on the right may hold “==”."""
    pairs = {}
    for line in _written(text):
        left, sign, right = line.rpartition("=") if is_late else line.partition("=")
        if not (sign and left.strip() and right.strip()):
            raise ValueError(f"“{line[:60]}” is to be a word, =, and what it means.")
        pairs[left.strip()] = right.strip()
    return pairs
