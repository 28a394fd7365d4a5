"""https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/

Grafana Alerting's webhook: Alertmanager's shape with links and values of its own.
"""

from datetime import datetime

from msgspec.structs import replace

from alerts.formats import alertmanager
from alerts.formats.base import IncomingAlert, ParseContext, Parsed, Status
from alerts.formats.text import lines
from core.text import link, mapping, text_of, told

LABEL = "Grafana"
ABOUT = "Grafana Alerting, by a webhook contact point."


def parse(payload: object, context: ParseContext) -> Parsed:
    """Read one notification: each of its alerts has its own status and fingerprint."""
    return alertmanager.read_group(payload, _alert)


def snippet(url: str, key: str) -> str:
    return f"""\
# Alerting > Contact points > Add contact point
Integration:  Webhook
URL:          {url}
HTTP method:  POST
# Leave "Disable resolved message" off: it is what closes the alert here.
"""


def sample(key: str, at: datetime) -> object:
    return alertmanager.sample(key, at)


def _alert(
    one: alertmanager.Payload, status: Status, group: alertmanager.Payload
) -> IncomingAlert:
    alert = alertmanager.read_alert(one, status, group)
    values = (
        f"{told(name, 80)} = {text_of(value)}"
        for name, value in mapping(one.get("values")).items()
        if text_of(value)
    )
    return replace(
        alert,
        url=link(one.get("panelURL")) or link(one.get("dashboardURL")) or alert.url,
        description=lines(alert.description, ", ".join(values)),
    )
