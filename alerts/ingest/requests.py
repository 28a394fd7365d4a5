"""Reading a request: its headers, its body within bounds, its JSON."""

import asyncio
import zlib
from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from core.asgi import BodyTooLargeError, Receive, read_body
from core.errors import InvalidInputError

Headers = list[tuple[bytes, bytes]]

JSON: Headers = [(b"content-type", b"application/json")]
TEXT: Headers = [(b"content-type", b"text/plain; charset=utf-8")]

# What curl -d, the vendors' clients and scripts send JSON as. Anything else is 415.
JSON_TYPES = {
    "",
    "application/json",
    "text/json",
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/octet-stream",
    "application/x-ndjson",
}

decode = msgspec.json.Decoder().decode
encode = msgspec.json.Encoder().encode


class Answer(NamedTuple):
    """What the sender of a request is told."""

    status: int
    body: bytes
    headers: Headers


class RefusedError(Exception):
    """The request ends here with this status and body."""

    def __init__(
        self, status: int, body: object = None, headers: Headers | None = None
    ) -> None:
        super().__init__(str(body))
        said = b"" if body is None else encode(body)
        self.answer = Answer(status, said, JSON if headers is None else headers)


def headers_of(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The headers of a request by their names, which ASGI gives in lower case."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in pairs}


def is_plain_json(headers: dict[str, str]) -> bool:
    """Whether the body may be JSON and is not packed."""
    return _is_json(headers) and headers.get("content-encoding", "") in ("", "identity")


def _is_json(headers: dict[str, str]) -> bool:
    told = headers.get("content-type", "")
    if told in JSON_TYPES:
        return True
    content_type = told.partition(";")[0].strip().lower()
    return content_type in JSON_TYPES or content_type.endswith("+json")


async def read_plain(
    receive: Receive, headers: dict[str, str], *, limit: int, seconds: float
) -> bytes:
    """The body, unpacked. `limit` bytes hold before and after unpacking.

    Raises RefusedError, BodyTooLargeError and ConnectionResetError.
    """
    if not _is_json(headers):
        raise RefusedError(415, {"detail": "Send JSON: application/json."})
    length = headers.get("content-length", "0")
    if length.isdecimal() and int(length) > limit:
        raise BodyTooLargeError
    try:
        async with asyncio.timeout(seconds):
            body = await read_body(receive, limit=limit)
    except TimeoutError as error:
        detail = f"The body did not arrive within {seconds:g} seconds."
        close = (b"connection", b"close")
        raise RefusedError(408, {"detail": detail}, [*JSON, close]) from error
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding == "gzip":
        return _unzipped(body, limit=limit)
    if encoding not in ("identity", ""):
        raise RefusedError(415, {"detail": "Only gzip is taken as Content-Encoding."})
    return body


def _unzipped(body: bytes, *, limit: int) -> bytes:
    """Unpack gzip without letting a small body grow past the limit."""
    unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        plain = unpacker.decompress(body, limit + 1)
    except zlib.error as error:
        raise RefusedError(400, {"detail": "The body is not gzip."}) from error
    if len(plain) > limit:
        raise BodyTooLargeError
    if not unpacker.eof:
        raise RefusedError(400, {"detail": "The gzip body ends too early."})
    return plain


def read_json(body: bytes) -> object:
    """Decode; raises InvalidInputError for whatever is not JSON."""
    try:
        return decode(body)
    except RecursionError as error:
        raise too_deep() from error
    except ValueError as error:  # not UTF-8, not JSON, a number out of range
        why = str(error).removeprefix("JSON is malformed: ")
        raise InvalidInputError(
            {"detail": [f"The body is not JSON: {why}."]}
        ) from error


def too_deep() -> InvalidInputError:
    return InvalidInputError({"detail": ["The body is nested too deeply."]})
