"""Which alarms are one fault: the likeliest partition, found by improving steps.

Each step takes the change that explains most: a root claims alarms for itself, an
alarm moves, two groups become one. Spread and pace are then chosen anew for what was
found, and the search goes on from there, a few times at most.

An alarm may be *anchored* to an incident: a person has placed it there, or works on
that incident. No group holds anchors of two incidents. Anchors of one that have a root
in common are bound, and stay in one group. Where they have none, a person has put two
faults together: then two groups may hold anchors of one incident.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from incidents.inference.priors import (
    USUAL_PACE,
    USUAL_SPREAD,
    WEAK_SPREAD,
    WIDE_PACE,
)
from incidents.inference.scores import IMPOSSIBLE, Group, Scores

FEW = 8  # alarms that are searched from several starts
MOST_STEPS = 80
MOST_ROUNDS = 3
TRIED_EXACTLY = 10
TRIED_OF_GROUPS = 2  # and one for so many groups
NOT_WORTH_A_LOOK = -4.0
HOPELESS = -12.0
ENOUGH = 1e-6


@dataclass(frozen=True, slots=True)
class _Change:
    """`made` takes alarms from the `touched` groups, which are left with the rest."""

    made: Group
    touched: tuple[Group, ...]
    guess: float

    @property
    def left(self) -> list[Group]:
        return [rest for group in self.touched if (rest := group - self.made)]


@dataclass(slots=True)
class Search:
    """`anchors` {alarm: incident}; those in one of `bound` stay together. `members`
    limits the search to some alarms."""

    scores: Scores
    members: list[int]
    anchors: Mapping[int, int] = field(default_factory=dict)
    bound: Collection[Group] = ()
    spread: int = USUAL_SPREAD
    pace: int = USUAL_PACE
    hopeless: set[int] = field(default_factory=set)

    def run(self) -> list[Group]:
        """Return the likeliest groups found. Few alarms say little of spread and pace,
        so for them the search begins from more than one."""
        starts = [(USUAL_SPREAD, USUAL_PACE)]
        if len(self.members) <= FEW:
            starts = [*product((USUAL_SPREAD, WEAK_SPREAD), (USUAL_PACE, WIDE_PACE))]
        found = [self._from(*start) for start in starts]
        self.spread, self.pace, groups = max(found, key=self._worth)
        return sorted(groups, key=min)

    def _from(self, spread: int, pace: int) -> tuple[int, int, list[Group]]:
        self.spread, self.pace = spread, pace
        self.hopeless = set()
        free = set(self.members).difference(*self.bound)
        groups = [*self.bound, *(frozenset([alarm]) for alarm in sorted(free))]
        for _ in range(MOST_ROUNDS):
            groups = self._improve(groups)
            if len(groups) == len(self.members) or not self._refit(groups):
                break
        return self.spread, self.pace, groups

    def _worth(self, found: tuple[int, int, list[Group]]) -> float:
        spread, pace, groups = found
        return sum(self.scores.many(groups, spread, pace))

    def _improve(self, groups: list[Group]) -> list[Group]:
        for _ in range(MOST_STEPS):
            changes = self._best_changes(groups)
            if not changes:
                break
            touched = {group for change in changes for group in change.touched}
            groups = [g for g in groups if g not in touched]
            for change in changes:
                groups += [change.made, *change.left]
        return groups

    def _refit(self, groups: list[Group]) -> bool:
        """Choose spread and pace anew; False when they stay as they are. Each group is
        weighed by its likeliest roots, which say nearly all."""
        scores = self.scores
        keys = [(r, g) for g in groups for r in self.best_roots(g)]
        spread = int(np.argmax(scores.over_spreads(keys, groups, self.pace)))
        pace = int(np.argmax(scores.over_paces(keys, groups, spread)))
        if (spread, pace) == (self.spread, self.pace):
            return False
        self.spread, self.pace = spread, pace
        return True

    def _best_changes(self, groups: list[Group]) -> list[_Change]:
        """The one that explains most, and all that have nothing to do with it or with
        each other: what each is worth hangs on the groups it touches alone."""
        guesses = sorted(
            self._guessed(groups), key=lambda c: (-c.guess, sorted(c.made))
        )
        most = TRIED_EXACTLY + len(groups) // TRIED_OF_GROUPS
        tried = [c for c in guesses[:most] if c.guess > NOT_WORTH_A_LOOK]
        self._many({g for c in tried for g in (c.made, *c.left)})
        gains = [
            sum(self._many([c.made, *c.left])) - sum(self._many(c.touched))
            for c in tried
        ]
        chosen: list[_Change] = []
        taken: set[Group] = set()
        for place in sorted(range(len(tried)), key=lambda n: -gains[n]):
            change = tried[place]
            if gains[place] > ENOUGH and taken.isdisjoint(change.touched):
                chosen.append(change)
                taken.update(change.touched)
        return chosen

    def _guessed(self, groups: list[Group]) -> list[_Change]:
        """All changes, each weighed by the few roots that speak for it."""
        owner = {alarm: group for group in groups for alarm in group}
        backers = self._proposals(groups, owner)
        for group in groups:
            backers.pop(group, None)
        top = {g: self.best_roots(g) for g in groups if len(g) > 1}
        changes = []
        rests: list[tuple[int, Group]] = []
        for made in backers:
            touched = tuple(sorted({owner[a] for a in made}, key=min))
            if self._holds_two(made) or self._tears(made):
                continue
            changes.append((made, touched))
            for group in touched:
                if rest := group - made:
                    rests += [(root, rest) for root in top[group]]
        self.scores.prepare(
            [(r, made) for made, _ in changes for r in backers[made]] + rests,
            self.spread,
            self.pace,
        )
        worth = dict(zip(groups, self._many(groups), strict=True))
        found = [
            _Change(
                made, touched, self._guess(made, touched, backers[made], top, worth)
            )
            for made, touched in changes
        ]
        self._give_up(found, backers)
        return found

    def _guess(
        self,
        made: Group,
        touched: Iterable[Group],
        roots: Iterable[int],
        top: Mapping[Group, list[int]],
        worth: Mapping[Group, float],
    ) -> float:
        gain = self._best(made, roots)
        for group in touched:
            gain -= worth[group]
            if rest := group - made:
                gain += self._best(rest, top[group])
        return gain

    def _give_up(
        self, changes: Iterable[_Change], backers: Mapping[Group, list[int]]
    ) -> None:
        """Let roots make no more claims whose best one is far from worth it."""
        best: dict[int, float] = {}
        for change in changes:
            for root in backers[change.made]:
                best[root] = max(change.guess, best.get(root, IMPOSSIBLE))
        self.hopeless |= {root for root, guess in best.items() if guess < HOPELESS}

    def _best(self, group: Group, roots: Iterable[int]) -> float:
        values = [self.scores.one(r, group, self.spread, self.pace) for r in roots]
        if len(group) == 1:
            values.append(self.scores.log_noise)
        return max(values, default=IMPOSSIBLE)

    def _proposals(
        self, groups: list[Group], owner: Mapping[int, Group]
    ) -> dict[Group, list[int]]:
        """{group that may be made: roots that speak for it}."""
        found: dict[Group, list[int]] = defaultdict(list)
        for root, covered in self._coverage().items():
            for part in self._compatible(self._untorn(covered)):
                for made in _claims(part, groups, owner):
                    found[made].append(root)
        large = [group for group in groups if len(group) > 1]
        for group in large:
            tops = self.best_roots(group)
            self._propose_moves(group, tops, large, found)
        return found

    def _untorn(self, covered: Group) -> Group:
        """Without what is bound to alarms that are not covered."""
        return covered.difference(*(g for g in self.bound if not g <= covered))

    def _compatible(self, covered: Group) -> list[Group]:
        """What one fault may hold of these: all without anchors, and those of one
        incident."""
        held = sorted({self.anchors[a] for a in covered if a in self.anchors})
        if len(held) < 2:
            return [covered]
        return [
            frozenset(a for a in covered if self.anchors.get(a, incident) == incident)
            for incident in held
        ]

    def _coverage(self) -> dict[int, Group]:
        covers = self.scores.field.covers[:, self.members]
        many = np.flatnonzero(covers.sum(axis=1) > 1)
        many = many[~np.isin(many, list(self.hopeless))]
        members = np.array(self.members)
        return {int(root): frozenset(members[covers[root]].tolist()) for root in many}

    def _propose_moves(
        self,
        group: Group,
        tops: list[int],
        large: list[Group],
        found: dict[Group, list[int]],
    ) -> None:
        covers = self.scores.field.covers
        for alarm in self.members:
            if alarm in group:
                found[group - {alarm}].extend(tops)
            elif roots := [r for r in tops if covers[r, alarm]]:
                found[group | {alarm}].extend(roots)
        for other in large:
            roots = [r for r in tops if covers[r, list(other)].all()]
            if other != group and roots:
                found[group | other].extend(roots)

    def _holds_two(self, made: Group) -> bool:
        """Whether it would hold the anchors of two incidents."""
        return len({self.anchors[a] for a in made if a in self.anchors}) > 1

    def _tears(self, made: Group) -> bool:
        """Whether it would part what is bound together."""
        return any(0 < len(made & group) < len(group) for group in self.bound)

    def best_roots(self, group: Group) -> list[int]:
        """The few likeliest causes of the group, the likeliest first."""
        return self.scores.best_roots(group, self.spread, self.pace, most=3)

    def gain_of_joining(self, one: Group, other: Group) -> float:
        """How much likelier it is that both are one fault."""
        joined, *apart = self._many([one | other, one, other])
        return joined - sum(apart)

    def _many(self, groups: Iterable[Group]) -> list[float]:
        return self.scores.many(groups, self.spread, self.pace)


def _claims(
    covered: Group, groups: list[Group], owner: Mapping[int, Group]
) -> list[Group]:
    """What a root that covers these alarms may claim: all, the lonely, whole groups,
    or one group and the lonely."""
    if len(covered) < 2:
        return []
    lonely = frozenset(alarm for alarm in covered if len(owner[alarm]) == 1)
    touched = {owner[alarm] for alarm in covered}
    whole = [g for g in touched if len(g) > 1 and g <= covered]
    claims = [covered]
    if len(lonely) > 1:
        claims.append(lonely)
    if whole:
        claims.append(lonely.union(*whole))
        claims += [group | lonely for group in whole if lonely]
    return claims
