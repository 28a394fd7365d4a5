"""Which live topics a reader may hear (core.live), postmortems included."""

from __future__ import annotations

from accounts.models import User
from incidents import access
from postmortems.models import Postmortem

KIND = "postmortem"
MOST_ASKED = 20


def readable_topics(user: User, topics: list[str]) -> list[str]:
    """The given topics without those of incidents, postmortems and people this reader
    may not see. Two queries at most."""
    asked = {topic: _key(topic) for topic in topics}
    keys = [key for key in asked.values() if key is not None][:MOST_ASKED]
    visible: set[int] = set()
    if keys:
        found = Postmortem.objects.visible_to(user).filter(pk__in=keys)
        visible = set(found.values_list("pk", flat=True))
    others = set(access.readable_topics(user, [t for t in topics if asked[t] is None]))
    return [topic for topic in topics if topic in others or asked[topic] in visible]


def _key(topic: str) -> int | None:
    """The id of "postmortem:<id>"; None for any other topic."""
    kind, _, key = topic.partition(":")
    is_ours = kind == KIND and key.isdecimal() and len(key) < 19
    return int(key) if is_ours else None
