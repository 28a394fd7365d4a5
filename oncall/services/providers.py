"""Which providers answer at the moment, as one sending process sees it.

One that has failed several times in a row is left alone for a while: what is to go
there is put off at once, so that senders stay free for others and people are reached
by their next contact method. After the rest a single message tries it again.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from urllib.parse import urlsplit

MOST_FAILURES = 8
REST = timedelta(seconds=10)


@dataclass(slots=True)
class Providers:
    """Safe to use from many threads."""

    failures: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    rests_until: dict[str, datetime] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def may_be_tried(self, provider: str, *, at: datetime) -> bool:
        """False while it rests. The first to ask afterwards is the one that tries."""
        with self.lock:
            until = self.rests_until.get(provider)
            if until is None:
                return True
            if at < until:
                return False
            self.rests_until[provider] = at + REST
            return True

    def answered(self, provider: str) -> None:
        with self.lock:
            self.failures.pop(provider, None)
            self.rests_until.pop(provider, None)

    def failed(self, provider: str, *, at: datetime) -> None:
        """It was out of reach, or too busy without saying for how long."""
        with self.lock:
            self.failures[provider] += 1
            if self.failures[provider] >= MOST_FAILURES:
                self.rests_until[provider] = at + REST


def provider_of(channel: str, address: str) -> str:
    """Who takes what goes to this address: the host where it is a URL."""
    host = urlsplit(address).netloc.rpartition("@")[2] if "://" in address else ""
    return f"{channel} {host}".strip()
