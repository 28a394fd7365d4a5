"""What a Slack message says. https://docs.slack.dev/reference/block-kit/blocks"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from core.text import clean, items, link, mapping

TEXT_LENGTH = 8192
ATTACHMENTS_READ = 20
BLOCKS_READ = 200
FIELDS_READ = 20
DEPTH_READ = 4

_LINK = re.compile(r"<(https?://[^|>\s]+)(?:\|([^>]*))?>")
_MENTION = re.compile(r"<[@#!][^|>]*(?:\|([^>]*))?>")
_EMOJI = re.compile(r"(?<!\S):[a-z][\w+-]*:(?!\S)")
_BOLD = re.compile(r"(?<![\w*])\*(\S(?:[^*\n]*\S)?)\*(?![\w*])")
_ESCAPED = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))

Body = Mapping[str, Any]


def texts(message: Body) -> Iterator[str]:
    """Yield the texts of a message in reading order, with Slack's marks in them."""
    if text := _text(message.get("text")):
        yield text
    yield from _of_blocks(message)
    for attachment in _attachments(message):
        said = list(_of_attachment(attachment))
        # The fallback repeats in short what an attachment says.
        yield from said or filter(None, [_text(attachment.get("fallback"))])


def named_values(message: Body) -> Iterator[tuple[str, str]]:
    """Yield the fields of old attachments: their titles and values."""
    for attachment in _attachments(message):
        for field in map(mapping, items(attachment.get("fields"))[:FIELDS_READ]):
            name, value = _text(field.get("title")), _text(field.get("value"))
            if name and value:
                yield plain(name), value


def first_link(message: Body, said: list[str]) -> str:
    """Return what a title leads to, else the first address in the texts, or ""."""
    for attachment in _attachments(message):
        if url := link(attachment.get("title_link")):
            return url
    found = (match for text in said if (match := _LINK.search(text)))
    return next((url for match in found if (url := link(match[1]))), "")


def plain(text: str) -> str:
    """Return the words without links' addresses, mentions, emoji and marks."""
    text = _LINK.sub(lambda match: match[2] or match[1], text)
    text = _MENTION.sub(lambda match: match[1] or "", text)
    text = _BOLD.sub(r"\1", _EMOJI.sub("", text)).replace("`", "")
    for escaped, letter in _ESCAPED:
        text = text.replace(escaped, letter)
    return text.strip()


def _attachments(message: Body) -> list[Body]:
    return [mapping(one) for one in items(message.get("attachments"))][
        :ATTACHMENTS_READ
    ]


def _of_attachment(attachment: Body) -> Iterator[str]:
    for name in ("pretext", "title", "text"):
        if text := _text(attachment.get(name)):
            yield text
    yield from _of_blocks(attachment)


def _of_blocks(holder: Body) -> Iterator[str]:
    for block in map(mapping, items(holder.get("blocks"))[:BLOCKS_READ]):
        for part in (block.get("text"), *items(block.get("fields"))[:FIELDS_READ]):
            if text := _text(mapping(part).get("text")):
                yield text
        if rich := "".join(_rich(block, DEPTH_READ)).strip():
            yield clean(rich, TEXT_LENGTH)


def _rich(holder: Body, depth: int) -> Iterator[str]:
    """Yield the pieces of a block of rich text; its sections stand on lines."""
    for element in map(mapping, items(holder.get("elements"))[:BLOCKS_READ]):
        if holder.get("type") in ("context", "actions"):
            continue
        kind, text = element.get("type"), element.get("text")
        if kind == "text" and isinstance(text, str):
            yield text
        elif kind == "link" and (url := link(element.get("url"))):
            yield f"<{url}|{text}>" if isinstance(text, str) else f"<{url}>"
        elif depth:
            yield from _rich(element, depth - 1)
            yield "\n"


def _text(value: object) -> str:
    return clean(value.strip(), TEXT_LENGTH) if isinstance(value, str) else ""
