"""https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks

Elementary's alerts, and whatever else posts to a Slack incoming webhook.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

from alerts.formats import slack
from alerts.formats.assets import dataset
from alerts.formats.base import (
    KEY_LENGTH,
    TITLE_LENGTH,
    AssetRef,
    IncomingAlert,
    ParseContext,
    Parsed,
    SeverityWord,
)
from alerts.formats.text import labels_of, lines
from core.errors import InvalidInputError
from core.text import identifier, mapping, one_line
from core.times import instant_or_none

LABEL = "Elementary, Slack webhook"
ABOUT = "Elementary's alerts, or any Slack incoming webhook."

# "*Status:* fail | *Time:* ..." in one text, "*Table*\nshop.orders" in another.
_INLINE_FIELD = re.compile(r"\*([^*\n]{1,40}):\*\s*([^|\n]*)")
_BLOCK_FIELD = re.compile(r"\*([^*\n]{1,40})\*\n(.*)", re.DOTALL)
_HEADING = re.compile(r"[^*\w]*\*([^*\n]{1,40})\*")

# Elementary says "_No tags_" for none.
_NONE = re.compile(r"_No \w+_")
_LEVELS: dict[str, SeverityWord] = {"warning": "warning", "info": "info"}
_TEXTS_READ = 200
_SIGNATURE = "Powered by <"


def parse(payload: object, context: ParseContext) -> Parsed:
    """Read one message. Such messages tell of no recovery: close these by hand."""
    message = mapping(payload)
    texts = [one for one in slack.texts(message) if not one.startswith(_SIGNATURE)]
    if not texts:
        wanted = "A text, or blocks with a text, is required."
        raise InvalidInputError({"text": [wanted]})
    title = one_line(slack.plain(texts[0]), TITLE_LENGTH) or "Message without title"
    fields = dict(slack.named_values(message)) | _fields(texts)
    level = _LEVELS.get(title.partition(":")[0].lower())
    subject = fields.get("Test") or fields.get("Model") or fields.get("Snapshot") or ""
    about = _about(fields)
    column = fields.get("Column", "")
    key = f"{about.name if about else ''} {subject} {column}" if subject else title
    alert = IncomingAlert(
        title=title,
        dedup_key=identifier(" ".join(key.split()), KEY_LENGTH),
        severity=level,
        asset=about,
        description=_description(texts, fields, is_plain=not subject),
        url=slack.first_link(message, texts),
        labels=labels_of(_short(fields)),
        occurred_at=_instant(fields.get("Time", "")),
        pages=level is None,
    )
    return Parsed(alerts=(alert,))


def snippet(url: str, key: str) -> str:
    return f"""\
# Elementary: this address in place of Slack's
edr monitor --slack-webhook {url}/slack

# Anything else with a Slack incoming webhook: the same address
{url}/slack
"""


def sample(key: str, at: datetime) -> object:
    return {"text": "Info: test event, nothing is broken"}


def _description(texts: list[str], fields: Mapping[str, str], *, is_plain: bool) -> str:
    """Return the result, all that a plain message says, then what is too long for
    labels."""
    result = fields.get("Result Message", "")
    told = [text for text in texts[:_TEXTS_READ] if not _names_a_field(text)]
    if not is_plain:
        told = []
    elif told[:1] == texts[:1] and "\n" not in texts[0]:
        told = told[1:]  # it is the title
    long = (
        f"{name}:\n{value}"
        for name, value in fields.items()
        if "\n" in value and name != "Result Message"
    )
    return lines(result, *map(slack.plain, told), *long)


def _names_a_field(text: str) -> bool:
    """Whether it is a heading, a field, or the code below a heading."""
    patterns = (_BLOCK_FIELD, _HEADING)
    is_field = any(pattern.fullmatch(text) for pattern in patterns)
    return is_field or bool(_INLINE_FIELD.search(text)) or text.startswith("```")


def _short(fields: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in fields.items():
        if "\n" not in value and name != "Result Message":
            yield name.lower(), slack.plain(value)


def _fields(texts: list[str]) -> dict[str, str]:
    """Return the named values in the texts of a message, empty ones left out."""
    fields: dict[str, str] = {}
    heading = ""
    for text in texts[:_TEXTS_READ]:
        if heading and text.startswith("```"):
            fields.setdefault(heading, text.strip("`").strip())
        if match := _BLOCK_FIELD.fullmatch(text):
            fields.setdefault(match[1].strip(), match[2].strip())
        for name, value in _INLINE_FIELD.findall(text):
            fields.setdefault(name.strip(), value.strip())
        only = _HEADING.fullmatch(text)
        heading = only[1].strip() if only else ""
    return {
        name: value
        for name, value in fields.items()
        if name and value and not _NONE.fullmatch(value)
    }


def _about(fields: Mapping[str, str]) -> AssetRef | None:
    table = fields.get("Table") or fields.get("Model")
    return dataset(table) if table else None


def _instant(text: str) -> datetime | None:
    return instant_or_none(text.replace(" UTC", "+00:00"))
