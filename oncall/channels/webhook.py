"""A signed POST to a URL of one's own. Signature as in
https://docs.stripe.com/webhooks#verify-manually

The body is JSON: {"title", "body", "url", "acknowledge_url", "urgent",
"idempotency_key"}. Two headers come with it:

    Idempotency-Key: <the same for every try of one notification>
    X-Headwater-Signature: t=<Unix seconds>,v1=<hex>

v1 is HMAC-SHA256 of "<t>.<body as received>" with the address's signing secret. A
receiver recomputes it, compares in constant time, and drops what is older than a few
minutes. The secret is derived from SECRET_KEY and the address, so each address has
its own and none is stored; changing SECRET_KEY or the address changes it.
"""

import hmac
import json
import math
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import sha256
from http.client import HTTPException

from django.conf import settings
from django.utils.crypto import salted_hmac

from core.errors import InvalidInputError
from core.kept import CONNECTIONS, Answer
from core.outgoing import RefusedURLError, UnresolvedHostError, check_outgoing_url
from oncall.channels.base import (
    DeliveryError,
    Message,
    Receipt,
    RetryableDeliveryError,
    one_line,
)

SECRET_SALT = "headwater.oncall.webhook"
RETRYABLE_STATUSES = {408, 425, 429}
LONGEST_RETRY_AFTER_SECONDS = 3600.0


class Webhook:
    label = "Webhook"
    address_hint = "https://example.com/hooks/headwater"

    def check_address(self, to: str) -> str:
        try:
            return check_outgoing_url(to, allow_private=settings.ALLOW_PRIVATE_URLS)
        except RefusedURLError as error:
            raise InvalidInputError({"address": [str(error)]}) from error

    def send(self, message: Message, *, to: str, timeout_seconds: float) -> Receipt:
        """POST `message`; `timeout_seconds` limits the exchange as a whole.

        The answer's first words are the receipt. 2xx is taken; 408, 425, 429, 5xx, a
        time-out or a failed connection: RetryableDeliveryError; anything else,
        redirects included: DeliveryError.
        """
        content = _content(message)
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": message.idempotency_key,
            "User-Agent": "Headwater",
            "X-Headwater-Signature": sign(content, address=to, at=int(time.time())),
        }
        try:
            answer = CONNECTIONS.post(
                to,
                content=content,
                headers=headers,
                timeout_seconds=timeout_seconds,
                allow_private=settings.ALLOW_PRIVATE_URLS,
            )
        except UnresolvedHostError as error:
            raise RetryableDeliveryError(one_line(str(error))) from error
        except RefusedURLError as error:
            raise DeliveryError(one_line(str(error))) from error
        except TimeoutError as error:
            raise RetryableDeliveryError(
                f"Webhook: no answer within {timeout_seconds:g} seconds."
            ) from error
        except (OSError, HTTPException) as error:
            words = one_line(f"Webhook: {str(error) or type(error).__name__}")
            raise RetryableDeliveryError(words) from error
        return _receipt(answer)


def signing_secret(address: str) -> str:
    """Return the secret that signs what is sent to `address`: 64 hex characters.

    To be shown to the owner of the address only.
    """
    return salted_hmac(SECRET_SALT, address, algorithm="sha256").hexdigest()


def sign(content: bytes, *, address: str, at: int) -> str:
    """Return the X-Headwater-Signature of `content`; `at` is in Unix seconds."""
    secret = signing_secret(address).encode()
    digest = hmac.new(secret, b"%d." % at + content, sha256).hexdigest()
    return f"t={at},v1={digest}"


def _content(message: Message) -> bytes:
    return json.dumps(
        {
            "title": message.title,
            "body": message.body,
            "url": message.url,
            "acknowledge_url": message.acknowledge_url,
            "urgent": message.urgent,
            "idempotency_key": message.idempotency_key,
        }
    ).encode()


def _receipt(response: Answer) -> Receipt:
    words = one_line(response.content.decode(errors="replace"))
    if 200 <= response.status <= 299:
        return Receipt(detail=words or f"HTTP {response.status}")
    told = one_line(f"Webhook: HTTP {response.status} {words}")
    if response.status in RETRYABLE_STATUSES or response.status >= 500:
        raise RetryableDeliveryError(told, retry_after=_retry_after(response))
    raise DeliveryError(told)


def _retry_after(response: Answer) -> float | None:
    """Return Retry-After in seconds (RFC 9110, 10.2.3), at most an hour: a page may
    not be put off for as long as a stranger likes."""
    value = response.headers.get("retry-after", "")
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
