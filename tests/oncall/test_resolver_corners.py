"""Corners where rules meet, reckoned by hand: exceptions on exceptions, zones with odd
changes, and days that some years do not have."""

from tests.oncall.schedules import (
    gaps,
    make_always,
    make_recurring,
    make_restriction,
    make_rotation,
    make_schedule,
    make_span,
    on_call,
    starts,
)

DAY = "2026-06-01T"


def test_a_swap_counts_for_whom_an_override_has_put_in() -> None:
    schedule = make_schedule(
        make_always("A"),
        overrides=[
            make_span(f"{DAY}06:00", f"{DAY}08:00", type="replace", remove="A", add="B")
        ],
        swaps=[
            make_span(
                f"{DAY}07:00", f"{DAY}09:00", **{"from": "B", "to": "C"}, taken=True
            )
        ],
    )
    assert on_call(schedule, f"{DAY}06:00", f"{DAY}09:00") == [
        ("06-01 06:00", "06-01 07:00", "B"),
        ("06-01 07:00", "06-01 08:00", "C"),
        ("06-01 08:00", "06-01 09:00", "A"),
    ]


def test_the_gaps_of_a_temporary_schedule_hide_overrides_too() -> None:
    shift = make_span(f"{DAY}10:00", f"{DAY}12:00", users=["T"])
    schedule = make_schedule(
        make_always("A"),
        overrides=[make_span(f"{DAY}09:00", f"{DAY}15:00", type="add", add="X")],
        temporary_schedules=[
            make_span(f"{DAY}08:00", f"{DAY}16:00", shifts=[shift]),
        ],
    )
    assert gaps(schedule, f"{DAY}08:00", f"{DAY}17:00") == [
        ("06-01 08:00", "06-01 10:00"),
        ("06-01 12:00", "06-01 16:00"),
    ]


def test_a_clock_that_changes_a_minute_after_midnight_moves_the_hand_off() -> None:
    """In St John's 00:30 was missing on 2010-03-14: clocks went from 00:01 to 01:01."""
    rotation = make_rotation("day", "2010-03-13T00:30")
    schedule = make_schedule(rotation, zone="America/St_Johns")
    assert starts(schedule, "2010-03-13T04:00", "2010-03-15T12:00") == [
        ("03-13 04:00", "A"),
        ("03-14 03:31", "B"),
        ("03-15 03:00", "C"),
    ]


def test_a_week_whose_hand_off_fell_on_a_day_left_out_begins_after_it() -> None:
    rotation = make_rotation("week", "2011-12-23T09:00")
    schedule = make_schedule(rotation, zone="Pacific/Apia")
    assert starts(schedule, "2011-12-23T19:00", "2012-01-08T00:00") == [
        ("12-23 19:00", "A"),
        ("12-30 10:00", "B"),
        ("01-05 19:00", "C"),
    ]


def test_twelve_months_from_a_leap_day_are_a_year() -> None:
    rotation = make_rotation("month", "2024-02-29T09:00", every=12)
    schedule = make_schedule(rotation)
    assert starts(schedule, "2025-02-28T09:00", "2028-02-01T00:00") == [
        ("02-28 09:00", "B"),
        ("02-28 09:00", "C"),
        ("02-28 09:00", "A"),
    ]
    assert starts(schedule, "2028-02-28T12:00", "2028-03-01T00:00") == [
        ("02-28 12:00", "A"),
        ("02-29 09:00", "B"),
    ]


def test_the_last_day_of_each_month_is_found_in_a_leap_year() -> None:
    shift = make_recurring(
        "monthly", "2028-01-31T00:00", minutes=1440, by_monthday=[-1]
    )
    assert on_call(make_schedule(shift), "2028-01-01T00:00", "2028-04-02T00:00") == [
        ("01-31 00:00", "02-01 00:00", "A"),
        ("02-29 00:00", "03-01 00:00", "B"),
        ("03-31 00:00", "04-01 00:00", "C"),
    ]


def test_a_clock_that_lies_wholly_in_a_gap_is_no_time_and_in_a_repeat_twice() -> None:
    def layer(start: str, end: str) -> dict[str, object]:
        return make_always("A", restriction=make_restriction(start, end, ["SU"]))

    spring = make_schedule(layer("02:10", "02:50"), zone="Europe/Madrid")
    assert on_call(spring, "2026-03-27T00:00", "2026-04-02T00:00") == []
    autumn = make_schedule(layer("02:00", "02:30"), zone="Europe/Madrid")
    assert on_call(autumn, "2026-10-24T00:00", "2026-10-28T00:00") == [
        ("10-25 00:00", "10-25 01:30", "A")
    ]
