"""Who signs what they send, and how it is checked. Pure.

A signature proves that a message comes from whoever holds the secret, even if the
address has leaked. It is made over the body as it came, but for Monte Carlo's. To add
a scheme is one line.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

SECRET_LENGTH = 1000

Headers = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Scheme:
    """How a sender signs. `about` says where in the sender the secret stands.

    The header holds `prefix` and the code in hex or base64; several are parted by
    commas while a secret changes, and one that matches is enough. With
    `timestamp_header` the time in that header, if it is sent, is signed too: "time:".
    `rewritten` is what is signed in place of the body; None when it cannot be.
    """

    label: str
    header: str
    digest: Callable[..., "hashlib._Hash"]
    about: str
    prefix: str = ""
    timestamp_header: str = ""
    rewritten: Callable[[bytes], bytes | None] | None = None


def _as_form(body: bytes) -> bytes | None:
    """The JSON object as Python's `urlencode` writes it: what is nested as `str`."""
    try:
        return urlencode(json.loads(body)).encode()
    except (ValueError, TypeError, RecursionError):  # no JSON, no object, too deep
        return None


SCHEMES: dict[str, Scheme] = {
    # https://docs.getmontecarlo.com/docs/webhooks: its sample decodes the body and
    # signs urllib.parse.urlencode of it.
    "monte_carlo": Scheme(
        "Monte Carlo",
        "x-mcd-signature",
        hashlib.sha512,
        "The secret key of the webhook, under Settings > Notifications.",
        rewritten=_as_form,
    ),
    # https://docs.getdbt.com/docs/deploy/webhooks#validate-a-webhook
    "dbt_cloud": Scheme(
        "dbt Cloud",
        "authorization",
        hashlib.sha256,
        "The secret token dbt Cloud shows once, when the webhook is made.",
    ),
    # https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
    "grafana": Scheme(
        "Grafana",
        "x-grafana-alerting-signature",
        hashlib.sha256,
        "The secret under HMAC Signature of the webhook contact point.",
        timestamp_header="x-grafana-alerting-timestamp",
    ),
    # https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    "github": Scheme(
        "GitHub",
        "x-hub-signature-256",
        hashlib.sha256,
        "The webhook's secret. Many others sign in this way too.",
        prefix="sha256=",
    ),
    # https://developer.pagerduty.com/docs/verifying-webhook-signatures
    "pagerduty": Scheme(
        "PagerDuty",
        "x-pagerduty-signature",
        hashlib.sha256,
        "The signing secret of the webhook subscription.",
        prefix="v1=",
    ),
    "hmac_sha256": Scheme(
        "HMAC-SHA256, any header",
        "x-signature",
        hashlib.sha256,
        "Hex or base64 of the body's HMAC-SHA256, after “sha256=” or bare.",
    ),
    "hmac_sha512": Scheme(
        "HMAC-SHA512, any header",
        "x-signature",
        hashlib.sha512,
        "Hex or base64 of the body's HMAC-SHA512, after “sha512=” or bare.",
    ),
}
_ANY_PREFIX = ("sha256=", "sha512=")


@dataclass(frozen=True, slots=True)
class Guard:
    """The check of one integration. Without a secret it lets nothing through."""

    scheme: Scheme
    header: str
    secret: str

    def problem(self, body: bytes, headers: Headers) -> str:
        """Why the message is refused; "" when its signature matches.

        `headers` have their names in lower case. Takes the same time whatever part
        of the signature is wrong.
        """
        if not self.secret:
            return "The stored secret cannot be read. Enter it again."
        sent = headers.get(self.header, "").strip()
        if not sent:
            return f"It is not signed: {self.header} is missing."
        wanted = [self._digest(one, headers) for one in self._signed(body)]
        codes = [_decoded(one) for one in self._codes(sent)]
        # All are compared, so that how long it takes tells nothing.
        matches = [hmac.compare_digest(code, one) for code in codes for one in wanted]
        return "" if any(matches) else f"The signature in {self.header} does not match."

    def _signed(self, body: bytes) -> Iterator[bytes]:
        """What may have been signed: the body, or what the sender made of it."""
        yield body
        if self.scheme.rewritten and (rewritten := self.scheme.rewritten(body)):
            yield rewritten

    def _digest(self, body: bytes, headers: Headers) -> bytes:
        made = hmac.new(self.secret.encode(), digestmod=self.scheme.digest)
        stamp = headers.get(self.scheme.timestamp_header, "")
        if stamp:
            made.update(f"{stamp}:".encode())
        made.update(body)
        return made.digest()

    def _codes(self, sent: str) -> Iterator[str]:
        prefixes = (self.scheme.prefix,) if self.scheme.prefix else _ANY_PREFIX
        for one in sent.split(",")[:10]:
            code = one.strip()
            prefix = next((p for p in prefixes if code.startswith(p)), "")
            if prefix or not self.scheme.prefix:
                yield code.removeprefix(prefix)


def guard_of(scheme: str, *, header: str, secret: str) -> Guard | None:
    """The check of an integration whose settings these are; None: it has none."""
    found = SCHEMES.get(scheme)
    if found is None:
        return None
    return Guard(found, header.strip().lower() or found.header, secret)


def choices() -> list[tuple[str, str]]:
    """Return (name, label) of each scheme, for models and forms."""
    return [(name, scheme.label) for name, scheme in SCHEMES.items()]


def _decoded(code: str) -> bytes:
    """The bytes of hex or base64; b"" for what is neither."""
    try:
        return bytes.fromhex(code)
    except ValueError:
        pass
    try:
        return base64.b64decode(code, validate=True)
    except (binascii.Error, ValueError):
        return b""
