"""Web push: a notification on a phone or desktop through the browser's own service.

RFC 8030 (the protocol), RFC 8291 (encryption), RFC 8292 (VAPID, who sends).

An address is "<endpoint> <p256dh> <auth>": what the browser gave when its owner
allowed notifications. The key that says who sends is derived from SECRET_KEY, so none
is stored; after a change of SECRET_KEY each browser is to be added again.
"""

import hashlib
import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cache
from urllib.parse import urlsplit

import http_ece
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.utils.crypto import salted_hmac
from py_vapid import Vapid02

from core.errors import InvalidInputError
from core.outgoing import RefusedURLError, check_outgoing_url
from oncall.channels import provider
from oncall.channels.base import DeliveryError, Message, Receipt, one_line

KEY_SALT = "headwater.oncall.push"
CURVE = ec.SECP256R1()
# Order of the curve's group (SEC 2, secp256r1).
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
HELD_SECONDS = 4 * 3600  # how long the service keeps it for a phone that is off
TITLE_LENGTH = 200
BODY_LENGTH = 500
KEY_BYTES, AUTH_BYTES = 65, 16
GONE = {404, 410}


class Push:
    label = "Push to a browser"
    address_hint = ""  # nobody types one: the browser gives it

    def is_configured(self) -> bool:
        return True

    def check_address(self, to: str) -> str:
        """Return the address when it is one. May ask a name server."""
        endpoint, key, auth = _parts(to)
        try:
            url = check_outgoing_url(
                endpoint, allow_private=settings.ALLOW_PRIVATE_URLS
            )
        except RefusedURLError as error:
            raise InvalidInputError({"address": [str(error)]}) from error
        return f"{url} {_text(key)} {_text(auth)}"

    def send(self, message: Message, *, to: str, timeout_seconds: float) -> Receipt:
        """Hand the encrypted message to the browser's push service.

        Its topic is the same for every try, so a repeated one replaces the first while
        the phone is off. Raises DeliveryError for a browser that has unsubscribed.
        """
        endpoint, key, auth = _parts(to)
        answer = provider.post(
            "Push",
            endpoint,
            content=_encrypted(message, key, auth),
            headers={
                **_who(endpoint),
                "Content-Encoding": "aes128gcm",
                "Content-Type": "application/octet-stream",
                "TTL": str(HELD_SECONDS),
                "Topic": _topic(message),
                "Urgency": "high" if message.urgent else "normal",
            },
            timeout_seconds=timeout_seconds,
            allow_private=settings.ALLOW_PRIVATE_URLS,
        )
        if 200 <= answer.status <= 299:
            location = answer.headers.get("location", "")[-300:]
            return Receipt(provider_id=location, detail="The push service took it.")
        if answer.status in GONE:
            raise DeliveryError("Push: this browser no longer takes notifications.")
        words = one_line(answer.content.decode(errors="replace"))
        raise provider.refuse("Push", answer, words)


@cache
def _private_key() -> ec.EllipticCurvePrivateKey:
    digest = salted_hmac(KEY_SALT, "vapid", algorithm="sha512").digest()
    return ec.derive_private_key(int.from_bytes(digest) % (ORDER - 1) + 1, CURVE)


def public_key() -> str:
    """The applicationServerKey for browsers: base64url without padding."""
    return _text(_raw(_private_key().public_key()))


def _raw(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _who(endpoint: str) -> dict[str, str]:
    """The Authorization header: a token for that service, good for some hours."""
    parts = urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "sub": f"mailto:{settings.DEFAULT_FROM_EMAIL.rpartition('<')[2].strip('>')}",
    }
    signed: dict[str, str] = Vapid02(private_key=_private_key()).sign(claims)
    return signed


def _encrypted(message: Message, key: bytes, auth: bytes) -> bytes:
    content: bytes = http_ece.encrypt(
        json.dumps(
            {
                "title": one_line(message.title, TITLE_LENGTH),
                "body": message.body[:BODY_LENGTH],
                "url": message.url,
                "acknowledge_url": message.acknowledge_url,
                "tag": message.idempotency_key,
            }
        ).encode(),
        salt=os.urandom(16),
        private_key=ec.generate_private_key(CURVE),
        dh=key,
        auth_secret=auth,
        version="aes128gcm",
    )
    return content


def _topic(message: Message) -> str:
    """At most 32 characters of base64url (RFC 8030, 5.4)."""
    return _text(hashlib.sha256(message.idempotency_key.encode()).digest()[:24])


def _parts(address: str) -> tuple[str, bytes, bytes]:
    """(endpoint, the browser's key, its secret). Raises InvalidInputError."""
    try:
        endpoint, key_text, auth_text = address.split(" ")
        key, auth = _bytes(key_text), _bytes(auth_text)
        ec.EllipticCurvePublicKey.from_encoded_point(CURVE, key)
        if len(key) != KEY_BYTES or len(auth) != AUTH_BYTES:
            raise ValueError
    except (ValueError, UnsupportedAlgorithm) as error:
        wanted = "The browser gave no subscription that could be used."
        raise InvalidInputError({"address": [wanted]}) from error
    return endpoint, key, auth


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")
