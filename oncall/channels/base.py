"""What every channel offers: one way to reach a person.

DeliveryError                 the provider refused; sending it again cannot help
  RetryableDeliveryError      the provider was busy or out of reach; again may help
    UnknownDeliveryError      it may have taken the message and we did not hear so
"""

from dataclasses import dataclass
from typing import Protocol

from core.kept import Answer, Exchange

PROVIDER_WORDS_LENGTH = 200
# Those whose other side is told what a message is called: a receiver of webhooks by
# Idempotency-Key, a push service by Topic. At others a repeated message arrives twice.
KNOWS_KEYS = frozenset({"webhook", "push"})


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be said, ready for any channel.

    `url` opens the subject, `acknowledge_url` is the signed link that asks for a
    second tap ("" when there is nothing to acknowledge); with `is_for_several` it
    leads to a list, each of which is acknowledged there. `idempotency_key` is the
    same for every try of one notification. `thread` is the provider's id of the first
    message about the subject at this address, for those that keep threads. URLs are
    absolute.
    """

    title: str
    body: str
    url: str
    idempotency_key: str
    acknowledge_url: str = ""
    is_for_several: bool = False
    urgent: bool = True
    thread: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The provider's answer to a message it took: its id and its words."""

    provider_id: str = ""
    detail: str = ""


class DeliveryError(Exception):
    """The provider refused the message; sending it again cannot help."""


class RetryableDeliveryError(DeliveryError):
    """The provider was busy or out of reach; sending it again may help.

    `retry_after` is in seconds, None when the provider did not say.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class UnknownDeliveryError(RetryableDeliveryError):
    """The provider was asked and its answer was lost: it may have taken the message.
    Where it knows no idempotency key, another try may arrive twice."""


class Channel(Protocol):
    """One file per channel. `to` is the address as the person typed it."""

    label: str
    address_hint: str

    def is_configured(self) -> bool:
        """Whether this installation has what the channel needs: an account, a key."""

    def check_address(self, to: str) -> str:
        """Return the address in normal form; raise InvalidInputError with what is
        wrong."""

    def send(self, message: Message, *, to: str, timeout_seconds: float) -> Receipt:
        """Hand `message` to the provider or raise DeliveryError."""


class PostingChannel(Channel, Protocol):
    """One whose message is a single request: over a connection that is open already it
    needs no thread of its own."""

    def begin(
        self, message: Message, *, to: str, timeout_seconds: float
    ) -> Exchange | None:
        """As `send`, without waiting and with nothing sent yet. None where no
        connection is open: only `send` opens one. Raises as `core.kept` does."""

    def receipt(self, answer: Answer) -> Receipt:
        """What the provider's answer means. Raises DeliveryError."""


def one_line(text: str, length: int = PROVIDER_WORDS_LENGTH) -> str:
    """Return the first `length` characters of `text` as one line that any header,
    log or text column takes: no line breaks, NULs or other unprintable characters."""
    start = text[: length * 4]
    if not start.isprintable():
        start = "".join(c if c.isprintable() else " " for c in start)
    return " ".join(start.split())[:length]
