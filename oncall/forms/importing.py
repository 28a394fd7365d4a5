"""Choosing the answers of another tool's API."""

from __future__ import annotations

import json
import re
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from oncall.models import OnCallImport

MOST_FILES = 200
MOST_BYTES = 20_000_000
# What PostgreSQL cannot store, as JSON spells it. No export has use for it.
UNFIT = re.compile(r"\\u(0000|[dD][89a-fA-F]..)")


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class DocumentsField(forms.FileField):
    """Several JSON files; cleaned to what they hold."""

    widget = FilesInput(attrs={"accept": ".json,application/json"})

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = data if isinstance(data, list) else [data]
        files = [super(DocumentsField, self).clean(one, initial) for one in files]
        if len(files) > MOST_FILES or sum(one.size for one in files) > MOST_BYTES:
            raise forms.ValidationError(
                f"At most {MOST_FILES} files of {MOST_BYTES // 1_000_000} MB together."
            )
        return [_document(one) for one in files]


def _document(file: UploadedFile[Any]) -> Any:
    try:
        text = UNFIT.sub("?", file.read().decode("utf-8-sig"))
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        name = (file.name or "a file")[:80]
        raise forms.ValidationError(f"{name} is not JSON: {error}") from error


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


class ImportForm(forms.Form):
    tool = forms.ChoiceField(label="From", choices=OnCallImport.Tool.choices)
    answers = DocumentsField(
        label="Answers of its API",
        help_text="JSON files as the API gave them: people, schedules and escalation "
        "policies, in any number of files.",
    )
