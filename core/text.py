"""Text from strangers, made fit to store and to show.

PostgreSQL's text cannot hold U+0000, UTF-8 cannot hold a lone surrogate, and a
terminal's colour codes help nobody on a page. All of them are legal in JSON.
"""

import re
from hashlib import blake2b

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


def _replacement(match: re.Match[str]) -> str:
    return "\ufffd" if "\ud800" <= match[0] <= "\udfff" else ""
