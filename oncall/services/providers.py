"""Which providers answer at the moment, as one sending process sees it.

One that has failed several times in a row is left alone for a while: what is to go
there is put off at once, so that senders stay free for others and people are reached
by their next contact method. After the rest a single message tries it again. Each
process goes by what it has seen itself, as a question to the database before every
message would cost more than a few needless tries; it writes down which ones rest.

At most MOST_AT_ONCE messages are on their way to one provider from one process, so
that a slow one leaves senders to the others; some take fewer at once, or so many a
second and no more.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from urllib.parse import urlsplit

from oncall.models import RestingProvider
from oncall.services.claimed import Claimed

MOST_AT_ONCE = 48
MOST_FAILURES = 8
REST = timedelta(seconds=10)
# A sender waits that long for its turn; what would wait longer is due again then.
PATIENCE = timedelta(seconds=2)


@dataclass(slots=True)
class Providers:
    """Safe to use from many threads."""

    failures: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    rests_until: dict[str, datetime] = field(default_factory=dict)
    news: dict[str, RestingProvider | None] = field(default_factory=dict)
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
            if self.rests_until.pop(provider, None):
                self.news[provider] = None

    def failed(self, provider: str, *, at: datetime, words: str = "") -> None:
        """It was out of reach, or too busy without saying for how long."""
        with self.lock:
            self.failures[provider] += 1
            if self.failures[provider] >= MOST_FAILURES:
                until = self.rests_until[provider] = at + REST
                self.news[provider] = RestingProvider(
                    provider=provider[:300], since=at, until=until, detail=words[:300]
                )

    def tell(self) -> None:
        """Write down which have begun to rest and which answer again."""
        with self.lock:
            news, self.news = self.news, {}
        for provider, resting in news.items():
            if resting is None:
                RestingProvider.objects.filter(provider=provider[:300]).delete()
                continue
            changing = {"until": resting.until, "detail": resting.detail}
            RestingProvider.objects.update_or_create(
                provider=resting.provider,
                defaults=changing,
                create_defaults={**changing, "since": resting.since},
            )


@dataclass(slots=True)
class Lanes:
    """Who may be sent to now. Safe to use from many threads.

    `at_once` is {channel: messages on their way}, `a_second` {channel: messages}.
    """

    at_once: dict[str, int] = field(default_factory=dict)
    a_second: Mapping[str, float] = field(default_factory=dict)
    free_at: dict[str, datetime] = field(default_factory=dict)
    waiting: dict[str, deque[Claimed]] = field(
        default_factory=lambda: defaultdict(deque)
    )
    busy: Counter[str] = field(default_factory=Counter)
    lock: Lock = field(default_factory=Lock)

    def enter(self, claimed: Iterable[Claimed]) -> list[Claimed]:
        """Take these in; return those that may be sent at once."""
        ready = []
        with self.lock:
            for one in claimed:
                lane = provider_of(one.channel, one.address)
                if self.busy[lane] < self._most(one.channel):
                    self.busy[lane] += 1
                    ready.append(one)
                else:
                    self.waiting[lane].append(one)
        return ready

    def leave(self, sent: Claimed) -> Claimed | None:
        """One is done; return the next that may be sent in its place."""
        lane = provider_of(sent.channel, sent.address)
        with self.lock:
            if self.waiting[lane]:
                return self.waiting[lane].popleft()
            self.busy[lane] -= 1
            if not self.busy[lane]:
                del self.busy[lane], self.waiting[lane]
        return None

    def turn(self, one: Claimed, *, at: datetime) -> datetime:
        """When this may be sent: `at`, or as soon as its provider takes one more. It
        is taken for sent then, unless that is later than PATIENCE."""
        rate = self.a_second.get(one.channel)
        if not rate:
            return at
        lane = provider_of(one.channel, one.address)
        with self.lock:
            turn = max(at, self.free_at.get(lane, at))
            if turn - at <= PATIENCE:
                self.free_at[lane] = turn + timedelta(seconds=1 / rate)
        return turn

    def _most(self, channel: str) -> int:
        return self.at_once.get(channel, MOST_AT_ONCE)


def provider_of(channel: str, address: str) -> str:
    """Who takes what goes to this address: the host where it is a URL."""
    host = urlsplit(address).netloc.rpartition("@")[2] if "://" in address else ""
    return f"{channel} {host}".strip()
