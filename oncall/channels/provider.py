"""Asking a provider's HTTP API, for channels whose base URL is a setting."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from core.kept import CONNECTIONS, FAILURES, Answer, Failure
from core.outgoing import RefusedURLError, UnresolvedHostError
from oncall.channels.base import (
    DeliveryError,
    RetryableDeliveryError,
    UnknownDeliveryError,
    one_line,
)

LONGEST_RETRY_AFTER_SECONDS = 3600.0
RETRYABLE_STATUSES = {408, 425, 429, 503}


def post(
    name: str,
    url: str,
    *,
    content: bytes,
    headers: Mapping[str, str],
    timeout_seconds: float,
    allow_private: bool = True,
) -> Answer:
    """POST to the provider called `name` and return its answer, whatever its status.

    Raises RetryableDeliveryError when it is out of reach, UnknownDeliveryError when
    the answer was lost, DeliveryError when the URL must not be used.
    """
    try:
        return CONNECTIONS.post(
            url,
            content=content,
            headers={"User-Agent": "Headwater", **headers},
            timeout_seconds=timeout_seconds,
            allow_private=allow_private,
        )
    except FAILURES as error:
        raise error_of(name, error, timeout_seconds=timeout_seconds) from error


def error_of(name: str, error: Failure, *, timeout_seconds: float) -> DeliveryError:
    """What it means for a message that asking the provider called `name` failed so."""
    match error:
        case UnresolvedHostError():
            return RetryableDeliveryError(one_line(str(error)))
        case RefusedURLError():
            return DeliveryError(one_line(str(error)))
        case ConnectionRefusedError():
            return RetryableDeliveryError(f"{name}: the connection was refused.")
        case TimeoutError():
            told = f"{name}: no answer within {timeout_seconds:g} seconds."
            return UnknownDeliveryError(told)
        case _:
            words = one_line(f"{name}: {str(error) or type(error).__name__}")
            return UnknownDeliveryError(words)


def refuse(name: str, answer: Answer, words: str) -> DeliveryError:
    """The error for an answer that is not 2xx: `words` are the provider's own."""
    told = one_line(f"{name}: HTTP {answer.status} {words}")
    if answer.status in RETRYABLE_STATUSES:
        return RetryableDeliveryError(told, retry_after=retry_after(answer))
    if answer.status >= 500:  # it broke, perhaps after it had taken the message
        return UnknownDeliveryError(told, retry_after=retry_after(answer))
    return DeliveryError(told)


def retry_after(answer: Answer) -> float | None:
    """Retry-After in seconds (RFC 9110, 10.2.3), at most an hour: a page may not be
    put off for as long as a stranger likes."""
    value = answer.headers.get("retry-after", "")
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (
                parsedate_to_datetime(value).replace(tzinfo=UTC) - datetime.now(UTC)
            ).total_seconds()
        except ValueError:
            return None
    if not math.isfinite(seconds):
        return None
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER_SECONDS)
