"""Slack by its Web API: a direct message, or a thread in a channel, with buttons.

https://docs.slack.dev/reference/methods/chat.postMessage
https://docs.slack.dev/authentication/verifying-requests-from-slack

The bot's token wants the scopes chat:write, im:write and users:read.email. Slack knows
no idempotency key: a message repeated after a lost answer arrives twice.
"""

import hmac
import json
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from django.conf import settings

from core.errors import InvalidInputError
from core.text import mapping
from oncall.channels import provider
from oncall.channels.base import (
    DeliveryError,
    Message,
    Receipt,
    RetryableDeliveryError,
    UnknownDeliveryError,
    one_line,
)

# A person (U, W), a channel (C), a group (G).
ADDRESS = re.compile(r"[UWCG][A-Z0-9]{2,20}")
TEMPORARY = {
    "fatal_error",
    "internal_error",
    "ratelimited",
    "rate_limited",
    "request_timeout",
    "service_unavailable",
    "team_added_to_org",
}
LOOK_UP_SECONDS = 5.0
TITLE_LENGTH = 250
BODY_LENGTH = 2000
OLDEST_REQUEST_SECONDS = 300


class Slack:
    label = "Slack"
    address_hint = "you@example.com, or a member ID such as U012ABCDEF"

    def is_configured(self) -> bool:
        return bool(settings.SLACK_BOT_TOKEN)

    def check_address(self, to: str) -> str:
        """Return the member or channel ID. An e-mail address is looked up."""
        address = to.strip()
        if ADDRESS.fullmatch(address):
            return address
        if "@" not in address:
            wanted = "Wanted is an e-mail address that Slack knows, or a member ID."
            raise InvalidInputError({"address": [wanted]})
        told = call(
            "users.lookupByEmail", {"email": address}, timeout_seconds=LOOK_UP_SECONDS
        )
        return str(mapping(told.get("user")).get("id", ""))

    def send(self, message: Message, *, to: str, timeout_seconds: float) -> Receipt:
        """Post the message; `provider_id` is "<channel>:<ts>".

        With `message.thread`, such an id, it is posted into that thread. Raises as
        `call` does.
        """
        fields: dict[str, Any] = {
            "channel": to,
            "text": one_line(message.title, TITLE_LENGTH),
            "blocks": _blocks(message),
            "unfurl_links": False,
        }
        channel, _, thread = message.thread.partition(":")
        if thread:
            fields |= {"channel": channel, "thread_ts": thread}
        told = call("chat.postMessage", fields, timeout_seconds=timeout_seconds)
        where, stamp = told.get("channel", to), told.get("ts", "")
        return Receipt(provider_id=f"{where}:{stamp}", detail="Slack took it.")


def call(
    method: str, fields: Mapping[str, Any], *, timeout_seconds: float
) -> Mapping[str, Any]:
    """Call a method of the Web API and return its answer.

    Slack answers 200 to nearly all and says in the body what is wrong. Raises
    DeliveryError for good (a channel that is gone, a token that was revoked),
    RetryableDeliveryError when Slack is busy.
    """
    answer = provider.post(
        "Slack",
        f"{settings.SLACK_URL}/api/{method}",
        content=json.dumps(fields).encode(),
        headers={
            "Authorization": f"Bearer {settings.SLACK_BOT_TOKEN}",
            "Content-Type": "application/json; charset=utf-8",
        },
        timeout_seconds=timeout_seconds,
    )
    told = _json(answer.content)
    if answer.status != 200:
        raise provider.refuse("Slack", answer, str(told.get("error", "")))
    if told.get("ok") is True:
        return told
    if "ok" not in told:  # not Slack's words: something in between spoke
        raise UnknownDeliveryError("Slack: an answer that cannot be read.")
    error = str(told.get("error", "an answer without a reason"))
    if error in TEMPORARY:
        waits = provider.retry_after(answer)
        raise RetryableDeliveryError(one_line(f"Slack: {error}"), retry_after=waits)
    raise DeliveryError(one_line(f"Slack: {error}"))


def replace_message(url: str, text: str, *, timeout_seconds: float) -> None:
    """Put `text` in the place of the message whose button was pressed. `url` is the
    request's response_url. Raises DeliveryError."""
    provider.post(
        "Slack",
        url,
        content=json.dumps({"replace_original": True, "text": text}).encode(),
        headers={"Content-Type": "application/json; charset=utf-8"},
        timeout_seconds=timeout_seconds,
        allow_private=settings.ALLOW_PRIVATE_URLS,
    )


def is_signed(body: bytes, *, stamp: str, signature: str, now: float) -> bool:
    """Whether Slack sent `body` within the last five minutes; `now` in Unix seconds."""
    if not stamp.isdecimal() or abs(now - int(stamp)) > OLDEST_REQUEST_SECONDS:
        return False
    secret = settings.SLACK_SIGNING_SECRET.encode()
    digest = hmac.new(secret, b"v0:%s:%s" % (stamp.encode(), body), sha256).hexdigest()
    return hmac.compare_digest(f"v0={digest}".encode(), signature.encode())


def token_in(acknowledge_url: str) -> str:
    """The signed token of a page's link: what a button carries back."""
    return acknowledge_url.rstrip("/").rpartition("/")[2]


def escaped(text: str) -> str:
    """Text as Slack's mrkdwn wants it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _blocks(message: Message) -> list[dict[str, Any]]:
    title = escaped(one_line(message.title, TITLE_LENGTH))
    text = f"*<{message.url}|{title}>*" if message.url else f"*{title}*"
    if message.body:
        text += f"\n{escaped(message.body[:BODY_LENGTH])}"
    section = {"type": "section", "text": {"type": "mrkdwn", "text": text}}
    if not message.acknowledge_url:
        return [section]
    if message.is_for_several:
        words = {"type": "plain_text", "text": "See and acknowledge"}
        link = {"type": "button", "action_id": "list", "text": words}
        link["url"] = message.acknowledge_url
        return [section, {"type": "actions", "elements": [link]}]
    token = token_in(message.acknowledge_url)
    buttons = [
        _button("acknowledge", "Acknowledge", token, style="primary"),
        _button("resolve", "Resolve", token),
        _button("escalate", "Escalate", token),
    ]
    return [section, {"type": "actions", "elements": buttons}]


def _button(action: str, word: str, token: str, **style: str) -> dict[str, Any]:
    text = {"type": "plain_text", "text": word}
    return {
        "type": "button",
        "action_id": action,
        "text": text,
        "value": token,
        **style,
    }


def _json(content: bytes) -> Mapping[str, Any]:
    try:
        return mapping(json.loads(content))
    except ValueError:
        return {}
