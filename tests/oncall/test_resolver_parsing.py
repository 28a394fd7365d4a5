"""A payload is read whole, or refused with every mistake named at its place."""

from contextlib import suppress
from copy import deepcopy
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InvalidInputError
from oncall.resolver import (
    RecurringShift,
    Restriction,
    Rotation,
    ScheduleDefinition,
    parse_instant,
    parse_schedule,
)
from tests.oncall.schedules import Json, make_span

DAY = {"start": "2026-01-05T00:00Z", "end": "2026-01-06T00:00Z"}
WHOLE: Json = {
    "name": "data-platform",
    "timezone": "Europe/Madrid",
    "layers": [
        {
            "name": "weekly",
            "priority": 2,
            "kind": "rotation",
            "rotation": {
                "unit": "week",
                "every": 1,
                "start_local": "2026-01-05T09:00",
                "participants": [["u1"], ["u3", "u2"]],
                "anchor": {"at": "2026-01-05T09:00:00+01:00", "index": 1},
            },
            "restriction": {
                "weekdays": ["MO", "FR"],
                "start_clock": "09:00",
                "end_clock": "18:30",
            },
        },
        {
            "name": "nights",
            "kind": "recurring_shift",
            "shift": {
                "start_local": "2026-01-05T21:00",
                "duration_minutes": 720,
                "freq": "daily",
                "interval": 1,
                "by_day": ["SA", "SU"],
                "by_monthday": [-1, 15],
                "week_start": "SU",
                "effective_from_local": "2026-01-06T21:00",
                "until_local": None,
                "participants": [["u4"], ["u5"]],
            },
        },
        {"kind": "always", "users": ["u6"]},
        {"kind": "fixed", "shifts": [DAY | {"users": ["u7"]}]},
    ],
    "overrides": [DAY | {"type": "replace", "remove": "u1", "add": "u2"}],
    "swaps": [DAY | {"from": "u1", "to": "u3", "taken": True}],
    "temporary_schedules": [DAY | {"shifts": [DAY | {"users": ["u8"]}]}],
    "history": [{"user": "u1", "start": "2026-01-05T00:00Z", "end": None}],
}


def changed(path: str, value: object) -> Json:
    """The whole payload with one field set: `layers.0.rotation.unit`."""
    payload: Any = deepcopy(WHOLE)
    *parents, field = [int(key) if key.isdigit() else key for key in path.split(".")]
    part = payload
    for key in parents:
        part = part[key]
    part[field] = value
    return payload  # type: ignore[no-any-return] # walked as Any


def errors_of(payload: object) -> dict[str, list[str]]:
    with pytest.raises(InvalidInputError) as refused:
        parse_schedule(payload)
    return refused.value.errors


def test_a_rotation_is_read() -> None:
    layer = parse_schedule(WHOLE).layers[0]
    assert (layer.name, layer.priority) == ("weekly", 2)
    assert layer.restriction == Restriction(frozenset({0, 4}), time(9), time(18, 30))
    assert isinstance(layer.pattern, Rotation)
    assert layer.pattern.participants == (("u1",), ("u2", "u3"))
    assert layer.pattern.anchor_at == datetime(2026, 1, 5, 8, tzinfo=UTC)
    assert layer.pattern.anchor_index == 1


def test_a_recurring_shift_is_read() -> None:
    shift = parse_schedule(WHOLE).layers[1].pattern
    assert isinstance(shift, RecurringShift)
    assert shift.duration == timedelta(hours=12)
    assert sorted(shift.by_day) == [5, 6]
    assert sorted(shift.by_monthday) == [-1, 15]
    assert shift.week_start == 6
    assert shift.effective_from_local - shift.start_local == timedelta(days=1)
    assert shift.until_local is None


def test_what_is_left_out_has_a_default() -> None:
    assert parse_schedule({"timezone": "UTC"}) == ScheduleDefinition(
        name="", zone=parse_schedule({"timezone": "UTC"}).zone
    )
    payload = changed("layers.0.rotation.anchor", None)
    assert isinstance(parse_schedule(payload).layers[0].pattern, Rotation)
    payload["layers"][0]["restriction"] = {}
    assert parse_schedule(payload).layers[0].restriction == Restriction(
        frozenset(range(7)), time(0), time(0)
    )


def test_fields_that_are_not_known_are_left_alone_and_numbers_are_ids_too() -> None:
    payload = changed("layers.2.users", [7]) | {"id": 3, "team": "data"}
    schedule = parse_schedule(payload)
    assert (
        schedule.layers[2].pattern
        == parse_schedule(changed("layers.2.users", ["7"])).layers[2].pattern
    )


@pytest.mark.parametrize("payload", [None, [], "x", 3, True])
def test_what_is_not_an_object_is_refused(payload: object) -> None:
    assert "is not an object." in errors_of(payload)["schedule"][0]


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("timezone", "Mars/Olympus", "'Mars/Olympus' is not the name of a time zone"),
        ("timezone", "America", "'America' is not the name"),
        ("timezone", "../UTC", "'../UTC' is not the name"),
        ("timezone", None, "'' is not the name"),
        ("name", "x" * 201, "is not a text of at most 200 characters."),
        ("layers", {}, "{} is not a list."),
        ("layers", [{}] * 101, "Has 101 entries; at most 100 are possible."),
        ("layers.0", 7, "7 is not an object."),
        ("layers.0.kind", "weekly", "'weekly' is not one of rotation, recurring_shift"),
        ("layers.0.kind", [], "[] is not one of rotation"),
        ("layers.0.priority", True, "True is not a whole number from"),
        ("layers.0.priority", 10**9, "1000000000 is not a whole number from -1000000"),
        ("layers.0.rotation", None, "Nothing is not an object."),
        ("layers.0.rotation.unit", "year", "not one of hour, day, week, month."),
        ("layers.0.rotation.every", 0, "0 is not a whole number from 1 to 10000."),
        ("layers.0.rotation.every", 1.5, "1.5 is not a whole number"),
        ("layers.0.rotation.start_local", "2026-01-05", "not a local time without"),
        ("layers.0.rotation.start_local", "2026-01-05T09:00Z", "not a local time"),
        ("layers.0.rotation.start_local", "2026-02-30T09:00", "not a local time"),
        ("layers.0.rotation.start_local", "0001-01-01T00:00", "Must be after the year"),
        ("layers.0.rotation.participants", [], "Is empty; wanted is groups"),
        ("layers.0.rotation.participants", None, "Is empty; wanted is groups"),
        ("layers.0.rotation.participants.0", "u1", "'u1' is not a list."),
        ("layers.0.rotation.participants.0.0", "", "'' is not a user's id."),
        ("layers.0.rotation.participants.0.0", None, "Nothing is not a user's id."),
        ("layers.0.rotation.anchor.at", "2026-01-05T09:00", "is not a time with an"),
        ("layers.0.rotation.anchor.at", "9999-01-05T09:00Z", "Must be after the year"),
        ("layers.0.rotation.anchor.index", 2, "2 is not a whole number from 0 to 1."),
        ("layers.0.rotation.anchor.index", None, "Is missing; wanted is"),
        ("layers.0.restriction", "always", "'always' is not an object."),
        ("layers.0.restriction.weekdays.1", "Friday", "not one of MO, TU, WE, TH"),
        ("layers.0.restriction.start_clock", "9am", "'9am' is not a time from 00:00"),
        ("layers.0.restriction.end_clock", "24:00", "'24:00' is not a time from"),
        ("layers.0.restriction.end_clock", 9, "9 is not a time from 00:00 to 23:59"),
        ("layers.1.shift.duration_minutes", 0, "0 is not a whole number from 1"),
        ("layers.1.shift.duration_minutes", None, "Is missing; wanted is"),
        ("layers.1.shift.duration_seconds", 60, "Give this or duration_minutes"),
        ("layers.1.shift.freq", "yearly", "not one of hourly, daily, weekly, monthly."),
        ("layers.1.shift.interval", -1, "-1 is not a whole number from 1"),
        ("layers.1.shift.by_day", "SA", "'SA' is not a list."),
        ("layers.1.shift.by_monthday.0", 0, "0 is not a day from 1 to 31"),
        ("layers.1.shift.by_monthday.0", "1", "'1' is not a day from 1 to 31"),
        ("layers.1.shift.week_start", 1, "1 is not one of MO"),
        ("layers.1.shift.until_local", "soon", "'soon' is not a local time"),
        ("layers.2.users", [], 'Is empty; wanted is users, as ["u1"].'),
        ("layers.3.shifts.0.end", "2026-01-05T00:00Z", "Is not after the start."),
        ("layers.3.shifts.0.start", "yesterday", "'yesterday' is not a time with an"),
        (
            "overrides.0.type",
            "swap",
            "'swap' is not one of add, remove, replace, cover",
        ),
        ("overrides.0.add", None, "Nothing is not a user's id."),
        ("overrides.0.remove", "", "'' is not a user's id."),
        ("overrides.0.end", "2026-01-04T00:00Z", "Is not after the start."),
        ("overrides.0.start", "0001-01-01T00:00+05:00", "is not a time with an offset"),
        ("swaps.0.taken", "yes", "'yes' is not true or false."),
        ("swaps.0.to", None, "Nothing is not a user's id."),
        ("temporary_schedules.0.shifts.0.users", "u8", "'u8' is not a list."),
        ("history.0.user", None, "Nothing is not a user's id."),
        ("history.0.end", "2026-01-04T00:00Z", "Is not after the start."),
    ],
)
def test_a_wrong_value_is_refused_at_its_place(
    path: str, value: object, message: str
) -> None:
    errors = errors_of(changed(path, value))
    field = "".join(
        f"[{key}]" if key.isdigit() else f".{key}" for key in path.split(".")
    ).removeprefix(".")
    assert list(errors) == [field]
    assert message in errors[field][0]


def test_all_mistakes_are_named_at_once() -> None:
    payload = changed("layers.0.rotation.unit", "year")
    payload["timezone"] = "Mars"
    payload["layers"][1]["shift"]["freq"] = "never"
    payload["overrides"] = [make_span("2026-01-06T00:00", "2026-01-05T00:00")]
    assert list(errors_of(payload)) == [
        "timezone",
        "layers[0].rotation.unit",
        "layers[1].shift.freq",
        "overrides[0].type",
        "overrides[0].end",
        "overrides[0].add",
    ]


def test_an_offered_swap_needs_no_taker_and_a_turn_may_be_nobodys() -> None:
    offered = [DAY | {"from": "u1", "to": None, "taken": False}]
    payload = changed("layers.0.rotation.participants", [["u1"], []])
    schedule = parse_schedule(payload | {"swaps": offered})
    assert not schedule.swaps[0].taken
    assert isinstance(schedule.layers[0].pattern, Rotation)
    assert schedule.layers[0].pattern.participants == (("u1",), ())


def test_an_instant_needs_its_offset() -> None:
    assert parse_instant("2026-01-05T09:00+01:00") == datetime(
        2026, 1, 5, 8, tzinfo=UTC
    )
    with pytest.raises(ValueError, match="is not a time with an offset"):
        parse_instant("2026-01-05T09:00")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
PATHS = [
    "name",
    "timezone",
    "layers",
    "layers.0",
    "layers.0.priority",
    "layers.0.rotation",
    "layers.0.rotation.every",
    "layers.0.rotation.start_local",
    "layers.0.rotation.participants",
    "layers.0.rotation.anchor",
    "layers.0.rotation.anchor.at",
    "layers.0.restriction",
    "layers.0.restriction.weekdays",
    "layers.0.restriction.end_clock",
    "layers.1.shift",
    "layers.1.shift.by_day",
    "layers.1.shift.by_monthday",
    "layers.3.shifts",
    "overrides",
    "overrides.0.add",
    "swaps.0",
    "temporary_schedules.0.shifts",
    "history.0.end",
]


@given(st.sampled_from(PATHS), json_values)
@settings(max_examples=300, deadline=None)
def test_no_value_anywhere_does_anything_but_parse_or_be_refused(
    path: str, value: object
) -> None:
    with suppress(InvalidInputError):
        parse_schedule(changed(path, value))
