"""The texts every format makes: severities, labels, descriptions."""

import json
from collections.abc import Iterable

from alerts.formats.base import (
    DESCRIPTION_LENGTH,
    LABEL_COUNT,
    LABEL_KEY_LENGTH,
    SeverityWord,
)
from core.text import clean, text_of

_SEVERITY_WORDS: dict[SeverityWord, str] = {
    "critical": "critical crit page fatal emergency disaster p1 sev1",
    "error": "error err major high failure failed p2 sev2",
    "warning": "warning warn minor medium moderate ticket p3 sev3",
    "info": "info information informational notice low none debug p4 p5 sev4",
}
SEVERITIES = {
    word: severity
    for severity, words in _SEVERITY_WORDS.items()
    for word in words.split()
}


def severity_of(value: object) -> SeverityWord | None:
    """Return our word for a sender's; None when it is none we know."""
    return SEVERITIES.get(value.strip().lower()) if isinstance(value, str) else None


def labels_of(pairs: Iterable[tuple[str, object]]) -> dict[str, str]:
    """Return the scalars among `pairs` as labels; past LABEL_COUNT the rest is left."""
    labels: dict[str, str] = {}
    for key, value in pairs:
        if not value and value != 0:
            continue
        text = text_of(value)
        if not text or not key:
            continue
        labels[clean(key, LABEL_KEY_LENGTH)] = text
        if len(labels) == LABEL_COUNT:
            break
    return labels


def lines(*parts: str) -> str:
    """Return the parts that say something, a line each, within a description."""
    return clean("\n".join(part for part in parts if part), DESCRIPTION_LENGTH)


def as_json(value: object) -> str:
    """Return nested JSON as text to read; "" when it is too deep to write."""
    try:
        return clean(json.dumps(value, ensure_ascii=False), DESCRIPTION_LENGTH)
    except (RecursionError, ValueError):
        return ""
