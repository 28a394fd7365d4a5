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
from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import TypeVar

import numpy as np

from incidents.inference.pacing import Group
from incidents.inference.priors import (
    USUAL_PACE,
    USUAL_SPREAD,
    WEAK_SPREAD,
    WIDE_PACE,
)
from incidents.inference.scores import IMPOSSIBLE, Refit, Scores, Wanted

T = TypeVar("T")
# A search says what it needs to go on; to `Refit` the answer is (spread, pace).
Steps = Generator[Wanted | Refit, tuple[int, int] | None, T]

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


def search_all(searches: Sequence[Search], scores: Scores) -> None:
    """Let all go their steps at the same time, so that much is reckoned at once."""
    waiting: list[tuple[Steps[None], tuple[int, int] | None]]
    waiting = [(search.steps(), None) for search in searches]
    while waiting:
        wanted: list[tuple[Steps[None], Wanted]] = []
        refits: list[tuple[Steps[None], Refit]] = []
        for steps, answer in waiting:
            try:
                ask = steps.send(answer)
            except StopIteration:
                continue
            if isinstance(ask, Refit):
                refits.append((steps, ask))
            else:
                wanted.append((steps, ask))
        scores.prepare(ask for _, ask in wanted)
        fitted = scores.refit([ask for _, ask in refits])
        waiting = [(steps, None) for steps, _ in wanted]
        waiting += [
            (steps, fit) for (steps, _), fit in zip(refits, fitted, strict=True)
        ]


@dataclass(slots=True)
class Search:
    """`anchors` {alarm: incident}; those in one of `bound` stay together. `members`
    limits the search to some alarms. `groups` are the likeliest it has found."""

    scores: Scores
    members: list[int]
    anchors: Mapping[int, int] = field(default_factory=dict)
    bound: Collection[Group] = ()
    spread: int = USUAL_SPREAD
    pace: int = USUAL_PACE
    groups: list[Group] = field(default_factory=list)
    hopeless: set[int] = field(default_factory=set)
    covered: dict[int, Group] = field(init=False)
    claimed: dict[Group, list[int]] = field(init=False)

    def __post_init__(self) -> None:
        self.covered = self._coverage()
        self.claimed = defaultdict(list)
        for root, covered in self.covered.items():
            for part in self._compatible(self._untorn(covered)):
                if len(part) > 1:
                    self.claimed[part].append(root)

    @classmethod
    def starts(
        cls,
        scores: Scores,
        members: list[int],
        anchors: Mapping[int, int],
        bound: Collection[Group],
    ) -> list[Search]:
        """Few alarms say little of spread and pace, so for them there are more than
        one search, and the likeliest outcome counts."""
        begin = [(USUAL_SPREAD, USUAL_PACE)]
        if len(members) <= FEW:
            begin = [*product((USUAL_SPREAD, WEAK_SPREAD), (USUAL_PACE, WIDE_PACE))]
        return [cls(scores, members, anchors, bound, *start) for start in begin]

    @property
    def worth(self) -> float:
        return sum(self._scores_of(self.groups))

    def steps(self) -> Steps[None]:
        free = set(self.members).difference(*self.bound)
        self.groups = [*self.bound, *(frozenset([alarm]) for alarm in sorted(free))]
        for _ in range(MOST_ROUNDS):
            yield from self._improve()
            if len(self.groups) == len(self.members) or not (yield from self._refit()):
                break
        yield self._wanted(self.groups)
        self.groups.sort(key=min)

    def _improve(self) -> Steps[None]:
        for _ in range(MOST_STEPS):
            changes = yield from self._best_changes()
            if not changes:
                break
            touched = {group for change in changes for group in change.touched}
            self.groups = [g for g in self.groups if g not in touched]
            for change in changes:
                self.groups += [change.made, *change.left]

    def _refit(self) -> Steps[bool]:
        """Choose spread and pace anew; False when they stay as they are. Each group is
        weighed by its likeliest roots, which say nearly all."""
        keys = [
            (root, group) for group in self.groups for root in self.best_roots(group)
        ]
        fitted = yield Refit(keys, list(self.groups), self.pace)
        if fitted is None or fitted == (self.spread, self.pace):
            return False
        self.spread, self.pace = fitted
        return True

    def _best_changes(self) -> Steps[list[_Change]]:
        """The one that explains most, and all that have nothing to do with it or with
        each other: what each is worth hangs on the groups it touches alone."""
        guessed = yield from self._guessed()
        guesses = sorted(guessed, key=lambda c: (-c.guess, sorted(c.made)))
        most = TRIED_EXACTLY + len(self.groups) // TRIED_OF_GROUPS
        tried = [c for c in guesses[:most] if c.guess > NOT_WORTH_A_LOOK]
        if not tried:
            return []
        yield self._wanted({g for c in tried for g in (c.made, *c.left)})
        gains = [
            sum(self._scores_of([c.made, *c.left])) - sum(self._scores_of(c.touched))
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

    def _guessed(self) -> Steps[list[_Change]]:
        """All changes, each weighed by the few roots that speak for it."""
        yield self._wanted(self.groups)
        owner = {alarm: group for group in self.groups for alarm in group}
        backers = self._proposals(owner)
        for group in self.groups:
            backers.pop(group, None)
        top = {g: self.best_roots(g) for g in self.groups if len(g) > 1}
        changes = []
        rests: list[tuple[int, Group]] = []
        for made in backers:
            if self._holds_two(made) or self._tears(made):
                continue
            touched = tuple(sorted({owner[a] for a in made}, key=min))
            changes.append((made, touched))
            for group in touched:
                if rest := group - made:
                    rests += [(root, rest) for root in top[group]]
        backed = [(root, made) for made, _ in changes for root in backers[made]]
        yield Wanted([*backed, *rests], self.spread, self.pace)
        found = [
            _Change(made, touched, self._guess(made, touched, backers[made], top))
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
    ) -> float:
        gain = self._best(made, roots)
        for group in touched:
            gain -= self.scores.score(group, self.spread, self.pace)
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
        known = self.scores.known(self.spread, self.pace)
        values = [known[root, group] for root in roots]
        if len(group) == 1:
            values.append(self.scores.log_noise)
        return max(values, default=IMPOSSIBLE)

    def _proposals(self, owner: Mapping[int, Group]) -> dict[Group, list[int]]:
        """{group that may be made: roots that speak for it}."""
        found: dict[Group, list[int]] = defaultdict(list)
        for part, roots in self.claimed.items():
            hopeful = [root for root in roots if root not in self.hopeless]
            for made in _claims(part, owner) if hopeful else ():
                found[made] += hopeful
        large = [group for group in self.groups if len(group) > 1]
        for group in large:
            self._propose_moves(group, large, found)
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
        """{root: what it may explain}, of all that may explain something here."""
        covers = self.scores.field.covers[:, self.members]
        roots, alarms = np.nonzero(covers)
        members = np.array(self.members)[alarms]
        cuts = np.flatnonzero(np.diff(roots)) + 1
        firsts = np.append(0, cuts)
        return {
            root: frozenset(part.tolist())
            for root, part in zip(
                roots[firsts].tolist(), np.split(members, cuts), strict=True
            )
        }

    def _propose_moves(
        self, group: Group, large: list[Group], found: dict[Group, list[int]]
    ) -> None:
        tops = self.best_roots(group)
        reached = [(root, self.covered[root]) for root in tops]
        for alarm in self.members:
            if alarm in group:
                found[group - {alarm}] += tops
            elif roots := [root for root, covered in reached if alarm in covered]:
                found[group | {alarm}] += roots
        for other in large:
            roots = [root for root, covered in reached if other <= covered]
            if other != group and roots:
                found[group | other] += roots

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
        self.scores.prepare([self._wanted([one | other])])
        joined, *apart = self._scores_of([one | other, one, other])
        return joined - sum(apart)

    def _wanted(self, groups: Iterable[Group]) -> Wanted:
        return self.scores.wanted(groups, self.spread, self.pace)

    def _scores_of(self, groups: Iterable[Group]) -> list[float]:
        return [self.scores.score(g, self.spread, self.pace) for g in groups]


def _claims(covered: Group, owner: Mapping[int, Group]) -> list[Group]:
    """What a root that covers these alarms may claim: all, the lonely, whole groups,
    or one group and the lonely."""
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
