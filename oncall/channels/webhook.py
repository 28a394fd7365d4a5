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
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import TypedDict

import msgspec
from django.conf import settings
from django.utils.crypto import salted_hmac

from core.errors import InvalidInputError
from core.kept import CONNECTIONS, Answer, Exchange
from core.outgoing import RefusedURLError, check_outgoing_url
from oncall.channels import provider
from oncall.channels.base import Message, Receipt, one_line

SECRET_SALT = "headwater.oncall.webhook"


class Webhook:
    label = "Webhook"
    address_hint = "https://example.com/hooks/headwater"

    def is_configured(self) -> bool:
        return True

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
        answer = provider.post(
            "Webhook",
            to,
            timeout_seconds=timeout_seconds,
            allow_private=settings.ALLOW_PRIVATE_URLS,
            **_request(message, to=to),
        )
        return self.receipt(answer)

    def begin(
        self, message: Message, *, to: str, timeout_seconds: float
    ) -> Exchange | None:
        return CONNECTIONS.begin(
            to,
            timeout_seconds=timeout_seconds,
            allow_private=settings.ALLOW_PRIVATE_URLS,
            **_request(message, to=to),
        )

    def receipt(self, answer: Answer) -> Receipt:
        words = one_line(answer.content.decode(errors="replace"))
        if 200 <= answer.status <= 299:
            return Receipt(detail=words or f"HTTP {answer.status}")
        raise provider.refuse("Webhook", answer, words)


class _Request(TypedDict):
    content: bytes
    headers: Mapping[str, str]


def _request(message: Message, *, to: str) -> _Request:
    content = _content(message)
    headers = {
        "User-Agent": "Headwater",
        "Content-Type": "application/json",
        "Idempotency-Key": message.idempotency_key,
        "X-Headwater-Signature": sign(content, address=to, at=int(time.time())),
    }
    return {"content": content, "headers": headers}


def signing_secret(address: str) -> str:
    """Return the secret that signs what is sent to `address`: 64 hex characters.

    To be shown to the owner of the address only.
    """
    return _secret(address, settings.SECRET_KEY)


@lru_cache(maxsize=1024)
def _secret(address: str, key: str) -> str:
    return salted_hmac(SECRET_SALT, address, key, algorithm="sha256").hexdigest()


def sign(content: bytes, *, address: str, at: int) -> str:
    """Return the X-Headwater-Signature of `content`; `at` is in Unix seconds."""
    secret = signing_secret(address).encode()
    digest = hmac.digest(secret, b"%d." % at + content, "sha256").hex()
    return f"t={at},v1={digest}"


def _content(message: Message) -> bytes:
    return msgspec.json.encode(
        {
            "title": message.title,
            "body": message.body,
            "url": message.url,
            "acknowledge_url": message.acknowledge_url,
            "urgent": message.urgent,
            "idempotency_key": message.idempotency_key,
        }
    )
