"""The use cases of being on call."""

from oncall.services.escalations import (
    Call,
    acknowledge_escalation,
    acknowledge_page,
    escalate_now,
    keep_from_channels,
    raise_urgency,
    start_escalation,
    start_escalations,
    stop_escalation,
)
from oncall.services.informing import (
    Letter,
    call_back_letters,
    inform,
    inform_all,
)
from oncall.services.ladder import policy_for_team
from oncall.services.rungs import Rung, ladder
from oncall.services.schedules import definition, on_call_ids, reference_form

__all__ = [
    "Call",
    "Letter",
    "Rung",
    "acknowledge_escalation",
    "acknowledge_page",
    "call_back_letters",
    "definition",
    "escalate_now",
    "inform",
    "inform_all",
    "keep_from_channels",
    "ladder",
    "on_call_ids",
    "policy_for_team",
    "raise_urgency",
    "reference_form",
    "start_escalation",
    "start_escalations",
    "stop_escalation",
]
