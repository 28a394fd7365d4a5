"""The usual rotations, from what people fill in to the reference form and back."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oncall.patterns import read_patterns, write_pattern
from oncall.resolver import parse_schedule, users_at
from oncall.rotations import (
    EVERY_DAY,
    Hours,
    Json,
    UsualRotation,
    read_layer,
    write_layer,
)

MADRID = ZoneInfo("Europe/Madrid")
AT = datetime(2026, 3, 27, 12, 0, tzinfo=UTC)  # a Friday, two days before summer time
WEEKLY = UsualRotation(
    name="Primary",
    unit="week",
    every=1,
    weekday="MO",
    handoff=time(9),
    turns=(("1",), ("2",), ("3",)),
)


def on_call(layer: Json, at: datetime) -> tuple[str, ...]:
    defined = parse_schedule({"timezone": MADRID.key, "layers": [layer]})
    return users_at(defined, at=at)


def test_the_first_person_of_a_new_rotation_is_on_call_at_once() -> None:
    layer = write_layer(WEEKLY, zone=MADRID, at=AT, before=None)
    assert on_call(layer, AT) == ("1",)
    monday = datetime(2026, 3, 30, 7, 0, tzinfo=UTC)  # 09:00 in summer time
    assert on_call(layer, monday - timedelta(seconds=1)) == ("1",)
    assert on_call(layer, monday) == ("2",)


def test_what_was_written_is_read_back() -> None:
    hours = Hours(("SA", "SU"), time(21), time(7))
    rotation = replace(WEEKLY, every=2, priority=3, hours=hours)
    layer = write_layer(rotation, zone=MADRID, at=AT, before=None)
    assert read_layer(layer) == rotation


def test_an_unchanged_rotation_stays_as_it_is_stored() -> None:
    layer = write_layer(WEEKLY, zone=MADRID, at=AT, before=None)
    later = AT + timedelta(days=100)
    assert write_layer(WEEKLY, zone=MADRID, at=later, before=layer) is layer


@pytest.mark.parametrize(
    "change",
    [
        {"turns": (("3",), ("2",), ("1",))},
        {"turns": (("4",), ("2", "5"))},
        {"handoff": time(17)},
        {"weekday": "WE"},
        {"unit": "day"},
        {"every": 2},
    ],
    ids=str,
)
def test_whoever_is_on_call_stays_so_through_a_change(
    change: dict[str, object],
) -> None:
    layer = write_layer(WEEKLY, zone=MADRID, at=AT, before=None)
    later = AT + timedelta(days=7)
    assert on_call(layer, later) == ("2",)
    changed = replace(WEEKLY, **change)  # type: ignore[arg-type]  # fields of it
    again = write_layer(changed, zone=MADRID, at=later, before=layer)
    # One of them may be joined by somebody new; nobody else takes over.
    assert "2" in on_call(again, later)


def test_when_whoever_is_on_call_leaves_the_first_takes_over() -> None:
    layer = write_layer(WEEKLY, zone=MADRID, at=AT, before=None)
    changed = replace(WEEKLY, turns=(("3",), ("4",)))
    again = write_layer(changed, zone=MADRID, at=AT, before=layer)
    assert on_call(again, AT) == ("3",)


LAYERS: list[Json] = [
    {"kind": "always", "users": ["1", "2"]},
    {
        "kind": "fixed",
        "shifts": [
            {
                "start": "2026-01-05T08:00:00Z",
                "end": "2026-01-05T10:00:00Z",
                "users": ["1"],
            }
        ],
    },
    {
        "kind": "rotation",
        "rotation": {
            "unit": "month",
            "every": 2,
            "start_local": "2026-01-31T09:00",
            "participants": [["1", "2"], [], ["3"]],
        },
    },
    {
        "kind": "recurring_shift",
        "shift": {
            "start_local": "2026-01-05T21:00",
            "duration_minutes": 720,
            "freq": "monthly",
            "interval": 1,
            "by_day": ["MO", "TU"],
            "by_monthday": [1, -1],
            "week_start": "SU",
            "effective_from_local": "2026-02-05T21:00",
            "until_local": "2026-12-05T21:00",
            "participants": [["1"], ["2"]],
        },
    },
]


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer["kind"])
def test_every_kind_of_layer_is_read_and_left_as_it_is_stored(layer: Json) -> None:
    [pattern] = read_patterns([layer]) or []
    assert write_pattern(pattern, zone=MADRID, at=AT, before=layer) is layer
    again = write_pattern(pattern, zone=MADRID, at=AT, before=None)
    if layer["kind"] == "rotation":
        assert again["rotation"]["participants"] == [["1", "2"], [], ["3"]]
        assert again["rotation"]["start_local"].endswith("-31T09:00")
    else:
        assert read_patterns([again]) == [pattern]


def test_what_the_form_cannot_say_is_left_to_json() -> None:
    odd = {
        "kind": "rotation",
        "rotation": {
            "unit": "week",
            "start_local": "2026-01-05T09:00:30",
            "participants": [["1"]],
        },
    }
    assert read_patterns([*LAYERS, odd]) is None


@given(
    unit=st.sampled_from(["week", "day", "hour", "month"]),
    every=st.integers(1, 8),
    weekday=st.sampled_from(EVERY_DAY),
    handoff=st.times().map(lambda at: at.replace(second=0, microsecond=0, fold=0)),
    people=st.lists(st.sampled_from("12345"), min_size=1, max_size=5, unique=True),
    at=st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001
)
def test_any_new_rotation_begins_with_its_first_person(
    unit: str,
    every: int,
    weekday: str,
    handoff: time,
    people: list[str],
    at: datetime,
) -> None:
    turns = tuple((one,) for one in people)
    rotation = UsualRotation("", unit, every, weekday, handoff, turns)
    moment = at.replace(tzinfo=UTC)
    layer = write_layer(rotation, zone=MADRID, at=moment, before=None)
    assert on_call(layer, moment) == (people[0],)
