"""Text from strangers, made fit to store and to show, and loose JSON values.

PostgreSQL's text cannot hold U+0000, UTF-8 cannot hold a lone surrogate, and a
terminal's colour codes help nobody on a page. All of them are legal in JSON.
"""

import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

URL_LENGTH = 2000
# Templates of Python tools turn a missing value into its name.
NOTHING = frozenset({"", "None", "none", "null", "NULL", "nan"})

_UNFIT = re.compile(
    r"\x1b\[[0-9;]*[A-Za-z]"  # terminal colours, as dbt and pytest send them
    r"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]"
)


def clean(value: str, limit: int) -> str:
    """Return `value` without what cannot be stored, cut to `limit` characters."""
    if not value.isprintable():  # cheap, and true of most text
        value = _UNFIT.sub(_replacement, value)
    return value if len(value) <= limit else value[:limit]


def one_line(value: str, limit: int) -> str:
    """Return `value` as one line: each run of white space is one space."""
    if value.isprintable() and "  " not in value:  # no other white space is printable
        return value.strip()[:limit]
    return clean(" ".join(clean(value, len(value)).split()), limit)


def identifier(value: str, limit: int) -> str:
    """Return `value` cleaned; one longer than `limit` ends in a digest of the whole.

    So two long names that differ only at their end stay two names.
    """
    value = clean(value, len(value))
    if len(value) <= limit:
        return value
    digest = blake2b(value.encode(), digest_size=8).hexdigest()
    return f"{value[: limit - 17]}~{digest}"


def text_of(value: object, limit: int = 1024) -> str:
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


def told(value: object, limit: int = 1024) -> str:
    """Return like `text_of`, and "" for the words tools write for "nothing"."""
    if value is None:  # nearly always: senders tell few of the fields there are
        return ""
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


def _replacement(match: re.Match[str]) -> str:
    return "\ufffd" if "\ud800" <= match[0] <= "\udfff" else ""
