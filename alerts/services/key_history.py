"""How often the alerts of a key fired and resolved, and whether they flap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from alerts.deciding import Rulebook
from alerts.flapping import Verdict, judge
from alerts.models import Alert, Flapping
from core.bulk import array

Key = tuple[int, str]

# Each is two changes at most. Limits are far below that.
MOST_ALERTS_OF_A_KEY = 100
MOST_CHANGES_OF_AN_ALERT = 2

_HISTORY = """
    SELECT k.integration_id, k.dedup_key, a.id, a.first_at, a.resolved_at, a.count
    FROM unnest(%s::bigint[], %s::text[]) AS k (integration_id, dedup_key)
    CROSS JOIN LATERAL (
        SELECT id, first_at, resolved_at, count FROM alerts_alert AS a
        WHERE a.integration_id = k.integration_id AND a.dedup_key = k.dedup_key
        ORDER BY id DESC LIMIT %s) AS a
    WHERE a.first_at > %s OR a.resolved_at > %s
"""


@dataclass(frozen=True, slots=True)
class Past:
    """One alert of a key."""

    alert_id: int
    first_at: datetime
    resolved_at: datetime | None
    count: int


@dataclass(frozen=True, slots=True)
class Flap:
    """How a key is judged now. `row` is there once it has flapped."""

    verdict: Verdict
    row: Flapping | None
    was_flapping: bool

    @property
    def begins(self) -> bool:
        return self.verdict.is_flapping and not self.was_flapping

    @property
    def goes_on(self) -> bool:
        return self.verdict.is_flapping and self.was_flapping

    @property
    def ends(self) -> bool:
        return self.was_flapping and not self.verdict.is_flapping


def key_of(alert: Alert) -> Key:
    return alert.integration_id, alert.dedup_key


def load_history(
    alerts: Collection[Alert], *, book: Rulebook, at: datetime
) -> dict[Key, list[Past]]:
    """The alerts of the same keys that changed lately, newest first. One query."""
    keys = {key_of(alert) for alert in alerts}
    since = at - book.longest
    history: dict[Key, list[Past]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            _HISTORY,
            [
                array([key[0] for key in keys]),
                array([key[1] for key in keys]),
                MOST_ALERTS_OF_A_KEY,
                since,
                since,
            ],
        )
        for integration_id, dedup_key, *past in cursor.fetchall():
            history[integration_id, dedup_key].append(Past(*past))
    return history


def judge_flapping(
    alerts: Iterable[Alert],
    history: Mapping[Key, list[Past]],
    *,
    book: Rulebook,
    has_flapping: bool,
    at: datetime,
) -> dict[Key, Flap]:
    """{key: how it is judged} of the keys that flap now or did until now, kept as
    rows. One query and one write where any does, else none."""
    keys = {key_of(alert) for alert in alerts if alert.pages}
    open_rows = _open_rows(keys) if has_flapping else {}
    flaps: dict[Key, Flap] = {}
    for key in keys:
        row, limits = open_rows.get(key), book.limits_of(key[0])
        past = history.get(key, ())
        if row is None and len(past) * MOST_CHANGES_OF_AN_ALERT <= limits.changes:
            continue  # nearly all keys there are
        verdict = judge(
            _changes(past),
            limits=limits,
            was_flapping=row is not None,
            at=at,
        )
        if verdict.is_flapping or row is not None:
            flaps[key] = Flap(verdict, row, row is not None)
    _keep(flaps, at=at)
    return flaps


def _changes(past: Iterable[Past]) -> Iterable[datetime]:
    for one in past:
        yield one.first_at
        if one.resolved_at is not None:
            yield one.resolved_at


def _open_rows(keys: Collection[Key]) -> dict[Key, Flapping]:
    rows = Flapping.objects.filter(
        ended_at=None,
        integration__in={key[0] for key in keys},
        dedup_key__in={key[1] for key in keys},
    )
    return {
        (row.integration_id, row.dedup_key): row
        for row in rows
        if (row.integration_id, row.dedup_key) in keys
    }


def _keep(flaps: Mapping[Key, Flap], *, at: datetime) -> None:
    begun, known = [], []
    for (integration_id, dedup_key), flap in flaps.items():
        verdict, row = flap.verdict, flap.row
        if row is None:
            assert verdict.calm_at is not None  # it flaps
            begun.append(
                Flapping(
                    integration_id=integration_id,
                    dedup_key=dedup_key,
                    started_at=at,
                    changes=verdict.changes,
                    calm_at=verdict.calm_at,
                )
            )
            continue
        row.changes = max(row.changes, verdict.changes)
        row.calm_at = verdict.calm_at or row.calm_at
        row.ended_at = None if verdict.is_flapping else at
        known.append(row)
    Flapping.objects.bulk_create(begun)
    Flapping.objects.bulk_update(
        known, ["changes", "calm_at", "ended_at"], batch_size=500
    )
