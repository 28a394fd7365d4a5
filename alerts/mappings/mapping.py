"""A mapping: where the alerts of a message are, and our fields in each. Pure."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
from jsonpath_rfc9535 import JSONPathQuery

from alerts.formats.assets import DEFAULT_NAMESPACE, asset
from alerts.formats.base import (
    DESCRIPTION_LENGTH,
    KEY_LENGTH,
    LABEL_KEY_LENGTH,
    LABEL_VALUE_LENGTH,
    RUN_ID_LENGTH,
    TITLE_LENGTH,
    AssetRef,
    IncomingAlert,
    ParseContext,
    Parsed,
    Rejected,
    SeverityWord,
    Status,
)
from alerts.formats.batch import BATCH_LIMIT
from alerts.formats.text import severity_of
from alerts.mappings.paths import (
    Budget,
    ExpressionError,
    Path,
    TooMuchError,
    compile_path,
)
from alerts.mappings.templates import Reader, Template, compile_template
from core.errors import InvalidInputError
from core.text import clean, identifier, link, one_line
from core.times import instant_or_none

# Each of these is a template; the rest of a mapping is `items`, the two maps of
# words, and `labels`, a template each.
FIELDS = (
    "title",
    "status",
    "severity",
    "dedup_key",
    "asset_namespace",
    "asset_name",
    "asset_type",
    "description",
    "run_id",
    "url",
    "occurred_at",
)
STATUSES: dict[str, Status | None] = {
    "firing": "firing",
    "resolved": "resolved",
    "acknowledged": "acknowledged",
    "ignore": None,
}
SEVERITIES: dict[str, SeverityWord] = {
    "critical": "critical",
    "error": "error",
    "warning": "warning",
    "info": "info",
}
OTHERWISE = "*"
MOST_WORDS = 100
MOST_LABELS = 50
KEY_SEPARATOR = "/"

Parse = Callable[[object, ParseContext], Parsed]
Errors = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Mapping:
    """A compiled mapping. `parse` is what a format's is."""

    items: Path | None
    fields: Dict[str, Template]
    statuses: Dict[str, Status | None]
    severities: Dict[str, SeverityWord]
    labels: Dict[str, Template]

    def parse(self, payload: object, context: ParseContext) -> Parsed:
        """Read one message. Raises InvalidInputError naming field and expression."""
        budget = Budget()
        try:
            return self._parse(payload, budget)
        except TooMuchError as error:
            limit = "The message has more values than a mapping looks at."
            raise InvalidInputError({"detail": [limit]}) from error

    def _parse(self, payload: object, budget: Budget) -> Parsed:
        items = self._items(payload, budget)
        alerts: list[IncomingAlert] = []
        rejected: list[Rejected] = []
        for index, item in enumerate(items):
            try:
                alert = self._alert(Reader(payload, item, budget))
            except InvalidInputError as error:
                rejected.append(Rejected(index, error.errors))
            else:
                alerts += [alert] if alert else []
        if rejected and len(rejected) == len(items):
            raise InvalidInputError(dict(rejected[0].errors))
        return Parsed(alerts=tuple(alerts), rejected=tuple(rejected))

    def _items(self, payload: object, budget: Budget) -> list[Any]:
        if self.items is None:
            found = payload if isinstance(payload, list) else [payload]
        else:
            found = self.items.find(payload, budget, most=BATCH_LIMIT + 1)
            if len(found) == 1 and isinstance(found[0], list):
                found = found[0]
            if not found and not _is_there(self.items, payload, budget):
                missing = f"“{self.items.text}” is not in the message."
                raise InvalidInputError({"items": [missing]})
        if len(found) > BATCH_LIMIT:
            limit = f"The message has more than {BATCH_LIMIT} alerts."
            raise InvalidInputError({"detail": [limit]})
        return found

    def _alert(self, reader: Reader) -> IncomingAlert | None:
        """One alert; None for one whose status says to ignore it."""
        told = {name: one.first(reader) for name, one in self.fields.items()}
        status = self.statuses.get(told.get("status", "").lower(), _missing)
        if status is _missing:
            status = self.statuses.get(OTHERWISE, _status_of(told.get("status", "")))
        if status is None:
            return None
        title = one_line(told.get("title", ""), TITLE_LENGTH)
        if not title:
            nothing = f"“{self.fields['title'].source}” gives nothing."
            raise InvalidInputError({"title": [nothing]})
        about = _asset(told)
        return IncomingAlert(
            title=title,
            dedup_key=identifier(self._key(reader, about, title), KEY_LENGTH),
            status=status,
            severity=self._severity(told.get("severity", "")),
            asset=about,
            description=clean(told.get("description", ""), DESCRIPTION_LENGTH),
            url=link(told.get("url", "")),
            run_id=identifier(told.get("run_id", ""), RUN_ID_LENGTH),
            labels=self._labels(reader),
            occurred_at=instant_or_none(told.get("occurred_at", "")),
        )

    def _key(self, reader: Reader, about: AssetRef | None, title: str) -> str:
        """All lines of the key; without any, what `generic` makes one of."""
        template = self.fields.get("dedup_key")
        key = template.joined(reader, KEY_SEPARATOR) if template else ""
        return key or (f"{about.namespace}/{about.name}" if about else title)

    def _severity(self, word: str) -> SeverityWord | None:
        found = self.severities.get(word.lower()) or severity_of(word)
        return found or self.severities.get(OTHERWISE)

    def _labels(self, reader: Reader) -> dict[str, str]:
        told = ((name, one.first(reader)) for name, one in self.labels.items())
        return {name: clean(text, LABEL_VALUE_LENGTH) for name, text in told if text}


_missing: Any = object()


def compile_mapping(data: object) -> Mapping:
    """Read a stored or given mapping; docs/api.md says its shape.

    Raises InvalidInputError with what is wrong with each field, and where in it.
    """
    if not isinstance(data, dict):
        raise InvalidInputError({"mapping": ["Must be an object."]})
    errors: Errors = {}
    known = {"items", *FIELDS, "status_map", "severity_map", "labels"}
    for name in sorted(data.keys() - known):
        errors[clean(str(name), 60)] = ["There is no such field."]
    mapping = Mapping(
        items=_items_path(data, errors),
        fields={n: one for n in FIELDS if (one := _template(data, n, errors)).lines},
        statuses=_words(data, "status_map", STATUSES, errors),
        severities=_words(data, "severity_map", SEVERITIES, errors),
        labels=_labels(data, errors),
    )
    if "title" not in mapping.fields and "title" not in errors:
        errors["title"] = ["This field is required."]
    if errors:
        raise InvalidInputError(errors)
    return mapping


@lru_cache(maxsize=2048)
def mapping_of(stored: str) -> Parse:
    """The parser a stored mapping (JSON) makes. Compiled once, then remembered.

    One that cannot be read any more refuses every message and says why.
    """
    try:
        return compile_mapping(msgspec.json.decode(stored)).parse
    except InvalidInputError as error:
        reason = InvalidInputError({f"mapping.{k}": v for k, v in error.errors.items()})

    def refuse(payload: object, context: ParseContext) -> Parsed:
        raise reason

    return refuse


def _items_path(data: Dict[str, Any], errors: Errors) -> Path | None:
    text = _text(data, "items", errors).strip()
    if not text:
        return None
    try:
        path = compile_path(text)
    except ExpressionError as error:
        errors["items"] = [f"“{text[:60]}” {error}"]
        return None
    if path.is_about_item:
        errors["items"] = ["Starts with $, as it says where the alerts are."]
    return path


def _template(data: Dict[str, Any], name: str, errors: Errors) -> Template:
    try:
        return compile_template(_text(data, name, errors))
    except ExpressionError as error:
        errors[name] = [str(error)]
        return Template()


def _words(
    data: Dict[str, Any], name: str, wanted: Dict[str, Any], errors: Errors
) -> dict[str, Any]:
    """{the sender's word in lower case: ours}."""
    pairs = _pairs(data, name, MOST_WORDS, errors)
    wrong = [f"{k} = {v}" for k, v in pairs.items() if v.lower() not in wanted]
    if wrong:
        choice = ", ".join(wanted)
        errors[name] = [f"“{one}” is to be one of {choice}." for one in wrong[:5]]
        return {}
    return {key.strip().lower(): wanted[value.lower()] for key, value in pairs.items()}


def _labels(data: Dict[str, Any], errors: Errors) -> dict[str, Template]:
    labels = {}
    for key, text in _pairs(data, "labels", MOST_LABELS, errors).items():
        try:
            labels[clean(key, LABEL_KEY_LENGTH)] = compile_template(text)
        except ExpressionError as error:
            errors.setdefault("labels", []).append(f"{key}: {error}")
    return labels


def _pairs(
    data: Dict[str, Any], name: str, most: int, errors: Errors
) -> dict[str, str]:
    value = data.get(name) or {}
    is_pairs = isinstance(value, dict) and all(
        isinstance(v, str) for v in value.values()
    )
    if not is_pairs:
        errors[name] = ["Must be an object of strings."]
        return {}
    if len(value) > most:
        errors[name] = [f"Has {len(value)} lines; at most {most} are taken."]
        return {}
    return {str(key): text.strip() for key, text in value.items()}


def _text(data: Dict[str, Any], name: str, errors: Errors) -> str:
    value = data.get(name)
    if value is None or isinstance(value, str):
        return value or ""
    errors[name] = ["Must be a string."]
    return ""


def _is_there(path: Path, payload: object, budget: Budget) -> bool:
    """Whether the list that a path without a find speaks of is there, and empty."""
    if path.keys is not None:
        return False
    query = JSONPathQuery(env=path.query.env, segments=path.query.segments[:-1])
    return bool(Path(path.text, False, None, query).find(payload, budget))


def _status_of(word: str) -> Status:
    """What a word means that no line of the map names. An alert too many is seen, one
    too few is not: so anything unknown fires."""
    return "resolved" if word.lower() in ("resolved", "ok", "recovered") else "firing"


def _asset(told: Dict[str, str]) -> AssetRef | None:
    name = one_line(told.get("asset_name", ""), 2000)
    if not name:
        return None
    namespace = one_line(told.get("asset_namespace", ""), 2000) or DEFAULT_NAMESPACE
    return asset(namespace, name, told.get("asset_type", "").lower())
