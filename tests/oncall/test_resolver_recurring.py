"""Shifts that repeat by hour, day, week and month, with groups that take turns."""

import pytest

from tests.oncall.schedules import (
    WEEKEND,
    WORKDAYS,
    Json,
    make_recurring,
    make_schedule,
    on_call,
    row,
    starts,
)


def days(layer: Json, start: str, end: str) -> str:
    """Which day of the month is whose: "03A 04B 10C"."""
    return " ".join(
        begins[3:5] + users
        for begins, users in starts(make_schedule(layer), start, end)
    )


def test_daily_without_weekdays_passes_on_every_interval_days() -> None:
    shift = make_recurring("daily", "2026-01-05T12:00", interval=2, people="A B")
    assert days(shift, "2026-01-05", "2026-01-15") == "05A 07B 09A 11B 13A"


def test_daily_on_weekdays_passes_on_each_eligible_day() -> None:
    shift = make_recurring("daily", "2024-08-01T00:00", by_day=["FR"])
    assert days(shift, "2024-08-01", "2024-08-22") == "02A 09B 16C"
    shift = make_recurring("daily", "2024-08-01T00:00", by_day=WEEKEND)
    assert days(shift, "2024-08-01", "2024-08-18") == "03A 04B 10C 11A 17B"


def test_daily_on_weekdays_passes_on_after_interval_eligible_days() -> None:
    shift = make_recurring("daily", "2024-08-01T00:00", by_day=WEEKEND, interval=2)
    assert days(shift, "2024-08-01", "2024-08-18") == "03A 04A 10B 11B 17C"
    shift = make_recurring(
        "daily", "2024-08-05T00:00", by_day=WORKDAYS, interval=2, people="A B C D"
    )
    assert days(shift, "2024-08-05", "2024-08-17") == (
        "05A 06A 07B 08B 09C 12C 13D 14D 15A 16A"
    )


def test_eligible_days_are_counted_the_same_from_any_window() -> None:
    shift = make_recurring(
        "daily", "2024-08-08T00:00", by_day=WORKDAYS, people="A B C D E"
    )
    assert days(shift, "2024-08-20", "2024-08-22") == "20D 21E"
    assert days(shift, "2025-08-19", "2025-08-21") == "19D 20E"


def test_weekly_passes_on_each_active_week() -> None:
    shift = make_recurring(
        "weekly", "2024-08-08T00:00", by_day=WORKDAYS, people="A B C D E"
    )
    assert days(shift, "2024-08-08", "2024-08-22") == (
        "08A 09A 12B 13B 14B 15B 16B 19C 20C 21C"
    )
    shift = make_recurring("weekly", "2024-08-01T00:00", by_day=WEEKEND, interval=2)
    assert days(shift, "2024-08-01", "2024-08-19") == "03A 04A 17B 18B"


def test_weekly_without_weekdays_is_on_the_weekday_of_the_start() -> None:
    shift = make_recurring("weekly", "2026-01-07T09:00", people="A B", interval=2)
    assert days(shift, "2026-01-01", "2026-02-20") == "07A 21B 04A 18B"


def test_weeks_begin_on_the_day_that_is_named() -> None:
    from_monday = make_recurring("weekly", "2024-08-03T00:00", by_day=WEEKEND)
    assert days(from_monday, "2024-08-01", "2024-08-12") == "03A 04A 10B 11B"
    from_sunday = make_recurring(
        "weekly", "2024-08-03T00:00", by_day=WEEKEND, week_start="SU"
    )
    assert days(from_sunday, "2024-08-01", "2024-08-12") == "03A 04B 10B 11C"


def test_days_of_the_first_week_before_the_start_are_left_out() -> None:
    shift = make_recurring("weekly", "2026-01-08T00:00", by_day=["MO", "TH"])
    assert days(shift, "2026-01-01", "2026-01-16") == "08A 12B 15B"


def test_a_first_week_without_a_day_left_uses_up_its_turn() -> None:
    shift = make_recurring("weekly", "2026-01-08T00:00", by_day=["MO"])
    assert days(shift, "2026-01-01", "2026-01-27") == "12B 19C 26A"


def test_monthly_on_weekdays_passes_on_at_the_calendar_month() -> None:
    shift = make_recurring("monthly", "2024-08-29T00:00", by_day=WEEKEND)
    assert days(shift, "2024-08-29", "2024-09-16") == "31A 01B 07B 08B 14B 15B"


def test_monthly_on_days_of_the_month() -> None:
    shift = make_recurring("monthly", "2022-12-01T10:30", by_monthday=[1, 2, -1])
    assert days(shift, "2022-12-01", "2023-03-01") == (
        "01A 02A 31A 01B 02B 31B 01C 02C 28C"
    )


def test_monthly_on_weekdays_and_days_of_the_month_needs_both() -> None:
    shift = make_recurring(
        "monthly", "2026-01-01T00:00", by_day=["FR"], by_monthday=[13]
    )
    assert starts(make_schedule(shift), "2026-01-01", "2027-01-01") == [
        ("02-13 00:00", "B"),
        ("03-13 00:00", "C"),
        ("11-13 00:00", "B"),
    ]


def test_monthly_every_other_month_over_the_end_of_the_year() -> None:
    shift = make_recurring("monthly", "2022-10-01T10:30", interval=2, people="A B")
    assert starts(make_schedule(shift), "2022-10-01", "2023-05-01") == [
        ("10-01 10:30", "A"),
        ("12-01 10:30", "B"),
        ("02-01 10:30", "A"),
        ("04-01 10:30", "B"),
    ]


def test_a_month_without_the_day_has_no_shift_and_uses_up_its_turn() -> None:
    shift = make_recurring("monthly", "2026-01-31T00:00", people="A B C D")
    assert starts(make_schedule(shift), "2026-01-01", "2026-08-01") == [
        ("01-31 00:00", "A"),
        ("03-31 00:00", "C"),
        ("05-31 00:00", "A"),
        ("07-31 00:00", "C"),
    ]


def test_hourly_repeats_every_interval_hours() -> None:
    shift = make_recurring("hourly", "2026-01-05T00:15", interval=6, minutes=30)
    assert on_call(make_schedule(shift), "2026-01-05", "2026-01-06") == [
        ("01-05 00:15", "01-05 00:45", "A"),
        ("01-05 06:15", "01-05 06:45", "B"),
        ("01-05 12:15", "01-05 12:45", "C"),
        ("01-05 18:15", "01-05 18:45", "A"),
    ]


def test_positions_count_from_the_start_and_shifts_from_the_effective_time() -> None:
    shift = make_recurring(
        "hourly",
        "2026-01-05T00:00",
        minutes=30,
        effective_from_local="2026-01-05T02:00",
        until_local="2026-01-05T05:15",
    )
    assert on_call(make_schedule(shift), "2026-01-05", "2026-01-06") == [
        ("01-05 02:00", "01-05 02:30", "C"),
        ("01-05 03:00", "01-05 03:30", "A"),
        ("01-05 04:00", "01-05 04:30", "B"),
        ("01-05 05:00", "01-05 05:15", "C"),
    ]


def test_a_shift_under_way_at_the_effective_time_is_cut_to_it() -> None:
    shift = make_recurring(
        "monthly",
        "2026-01-05T00:00",
        minutes=30 * 24 * 60,
        effective_from_local="2026-01-10T06:00",
        until_local="2026-01-20T00:00",
    )
    assert on_call(make_schedule(shift), "2026-01-01", "2026-03-01") == [
        ("01-10 06:00", "01-20 00:00", "A")
    ]


def test_nobody_is_on_call_before_the_start_even_if_it_takes_effect_earlier() -> None:
    shift = make_recurring(
        "daily", "2026-01-05T00:00", effective_from_local="2026-01-01T00:00"
    )
    assert days(shift, "2026-01-01", "2026-01-07") == "05A 06B"


def test_the_start_keeps_its_clock_and_the_length_its_hours() -> None:
    """A 12-hour night lasts 12 hours, so it ends at 10:00 when the clock goes forward
    and at 08:00 when it goes back."""
    shift = make_recurring("daily", "2026-03-27T21:00", minutes=720, people="A")
    schedule = make_schedule(shift, zone="Europe/Madrid")
    assert on_call(schedule, "2026-03-27T12:00", "2026-03-30T12:00") == [
        ("03-27 20:00", "03-28 08:00", "A"),
        ("03-28 20:00", "03-29 08:00", "A"),
        ("03-29 19:00", "03-30 07:00", "A"),
    ]
    assert on_call(schedule, "2026-10-24T12:00", "2026-10-26T12:00") == [
        ("10-24 19:00", "10-25 07:00", "A"),
        ("10-25 20:00", "10-26 08:00", "A"),
    ]


def test_a_shift_stretched_over_a_gap_is_seen_in_a_window_near_its_end() -> None:
    shift = make_recurring(
        "hourly", "2026-03-27T21:00", interval=24, minutes=720, people="A"
    )
    schedule = make_schedule(shift, zone="Europe/Madrid")
    assert on_call(schedule, "2026-03-29T07:30", "2026-03-29T09:00") == [
        ("03-29 07:30", "03-29 08:00", "A")
    ]


def test_a_start_just_before_a_repeat_is_seen_in_a_window_that_ends_in_it() -> None:
    shift = make_recurring("hourly", "2020-11-01T00:45", people="A B")
    schedule = make_schedule(shift, zone="America/Chicago")
    assert on_call(schedule, "2020-11-01T06:30", "2020-11-01T07:15") == [
        ("11-01 06:30", "11-01 06:45", "A"),
        ("11-01 06:45", "11-01 07:15", "B"),
    ]


def test_two_starts_that_a_gap_moves_together_count_as_the_later() -> None:
    shift = make_recurring("hourly", "2020-03-08T01:00", people="A B C")
    schedule = make_schedule(shift, zone="America/Chicago")
    assert on_call(schedule, "2020-03-08T07:00", "2020-03-08T10:00") == [
        ("03-08 07:00", "03-08 08:00", "A"),
        ("03-08 08:00", "03-08 09:00", "C"),
        ("03-08 09:00", "03-08 10:00", "A"),
    ]


def test_a_start_that_does_not_exist_moves_to_the_end_of_the_gap() -> None:
    shift = make_recurring("daily", "2020-03-07T02:30", people="A")
    schedule = make_schedule(shift, zone="America/Chicago")
    assert on_call(schedule, "2020-03-07T12:00", "2020-03-09T12:00") == [
        ("03-08 08:00", "03-08 09:00", "A"),
        ("03-09 07:30", "03-09 08:30", "A"),
    ]


def test_a_start_that_happens_twice_uses_the_first() -> None:
    shift = make_recurring("daily", "2020-10-31T01:30", people="A")
    schedule = make_schedule(shift, zone="America/Chicago")
    assert on_call(schedule, "2020-11-01T00:00", "2020-11-02T12:00") == [
        ("11-01 06:30", "11-01 07:30", "A"),
        ("11-02 07:30", "11-02 08:30", "A"),
    ]


def test_shifts_longer_than_their_period_are_on_call_together() -> None:
    shift = make_recurring("daily", "2026-01-05T00:00", minutes=36 * 60, people="A B C")
    assert on_call(make_schedule(shift), "2026-01-05", "2026-01-07") == [
        ("01-05 00:00", "01-06 00:00", "A"),
        ("01-06 00:00", "01-06 12:00", "A+B"),
        ("01-06 12:00", "01-07 00:00", "B"),
    ]


def test_a_length_may_be_given_in_seconds() -> None:
    layer = make_recurring("daily", "2026-01-05T00:00", duration_seconds=86_399)
    del layer["shift"]["duration_minutes"]
    assert [
        end for _, end, _ in row(make_schedule(layer), 0, "2026-01-05", "2026-01-06")
    ]
    assert on_call(make_schedule(layer), "2026-01-05T23:59:59", "2026-01-06") == []


@pytest.mark.parametrize(
    ("freq", "expected"),
    [("daily", "05A 06B"), ("weekly", "05A 12B"), ("hourly", "05A 05B")],
)
def test_days_of_the_month_narrow_any_frequency(freq: str, expected: str) -> None:
    wanted = [int(day[:2]) for day in expected.split()]
    shift = make_recurring(
        freq,
        "2026-01-05T00:00",
        interval=1 if freq != "hourly" else 13,
        by_monthday=wanted,
    )
    assert days(shift, "2026-01-05", "2026-02-01") == expected
