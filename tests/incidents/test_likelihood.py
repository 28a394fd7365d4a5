"""The quick way to reckon what a group of alarms is worth, against a plain one."""

from __future__ import annotations

from collections.abc import Collection
from math import log, prod

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from catalog.graph import LineageSnapshot
from incidents.inference.field import Field
from incidents.inference.neighbourhood import Neighbourhood
from incidents.inference.observed import Alarms, Knowledge
from incidents.inference.priors import SPREADS, Habit, Priors, Spread

HOPS = 20
SPREAD = Spread(0.8, 0.6)
Edges = frozenset[tuple[int, int]]
some = st.sets(st.integers(1, 12), max_size=4)


@st.composite
def graphs(draw: st.DrawFn) -> Edges:
    """Edges between assets 1 to 12, two in a layer: nothing is so far below that the
    templates leave it out."""
    above = [(a, b) for a in range(1, 13) for b in range(a + 1 + a % 2, 13)]
    return frozenset(draw(st.sets(st.sampled_from(above), max_size=24)))


def field_of(edges: Edges, failing: Collection[int], knowledge: Knowledge) -> Field:
    alarms = Alarms.of({asset: float(asset) for asset in failing})
    lineage = LineageSnapshot.build(edges)
    hood = Neighbourhood.around(alarms.assets, lineage, hops=HOPS)
    return Field(hood, alarms, know=lambda _: knowledge, priors=Priors(), hops=HOPS)


def plainly(
    edges: Edges, root: int, group: set[int], failing: set[int], known: Knowledge
) -> float:
    """One asset after the other; their numbers rise along the edges."""
    priors, total, belief = Priors(), 0.0, {root: 1.0}
    for asset in sorted({root, *LineageSnapshot.build(edges).descendants(root)}):
        above = [(a, b) for a, b in edges if b == asset and a in belief]
        passed = (belief[up] * _passes(up, asset, known) for up, _ in above)
        breaks = 1.0 if asset == root else 1 - prod(1 - p for p in passed)
        says = max(SPREAD.says, priors.healthy_says * (asset in known.sound))
        if asset in group:
            total, belief[asset] = total + log(breaks * says), 1.0
        elif asset in failing:
            belief[asset] = breaks
        elif asset in known.overdue:
            broken = priors.overdue_if_broken * breaks
            either = broken + priors.overdue_if_sound * (1 - breaks)
            total += log(either / priors.overdue_if_sound)
            belief[asset] = broken / either
        else:
            voice = known.voices.get(asset, 1.0) * (asset not in known.mute)
            silent = 1 - breaks * says * voice
            total += log(silent)
            belief[asset] = (silent - 1 + breaks) / silent
    return total


def _passes(up: int, down: int, known: Knowledge) -> float:
    habit, weight = known.habits.get((up, down), Habit()), Priors().habit_weight
    seen = habit.passed + habit.held
    return (habit.passed + weight * SPREAD.passes) / (seen + weight)


@settings(deadline=None)
@given(graphs(), st.sets(st.integers(1, 12), min_size=1), some, some, some, st.data())
def test_what_is_reckoned_anew_below_a_group_is_what_the_whole_comes_to(
    edges: Edges,
    failing: set[int],
    mute: set[int],
    sound: set[int],
    overdue: set[int],
    data: st.DataObject,
) -> None:
    pairs = st.sampled_from(sorted(edges)) if edges else st.nothing()
    habits = data.draw(st.dictionaries(pairs, st.just(Habit(2, 3))))
    voices = dict.fromkeys(data.draw(some), 0.3)
    known = Knowledge(mute, sound, overdue - failing, habits=habits, voices=voices)
    field = field_of(edges, failing, known)
    keys, expected = [], []
    for root, asset in enumerate(field.assets.tolist()):
        covered = np.flatnonzero(field.covers[root]).tolist()
        group = data.draw(st.sets(st.sampled_from(covered), min_size=1))
        keys.append((root, sorted(group)))
        members = set(field.alarms.assets[sorted(group)].tolist())
        expected.append(plainly(edges, asset, members, failing, known))
    roots = np.array([root for root, _ in keys])
    row = np.repeat(np.arange(roots.size), [len(group) for _, group in keys])
    alarm = np.array([a for _, group in keys for a in group])
    choice = np.full(roots.size, SPREADS.index(SPREAD))
    anew = field.templates.anew(roots, row, alarm, choice)
    assert anew.tolist() == pytest.approx(expected, abs=1e-6)
    for whole in field.templates.whole(roots, row, alarm, np.stack([choice, choice])):
        assert whole.tolist() == pytest.approx(expected, abs=1e-6)


@settings(deadline=None)
@given(graphs(), st.sets(st.integers(1, 12), min_size=1), some, st.data())
def test_what_is_reckoned_for_many_spreads_at_once_is_what_each_comes_to(
    edges: Edges, failing: set[int], sound: set[int], data: st.DataObject
) -> None:
    pairs = st.sampled_from(sorted(edges)) if edges else st.nothing()
    habits = data.draw(st.dictionaries(pairs, st.just(Habit(2, 3))))
    field = field_of(edges, failing, Knowledge(sound=sound, habits=habits))
    roots, row = np.arange(field.roots.size), np.arange(field.roots.size)
    alarm = field.covers.argmax(axis=1)
    choice = data.draw(
        st.lists(st.sampled_from(range(16)), min_size=row.size, max_size=row.size)
    )
    each = field.templates.under_all_spreads(roots, row, alarm)[choice, roots]
    for reckon in (field.templates.anew, field.templates.log_likelihoods):
        mixed = reckon(roots, row, alarm, np.array(choice))
        assert mixed.tolist() == pytest.approx(each.tolist(), abs=1e-6)
