"""Restrictions, priorities, and what changes a schedule for a time."""

from datetime import timedelta

import pytest

from core.errors import InvalidInputError
from oncall.resolver import (
    MAX_WINDOW,
    Resolution,
    parse_schedule,
    resolve,
    users_at,
)
from tests.oncall.schedules import (
    WORKDAYS,
    Json,
    at,
    gaps,
    make_always,
    make_fixed,
    make_recurring,
    make_restriction,
    make_rotation,
    make_schedule,
    make_span,
    on_call,
    row,
)

CHICAGO = "America/Chicago"
DAY = ("2026-01-05T00:00", "2026-01-06T00:00")


def make_shift(people: str, start: int, end: float, priority: int = 0) -> Json:
    return make_recurring(
        "daily",
        f"2026-01-05T{start:02}:00",
        minutes=int((end - start) * 60),
        people=people,
        priority=priority,
    )


def hours(*layers: Json, **fields: list[Json]) -> list[str]:
    """Who is on call on 2026-01-05: ["10:00-12:00 A"]."""
    return [
        f"{start[6:]}-{end[6:]} {users}"
        for start, end, users in on_call(
            make_schedule(*layers, zone="UTC", **fields), *DAY
        )
    ]


def make_hours(start: str, end: str, **fields: object) -> Json:
    return make_span(f"2026-01-05T{start}", f"2026-01-05T{end}", **fields)


class TestRestriction:
    def restricted(self, start: str, end: str, days: list[str] | None = None) -> Json:
        return make_always(
            "A", restriction=make_restriction(start, end, days or WORKDAYS)
        )

    def test_the_weekday_of_an_overnight_window_is_that_of_its_start(self) -> None:
        layer = self.restricted("20:00", "08:00", ["FR"])
        assert on_call(
            make_schedule(layer), "2017-07-20T08:00", "2017-07-31T00:00"
        ) == [
            ("07-21 20:00", "07-22 08:00", "A"),
            ("07-28 20:00", "07-29 08:00", "A"),
        ]

    def test_a_window_under_way_when_the_answer_starts_is_cut(self) -> None:
        layer = self.restricted("20:00", "08:00", ["MO"])
        assert on_call(
            make_schedule(layer), "2017-07-25T07:00", "2017-07-25T20:00"
        ) == [("07-25 07:00", "07-25 08:00", "A")]

    def test_start_equal_to_end_makes_blocks_of_a_day_back_to_back(self) -> None:
        layer = self.restricted("08:00", "08:00")
        assert on_call(
            make_schedule(layer), "2017-07-23T00:00", "2017-08-01T00:00"
        ) == [("07-24 08:00", "07-29 08:00", "A"), ("07-31 08:00", "08-01 00:00", "A")]

    def test_windows_that_touch_are_one_shift(self) -> None:
        layer = self.restricted("00:00", "00:00")
        assert on_call(
            make_schedule(layer), "2017-07-22T00:00", "2017-08-01T00:00"
        ) == [("07-24 00:00", "07-29 00:00", "A"), ("07-31 00:00", "08-01 00:00", "A")]

    def test_a_repeated_start_is_the_first_and_a_repeated_end_the_last(self) -> None:
        starts = make_schedule(self.restricted("01:30", "05:00", ["SU"]), zone=CHICAGO)
        ends = make_schedule(self.restricted("00:00", "01:30", ["SU"]), zone=CHICAGO)
        both = make_schedule(self.restricted("01:15", "01:45", ["SU"]), zone=CHICAGO)
        sunday = ("2020-11-01T00:00", "2020-11-02T00:00")
        assert on_call(starts, *sunday) == [("11-01 06:30", "11-01 11:00", "A")]
        assert on_call(ends, *sunday) == [("11-01 05:00", "11-01 07:30", "A")]
        assert on_call(both, *sunday) == [("11-01 06:15", "11-01 07:45", "A")]

    def test_a_missing_clock_time_is_the_end_of_the_gap(self) -> None:
        starts = make_schedule(self.restricted("02:30", "05:00", ["SU"]), zone=CHICAGO)
        ends = make_schedule(self.restricted("00:00", "02:30", ["SU"]), zone=CHICAGO)
        both = make_schedule(self.restricted("02:00", "02:45", ["SU"]), zone=CHICAGO)
        sunday = ("2020-03-08T00:00", "2020-03-09T00:00")
        assert on_call(starts, *sunday) == [("03-08 08:00", "03-08 10:00", "A")]
        assert on_call(ends, *sunday) == [("03-08 06:00", "03-08 08:00", "A")]
        assert on_call(both, *sunday) == []

    def test_an_overnight_window_is_an_hour_shorter_in_spring_longer_in_autumn(
        self,
    ) -> None:
        schedule = make_schedule(
            self.restricted("20:00", "08:00", ["SA"]), zone="Europe/Madrid"
        )
        assert on_call(schedule, "2026-03-28T12:00", "2026-03-29T12:00") == [
            ("03-28 19:00", "03-29 06:00", "A")
        ]
        assert on_call(schedule, "2026-10-24T12:00", "2026-10-25T12:00") == [
            ("10-24 18:00", "10-25 07:00", "A")
        ]

    def test_a_window_that_lies_in_the_gap_is_not_there_that_day(self) -> None:
        schedule = make_schedule(
            self.restricted("02:10", "02:50", ["SU"]), zone="Europe/Madrid"
        )
        assert on_call(schedule, "2026-03-28T00:00", "2026-04-05T12:00") == [
            ("04-05 00:10", "04-05 00:50", "A")
        ]

    def test_a_half_hour_change_is_kept_too(self) -> None:
        layer = self.restricted("01:30", "02:00", ["SU"])
        schedule = make_schedule(layer, zone="Australia/Lord_Howe")
        assert on_call(schedule, "2021-04-03T00:00", "2021-04-04T00:00") == [
            ("04-03 14:30", "04-03 15:30", "A")
        ]
        assert on_call(schedule, "2020-10-03T00:00", "2020-10-04T00:00") == [
            ("10-03 15:00", "10-03 15:30", "A")
        ]

    def test_a_midnight_that_is_repeated_opens_a_window_the_first_time(self) -> None:
        """The clock went from 00:01 on Sunday back to 23:01 on Saturday."""
        layer = self.restricted("00:00", "06:00", ["SU"])
        schedule = make_schedule(layer, zone="America/St_Johns")
        assert on_call(schedule, "2010-11-07T02:00", "2010-11-07T03:00") == [
            ("11-07 02:30", "11-07 03:00", "A")
        ]

    def test_without_weekdays_it_is_every_day_and_with_none_of_them_never(self) -> None:
        clocks = {"start_clock": "09:00", "end_clock": "10:00"}
        assert hours(make_always("A", restriction=clocks)) == ["09:00-10:00 A"]
        assert hours(make_always("A", restriction=clocks | {"weekdays": []})) == []

    def test_without_clocks_it_is_whole_days(self) -> None:
        monday = make_always("A", restriction={"weekdays": ["MO"]})
        sunday = make_always("A", restriction={"weekdays": ["SU"]})
        assert hours(monday) == ["00:00-00:00 A"]
        assert hours(sunday) == []

    def test_it_restricts_any_kind_of_layer(self) -> None:
        restriction = make_restriction("09:00", "10:00")
        fixed = make_fixed(
            make_hours("08:00", "09:30", users=["A"]), restriction=restriction
        )
        recurring = make_shift("B", 9, 11) | {"restriction": restriction}
        assert hours(fixed) == ["09:00-09:30 A"]
        assert hours(recurring) == ["09:00-10:00 B"]


class TestPriority:
    def test_a_larger_one_hides_a_smaller_one_which_is_split_and_resumes(self) -> None:
        assert hours(
            make_shift("A", 10, 20, 1),
            make_shift("B", 12, 16, 1),
            make_shift("C", 15, 18, 2),
        ) == ["10:00-12:00 A", "12:00-15:00 A+B", "15:00-18:00 C", "18:00-20:00 A"]

    def test_equal_ones_are_on_call_together(self) -> None:
        assert hours(
            make_shift("A", 10, 20, 1),
            make_shift("B", 10, 20, 1),
            make_shift("C", 10, 13, 2),
        ) == ["10:00-13:00 C", "13:00-20:00 A+B"]

    def test_it_hides_only_where_it_has_somebody(self) -> None:
        restricted = make_always(
            "B", priority=5, restriction=make_restriction("09:00", "10:00")
        )
        assert hours(make_shift("A", 8, 11), restricted) == [
            "08:00-09:00 A",
            "09:00-10:00 B",
            "10:00-11:00 A",
        ]
        assert hours(make_shift("A", 8, 11), make_shift("-", 9, 10, 5)) == [
            "08:00-11:00 A"
        ]

    def test_it_may_be_negative_and_the_order_of_layers_does_not_matter(self) -> None:
        assert hours(make_always("A", priority=-1), make_shift("B", 8, 9)) == [
            "00:00-08:00 A",
            "08:00-09:00 B",
            "09:00-00:00 A",
        ]

    def test_hundreds_of_people_are_told_apart(self) -> None:
        people = [f"p{number:03}" for number in range(200)]
        by_hour = make_rotation(
            "hour",
            "2026-01-01T00:00",
            people=" ".join(people),
            priority=1,
            restriction=make_restriction("06:00", "18:00"),
        )
        schedule = make_schedule(
            by_hour, make_always("+".join(people[60:70])), make_always("p199+zoe")
        )
        start = at("2026-01-01T00:00")
        defined = parse_schedule(schedule)
        for hour in range(24 * 9):
            users = users_at(defined, at=start + timedelta(hours=hour))
            if 6 <= hour % 24 < 18:
                assert users == (people[hour % 200],)
            else:
                assert users == (*people[60:70], "p199", "zoe")

    def test_one_layers_row_shows_what_priority_hides(self) -> None:
        schedule = make_schedule(make_shift("A", 8, 11), make_shift("B", 9, 10, 5))
        assert row(schedule, 0, *DAY) == [("01-05 08:00", "01-05 11:00", "A")]
        assert row(schedule, 1, *DAY) == [("01-05 09:00", "01-05 10:00", "B")]

    def test_handmade_shifts_that_overlap_are_on_call_together(self) -> None:
        layer = make_fixed(
            make_hours("10:00", "12:00", users=["A"]),
            make_hours("11:00", "13:00", users=["C", "B"]),
            make_hours("11:00", "13:00", users=["A"]),
        )
        assert hours(layer) == ["10:00-11:00 A", "11:00-13:00 A+B+C"]

    def test_without_layers_there_is_one_gap(self) -> None:
        assert on_call(make_schedule(), *DAY) == []
        assert gaps(make_schedule(), *DAY) == [("01-05 00:00", "01-06 00:00")]


class TestOverrides:
    def test_add_joins_and_also_fills_a_gap(self) -> None:
        add = make_hours("09:00", "11:00", type="add", add="B")
        assert hours(make_shift("A", 10, 12), overrides=[add]) == [
            "09:00-10:00 B",
            "10:00-11:00 A+B",
            "11:00-12:00 A",
        ]

    def test_remove_takes_off_and_may_leave_a_gap(self) -> None:
        remove = make_hours("10:30", "11:00", type="remove", remove="A")
        assert hours(make_shift("A", 10, 12), overrides=[remove]) == [
            "10:00-10:30 A",
            "11:00-12:00 A",
        ]

    def test_replace_counts_only_while_the_removed_one_is_on_call(self) -> None:
        replace = make_hours("09:00", "11:00", type="replace", remove="A", add="B")
        assert hours(make_shift("A", 10, 12), overrides=[replace]) == [
            "10:00-11:00 B",
            "11:00-12:00 A",
        ]

    def test_replace_does_not_show_who_is_hidden_by_priority(self) -> None:
        replace = make_hours("10:00", "12:00", type="replace", remove="A", add="B")
        assert hours(
            make_shift("A", 10, 12), make_shift("C", 11, 12, 1), overrides=[replace]
        ) == ["10:00-11:00 B", "11:00-12:00 C"]

    def test_each_looks_at_who_was_on_call_before_all_of_them(self) -> None:
        overrides = [
            make_hours("10:00", "12:00", type="replace", remove="A", add="B"),
            make_hours("10:00", "12:00", type="replace", remove="B", add="C"),
            make_hours("10:00", "12:00", type="remove", remove="B"),
        ]
        assert hours(make_shift("A", 10, 12), overrides=overrides) == ["10:00-12:00 B"]
        assert hours(make_shift("A", 10, 12), overrides=overrides[::-1]) == [
            "10:00-12:00 B"
        ]

    def test_three_kinds_at_once(self) -> None:
        overrides = [
            make_hours("10:00", "11:00", type="add", add="foo"),
            make_hours("10:00", "11:00", type="replace", remove="rab", add="bar"),
            make_hours("10:00", "11:00", type="remove", remove="baz"),
        ]
        assert hours(make_shift("rab+baz+bin", 10, 12), overrides=overrides) == [
            "10:00-11:00 bar+bin+foo",
            "11:00-12:00 baz+bin+rab",
        ]

    def test_cover_hides_all_layers_and_fills_gaps(self) -> None:
        cover = make_hours("09:00", "11:00", type="cover", add="B")
        assert hours(
            make_shift("A", 10, 12, 9), make_shift("C", 10, 12), overrides=[cover]
        ) == ["09:00-11:00 B", "11:00-12:00 A"]

    def test_among_covers_the_larger_priority_wins_and_equals_share(self) -> None:
        covers = [
            make_hours("22:00", "23:00", type="cover", add="E", priority=0),
            make_hours("22:00", "22:30", type="cover", add="A", priority=1),
            make_hours("22:45", "23:00", type="cover", add="F"),
        ]
        assert hours(make_shift("B", 22, 24), overrides=covers) == [
            "22:00-22:30 A",
            "22:30-22:45 E",
            "22:45-23:00 E+F",
            "23:00-00:00 B",
        ]

    def test_who_covers_may_be_replaced_too(self) -> None:
        overrides = [
            make_hours("10:00", "12:00", type="cover", add="B"),
            make_hours("11:00", "12:00", type="replace", remove="B", add="C"),
        ]
        assert hours(make_shift("A", 9, 12), overrides=overrides) == [
            "09:00-10:00 A",
            "10:00-11:00 B",
            "11:00-12:00 C",
        ]


class TestSwaps:
    def swap(self, giver: str, taker: str, *, taken: bool = True) -> Json:
        return make_hours("10:00", "12:00", taken=taken) | {"from": giver, "to": taker}

    def test_a_taken_one_puts_the_taker_in_where_the_giver_is_on_call(self) -> None:
        assert hours(make_shift("A+D", 11, 13), swaps=[self.swap("A", "B")]) == [
            "11:00-12:00 B+D",
            "12:00-13:00 A+D",
        ]

    def test_one_that_is_not_taken_changes_nothing(self) -> None:
        assert hours(
            make_shift("A", 9, 13), swaps=[self.swap("A", "B", taken=False)]
        ) == ["09:00-13:00 A"]
        offered = make_hours("10:00", "12:00") | {"from": "A", "to": None}
        assert hours(make_shift("A", 9, 13), swaps=[offered]) == ["09:00-13:00 A"]

    def test_a_shift_that_was_taken_may_be_given_on(self) -> None:
        chain = [self.swap("A", "B"), self.swap("B", "C")]
        assert hours(make_shift("A", 10, 12), swaps=chain) == ["10:00-12:00 C"]

    def test_the_order_of_swaps_does_not_depend_on_the_window(self) -> None:
        early = make_hours("08:00", "12:00", taken=True) | {"from": "B", "to": "C"}
        schedule = make_schedule(
            make_shift("A", 8, 12), swaps=[self.swap("A", "B"), early]
        )
        assert on_call(schedule, "2026-01-05T08:00", "2026-01-05T12:00")[-1][2] == "C"
        assert on_call(schedule, "2026-01-05T11:00", "2026-01-05T12:00")[-1][2] == "C"

    def test_it_comes_after_overrides(self) -> None:
        replace = make_hours("10:00", "12:00", type="replace", remove="A", add="B")
        assert hours(
            make_shift("A", 10, 12), overrides=[replace], swaps=[self.swap("B", "C")]
        ) == ["10:00-12:00 C"]


class TestTemporarySchedules:
    def test_it_replaces_layers_overrides_and_swaps_in_its_time(self) -> None:
        temporary = make_hours(
            "08:15", "08:45", shifts=[make_hours("08:25", "08:35", users=["baz"])]
        )
        add = make_hours("08:00", "09:00", type="add", add="B")
        assert hours(
            make_shift("A", 8, 9), overrides=[add], temporary_schedules=[temporary]
        ) == ["08:00-08:15 A+B", "08:25-08:35 baz", "08:45-09:00 A+B"]

    def test_its_shifts_are_cut_to_it_even_where_another_follows(self) -> None:
        first = make_hours(
            "08:00", "09:00", shifts=[make_hours("08:30", "10:00", users=["A"])]
        )
        second = make_hours("09:00", "10:00", shifts=[])
        assert hours(make_always("B"), temporary_schedules=[first, second]) == [
            "00:00-08:00 B",
            "08:30-09:00 A",
            "10:00-00:00 B",
        ]


class TestHistory:
    def test_before_now_the_record_is_the_truth_and_then_the_definition(self) -> None:
        history = [
            make_hours("07:00", "08:30", user="A"),
            {"user": "B", "start": "2026-01-05T08:00Z", "end": None},
        ]
        schedule = make_schedule(make_always("C"), history=history)
        assert on_call(schedule, *DAY, now="2026-01-05T09:00") == [
            ("01-05 07:00", "01-05 08:00", "A"),
            ("01-05 08:00", "01-05 08:30", "A+B"),
            ("01-05 08:30", "01-05 09:00", "B"),
            ("01-05 09:00", "01-06 00:00", "C"),
        ]

    def test_overrides_and_temporary_schedules_do_not_change_it(self) -> None:
        cover = make_hours("00:00", "23:00", type="cover", add="D")
        temporary = make_hours("00:00", "10:00", shifts=[])
        schedule = make_schedule(
            make_always("C"),
            history=[make_hours("07:00", "08:00", user="A")],
            overrides=[cover],
            temporary_schedules=[temporary],
        )
        assert on_call(schedule, *DAY, now="2026-01-05T09:00") == [
            ("01-05 07:00", "01-05 08:00", "A"),
            ("01-05 10:00", "01-05 23:00", "D"),
            ("01-05 23:00", "01-06 00:00", "C"),
        ]

    def test_a_shift_goes_on_over_now_when_the_definition_agrees(self) -> None:
        history = [{"user": "A", "start": "2026-01-05T07:00Z", "end": None}]
        schedule = make_schedule(make_always("A"), history=history)
        assert on_call(schedule, *DAY, now="2026-01-05T09:00") == [
            ("01-05 07:00", "01-06 00:00", "A")
        ]

    def test_a_record_does_not_reach_beyond_now(self) -> None:
        schedule = make_schedule(history=[make_hours("07:00", "20:00", user="A")])
        assert on_call(schedule, *DAY, now="2026-01-05T09:00") == [
            ("01-05 07:00", "01-05 09:00", "A")
        ]

    def test_without_now_the_definition_answers_for_the_past_too(self) -> None:
        schedule = make_schedule(
            make_always("A"), history=[make_hours("07:00", "20:00", user="B")]
        )
        assert on_call(schedule, *DAY) == [("01-05 00:00", "01-06 00:00", "A")]

    def test_users_at_asks_the_record_before_now(self) -> None:
        history = [{"user": "B", "start": "2026-01-05T08:00Z", "end": None}]
        schedule = parse_schedule(make_schedule(make_always("A"), history=history))
        now = at("2026-01-05T09:00")
        assert users_at(schedule, at=at("2026-01-05T08:59:59"), now=now) == ("B",)
        assert users_at(schedule, at=now, now=now) == ("A",)


class TestWindow:
    def resolve(self, start: str, days: float) -> Resolution:
        schedule = parse_schedule(
            make_schedule(*[make_rotation("hour", "2020-01-01T00:00")] * 20)
        )
        return resolve(schedule, start=at(start), end=at(start) + timedelta(days=days))

    @pytest.mark.parametrize(
        ("start", "days", "field"),
        [
            ("2026-01-05", 0, "to"),
            ("2026-01-05", -1, "to"),
            ("2026-01-05", MAX_WINDOW.days + 1, "to"),
            ("2026-01-05", MAX_WINDOW.days, "to"),
            ("1969-01-05", 1, "from"),
            ("2300-01-05", 1, "from"),
        ],
    )
    def test_one_that_cannot_be_answered_is_refused(
        self, start: str, days: float, field: str
    ) -> None:
        with pytest.raises(InvalidInputError) as refused:
            self.resolve(start, days)
        assert list(refused.value.errors) == [field]

    def test_it_may_be_in_any_offset_and_the_answer_is_in_utc(self) -> None:
        schedule = parse_schedule(make_schedule(make_always("A")))
        start = at("2026-01-05T00:00").astimezone(schedule.zone)
        resolution = resolve(schedule, start=start, end=start + timedelta(hours=1))
        assert resolution.as_json() == {
            "shifts": [
                {
                    "start": "2026-01-05T00:00:00Z",
                    "end": "2026-01-05T01:00:00Z",
                    "users": ["A"],
                }
            ],
            "gaps": [],
        }

    def test_a_layer_that_is_not_there_is_an_index_error(self) -> None:
        with pytest.raises(IndexError):
            row(make_schedule(), 0, *DAY)
