"""A test event: proof that the format reads what its tool sends.

It goes through the same parser and the same statements as what comes in over HTTP,
but not through HTTP: the key is stored hashed, so the server cannot call its own
inlet, and a page runs on a thread without the event loop that owns the committer.
"""

from datetime import datetime

import msgspec
from msgspec.structs import replace

from accounts.models import User
from accounts.services import record_audit
from alerts.formats.base import IncomingAlert, ParseContext, Parsed
from alerts.formats.registry import FORMATS
from alerts.ingest.messages import message_of
from alerts.models import Integration
from alerts.services.storing import store_messages

PATH = "test"


def send_test_event(integration: Integration, *, by: User, at: datetime) -> None:
    """Take in the sample of the integration's format, and resolve it at once.

    So nothing is left firing, nothing enters the catalog and nobody is paged.
    """
    format_ = FORMATS[integration.format]
    shown_key = f"{integration.key_prefix}…"
    body = msgspec.json.encode(format_.sample(shown_key, at))
    parsed = format_.parse(msgspec.json.decode(body), ParseContext(received_at=at))
    alerts = tuple(one for alert in parsed.alerts for one in _harmless(alert))
    message = message_of(
        Parsed(alerts=alerts),
        integration_id=integration.pk,
        default_severity=integration.default_severity,
        received_at=at,
        path=PATH,
        body=body,
    )
    store_messages([message])
    record_audit(
        actor=by, action="integration.test", target=integration, changes={}, at=at
    )


def _harmless(alert: IncomingAlert) -> tuple[IncomingAlert, IncomingAlert]:
    firing = replace(alert, pages=False, asset=None)
    return firing, replace(firing, status="resolved")
