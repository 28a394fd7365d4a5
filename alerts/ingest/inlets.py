"""Which integrations there are, by key, and how much each may send.

Kept in the memory of each web process and read again when an integration changes
(topic "inlets" of `core.live`) and at least every half minute.
"""

import time
from collections import Counter
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any

import psycopg

from accounts.models import hash_secret
from alerts.ingest.reading import Parse
from alerts.ingest.sealed import guard_of_sealed
from alerts.mappings import mapping_of
from alerts.signatures import Guard

REFRESH_SECONDS = 30
TAKEN = "headwater_taken"  # the channel on which processes tell what they took

# A row for each key that is good: after a rotation there may be two.
_SELECT = """
    SELECT id, k.hash, format, default_severity, rate_limit,
           CASE WHEN format = 'generic' THEN mapping::text END,
           signature_scheme, signature_header, signature_secret
    FROM alerts_integration
    CROSS JOIN LATERAL (VALUES
        (key_hash),
        (CASE WHEN previous_key_until > now() THEN previous_key_hash END)) AS k (hash)
    WHERE disabled_at IS NULL AND deleted_at IS NULL AND k.hash IS NOT NULL
"""


@dataclass(slots=True)
class Bucket:
    """A token bucket: `per_minute` events at once, refilled evenly over a minute.

    It is one for all web processes: each takes from its own copy and tells the others,
    four times a second, how many it has `taken` since it last told.
    """

    per_minute: int
    tokens: float = 0.0
    filled_at: float = 0.0
    taken: int = 0

    def take(self, *, now: float) -> float:
        """0.0 when one more event may come, else the seconds until it may.
        `now` is a monotonic clock's reading."""
        if self.per_minute == 0:
            return 0.0
        self._fill(now)
        if self.tokens >= 1:
            self.tokens -= 1
            self.taken += 1
            return 0.0
        return (1 - self.tokens) * 60 / self.per_minute

    def take_elsewhere(self, count: int, *, now: float) -> None:
        """Count what another process took. What all took too much before they heard
        of each other is owed, a minute's worth at most."""
        if self.per_minute:
            self._fill(now)
            self.tokens = max(self.tokens - count, -float(self.per_minute))

    def _fill(self, now: float) -> None:
        if self.filled_at == 0.0:
            self.tokens = float(self.per_minute)
        else:
            refill = (now - self.filled_at) * self.per_minute / 60
            self.tokens = min(float(self.per_minute), self.tokens + refill)
        self.filled_at = now


@dataclass(slots=True)
class Inlet:
    """What the hot path knows of an integration.

    `mapped` reads its messages instead of the format; `guard` checks who sent them.
    """

    id: int
    format: str
    default_severity: str
    bucket: Bucket
    mapped: Parse | None = None
    guard: Guard | None = None


@dataclass(slots=True)
class Inlets:
    """The integrations of this process by the hash of their key."""

    by_hash: dict[str, Inlet] = field(default_factory=dict)
    by_key: dict[str, Inlet] = field(default_factory=dict)
    buckets: dict[int, Bucket] = field(default_factory=dict)
    process: str = field(default_factory=lambda: token_hex(4))
    refused: Counter[tuple[int, str]] = field(default_factory=Counter)
    read_at: float = 0.0
    is_stale: bool = True

    def find(self, key: str) -> Inlet | None:
        inlet = self.by_key.get(key)
        if inlet is None:
            inlet = self.by_hash.get(hash_secret(key))
            if inlet is not None:
                self.by_key[key] = inlet
        return inlet

    def told_taken(self) -> list[str]:
        """What to tell the other processes on the channel TAKEN, once."""
        told = []
        for id_, bucket in self.buckets.items():
            if bucket.taken:
                told.append(f"{self.process} {id_} {bucket.taken}")
                bucket.taken = 0
        return told

    def hear_taken(self, told: str) -> None:
        """Count what another process has taken."""
        process, id_, count = told.split()
        bucket = self.buckets.get(int(id_))
        if bucket is not None and process != self.process:
            bucket.take_elsewhere(int(count), now=time.monotonic())

    def needs_refresh(self) -> bool:
        return self.is_stale or time.monotonic() - self.read_at > REFRESH_SECONDS

    async def refresh(
        self, connection: psycopg.AsyncConnection[tuple[Any, ...]]
    ) -> None:
        """Read all integrations again, keeping how much each has used."""
        self.is_stale = False
        cursor = await connection.execute(_SELECT)
        by_hash: dict[str, Inlet] = {}
        buckets: dict[int, Bucket] = {}
        for row in await cursor.fetchall():
            id_, key_hash, format_, severity, limit, mapping, *signature = row
            bucket = buckets.get(id_) or self.buckets.get(id_)
            if bucket is None or bucket.per_minute != limit:
                bucket = Bucket(limit)
            buckets[id_] = bucket
            mapped = mapping_of(mapping) if mapping else None
            guard = guard_of_sealed(*signature)
            by_hash[key_hash] = Inlet(id_, format_, severity, bucket, mapped, guard)
        self.by_hash, self.by_key, self.buckets = by_hash, {}, buckets
        self.read_at = time.monotonic()
