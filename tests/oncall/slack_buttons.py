"""Pressing a button under a message, as Slack tells of it."""

import hmac
import json
import time
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from django.test import Client


def press_button(
    action: str,
    *,
    value: str,
    member: str,
    secret: str = "secret-of-slack",
    age: int = 0,
    response_url: str = "",
) -> Any:
    payload = {
        "type": "block_actions",
        "user": {"id": member},
        "response_url": response_url,
        "actions": [{"action_id": action, "value": value}],
    }
    body = urlencode({"payload": json.dumps(payload)}).encode()
    stamp = str(int(time.time()) - age)
    text = b"v0:" + stamp.encode() + b":" + body
    digest = hmac.new(secret.encode(), text, sha256).hexdigest()
    return Client(enforce_csrf_checks=True).post(
        "/slack/actions/",
        body,
        content_type="application/x-www-form-urlencoded",
        headers={
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={digest}",
        },
    )
