"""Which asset is suspected, and whether the reasons can be checked."""

from datetime import timedelta

import pytest

from catalog.graph import LineageSnapshot
from incidents.cause import Evidence, KnownChange, Suspect, rank, suspected
from tests.factories import NOON

EDGES = [(1, 2), (2, 3), (2, 4), (3, 5), (4, 5)]
LINEAGE = LineageSnapshot.build(EDGES)


def ranked(*failing: int, **known: object) -> list[Suspect]:
    """Assets that fail a minute apart, in this order."""
    since = {a: NOON + timedelta(minutes=i) for i, a in enumerate(failing)}
    upstream = {a: LINEAGE.ancestors(a) for a in failing}
    return rank(Evidence(since, upstream, **known))  # type: ignore[arg-type]


def test_the_most_upstream_failing_asset_is_suspected() -> None:
    suspects = ranked(5, 4, 2)
    assert suspected(suspects) == 2
    assert suspects[0]["reasons"] == [
        "2 of 2 other failing assets are downstream of it",
        "nothing upstream of it is failing",
    ]


def test_coming_first_and_a_recent_change_do_not_beat_being_upstream() -> None:
    change = KnownChange(5, "deploy", "a1b2c3", NOON - timedelta(minutes=20))
    suspects = ranked(5, 2, changes=[change])
    assert suspected(suspects) == 2
    assert suspects[1]["reasons"] == [
        "no other failing asset is downstream of it",
        "its alert came first, at 12:00 UTC",
        "deployed 20 minutes before: a1b2c3",
    ]


def test_a_silent_ancestor_is_listed_but_never_named() -> None:
    suspects = ranked(3, 4)
    silent = next(s for s in suspects if s["asset"] == 2)
    assert not silent["failing"]
    assert silent["reasons"][0] == "2 of 2 failing assets are downstream of it"
    assert suspected(suspects) == 3


def test_of_silent_ancestors_the_nearest_comes_first() -> None:
    order = [s["asset"] for s in ranked(3, 4)]
    assert order.index(2) < order.index(1)


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (timedelta(seconds=20), "less than a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(hours=2, minutes=5), "2 h 5 min"),
        (timedelta(hours=3), "3 h"),
    ],
)
def test_the_time_since_a_change_is_said_in_words(ago: timedelta, said: str) -> None:
    change = KnownChange(2, "schema", "drop column", NOON - ago)
    reasons = ranked(2, changes=[change])[0]["reasons"]
    assert f"schema changed {said} before: drop column" in reasons


def test_changes_after_the_failure_or_long_before_it_say_nothing() -> None:
    changes = [
        KnownChange(2, "deploy", "later", NOON + timedelta(minutes=1)),
        KnownChange(2, "deploy", "last week", NOON - timedelta(days=7)),
    ]
    assert ranked(2, changes=changes) == ranked(2)


def test_a_rejected_suspect_is_not_suggested_again() -> None:
    suspects = ranked(2, 3, rejected={2})
    assert 2 not in [s["asset"] for s in suspects]
    assert suspected(suspects) == 3


def test_a_confirmed_one_comes_first_even_if_it_is_silent() -> None:
    suspects = ranked(3, 4, confirmed={1})
    assert suspects[0]["score"] == 1
    assert suspected(suspects) == 1


def test_in_a_cycle_each_may_be_the_cause() -> None:
    since = {1: NOON, 2: NOON + timedelta(minutes=1)}
    suspects = rank(Evidence(since, {1: {2: 1}, 2: {1: 1}}))
    assert suspected(suspects) == 1
    assert all("nothing upstream" in " ".join(s["reasons"]) for s in suspects)


def test_without_a_known_asset_there_is_no_suspect() -> None:
    assert ranked() == []
    assert suspected([]) is None
