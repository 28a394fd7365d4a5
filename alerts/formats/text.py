"""How formats read loosely typed values. Every text that leaves is fit to store."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from alerts.formats.base import (
    DESCRIPTION_LENGTH,
    LABEL_COUNT,
    LABEL_KEY_LENGTH,
    LABEL_VALUE_LENGTH,
    URL_LENGTH,
    SeverityWord,
)
from core.text import clean

# Templates of Python tools turn a missing value into its name.
NOTHING = frozenset({"", "None", "none", "null", "NULL", "nan"})

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


def text_of(value: object, limit: int = LABEL_VALUE_LENGTH) -> str:
    """Return a string, number or truth value as clean text; "" for all else."""
    if isinstance(value, str):
        return clean(value, limit)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, int) and value.bit_length() <= 256:
        return str(value)  # str() of a really big int is slow, then an error
    return ""


def told(value: object, limit: int = LABEL_VALUE_LENGTH) -> str:
    """Return like `text_of`, and "" for the words tools write for "nothing"."""
    text = text_of(value, limit).strip()
    return "" if text in NOTHING else text


def mapping(value: object) -> Mapping[str, Any]:
    """Return `value` if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    """Return `value` if it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else []


def link(value: object) -> str:
    """Return an http(s) address, and "" for any other: pages make links of it."""
    if not isinstance(value, str) or len(value) > URL_LENGTH:
        return ""
    url = clean(value.strip(), URL_LENGTH)
    return url if url[:8].lower().startswith(("http://", "https://")) else ""


def severity_of(value: object) -> SeverityWord | None:
    """Return our word for a sender's; None when it is none we know."""
    return SEVERITIES.get(value.strip().lower()) if isinstance(value, str) else None


def labels_of(pairs: Iterable[tuple[str, object]]) -> dict[str, str]:
    """Return the scalars among `pairs` as labels; past LABEL_COUNT the rest is left."""
    labels: dict[str, str] = {}
    for key, value in pairs:
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
