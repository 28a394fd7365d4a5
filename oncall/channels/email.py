"""E-mail through SMTP, as the EMAIL_URL setting says. RFC 5321, RFC 5322.

The Message-ID is derived from the idempotency key, so a mail client or server shows
one message where a try was repeated after its answer had been lost.
"""

import smtplib
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from email.utils import parseaddr
from functools import partial
from hashlib import sha256
from itertools import groupby
from threading import Timer
from typing import Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend
from django.core.validators import validate_email
from django.utils.html import format_html, format_html_join, linebreaks, urlize
from django.utils.safestring import SafeString, mark_safe

from core.errors import InvalidInputError
from core.outgoing import RefusedURLError, check_outgoing_host
from oncall.channels.base import (
    DeliveryError,
    Message,
    Receipt,
    RetryableDeliveryError,
    UnknownDeliveryError,
    one_line,
)

DJANGO_SMTP_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
SUBJECT_LENGTH = 200


class Email:
    label = "E-mail"
    address_hint = "ana@example.com"

    def is_configured(self) -> bool:
        return True

    def check_address(self, to: str) -> str:
        address = to.strip()
        try:
            validate_email(address)
        except ValidationError as error:
            raise InvalidInputError(
                {"address": ["Enter an e-mail address like ana@example.com."]}
            ) from error
        return address

    def send(self, message: Message, *, to: str, timeout_seconds: float) -> Receipt:
        """Hand `message` to the mail server.

        `timeout_seconds` limits the exchange as a whole. Refused by a 5xx answer:
        DeliveryError; by a 4xx answer, a time-out or a lost connection:
        RetryableDeliveryError; when the mail was on its way by then:
        UnknownDeliveryError.
        """
        exchange = Exchange(timeout_seconds)
        connection = _connection(exchange)
        mail = _compose(message, to=to, connection=connection)
        try:
            with exchange, connection:  # closes it after a refused sign-in too
                mail.send()
        except smtplib.SMTPRecipientsRefused as error:
            raise _refused(*next(iter(error.recipients.values()))) from error
        except smtplib.SMTPResponseException as error:
            raise _refused(error.smtp_code, error.smtp_error) from error
        except smtplib.SMTPNotSupportedError as error:
            raise DeliveryError(one_line(f"Mail server: {error}")) from error
        except (smtplib.SMTPException, OSError, RefusedURLError) as error:
            raise _lost(exchange, error) from error
        return Receipt(
            provider_id=mail.extra_headers["Message-ID"],
            detail=getattr(connection, "answer", ""),
        )


def _refused(code: int, words: bytes | str) -> DeliveryError:
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    told = one_line(f"Mail server: {code} {text}")
    # Replies without a code come from a broken dialogue: try again.
    if 500 <= code <= 599:
        return DeliveryError(told)
    return RetryableDeliveryError(told)


def _lost(exchange: "Exchange", error: Exception) -> DeliveryError:
    told = one_line(f"Mail server out of reach: {error}")
    if exchange.is_over:
        told = f"Mail server: timed out after {exchange.seconds:g} seconds."
    if exchange.has_begun_mail:
        return UnknownDeliveryError(told)
    return RetryableDeliveryError(told)


def _connection(exchange: "Exchange") -> BaseEmailBackend:
    backend = settings.EMAIL_BACKEND
    if backend == DJANGO_SMTP_BACKEND:
        return AnswerKeepingBackend(exchange=exchange)
    connection: BaseEmailBackend = get_connection(backend, timeout=exchange.seconds)
    return connection


def _compose(
    message: Message, *, to: str, connection: BaseEmailBackend
) -> EmailMultiAlternatives:
    title = one_line(message.title, SUBJECT_LENGTH)
    mail = EmailMultiAlternatives(
        subject=title,
        body=_plain(message, title),
        to=[to],
        connection=connection,
        headers={
            "Message-ID": _message_id(message.idempotency_key),
            "X-Headwater-Idempotency-Key": one_line(message.idempotency_key),
            "Auto-Submitted": "auto-generated",  # RFC 3834: no out-of-office replies
            "Importance": "high" if message.urgent else "normal",
        },
    )
    mail.attach_alternative(_html(message, title), "text/html")
    return mail


def _message_id(idempotency_key: str) -> str:
    _, sender = parseaddr(settings.DEFAULT_FROM_EMAIL)
    digest = sha256(idempotency_key.encode()).hexdigest()[:32]
    return f"<{digest}@{sender.rpartition('@')[2] or 'localhost'}>"


def _plain(message: Message, title: str) -> str:
    parts = [title, message.body]
    if message.acknowledge_url:
        parts.append(f"Acknowledge: {message.acknowledge_url}")
    parts.append(f"Open: {message.url}")
    return "\n\n".join(part for part in parts if part) + "\n"


def _html(message: Message, title: str) -> str:
    acknowledge = (
        format_html('<p><a href="{}">Acknowledge</a></p>', message.acknowledge_url)
        if message.acknowledge_url
        else ""
    )
    return format_html(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="color-scheme" content="light dark"></head>'
        '<body style="font:16px/1.5 system-ui,sans-serif;max-width:42em">'
        '<h1 style="font-size:20px;line-height:1.3">{}</h1>{}{}'
        '<p><a href="{}">Open</a></p></body></html>',
        title,
        _body_html(message.body),
        acknowledge,
        message.url,
    )


def _body_html(body: str) -> SafeString:
    """Plain text as HTML: links can be followed, lines of "- " are a list."""
    parts: list[SafeString] = []
    for is_list, lines in groupby(body.splitlines(), lambda one: one.startswith("- ")):
        if is_list:
            items = format_html_join("", "<li>{}</li>", ((one[2:],) for one in lines))
            parts.append(format_html("<ul>{}</ul>", items))
        else:
            text = linebreaks("\n".join(lines).strip("\n"), autoescape=True)
            parts.append(mark_safe(urlize(text)))  # noqa: S308  escaped just above
    return mark_safe("".join(parts))  # noqa: S308  of safe parts


class Exchange:
    """All that is said to the mail server about one mail, and the time for it.

    smtplib limits each read only, so a slow server could hold a sender for minutes:
    when the time is over, the line is cut under it.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.deadline = time.monotonic() + seconds
        self.has_begun_mail = False
        self.line: socket.socket | None = None
        self.alarm = Timer(seconds, self._cut)
        self.alarm.daemon = True

    def __enter__(self) -> Self:
        self.alarm.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.alarm.cancel()
        if self.line is not None:
            self.line.close()

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.deadline

    def connect(self, host: str, port: int) -> socket.socket:
        """Connect to the first of the host's addresses that answers."""
        left = self._left()
        addresses = check_outgoing_host(
            host, port, allow_private=True, timeout_seconds=left
        )
        for address in addresses:
            try:
                plain = socket.create_connection((address, port), self._left())
            except OSError:
                if address == addresses[-1]:
                    raise
            else:
                self.line = plain.dup()  # outlives what TLS makes of the first
                return plain
        raise ConnectionError(f"The host {host} has no address.")

    def _left(self) -> float:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        return left

    def _cut(self) -> None:
        if self.line is not None:
            with suppress(OSError):  # closed by the other side already
                self.line.shutdown(socket.SHUT_RDWR)


class _AnswerKeepingSMTP(smtplib.SMTP):
    answer: tuple[int, bytes] = (0, b"")

    def __init__(self, *args: object, exchange: Exchange, **options: object) -> None:
        self.exchange = exchange
        super().__init__(*args, **options)  # type: ignore[arg-type]  # as Django has it

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self.exchange.connect(host, port)

    def data(self, msg: object) -> tuple[int, bytes]:
        self.exchange.has_begun_mail = True
        # sendmail() drops the reply to DATA, in which servers tell their queue id.
        self.answer = super().data(msg)  # type: ignore[arg-type]  # str or bytes
        return self.answer


class _AnswerKeepingSMTPS(_AnswerKeepingSMTP, smtplib.SMTP_SSL):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self.context.wrap_socket(
            self.exchange.connect(host, port), server_hostname=host
        )


class AnswerKeepingBackend(EmailBackend):
    """Django's SMTP backend, which also keeps the server's last words in `answer`."""

    answer = ""

    def __init__(self, *, exchange: Exchange) -> None:
        super().__init__(timeout=exchange.seconds)
        self.exchange = exchange

    @property
    def connection_class(self) -> Callable[..., smtplib.SMTP]:  # type: ignore[override]
        kind = _AnswerKeepingSMTPS if self.use_ssl else _AnswerKeepingSMTP
        return partial(kind, exchange=self.exchange)

    def close(self) -> None:
        if isinstance(self.connection, _AnswerKeepingSMTP):
            code, words = self.connection.answer
            self.answer = one_line(f"{code} {words.decode(errors='replace')}")
        super().close()
