"""Faults told apart: the alarms cut into parts that cannot bear on each other, and the
likeliest partition of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from incidents.inference.field import Field
from incidents.inference.memory import Answer, Memory, mark_of
from incidents.inference.pacing import Group
from incidents.inference.partition import Search, search_all
from incidents.inference.priors import USUAL_PACE, USUAL_SPREAD
from incidents.inference.scores import Scores, Wanted

FEW_ALARMS = 40
HOPELESS = -3.0


@dataclass(frozen=True, slots=True)
class Fault:
    """Alarms that one root explains; `roots` are the likeliest, by number. An alarm
    alone has itself."""

    alarms: Group
    roots: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Kinship:
    """Two faults that look like one, kept apart by anchors of two incidents."""

    incidents: tuple[int, int]
    root: int


def tell_apart(
    field: Field,
    *,
    window: float,
    anchors: Mapping[int, int] | None = None,
    memory: Memory | None = None,
) -> tuple[list[Fault], list[Kinship]]:
    """Return the faults, and which would be one but for the anchors.

    `window` (seconds): alarms with a longer silence between them are never one fault.
    `anchors` {alarm: incident}. The answer hangs on the alarms and anchors alone, not
    on any order. What is in `memory` is not searched again.
    """
    anchors = anchors or {}
    bound = _bound(field, anchors)
    scores = Scores(field)
    parts = [
        _Part(
            members,
            {alarm: anchors[alarm] for alarm in members if alarm in anchors},
            [group for group in bound if min(group) in members],
        )
        for members in _components(scores, bound, window=window)
    ]
    scores.look_at([part.members for part in parts])
    memory = Memory() if memory is None else memory
    _search([part for part in parts if len(part.members) > 1], scores, memory)
    faults: list[Fault] = []
    kin: list[Kinship] = []
    alarm_of = {asset: n for n, asset in enumerate(field.alarms.assets.tolist())}
    root_of = {asset: number for number, asset in enumerate(field.assets.tolist())}
    for part in parts:
        if part.answer is None:
            alone = part.members[0]
            faults.append(Fault(frozenset([alone]), field.own_root(alone)))
            continue
        for assets, roots in part.answer.groups:
            alarms = frozenset(alarm_of[asset] for asset in assets)
            faults.append(Fault(alarms, tuple(root_of[asset] for asset in roots)))
        kin += [Kinship(pair, root_of[root]) for pair, root in part.answer.kin]
    return faults, kin


@dataclass(slots=True)
class _Part:
    """Alarms that may bear on each other, their anchors, and which are bound."""

    members: list[int]
    anchors: dict[int, int]
    bound: list[Group]
    answer: Answer | None = None


def _search(parts: Iterable[_Part], scores: Scores, memory: Memory) -> None:
    """Answer each part, as before where nothing has changed."""
    field, searches = scores.field, []
    for part in parts:
        mark = mark_of(field, part.members, part.anchors, part.bound)
        part.answer = memory.recall(mark)
        if part.answer is None:
            starts = Search.starts(scores, part.members, part.anchors, part.bound)
            searches.append((part, mark, starts))
    search_all([search for _, _, starts in searches for search in starts], scores)
    for part, mark, starts in searches:
        part.answer = _answer(max(starts, key=lambda one: one.worth))
        memory.keep(mark, part.answer)


def _answer(search: Search) -> Answer:
    field = search.scores.field
    alarms, roots = field.alarms.assets, field.assets
    return Answer(
        tuple(
            (
                tuple(alarms[sorted(group)].tolist()),
                tuple(roots[search.best_roots(group)].tolist()),
            )
            for group in search.groups
        ),
        tuple(
            (kin.incidents, int(roots[kin.root]))
            for kin in _kinships(search, search.groups)
        ),
    )


def _bound(field: Field, anchors: Mapping[int, int]) -> list[Group]:
    """The anchors of each incident that have a root in common: one fault, and never
    two of it, or each could draw others in that have nothing to do with the other."""
    held: dict[int, list[int]] = defaultdict(list)
    for alarm, incident in sorted(anchors.items()):
        held[incident].append(alarm)
    return [
        frozenset(group)
        for group in held.values()
        if len(group) > 1 and field.covers[:, group].all(axis=1).any()
    ]


def _components(
    scores: Scores, bound: Iterable[Group], *, window: float
) -> list[list[int]]:
    """Alarms tied by a root that may explain two of them, near enough in time, and
    those that are bound together."""
    field = scores.field
    parent = list(range(field.alarms.size))

    def find(alarm: int) -> int:
        while parent[alarm] != alarm:
            parent[alarm] = parent[parent[alarm]]
            alarm = parent[alarm]
        return alarm

    for group in bound:
        for alarm in group:
            parent[find(alarm)] = find(min(group))
    for root in _hopeful(scores):
        covered = np.flatnonzero(field.covers[root])
        covered = covered[np.argsort(field.alarms.seconds[covered], kind="stable")]
        gaps = np.diff(field.alarms.seconds[covered])
        for one, other in zip(
            covered[:-1][gaps <= window], covered[1:][gaps <= window], strict=True
        ):
            parent[find(int(other))] = find(int(one))
    found: dict[int, list[int]] = defaultdict(list)
    for alarm in range(field.alarms.size):
        found[find(alarm)].append(alarm)
    return sorted(found.values())


def _hopeful(scores: Scores) -> list[int]:
    """The roots of two alarms and more. Where alarms are many, chance alone gives most
    of them a common ancestor: then only roots that explain some of theirs."""
    field = scores.field
    shared = np.flatnonzero(field.covers.sum(axis=1) > 1).tolist()
    if field.alarms.size <= FEW_ALARMS:
        return shared
    alone = scores.alone()
    claims = [(root, group) for root in shared for group in _nested(field, root)]
    apart = [sum(alone[alarm] for alarm in group) for _, group in claims]
    bounds = scores.at_most(claims, USUAL_SPREAD, USUAL_PACE)
    worth = [
        (claim, least)
        for claim, least, bound in zip(claims, apart, bounds, strict=True)
        if bound - least > HOPELESS
    ]
    claimed = [claim for claim, _ in worth]
    scores.prepare([Wanted(claimed, USUAL_SPREAD, USUAL_PACE)])
    return sorted(
        {
            claim[0]
            for claim, least in worth
            if scores.one(*claim, USUAL_SPREAD, USUAL_PACE) - least > HOPELESS
        }
    )


def _nested(field: Field, root: int) -> list[Group]:
    """What the root covers within one step, within two, and so on."""
    covered = np.flatnonzero(field.covers[root])
    away = field.steps_to[root, covered]
    steps = sorted(set(away.tolist()))
    groups = (covered[away <= most].tolist() for most in steps)
    return [frozenset(group) for group in groups if len(group) > 1]


def _kinships(search: Search, groups: list[Group]) -> list[Kinship]:
    held = {g: _anchor_of(g, search.anchors) for g in groups}
    large = [group for group in groups if held[group] is not None]
    found = []
    for place, one in enumerate(large):
        for other in large[place + 1 :]:
            incidents = (held[one], held[other])
            if incidents[0] == incidents[1]:
                continue
            if search.gain_of_joining(one, other) > 0:
                first, second = sorted(i for i in incidents if i is not None)
                root = search.best_roots(one | other)[0]
                found.append(Kinship((first, second), root))
    return found


def _anchor_of(group: Group, anchors: Mapping[int, int]) -> int | None:
    """The incident that holds the group, if any does."""
    return next((anchors[a] for a in sorted(group) if a in anchors), None)
