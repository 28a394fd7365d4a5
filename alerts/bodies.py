"""Raw bodies as they can be read on a page. Pure.

JSON is set out in lines, other text stands as it is, all else is a hex dump. What is
long is cut; the whole of it can be downloaded.
"""

from dataclasses import dataclass

import msgspec

from core.text import clean

MOST_SHOWN = 256 << 10
MOST_CUT = 16 << 10
MOST_DUMPED = 2 << 10
BYTES_A_LINE = 16


@dataclass(frozen=True, slots=True)
class ShownBody:
    """`kind` is JSON, text or bytes; `is_cut` when there is more than is shown."""

    kind: str
    text: str
    is_cut: bool = False


def show_body(body: bytes, *, size: int) -> ShownBody:
    """Return what to show of a body of `size` bytes; `body` is its beginning."""
    if size > len(body):
        text = _text(body[:MOST_CUT].decode(errors="replace"))
        return ShownBody("text", text, is_cut=True) if text else _dump(body, size)
    try:
        return ShownBody("JSON", msgspec.json.format(body, indent=2).decode())
    except (ValueError, RecursionError):  # no JSON, no UTF-8, too deep
        pass
    try:
        text = _text(body.decode())
    except UnicodeDecodeError:
        text = ""
    return ShownBody("text", text) if text or not body else _dump(body, size)


def _text(text: str) -> str:
    """The text, or "" when it has characters no text has."""
    return text if clean(text, len(text)) == text else ""


def _dump(body: bytes, size: int) -> ShownBody:
    lines = [
        _line(start, body[start : start + BYTES_A_LINE])
        for start in range(0, min(len(body), MOST_DUMPED), BYTES_A_LINE)
    ]
    return ShownBody("bytes", "\n".join(lines), is_cut=size > MOST_DUMPED)


def _line(start: int, chunk: bytes) -> str:
    """00000010  7b 22 74 69 74 6c 65 22  3a …  {"title":"""
    letters = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in chunk)
    return f"{start:08x}  {chunk.hex(' '):<47}  {letters}"
