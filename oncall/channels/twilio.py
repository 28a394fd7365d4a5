"""SMS and voice calls by Twilio's REST API, 2010-04-01.

https://www.twilio.com/docs/messaging/api/message-resource
https://www.twilio.com/docs/voice/api/call-resource

Twilio knows no idempotency key: a message repeated after a lost answer arrives twice.
It tells what became of one at StatusCallback, and what somebody replied or pressed at
the addresses in `oncall.urls`; each such request is signed.
"""

import base64
import hmac
import json
import re
from collections.abc import Mapping
from hashlib import sha1
from urllib.parse import urlencode
from xml.etree import ElementTree

from django.conf import settings
from django.urls import reverse

from core.errors import InvalidInputError
from core.http import absolute_url
from core.text import mapping
from oncall.channels import provider
from oncall.channels.base import Message, Receipt, one_line

E164 = re.compile(r"\+[1-9]\d{6,14}")
SPACING = re.compile(r"[\s().-]")
SMS_LENGTH = 320  # two segments
SPOKEN_LENGTH = 300
KEYS = "Press 1 to acknowledge, 2 to resolve, 3 to escalate."
SECONDS_TO_PRESS = 15


class Sms:
    label = "SMS"
    address_hint = "+34 600 000 000"

    def is_configured(self) -> bool:
        return is_configured()

    def check_address(self, to: str) -> str:
        return phone_number(to)

    def send(self, message: Message, *, to: str, timeout_seconds: float) -> Receipt:
        """Send a text of at most two segments. Raises as `ask` does."""
        fields = {"To": to, "Body": _text(message), **_sender("MessagingServiceSid")}
        return ask("Messages", fields, timeout_seconds=timeout_seconds)


class Voice:
    label = "Phone call"
    address_hint = "+34 600 000 000"

    def is_configured(self) -> bool:
        return is_configured() and not settings.TWILIO_FROM.startswith("MG")

    def check_address(self, to: str) -> str:
        return phone_number(to)

    def send(self, message: Message, *, to: str, timeout_seconds: float) -> Receipt:
        """Ring and read the page out. Raises as `ask` does."""
        fields = {"To": to, "Twiml": _spoken(message), **_sender("ApplicationSid")}
        return ask("Calls", fields, timeout_seconds=timeout_seconds)


def is_configured() -> bool:
    return bool(
        settings.TWILIO_ACCOUNT_SID
        and settings.TWILIO_AUTH_TOKEN
        and settings.TWILIO_FROM
    )


def phone_number(text: str) -> str:
    """Return the number in E.164 form. Raises InvalidInputError."""
    number = SPACING.sub("", text)
    if not E164.fullmatch(number):
        wanted = "Wanted is a number with its country, as +34 600 000 000."
        raise InvalidInputError({"address": [wanted]})
    return number


def ask(what: str, fields: Mapping[str, str], *, timeout_seconds: float) -> Receipt:
    """Make a message or a call; its sid is the receipt's `provider_id`.

    Raises DeliveryError when Twilio refuses for good (a wrong number, an account that
    is closed), RetryableDeliveryError when it is busy (429, 5xx) or out of reach.
    """
    account = settings.TWILIO_ACCOUNT_SID
    credentials = f"{account}:{settings.TWILIO_AUTH_TOKEN}".encode()
    callback = absolute_url(reverse("oncall:twilio_status"))
    answer = provider.post(
        "Twilio",
        f"{settings.TWILIO_URL}/2010-04-01/Accounts/{account}/{what}.json",
        content=urlencode({**fields, "StatusCallback": callback}).encode(),
        headers={
            "Authorization": f"Basic {base64.b64encode(credentials).decode()}",
            "Content-Type": "application/x-www-form-urlencoded",
        },
        timeout_seconds=timeout_seconds,
    )
    told = _json(answer.content)
    if 200 <= answer.status <= 299:
        sid, status = str(told.get("sid", "")), str(told.get("status", ""))
        return Receipt(provider_id=sid, detail=one_line(f"Twilio: {status}"))
    words = f"{told.get('message', '')} ({told.get('code', 'no code')})"
    raise provider.refuse("Twilio", answer, words)


def is_signed(url: str, fields: Mapping[str, str], signature: str) -> bool:
    """Whether Twilio sent these fields to `url`, the address as it sees it.

    https://www.twilio.com/docs/usage/security#validating-requests
    """
    text = url + "".join(f"{name}{fields[name]}" for name in sorted(fields))
    digest = hmac.new(settings.TWILIO_AUTH_TOKEN.encode(), text.encode(), sha1).digest()
    expected = base64.b64encode(digest)
    return hmac.compare_digest(expected, signature.encode())


def say(*sentences: str) -> bytes:
    """TwiML of a call that says something and hangs up."""
    root = ElementTree.Element("Response")
    for sentence in sentences:
        ElementTree.SubElement(root, "Say").text = sentence
    return _xml(root)


def reply(text: str) -> bytes:
    """TwiML of an SMS in answer to one."""
    root = ElementTree.Element("Response")
    ElementTree.SubElement(root, "Message").text = text
    return _xml(root)


def _xml(root: ElementTree.Element) -> bytes:
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _sender(service: str) -> dict[str, str]:
    sender = settings.TWILIO_FROM
    is_service = sender.startswith("MG") and service == "MessagingServiceSid"
    return {service if is_service else "From": sender}


def _text(message: Message) -> str:
    if not message.acknowledge_url:
        return f"{one_line(message.title, 120)}. {one_line(message.body, 180)}"
    if message.is_for_several:
        end = f"\nAcknowledge: {message.acknowledge_url}"
        return one_line(message.title, max(40, SMS_LENGTH - len(end))) + end
    end = f"\nReply A to acknowledge, R to resolve, E to escalate.\n{message.url}"
    return one_line(message.title, max(40, SMS_LENGTH - len(end))) + end


def _spoken(message: Message) -> str:
    """The page read out twice, with keys to press where there is something to do."""
    sentence = f"Headwater. {one_line(message.title, SPOKEN_LENGTH)}."
    if not message.acknowledge_url or message.is_for_several:
        return say(sentence, one_line(message.body, SPOKEN_LENGTH)).decode()
    root = ElementTree.Element("Response")
    for _ in range(2):
        gather = ElementTree.SubElement(
            root,
            "Gather",
            numDigits="1",
            timeout=str(SECONDS_TO_PRESS),
            action=f"{message.acknowledge_url}call/",
        )
        ElementTree.SubElement(gather, "Say").text = f"{sentence} {KEYS}"
    ElementTree.SubElement(root, "Say").text = "No key was pressed. Goodbye."
    return ElementTree.tostring(root, encoding="unicode")


def _json(content: bytes) -> Mapping[str, object]:
    try:
        return mapping(json.loads(content))
    except ValueError:
        return {}
