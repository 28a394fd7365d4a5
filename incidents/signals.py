"""What incidents ask of the apps to their right. Receivers answer; none is needed.

home_items       user, at: a list of HomeItem, things that wait for this person
search_results   user, q: a list of FoundThing
"""

from dataclasses import dataclass
from datetime import datetime

from django.dispatch import Signal

home_items = Signal()
search_results = Signal()


@dataclass(frozen=True, slots=True)
class HomeItem:
    """Something that waits for a person. `word` says what: "Action item, overdue"."""

    title: str
    url: str
    word: str
    due_at: datetime | None = None
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class FoundThing:
    """One result of a search. `kind` is its heading: "Postmortems"."""

    kind: str
    title: str
    url: str
    note: str = ""
