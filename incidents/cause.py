"""What probably broke: suspects ranked, each with reasons a person can check.

The score of a suspect is the chance that it broke first, given what fails, what keeps
silent, what ran well since, when each alert came and what changed shortly before; over
all suspects the chances sum to one (`incidents.inference`). An asset without an alert
of its own may well be the likeliest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TypedDict

import numpy as np

from incidents.inference.field import Field
from incidents.inference.neighbourhood import Lineage, Neighbourhood
from incidents.inference.observed import Alarms, Know, Knowledge, nothing_more
from incidents.inference.priors import Priors
from incidents.inference.scores import Scores
from incidents.inference.templates import Floats

CHANGE_LOOKBACK = timedelta(hours=24)
MOST_SUSPECTS = 10
LEAST_SCORE = 0.005
PARTIAL = 1e-3  # the chance of one that explains only some of the failures
MOST_ALARMS = 60  # of one incident; the earliest say most about where it began
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)

KIND_WORDS = {
    "deploy": "deployed",
    "schema": "schema changed",
    "config": "configuration changed",
    "backfill": "backfilled",
}


class _Suspect(TypedDict):
    asset: int
    score: float
    failing: bool
    reasons: list[str]


class Suspect(_Suspect, total=False):
    """As it is stored with the incident. `score` is between 0 and 1. `links` {reason:
    address} where a reason leads somewhere."""

    links: dict[str, str]


@dataclass(frozen=True, slots=True)
class KnownChange:
    asset_id: int
    kind: str
    title: str
    at: datetime
    url: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One incident: `since` {failing asset id: when it began}, and what people said."""

    since: Mapping[int, datetime]
    confirmed: Collection[int] = ()
    rejected: Collection[int] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known beside the incidents.

    `others` fail in incidents that are not looked at, so their silence says nothing.
    `changes` in any order. `sound` {asset: when it ran well after the faults began};
    `failed` {failing asset: when its own run failed}, where its alert is about a run
    and not about a test of its data. `broke` and `tested` fail by a run and by tests
    of their data alone. `overdue` are past their deadline without a word. `know` is
    asked for what the model weighs beside these.
    """

    lineage: Lineage
    hops: int = 20
    ties: Collection[tuple[int, int]] = ()
    others: Collection[int] = ()
    changes: Collection[KnownChange] = ()
    sound: Mapping[int, datetime] = field(default_factory=dict)
    failed: Mapping[int, datetime] = field(default_factory=dict)
    broke: Collection[int] = ()
    tested: Collection[int] = ()
    overdue: Collection[int] = ()
    know: Know = nothing_more


def rank(cases: Mapping[int, Case], evidence: Evidence) -> dict[int, list[Suspect]]:
    """Return the suspects of each case, best first; [] where no asset is known.

    Rejected assets are left out. A confirmed one comes first, and is suspected even
    if nothing else speaks for it.
    """
    ranked: dict[int, list[Suspect]] = {key: [] for key in cases}
    known = {key: case for key, case in cases.items() if case.since}
    if not known:
        return ranked
    found, alarms = _look_around(known.values(), evidence)
    groups = [
        frozenset(alarms[a] for a in case.since if a in alarms)
        for case in known.values()
    ]
    scored = Scores(found).over_all(groups)
    for (key, case), (roots, logs) in zip(known.items(), scored, strict=True):
        if not roots:  # a person has put two faults together
            roots, logs = _most_covering(found, case)
        chance = np.exp(logs - logs.max())
        assets = found.assets[roots].tolist()
        chances = dict(zip(assets, (chance / chance.sum()).tolist(), strict=True))
        _add_partial(chances, found, case)
        ranked[key] = _ranked(chances, _Look(case, evidence, found))
    return ranked


def suspected(suspects: Iterable[Suspect]) -> int | None:
    """The id of the suspected cause: the likeliest."""
    return next((suspect["asset"] for suspect in suspects), None)


@dataclass(frozen=True, slots=True)
class _Look:
    """All that a reason may speak of."""

    case: Case
    evidence: Evidence
    found: Field

    @property
    def since(self) -> Mapping[int, datetime]:
        return self.case.since

    def began(self, asset_id: int) -> datetime:
        return self.since.get(asset_id) or min(self.since.values())

    def change_before(self, asset_id: int) -> KnownChange | None:
        """The last change that touched the asset within the day before it failed."""
        began = self.began(asset_id)
        near = [
            change
            for change in self.evidence.changes
            if change.asset_id == asset_id
            and began - CHANGE_LOOKBACK <= change.at <= began
        ]
        return max(near, key=lambda change: change.at, default=None)


def _look_around(
    cases: Iterable[Case], evidence: Evidence
) -> tuple[Field, dict[int, int]]:
    """The field of all cases, and {failing asset: alarm in it}. Of a large incident
    only the earliest are looked at: they say most about where it began."""
    since: dict[int, datetime] = {}
    others = set(evidence.others)
    for case in cases:
        order = sorted(case.since, key=lambda a: (case.since[a], a))
        for asset_id in order[:MOST_ALARMS]:
            at = case.since[asset_id]
            since[asset_id] = min(at, since.get(asset_id, at))
        others.update(order[MOST_ALARMS:])
    alarms = Alarms.of({a: (at - EPOCH).total_seconds() for a, at in since.items()})
    hood = Neighbourhood.around(
        alarms.assets, evidence.lineage, hops=evidence.hops, ties=evidence.ties
    )

    def know(assets: list[int]) -> Knowledge:
        known = evidence.know(assets)
        silent = {*known.mute, *others} - since.keys()
        return replace(
            known,
            mute=silent,
            overdue={*known.overdue, *evidence.overdue}.difference(others),
            broke=evidence.broke,
            tested=evidence.tested,
        )

    found = Field(hood, alarms, know=know, priors=Priors(), hops=evidence.hops)
    numbers = {asset: number for number, asset in enumerate(alarms.assets.tolist())}
    return found, numbers


def _most_covering(found: Field, case: Case) -> tuple[list[int], Floats]:
    """Without a common root: those that lie upstream of most of what fails."""
    here = np.isin(found.alarms.assets, list(case.since))
    covered = found.covers[:, here].sum(axis=1)
    roots = np.flatnonzero(covered)
    own = np.isin(found.assets[roots], list(case.since))
    return roots.tolist(), 2.0 * covered[roots] + own


def _add_partial(chances: dict[int, float], found: Field, case: Case) -> None:
    """Failing assets that explain only some of the failures come last, but come."""
    known = set(found.alarms.assets.tolist())
    for asset_id in known & case.since.keys() - chances.keys():
        below = found.failing_below(asset_id) & case.since.keys()
        chances[asset_id] = PARTIAL * len(below) / len(case.since)


def _ranked(chances: dict[int, float], look: _Look) -> list[Suspect]:
    confirmed, rejected = look.case.confirmed, look.case.rejected
    left = {a: c for a, c in chances.items() if a not in rejected}
    whole = sum(left.values()) or 1.0
    scores = {a: chance / whole for a, chance in left.items()}
    scores |= dict.fromkeys(confirmed, 1.0)
    order = sorted(
        scores, key=lambda a: (a not in confirmed, -scores[a], a not in look.since, a)
    )
    worth = [
        asset_id
        for asset_id in order[:MOST_SUSPECTS]
        if scores[asset_id] >= LEAST_SCORE or asset_id in look.since
    ]
    return [_suspect(a, scores[a], look) for a in worth or order[:1]]


def _suspect(asset_id: int, score: float, look: _Look) -> Suspect:
    reasons = list(_reasons(asset_id, look))
    if asset_id in look.case.confirmed:
        reasons.insert(0, "confirmed by a person")
    suspect = Suspect(
        asset=asset_id,
        score=round(score, 2),
        failing=asset_id in look.since,
        reasons=reasons,
    )
    change = look.change_before(asset_id)
    if change is not None and change.url:
        reason = _change_reason(change, look.began(asset_id))
        suspect["links"] = {reason: change.url}
    return suspect


def _reasons(asset_id: int, look: _Look) -> Iterable[str]:
    failing, several = asset_id in look.since, len(look.since) > 1
    below = (look.found.failing_below(asset_id) & look.since.keys()) - {asset_id}
    yield _share_reason(len(below), look.since, failing=failing)
    if failing and several and not look.found.failing_above(asset_id):
        yield "nothing upstream of it is failing"
    if failing and several and _is_first(asset_id, look.since):
        yield _first_reason(asset_id, look)
    elif asset_id in look.evidence.failed:
        yield f"its own run failed, at {_clock(look.evidence.failed[asset_id])}"
    elif several:
        yield from _way_reason(asset_id, look)
    change = look.change_before(asset_id)
    if change is not None:
        yield _change_reason(change, look.began(asset_id))
    if not failing and asset_id in look.evidence.overdue:
        yield "it is past its deadline and has said nothing"
    elif not failing:
        yield "no alert of its own"
    yield from _speaking_against(asset_id, look)


def _way_reason(asset_id: int, look: _Look) -> Iterable[str]:
    if asset_id in look.evidence.broke:
        yield "its own run failed"
    elif asset_id in look.evidence.tested:
        yield "a test of its data failed: the data may have come wrong from upstream"


def _speaking_against(asset_id: int, look: _Look) -> Iterable[str]:
    sound = look.evidence.sound
    if asset_id in sound:
        yield f"it ran well since, at {_clock(sound[asset_id])}: speaks against"
    children = look.found.children(asset_id) - look.since.keys()
    well = [child for child in children if child in sound]
    if well:
        others = "child has" if len(well) == 1 else f"{len(well)} children have"
        yield f"its other {others} succeeded since: speaks against"


def _share_reason(below: int, since: Collection[int], *, failing: bool) -> str:
    others = len(since) - failing
    if others == 0:
        return "the only asset that is failing"
    if failing and below == 0:
        return "no other failing asset is downstream of it"
    other = "other " if failing else ""
    if others == 1:
        return f"the {other}failing asset is downstream of it"
    are = "is" if below == 1 else "are"
    return f"{below} of {others} {other}failing assets {are} downstream of it"


def _is_first(asset_id: int, since: Mapping[int, datetime]) -> bool:
    own = since[asset_id]
    return all(own < at for other, at in since.items() if other != asset_id)


def _first_reason(asset_id: int, look: _Look) -> str:
    at = _clock(look.since[asset_id])
    if asset_id in look.evidence.failed:
        return f"its run failed at {at}, before all others"
    return f"its alert came first, at {at}"


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
