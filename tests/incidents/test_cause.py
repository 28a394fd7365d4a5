"""Which asset is suspected, and whether the reasons can be checked."""

from collections.abc import Collection
from datetime import timedelta

import pytest

from catalog.graph import LineageSnapshot
from incidents.cause import Case, Evidence, KnownChange, Suspect, rank, suspected
from incidents.inference.observed import Knowledge
from incidents.inference.priors import Habit
from tests.factories import NOON

EDGES = [(1, 2), (2, 3), (2, 4), (3, 5), (4, 5)]
LINEAGE = LineageSnapshot.build(EDGES)


def ranked(
    *failing: int,
    confirmed: Collection[int] = (),
    rejected: Collection[int] = (),
    lineage: LineageSnapshot = LINEAGE,
    **known: object,
) -> list[Suspect]:
    """Assets that fail a minute apart, in this order."""
    since = {a: NOON + timedelta(minutes=i) for i, a in enumerate(failing)}
    evidence = Evidence(lineage, **known)  # type: ignore[arg-type]
    return rank({1: Case(since, confirmed, rejected)}, evidence)[1]


def test_the_most_upstream_failing_asset_is_suspected() -> None:
    suspects = ranked(5, 4, 3, 2)
    assert suspected(suspects) == 2
    assert suspects[0]["reasons"] == [
        "3 of 3 other failing assets are downstream of it",
        "nothing upstream of it is failing",
    ]


def test_scores_are_chances() -> None:
    suspects = ranked(3, 4)
    assert sum(s["score"] for s in suspects) == pytest.approx(1, abs=0.05)


def test_coming_first_and_its_own_failed_run_are_said() -> None:
    suspects = ranked(2, 3, 4, failed={2: NOON})
    assert suspects[0]["reasons"] == [
        "2 of 2 other failing assets are downstream of it",
        "nothing upstream of it is failing",
        "its run failed at 12:00 UTC, before all others",
    ]


def test_a_silent_asset_above_all_that_fails_may_be_the_likeliest() -> None:
    suspects = ranked(3, 4)
    assert suspected(suspects) == 2
    assert not suspects[0]["failing"]
    assert suspects[0]["reasons"][0] == "2 of 2 failing assets are downstream of it"
    assert "no alert of its own" in suspects[0]["reasons"]


def test_of_silent_ancestors_the_nearest_comes_first() -> None:
    order = [s["asset"] for s in ranked(3, 4)]
    assert order.index(2) < order.index(1)


def test_a_run_that_went_well_since_speaks_against_a_silent_suspect() -> None:
    both = LineageSnapshot.build([(1, 3), (1, 4), (2, 3), (2, 4)])
    suspects = ranked(
        3, 4, lineage=both, sound={2: NOON}, know=lambda _: Knowledge(sound={2})
    )
    assert [s["asset"] for s in suspects[:2]] == [1, 2]
    said = suspects[1]["reasons"]
    assert "it ran well since, at 12:00 UTC: speaks against" in said


def test_children_that_succeeded_since_speak_against_their_upstream() -> None:
    lineage = LineageSnapshot.build([(1, child) for child in range(2, 7)])
    well = {4, 5, 6}
    suspects = ranked(
        2,
        3,
        lineage=lineage,
        sound=dict.fromkeys(well, NOON),
        know=lambda _: Knowledge(sound=well),
    )
    said = next(s["reasons"] for s in suspects if s["asset"] == 1)
    assert "its other 3 children have succeeded since: speaks against" in said


def test_an_overdue_silent_source_is_suspected_more() -> None:
    one = next(s for s in ranked(2, 3) if s["asset"] == 1)["score"]
    late = next(s for s in ranked(2, 3, overdue={1}) if s["asset"] == 1)
    assert late["score"] > one
    assert "it is past its deadline and has said nothing" in late["reasons"]


def test_a_failed_test_of_data_points_upstream_and_a_failed_run_to_itself() -> None:
    def upstream(**known: object) -> float:
        """How likely it is that 1 broke, above 2 and 3 that fail."""
        return next(s for s in ranked(2, 3, **known) if s["asset"] == 1)["score"]  # type: ignore[arg-type]

    assert (
        upstream(tested={2}, broke={3}) > upstream() > upstream(broke={2}, tested={3})
    )
    assert upstream(tested={2, 3}) == upstream(broke={2, 3}) == upstream()


def test_a_recent_change_makes_an_asset_likelier_and_is_linked() -> None:
    change = KnownChange(
        1, "deploy", "a1b2c3", NOON - timedelta(minutes=20), "https://example.org/1"
    )
    suspects = ranked(
        2, 3, changes=[change], know=lambda _: Knowledge(leaning={1: 5.0})
    )
    assert suspected(suspects) == 1
    reason = "deployed 20 minutes before: a1b2c3"
    assert reason in suspects[0]["reasons"]
    assert suspects[0]["links"] == {reason: "https://example.org/1"}


def test_an_edge_that_never_passed_a_fault_on_clears_its_upstream() -> None:
    never = {(2, 3): Habit(passed=0, held=50), (2, 4): Habit(passed=0, held=50)}
    usual = next(s for s in ranked(3, 4) if s["asset"] == 2)["score"]
    seldom = ranked(3, 4, know=lambda _: Knowledge(habits=never))
    learnt = next(s for s in seldom if s["asset"] == 2)["score"]
    assert learnt <= usual


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


def test_a_confirmed_one_comes_first_even_if_it_is_silent() -> None:
    suspects = ranked(3, 4, confirmed={1})
    assert (suspects[0]["asset"], suspects[0]["score"]) == (1, 1)
    assert suspects[0]["reasons"][0] == "confirmed by a person"


def test_a_cycle_does_no_harm() -> None:
    loop = LineageSnapshot.build([(1, 2), (2, 1)])
    assert suspected(ranked(1, 2, lineage=loop)) in {1, 2}


def test_of_a_very_large_incident_the_earliest_failures_are_weighed() -> None:
    wide = LineageSnapshot.build([(1, child) for child in range(2, 150)])
    assert suspected(ranked(*range(1, 150), lineage=wide)) == 1


def test_without_a_known_asset_there_is_no_suspect() -> None:
    assert ranked() == []
    assert suspected([]) is None
