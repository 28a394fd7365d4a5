"""What is known beside the alerts: for grouping, and for finding the cause."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from math import log

from django.db.models import Q

from alerts.models import Expectation
from catalog.models import Asset, Change, Run
from core.bulk import any_of
from incidents.inference.observed import Knowledge, Pair
from incidents.inference.priors import Habit
from incidents.models import AssetHabit, EdgeHabit

CHANGE_LOOKBACK = timedelta(hours=24)
# How many faults follow a change that was recorded. An asset that changes by chance
# once in so many windows says little by changing; at most this much.
SHARE_AFTER_CHANGE = 0.5
LEAST_CHANCE = 1e-3
SPARED = 0.5  # how many of those that kept silent had not broken
# What is believed of an asset before it is known, and how many observations that
# weighs.
USUALLY_SPEAKS, HABIT_WEIGHT = 0.7, 2.0
MUTE_TYPES = (Asset.Type.DASHBOARD, Asset.Type.PRODUCT)
Between = tuple[datetime, datetime]


def know_of(asset_ids: Collection[int], *, between: Between) -> Knowledge:
    """What speaks for and against these assets when something began to fail between
    two moments. Seven queries."""
    ids = list(asset_ids)
    mute = Asset.objects.filter(pk__in=any_of(ids), type__in=MUTE_TYPES)
    return Knowledge(
        mute=set(mute.values_list("pk", flat=True)),
        sound=set(sound_since(ids, since=between[0])),
        overdue=overdue_by(ids, at=between[1]),
        leaning=leaning(changes_before(ids, between=between), among=len(ids)),
        habits=_habits(ids),
        voices=_voices(ids),
    )


def sound_since(asset_ids: Collection[int], *, since: datetime) -> dict[int, datetime]:
    """{asset: when a run of it last went well}, of those whose last run did so after
    `since`: begun after it, where the start is known."""
    ended = (
        Run.objects.filter(asset__in=any_of(asset_ids), updated_at__gte=since)
        .exclude(state__in=(Run.State.RUNNING, Run.State.SKIPPED))
        .values_list("asset_id", "state", "started_at", "ended_at", "updated_at")
        .order_by("updated_at")
    )
    sound: dict[int, datetime] = {}
    for asset_id, state, started_at, ended_at, updated_at in ended:
        at = ended_at or updated_at
        if state == Run.State.SUCCESS and (started_at or at) > since:
            sound[asset_id] = at
        elif state == Run.State.FAILED:
            sound.pop(asset_id, None)
    return sound


def overdue_by(asset_ids: Collection[int], *, at: datetime) -> set[int]:
    """Those of which a run was expected by `at` and has not come: alerted about, or in
    the time of grace before that."""
    expected = Expectation.objects.filter(
        Q(status=Expectation.Status.BREACHED) | Q(expected_at__lte=at),
        asset__in=any_of(asset_ids),
        kind=Expectation.Kind.FRESHNESS,
    )
    return set(expected.values_list("asset_id", flat=True))


def changes_before(asset_ids: Collection[int], *, between: Between) -> list[Change]:
    """The changes of these assets in the day before the last of it began."""
    first, last = between
    rows = Change.objects.filter(
        asset__in=any_of(asset_ids),
        occurred_at__gte=first - CHANGE_LOOKBACK,
        occurred_at__lte=last,
    )
    return list(rows.order_by("occurred_at"))


def leaning(changes: Iterable[Change], *, among: int) -> dict[int, float]:
    """{changed asset: log of how much likelier it is a cause}.

    The rarer changes are among the assets around, the more one of them says.
    """
    changed = {change.asset_id for change in changes if change.asset_id is not None}
    chance = max(len(changed) / max(among, 1), LEAST_CHANCE)
    says = log(max(SHARE_AFTER_CHANGE / chance, 1.0) / (1 - SHARE_AFTER_CHANGE))
    return dict.fromkeys(changed, says)


def _habits(asset_ids: Collection[int]) -> dict[Pair, Habit]:
    rows = EdgeHabit.objects.filter(
        upstream__in=any_of(asset_ids), downstream__in=any_of(asset_ids)
    ).values_list("upstream_id", "downstream_id", "passed", "held", "lag_seconds")
    return {
        (up, down): Habit(passed, held * SPARED, lag)
        for up, down, passed, held, lag in rows
    }


def _voices(asset_ids: Collection[int]) -> dict[int, float]:
    rows = AssetHabit.objects.filter(asset__in=any_of(asset_ids), silent__gt=0)
    return {
        asset_id: min(1.0, _speaks(spoke, silent) / USUALLY_SPEAKS)
        for asset_id, spoke, silent in rows.values_list("asset_id", "spoke", "silent")
    }


def _speaks(spoke: int, silent: float) -> float:
    believed = HABIT_WEIGHT * USUALLY_SPEAKS
    return (believed + spoke) / (HABIT_WEIGHT + spoke + silent)
