"""Any script's own alert. Shape: docs/api.md, "Events in"."""

from datetime import datetime
from typing import TypeVar, get_args

from alerts.formats.assets import asset
from alerts.formats.base import (
    DESCRIPTION_LENGTH,
    KEY_LENGTH,
    LABEL_COUNT,
    LABEL_KEY_LENGTH,
    LABEL_VALUE_LENGTH,
    RUN_ID_LENGTH,
    TITLE_LENGTH,
    AssetRef,
    IncomingAlert,
    ParseContext,
    Parsed,
    SeverityWord,
    Status,
)
from alerts.formats.batch import Item, read_batch
from catalog.importers.base import ASSET_TYPES, NAME_LENGTH, NAMESPACE_LENGTH
from core.errors import InvalidInputError
from core.text import URL_LENGTH, clean, identifier, link, one_line, text_of
from core.times import read_instant

LABEL = "Generic JSON"
ABOUT = "One JSON object or an array of them, from any script."
STATUSES: dict[str, Status] = {"firing": "firing", "resolved": "resolved"}
SEVERITIES: dict[str, SeverityWord] = {word: word for word in get_args(SeverityWord)}

Errors = dict[str, list[str]]
T = TypeVar("T")


def parse(payload: object, context: ParseContext) -> Parsed:
    """Read one alert, or an array of up to 1,000. Only `title` is required."""
    return read_batch(payload, _read)


def snippet(url: str, key: str) -> str:
    return f"""\
curl -sS {url} \\
  -H 'Content-Type: application/json' \\
  -d '{{"title": "orders_daily failed", "severity": "error",
       "dedup_key": "orders_daily"}}'

# Once it works again:
curl -sS {url} \\
  -H 'Content-Type: application/json' \\
  -d '{{"title": "orders_daily failed", "status": "resolved",
       "dedup_key": "orders_daily"}}'
"""


def sample(key: str, at: datetime) -> object:
    return {
        "title": "Test event: nothing is broken",
        "severity": "info",
        "dedup_key": "headwater-test",
        "description": "Sent from the integration's page.",
        "labels": {"test": "true"},
        "occurred_at": at.isoformat(),
    }


def _read(item: Item) -> Parsed:
    errors: Errors = {}
    title = one_line(_text(item, "title", errors), TITLE_LENGTH)
    if not title and "title" not in errors:
        errors["title"] = ["This field is required."]
    about = _asset(item, errors)
    alert = IncomingAlert(
        title=title,
        dedup_key=_dedup_key(item, errors) or _made_key(about, title),
        status=_one_of(item, "status", STATUSES, errors) or "firing",
        severity=_one_of(item, "severity", SEVERITIES, errors),
        asset=about,
        description=_text(item, "description", errors),
        url=_url(item, errors),
        run_id=identifier(_scalar(item, "run_id", errors), RUN_ID_LENGTH),
        labels=_labels(item, errors),
        occurred_at=_occurred_at(item, errors),
    )
    if errors:
        raise InvalidInputError(errors)
    return Parsed(alerts=(alert,))


def _made_key(about: AssetRef | None, title: str) -> str:
    """Return the key an alert without one gets: the same for each repeat of it."""
    key = f"{about.namespace}/{about.name}" if about else title
    return identifier(key, KEY_LENGTH)


def _text(item: Item, field: str, errors: Errors) -> str:
    value = item.get(field)
    if value is None:
        return ""
    if isinstance(value, str):
        return clean(value.strip(), DESCRIPTION_LENGTH)
    errors[field] = ["Must be a string."]
    return ""


def _scalar(item: Item, field: str, errors: Errors) -> str:
    """Return a string or number, as ids are either; "" when there is none."""
    value = item.get(field)
    if value is None:
        return ""
    if isinstance(value, str | int) and not isinstance(value, bool):
        return text_of(value, DESCRIPTION_LENGTH).strip()
    errors[field] = ["Must be a string."]
    return ""


def _dedup_key(item: Item, errors: Errors) -> str:
    key = _scalar(item, "dedup_key", errors)
    if len(key) > KEY_LENGTH:
        errors["dedup_key"] = [f"Has {len(key)} characters; at most {KEY_LENGTH}."]
    return key


def _one_of(item: Item, field: str, words: dict[str, T], errors: Errors) -> T | None:
    value = item.get(field)
    if value is None:
        return None
    word = words.get(value.strip().lower()) if isinstance(value, str) else None
    if word is None:
        shown = text_of(value, 40) or "This"
        errors[field] = [f"'{shown}' is not one of {', '.join(words)}."]
    return word


def _url(item: Item, errors: Errors) -> str:
    value = _text(item, "url", errors)
    if not value:
        return ""
    url = link(value)
    if not url:
        errors["url"] = [
            f"Must start with http:// or https:// and have at most {URL_LENGTH} "
            "characters."
        ]
    return url


def _occurred_at(item: Item, errors: Errors) -> datetime | None:
    value = _text(item, "occurred_at", errors)
    if not value:
        return None
    try:
        return read_instant(value)
    except ValueError:
        errors["occurred_at"] = [
            "Must be an ISO 8601 time, such as 2026-01-10T03:02:00Z."
        ]
        return None


def _asset(item: Item, errors: Errors) -> AssetRef | None:
    value = item.get("asset")
    if value is None:
        return None
    if not isinstance(value, dict):
        errors["asset"] = ["Must be an object with namespace and name."]
        return None
    namespace = _asset_part(value, "namespace", NAMESPACE_LENGTH, errors)
    name = _asset_part(value, "name", NAME_LENGTH, errors)
    type_ = value.get("type")
    if type_ is not None and type_ not in ASSET_TYPES:
        shown = text_of(type_, 40) or "This"
        errors["asset.type"] = [f"'{shown}' is not one of {', '.join(ASSET_TYPES)}."]
    return asset(namespace, name, type_ or "dataset") if namespace and name else None


def _asset_part(value: Item, part: str, limit: int, errors: Errors) -> str:
    text = value.get(part)
    if not isinstance(text, str) or not (text := one_line(text, limit + 1)):
        errors[f"asset.{part}"] = ["This field is required, as a string."]
        return ""
    if len(text) > limit:
        errors[f"asset.{part}"] = [f"At most {limit} characters are taken."]
    return text


def _labels(item: Item, errors: Errors) -> dict[str, str]:
    value = item.get("labels")
    if value is None:
        return {}
    if not isinstance(value, dict):
        errors["labels"] = ["Must be an object of strings."]
        return {}
    if len(value) > LABEL_COUNT:
        errors["labels"] = [f"Has {len(value)} labels; at most {LABEL_COUNT}."]
        return {}
    wrong = [message for pair in value.items() if (message := _label_error(*pair))]
    if wrong:
        errors["labels"] = wrong
    return {clean(k, LABEL_KEY_LENGTH): text_of(v) for k, v in value.items()}


def _label_error(key: str, value: object) -> str:
    shown = clean(key, 40)
    if len(key) > LABEL_KEY_LENGTH:
        return f"The name '{shown}…' is longer than {LABEL_KEY_LENGTH} characters."
    if isinstance(value, dict | list):
        return f"'{shown}' must be a string, a number or true or false."
    if isinstance(value, str) and len(value) > LABEL_VALUE_LENGTH:
        return f"'{shown}' is longer than {LABEL_VALUE_LENGTH} characters."
    return ""
