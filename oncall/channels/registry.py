"""Which channels there are. A new one is a file, its test and a line here."""

from collections.abc import Mapping

from oncall.channels.apprise import AppriseService
from oncall.channels.base import Channel, DeliveryError, PostingChannel
from oncall.channels.email import Email
from oncall.channels.push import Push
from oncall.channels.slack import Slack
from oncall.channels.twilio import Sms, Voice
from oncall.channels.webhook import Webhook

POSTING: Mapping[str, PostingChannel] = {"webhook": Webhook()}
CHANNELS: Mapping[str, Channel] = {
    "email": Email(),
    **POSTING,
    "apprise": AppriseService(),
    "push": Push(),
    "slack": Slack(),
    "sms": Sms(),
    "call": Voice(),
}


def choices() -> list[tuple[str, str]]:
    """Return (kind, label) of each channel; a model field takes this as callable."""
    return [(kind, channel.label) for kind, channel in CHANNELS.items()]


def offered() -> list[tuple[str, str]]:
    """As `choices`, of those this installation can use and whose address is typed."""
    return [
        (kind, channel.label)
        for kind, channel in CHANNELS.items()
        if channel.is_configured() and channel.address_hint
    ]


def channel_for(kind: str) -> Channel:
    """Return the channel of `kind`. Raises DeliveryError when there is none, as for a
    contact method that has outlived its channel."""
    try:
        return CHANNELS[kind]
    except KeyError as error:
        raise DeliveryError(f"There is no channel called {kind}.") from error
