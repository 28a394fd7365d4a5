"""When a run is wanted, and what is learnt from those that came."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.freshness import Rhythm, following, suggest, turn_after
from alerts.volume import learn

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
SIX = Rhythm(every=DAY, cron="0 6 * * *", zone="Europe/Madrid", grace=30 * MINUTE)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_deadline_keeps_its_wall_clock_over_both_changes_of_the_clock() -> None:
    spring = turn_after(SIX, at("2026-03-28T12:00"))
    assert spring.expected == at("2026-03-29T04:00")  # 05:00 UTC the day before
    assert spring.due == at("2026-03-29T04:30")
    autumn = turn_after(SIX, at("2026-10-24T12:00"))
    assert autumn.expected == at("2026-10-25T05:00")


def test_a_late_run_meets_its_own_deadline_and_not_the_next() -> None:
    turn = following(SIX, at("2026-01-10T05:00"), at("2026-01-10T08:00"))
    assert turn.expected == at("2026-01-11T05:00")
    assert turn.opens == at("2026-01-10T17:00")


def test_on_monday_the_weekend_does_not_count_for_long() -> None:
    weekdays = Rhythm(every=DAY, cron="0 6 * * 1-5")
    monday = turn_after(weekdays, at("2026-01-09T07:00"))
    assert (monday.opens, monday.expected) == (
        at("2026-01-11T18:00"),
        at("2026-01-12T06:00"),
    )


def test_an_interval_is_of_real_hours() -> None:
    daily = Rhythm(every=DAY, zone="Europe/Madrid", grace=HOUR)
    turn = turn_after(daily, at("2026-03-28T12:00"))
    assert (turn.expected, turn.due) == (at("2026-03-29T12:00"), at("2026-03-29T13:00"))


ZONES = st.sampled_from(["Europe/Madrid", "America/New_York", "Australia/Lord_Howe"])
INSTANTS = st.integers(0, 2 * 366 * 24 * 60).map(
    lambda minutes: at("2026-01-01T00:00") + minutes * MINUTE
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(ZONES, st.integers(4, 23), st.integers(0, 59), INSTANTS)
def test_daily_deadlines_are_at_their_wall_clock_and_none_is_left_out(
    zone: str, hour: int, minute: int, after: datetime
) -> None:
    rhythm = Rhythm(every=DAY, cron=f"{minute} {hour} * * *", zone=zone, grace=HOUR)
    turn = turn_after(rhythm, after)
    local = turn.expected.astimezone(ZoneInfo(zone))
    assert (local.hour, local.minute) == (hour, minute)
    assert after < turn.expected <= after + 25 * HOUR
    assert 11 * HOUR <= turn.expected - turn.opens <= 12.5 * HOUR
    nxt = following(rhythm, turn.expected, turn.opens)
    assert nxt.expected.astimezone(ZoneInfo(zone)).date() == local.date() + DAY
    assert nxt.opens >= turn.expected


def test_a_deadline_is_learnt_from_daily_runs_in_the_readers_zone() -> None:
    runs = [at(f"2026-03-{day:02d}T04:{day:02d}") for day in range(1, 21)]
    found = suggest(runs, zone="Europe/Madrid")
    assert found is not None
    assert (found.rhythm.cron, found.rhythm.zone) == ("30 5 * * *", "Europe/Madrid")
    assert "20 runs, about one a day, done by 05:20" in found.why


def test_an_interval_is_learnt_from_hourly_runs_and_nothing_from_four() -> None:
    runs = [at("2026-03-01T00:10") + n * HOUR for n in range(30)]
    found = suggest(runs, zone="UTC")
    assert found is not None
    assert (found.rhythm.every, found.rhythm.cron) == (HOUR, "")
    assert suggest(runs[:4], zone="UTC") is None


def test_a_band_of_rows_is_not_moved_by_one_odd_load_and_never_holds_nothing() -> None:
    loads = [1_000, 1_020, 990, 5, 1_010, 1_005, 995]
    band = learn(loads)
    assert band is not None
    assert [band.holds(rows) for rows in (1_100, 0, 2_000)] == [True, False, False]
    assert learn(loads[:4]) is None
