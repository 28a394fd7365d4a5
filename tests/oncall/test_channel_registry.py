"""Which channels there are."""

import pytest

from oncall.channels.base import DeliveryError
from oncall.channels.registry import channel_for, choices, offered


def test_each_choice_leads_to_a_channel_with_words_for_a_form() -> None:
    kinds = dict(choices())
    assert set(kinds) == {"email", "webhook", "apprise", "push", "slack", "sms", "call"}
    for kind, label in kinds.items():
        assert channel_for(kind).label == label
    assert all(channel_for(kind).address_hint for kind, _ in offered())


def test_a_contact_method_may_outlive_its_channel() -> None:
    with pytest.raises(DeliveryError, match="no channel called pager"):
        channel_for("pager")
