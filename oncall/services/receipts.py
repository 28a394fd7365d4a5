"""What became of a message after its provider took it."""

from datetime import datetime
from enum import StrEnum

from django.db import transaction

from core.live import publish
from oncall.channels.base import DeliveryError
from oncall.models import Notification
from oncall.services.claimed import Claimed
from oncall.services.recording import Outcome, fall_through

State = Notification.State


class Fate(StrEnum):
    DELIVERED = "delivered"
    FAILED = "failed"


@transaction.atomic
def note_fate(*, provider_id: str, fate: Fate, words: str, at: datetime) -> None:
    """Write down what the provider says of a message it took, by its id.

    One that did not arrive makes the person's next method due at once. Words about
    what nobody sent, or said twice, change nothing.
    """
    found = Notification.objects.filter(provider_id=provider_id, state=State.SENT)
    for notification in found.select_for_update(no_key=True):
        notification.detail = words
        if fate is Fate.DELIVERED:
            notification.delivered_at = at
            notification.save(update_fields=["delivered_at", "detail"])
        else:
            notification.state, notification.sent_at = State.FAILED, None
            notification.save(update_fields=["state", "sent_at", "detail"])
            owed = Claimed.of(notification)
            fall_through([Outcome(owed, DeliveryError(words), at)])
        publish(notification.subject)
