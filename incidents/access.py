"""Which live topics a reader may hear (core.live)."""

from accounts.models import User
from incidents.models import Incident

OPEN_TOPICS = ("incidents", "oncall", "inlets", "quiet", "heartbeats")
OPEN_KINDS = ("integration", "asset")


def readable_topics(user: User, topics: list[str]) -> list[str]:
    """The given topics without those of incidents and people this reader may not see.

    One query at most.
    """
    parts = [(topic, *topic.partition(":")[::2]) for topic in topics]
    asked = [
        int(key) for _, kind, key in parts if kind == "incident" and key.isdecimal()
    ]
    visible: set[int] = set()
    if asked:
        found = Incident.objects.visible_to(user).filter(pk__in=asked[:20])
        visible = set(found.values_list("pk", flat=True))

    def may_hear(topic: str, kind: str, key: str) -> bool:
        if kind == "incident" and key.isdecimal():
            return int(key) in visible
        if kind == "user":
            return key == str(user.pk)
        return topic in OPEN_TOPICS or (kind in OPEN_KINDS and key.isdecimal())

    return [topic for topic, kind, key in parts if may_hear(topic, kind, key)]
