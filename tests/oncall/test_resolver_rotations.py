"""Hand-offs stay on the wall clock, whatever the clock does."""

from tests.oncall.schedules import (
    WORKDAYS,
    gaps,
    make_restriction,
    make_rotation,
    make_schedule,
    on_call,
    starts,
)

CHICAGO = "America/Chicago"
LORD_HOWE = "Australia/Lord_Howe"


def test_a_daily_hand_off_that_happens_twice_uses_the_first() -> None:
    rotation = make_rotation("day", "2020-10-31T01:30")
    assert on_call(
        make_schedule(rotation, zone=CHICAGO), "2020-10-31T06:30", "2020-11-03T07:30"
    ) == [
        ("10-31 06:30", "11-01 06:30", "A"),
        ("11-01 06:30", "11-02 07:30", "B"),
        ("11-02 07:30", "11-03 07:30", "C"),
    ]


def test_an_hourly_hand_off_in_a_gap_moves_to_its_end() -> None:
    rotation = make_rotation("hour", "2020-03-08T00:30")
    assert on_call(
        make_schedule(rotation, zone=CHICAGO), "2020-03-08T06:30", "2020-03-08T09:30"
    ) == [
        ("03-08 06:30", "03-08 07:30", "A"),
        ("03-08 07:30", "03-08 08:00", "B"),
        ("03-08 08:00", "03-08 08:30", "C"),
        ("03-08 08:30", "03-08 09:30", "A"),
    ]


def test_two_hand_offs_at_one_instant_are_one_turn() -> None:
    rotation = make_rotation("hour", "2020-03-08T01:00")
    assert on_call(
        make_schedule(rotation, zone=CHICAGO), "2020-03-08T07:00", "2020-03-08T10:00"
    ) == [
        ("03-08 07:00", "03-08 08:00", "A"),
        ("03-08 08:00", "03-08 09:00", "B"),
        ("03-08 09:00", "03-08 10:00", "C"),
    ]


def test_turns_far_from_the_anchor_leave_out_the_doubled_hand_offs() -> None:
    """In the six springs from 2020 to 2025 one hand-off each fell on another."""
    rotation = make_rotation("hour", "2020-01-01T00:00", people="A B C D E F G")
    schedule = make_schedule(rotation, zone=CHICAGO)
    hours = (366 * 2 + 365 * 4) * 24 - 6
    assert starts(schedule, "2026-01-01T06:00", "2026-01-01T07:00") == [
        ("01-01 06:00", "ABCDEFG"[hours % 7])
    ]


def test_hand_offs_at_half_past_never_fall_together_in_an_hour_long_gap() -> None:
    rotation = make_rotation("hour", "2020-01-01T00:30", people="A B C D E F G")
    schedule = make_schedule(rotation, zone=CHICAGO)
    hours = (366 * 2 + 365 * 4) * 24
    assert starts(schedule, "2026-01-01T06:30", "2026-01-01T07:30") == [
        ("01-01 06:30", "ABCDEFG"[hours % 7])
    ]


def test_turns_before_the_anchor_leave_out_the_doubled_hand_offs_too() -> None:
    rotation = make_rotation("hour", "2026-01-01T00:00", people="A B C D E F G")
    schedule = make_schedule(rotation, zone=CHICAGO)
    hours = (366 * 2 + 365 * 4) * 24 - 6
    assert starts(schedule, "2020-01-01T06:00", "2020-01-01T07:00") == [
        ("01-01 06:00", "ABCDEFG"[-hours % 7])
    ]


def test_a_three_hour_shift_lasts_two_hours_in_spring_and_four_in_autumn() -> None:
    spring = make_rotation("hour", "2017-03-12T00:00", every=3)
    autumn = make_rotation("hour", "2017-11-05T00:00", every=3)
    assert on_call(
        make_schedule(spring, zone=CHICAGO), "2017-03-12T06:00", "2017-03-12T08:00"
    ) == [("03-12 06:00", "03-12 08:00", "A")]
    assert on_call(
        make_schedule(autumn, zone=CHICAGO), "2017-11-05T05:00", "2017-11-05T10:00"
    ) == [("11-05 05:00", "11-05 09:00", "A"), ("11-05 09:00", "11-05 10:00", "B")]


def test_a_half_hour_gap_moves_the_hand_off_to_its_end() -> None:
    rotation = make_rotation("day", "2020-10-03T02:15")
    assert on_call(
        make_schedule(rotation, zone=LORD_HOWE), "2020-10-02T15:45", "2020-10-05T15:15"
    ) == [
        ("10-02 15:45", "10-03 15:30", "A"),
        ("10-03 15:30", "10-04 15:15", "B"),
        ("10-04 15:15", "10-05 15:15", "C"),
    ]


def test_hourly_hand_offs_cross_a_half_hour_repeat() -> None:
    rotation = make_rotation("hour", "2021-04-04T00:30")
    assert on_call(
        make_schedule(rotation, zone=LORD_HOWE), "2021-04-03T13:30", "2021-04-03T17:00"
    ) == [
        ("04-03 13:30", "04-03 14:30", "A"),
        ("04-03 14:30", "04-03 16:00", "B"),
        ("04-03 16:00", "04-03 17:00", "C"),
    ]


def test_a_day_that_a_zone_left_out_is_nobodys_turn() -> None:
    """Samoa had no 2011-12-30; its midnight and the next are one instant."""
    rotation = make_rotation("day", "2011-12-28T00:00", people="A B C D")
    assert on_call(
        make_schedule(rotation, zone="Pacific/Apia"),
        "2011-12-28T10:00",
        "2011-12-31T10:00",
    ) == [
        ("12-28 10:00", "12-29 10:00", "A"),
        ("12-29 10:00", "12-30 10:00", "B"),
        ("12-30 10:00", "12-31 10:00", "C"),
    ]


def test_a_midnight_that_does_not_exist_starts_the_day_at_one() -> None:
    rotation = make_rotation("week", "2018-10-28T00:00", people="A B")
    assert starts(
        make_schedule(rotation, zone="America/Sao_Paulo"),
        "2018-10-28T03:00",
        "2018-11-12T00:00",
    ) == [("10-28 03:00", "A"), ("11-04 03:00", "B"), ("11-11 02:00", "A")]


def test_a_month_that_is_too_short_hands_off_on_its_last_day() -> None:
    rotation = make_rotation("month", "2024-01-31T09:00")
    assert starts(make_schedule(rotation), "2024-01-31T09:00", "2024-06-01T00:00") == [
        ("01-31 09:00", "A"),
        ("02-29 09:00", "B"),
        ("03-31 09:00", "C"),
        ("04-30 09:00", "A"),
        ("05-31 09:00", "B"),
    ]


def test_months_run_over_the_end_of_the_year_and_back_before_the_start() -> None:
    rotation = make_rotation("month", "2025-11-30T00:00", every=3)
    assert starts(make_schedule(rotation), "2025-02-28T00:00", "2026-05-30T00:00") == [
        ("02-28 00:00", "A"),
        ("05-30 00:00", "B"),
        ("08-30 00:00", "C"),
        ("11-30 00:00", "A"),
        ("02-28 00:00", "B"),
    ]


def test_a_rotation_runs_before_its_start() -> None:
    rotation = make_rotation("week", "2026-01-05T09:00")
    assert starts(make_schedule(rotation), "2025-12-15T09:00", "2026-01-12T09:00") == [
        ("12-15 09:00", "A"),
        ("12-22 09:00", "B"),
        ("12-29 09:00", "C"),
        ("01-05 09:00", "A"),
    ]


def test_the_anchor_says_whose_shift_contains_an_instant() -> None:
    rotation = make_rotation(
        "day",
        "2018-06-15T08:00",
        people="Donna Aru Craig",
        anchor={"at": "2018-09-12T13:00:03Z", "index": 2},
    )
    assert starts(
        make_schedule(rotation, zone=CHICAGO), "2018-09-11T13:00", "2018-09-14T13:00"
    ) == [("09-11 13:00", "Aru"), ("09-12 13:00", "Craig"), ("09-13 13:00", "Donna")]


def test_an_anchor_at_a_hand_off_belongs_to_the_shift_that_starts() -> None:
    rotation = make_rotation(
        "week", "2026-01-05T09:00", anchor={"at": "2026-01-12T09:00Z", "index": 0}
    )
    assert starts(make_schedule(rotation), "2026-01-05T09:00", "2026-01-19T09:00") == [
        ("01-05 09:00", "C"),
        ("01-12 09:00", "A"),
    ]


def test_a_year_of_weeks_keeps_its_clock_over_both_changes() -> None:
    rotation = make_rotation("week", "2026-01-05T09:00", people="A B")
    schedule = make_schedule(rotation, zone="Europe/Madrid")
    hours = {
        start[6:]
        for start, _ in starts(schedule, "2026-04-06T07:00", "2026-10-20T00:00")
    }
    assert hours == {"07:00"}
    assert starts(schedule, "2026-03-23T08:00", "2026-04-06T07:00") == [
        ("03-23 08:00", "B"),
        ("03-30 07:00", "A"),
    ]


def test_a_daily_rotation_on_workdays_passes_turns_at_the_weekend_too() -> None:
    rotation = make_rotation(
        "day",
        "2026-02-06T09:00",
        people="A B C D",
        restriction=make_restriction("09:00", "17:00", WORKDAYS),
    )
    assert on_call(
        make_schedule(rotation, zone="Europe/Amsterdam"),
        "2026-02-06T00:00",
        "2026-02-11T00:00",
    ) == [
        ("02-06 08:00", "02-06 16:00", "A"),
        ("02-09 08:00", "02-09 16:00", "D"),
        ("02-10 08:00", "02-10 16:00", "A"),
    ]


def test_a_restriction_does_not_move_the_hand_off() -> None:
    rotation = make_rotation(
        "day",
        "2026-01-05T12:00",
        people="A B",
        restriction=make_restriction("09:00", "18:00"),
    )
    assert on_call(make_schedule(rotation), "2026-01-05T00:00", "2026-01-06T00:00") == [
        ("01-05 09:00", "01-05 12:00", "B"),
        ("01-05 12:00", "01-05 18:00", "A"),
    ]


def test_people_of_a_group_are_on_call_together_and_an_empty_group_is_a_gap() -> None:
    rotation = make_rotation("day", "2026-01-05T00:00", people="A C+B -")
    schedule = make_schedule(rotation)
    assert on_call(schedule, "2026-01-05T00:00", "2026-01-08T00:00") == [
        ("01-05 00:00", "01-06 00:00", "A"),
        ("01-06 00:00", "01-07 00:00", "B+C"),
    ]
    assert gaps(schedule, "2026-01-05T00:00", "2026-01-08T00:00") == [
        ("01-07 00:00", "01-08 00:00")
    ]


def test_turns_of_one_person_in_a_row_are_one_shift() -> None:
    rotation = make_rotation("day", "2026-01-05T00:00", people="A A B")
    assert starts(make_schedule(rotation), "2026-01-05T00:00", "2026-01-08T00:00") == [
        ("01-05 00:00", "A"),
        ("01-07 00:00", "B"),
    ]
