"""What this app tells those to its right, inside the transaction that did it.

page_acknowledged      subject, by (User), at, via ("link", "slack", …): a person
                       answered a page
page_resolved          the same fields: a person asks to end what a page is about
page_escalated         the same fields: a person asks for the next step now
page_progress          notes (list of Progress): things on ladders happened, in words
escalation_exhausted   subject, at: every lap is over and nobody answered
acknowledged_activity  subject, at: asks for an Activity, what has happened on what
                       was acknowledged
acknowledgement_lapsed subject, by (User or None), last_at, at: nothing has happened
                       since `last_at`; page again
handoff_matters        schedule, reader (User), at: asks for a list of Matter, what is
                       open while somebody hands over
"""

from dataclasses import dataclass
from datetime import datetime

from django.dispatch import Signal


@dataclass(frozen=True, slots=True)
class Progress:
    """What happened at `at` to the paging about a subject."""

    subject: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Activity:
    """When somebody last did something about a subject, None for never; `is_over`
    where there is nothing left to page about."""

    last_at: datetime | None = None
    is_over: bool = False


page_acknowledged = Signal()
page_resolved = Signal()
page_escalated = Signal()
page_progress = Signal()
escalation_exhausted = Signal()
acknowledged_activity = Signal()
acknowledgement_lapsed = Signal()
handoff_matters = Signal()


@dataclass(frozen=True, slots=True)
class Matter:
    """Something open. `word` says how it stands: "SEV2, investigating"."""

    title: str
    url: str
    word: str = ""
