"""What probably broke: suspects ranked, each with reasons a person can check.

Three classes, and no suspect overtakes one of a better class:
failing with nothing upstream failing (from 0.6), failing below another failing asset
(from 0.3), silent but upstream of failing assets (below 0.3). Inside a class the share
of failing assets it explains counts most, then whether its alert came first and
whether a change touched it shortly before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypedDict

CHANGE_LOOKBACK = timedelta(hours=24)
MOST_SUSPECTS = 10

BASE = {"head": 0.6, "failing": 0.3, "silent": 0.0}
SHARE_WEIGHT = {"head": 0.2, "failing": 0.15, "silent": 0.2}
FIRST_WEIGHT = 0.1
CHANGE_WEIGHT = {"head": 0.1, "failing": 0.04, "silent": 0.09}

KIND_WORDS = {
    "deploy": "deployed",
    "schema": "schema changed",
    "config": "configuration changed",
    "backfill": "backfilled",
}


class Suspect(TypedDict):
    """As it is stored with the incident. `score` is between 0 and 1."""

    asset: int
    score: float
    failing: bool
    reasons: list[str]


@dataclass(frozen=True, slots=True)
class KnownChange:
    asset_id: int
    kind: str
    title: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of an incident's failing assets.

    `since` {asset id: when it began to fail}; `upstream` {failing asset id:
    {ancestor id: distance}}; `changes` in any order.
    """

    since: Mapping[int, datetime]
    upstream: Mapping[int, Mapping[int, int]]
    changes: Collection[KnownChange] = ()
    confirmed: Collection[int] = ()
    rejected: Collection[int] = ()


def rank(evidence: Evidence) -> list[Suspect]:
    """Return the suspects, best first; [] when no failing asset is known.

    Rejected assets are left out. A confirmed one comes first, and is suspected even
    if nothing else speaks for it.
    """
    if not evidence.since:
        return []
    candidates = set(evidence.since) | set(evidence.confirmed)
    for ancestors in evidence.upstream.values():
        candidates.update(ancestors)
    suspects = [
        _weigh(asset_id, evidence)
        for asset_id in candidates.difference(evidence.rejected)
    ]
    suspects.sort(key=lambda s: (-s["score"], _distance(s["asset"], evidence)))
    return suspects[:MOST_SUSPECTS]


def suspected(suspects: Iterable[Suspect]) -> int | None:
    """The id of the suspected cause. A silent asset is only listed, never named."""
    return next((s["asset"] for s in suspects if s["failing"] or s["score"] == 1), None)


def _weigh(asset_id: int, evidence: Evidence) -> Suspect:
    below = [f for f, above in evidence.upstream.items() if asset_id in above]
    below = [f for f in below if f != asset_id]
    failing = asset_id in evidence.since
    group = _class_of(asset_id, evidence)
    share = (len(below) + failing) / len(evidence.since)
    score = BASE[group] + SHARE_WEIGHT[group] * share
    reasons = [_share_reason(len(below), evidence, failing=failing)]
    if group == "head" and len(evidence.since) > 1:
        reasons.append("nothing upstream of it is failing")
    if failing and len(evidence.since) > 1 and _is_first(asset_id, evidence):
        score += FIRST_WEIGHT
        reasons.append(f"its alert came first, at {_clock(evidence.since[asset_id])}")
    change = _change_before(asset_id, evidence)
    if change is not None:
        score += CHANGE_WEIGHT[group]
        reasons.append(_change_reason(change, _began(asset_id, evidence)))
    if group == "silent":
        score -= min(0.01 * _distance(asset_id, evidence), 0.08 * share)
        reasons.append("no alert of its own")
    if asset_id in evidence.confirmed:
        score = 1.0
        reasons.insert(0, "confirmed by a person")
    return Suspect(
        asset=asset_id, score=round(score, 2), failing=failing, reasons=reasons
    )


def _class_of(asset_id: int, evidence: Evidence) -> str:
    if asset_id not in evidence.since:
        return "silent"
    above = set(evidence.upstream.get(asset_id, {})) & set(evidence.since)
    # In a cycle each is upstream of the other; then neither is below.
    really_above = {
        other for other in above if asset_id not in evidence.upstream.get(other, {})
    }
    return "failing" if really_above else "head"


def _share_reason(below: int, evidence: Evidence, *, failing: bool) -> str:
    others = len(evidence.since) - failing
    if others == 0:
        return "the only asset that is failing"
    if failing and below == 0:
        return "no other failing asset is downstream of it"
    other = "other " if failing else ""
    if others == 1:
        return f"the {other}failing asset is downstream of it"
    are = "is" if below == 1 else "are"
    return f"{below} of {others} {other}failing assets {are} downstream of it"


def _is_first(asset_id: int, evidence: Evidence) -> bool:
    own = evidence.since[asset_id]
    return all(own < at for other, at in evidence.since.items() if other != asset_id)


def _began(asset_id: int, evidence: Evidence) -> datetime:
    return evidence.since.get(asset_id) or min(evidence.since.values())


def _change_before(asset_id: int, evidence: Evidence) -> KnownChange | None:
    """The last change that touched the asset within the day before it failed."""
    began = _began(asset_id, evidence)
    near = [
        change
        for change in evidence.changes
        if change.asset_id == asset_id and began - CHANGE_LOOKBACK <= change.at <= began
    ]
    return max(near, key=lambda change: change.at, default=None)


def _change_reason(change: KnownChange, began: datetime) -> str:
    minutes = int((began - change.at).total_seconds() // 60)
    words = KIND_WORDS.get(change.kind, "changed")
    return f"{words} {_span(minutes)} before: {change.title}"


def _span(minutes: int) -> str:
    if minutes < 1:
        return "less than a minute"
    if minutes < 60:
        return f"{minutes} minute{'s' if minutes > 1 else ''}"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def _clock(at: datetime) -> str:
    return f"{at.astimezone(UTC):%H:%M} UTC"


def _distance(asset_id: int, evidence: Evidence) -> int:
    """Steps to the nearest failing asset; 0 for one that fails itself."""
    if asset_id in evidence.since:
        return 0
    return min(
        (above[asset_id] for above in evidence.upstream.values() if asset_id in above),
        default=99,
    )
