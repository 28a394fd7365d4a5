"""What must hold for every schedule, tried on many random ones."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from oncall.resolver import (
    Gap,
    Resolution,
    Shift,
    layer_shifts,
    parse_schedule,
    resolve,
    users_at,
)
from tests.oncall.schedule_reference import (
    first_instant,
    layer_users_at,
    reference_users_at,
)
from tests.oncall.schedule_strategies import PLACES, rotations, schedules
from tests.oncall.schedules import Json

HALF_HOUR = timedelta(minutes=30)
WINDOWS = st.tuples(st.integers(-200, 200), st.integers(1, 150))
tried = settings(max_examples=150, deadline=None)


def window(around: datetime, offsets: tuple[int, int]) -> tuple[datetime, datetime]:
    """A window of some half hours near the change."""
    start = around + HALF_HOUR * offsets[0]
    return start, start + HALF_HOUR * offsets[1]


def users_in(resolution: Resolution, at: datetime) -> tuple[str, ...]:
    for shift in resolution.shifts:
        if shift.start <= at < shift.end:
            return shift.users
    return ()


def moments(resolution: Resolution) -> list[datetime]:
    """The first and last minute of every shift and gap."""
    parts: list[Shift | Gap] = [*resolution.shifts, *resolution.gaps]
    return [p.start for p in parts] + [p.end - timedelta(minutes=1) for p in parts]


@given(schedules(), WINDOWS)
@tried
def test_the_answer_is_that_of_the_plain_reference(
    drawn: tuple[Json, datetime], offsets: tuple[int, int]
) -> None:
    payload, around = drawn
    schedule = parse_schedule(payload)
    start, end = window(around, offsets)
    resolution = resolve(schedule, start=start, end=end)
    for at in moments(resolution):
        assert users_in(resolution, at) == reference_users_at(schedule, at)


@given(schedules(), WINDOWS)
@tried
def test_a_layers_row_is_that_of_the_plain_reference(
    drawn: tuple[Json, datetime], offsets: tuple[int, int]
) -> None:
    payload, around = drawn
    schedule = parse_schedule(payload)
    start, end = window(around, offsets)
    for index, layer in enumerate(schedule.layers):
        shifts = layer_shifts(schedule, index, start=start, end=end)
        row = Resolution(shifts, ())
        for at in [start, *moments(row), *(shift.end for shift in shifts)]:
            if at < end:
                expected = layer_users_at(layer, schedule.zone, at)
                assert set(users_in(row, at)) == expected


@given(schedules(), WINDOWS)
@tried
def test_shifts_and_gaps_fill_the_window_without_overlap(
    drawn: tuple[Json, datetime], offsets: tuple[int, int]
) -> None:
    payload, around = drawn
    start, end = window(around, offsets)
    resolution = resolve(parse_schedule(payload), start=start, end=end)
    parts = sorted(
        [(shift.start, shift.end, shift.users) for shift in resolution.shifts]
        + [(gap.start, gap.end, ()) for gap in resolution.gaps]
    )
    assert (parts[0][0], parts[-1][1]) == (start, end)
    for (_, left_end, left), (right_start, _, right) in pairwise(parts):
        assert left_end == right_start
        assert left != right
    assert all(list(users) == sorted(set(users)) for _, _, users in parts)


@given(schedules(), WINDOWS, st.integers(1, 60), st.integers(1, 60))
@tried
def test_a_wider_window_gives_the_same_answer(
    drawn: tuple[Json, datetime], offsets: tuple[int, int], before: int, after: int
) -> None:
    payload, around = drawn
    schedule = parse_schedule(payload)
    start, end = window(around, offsets)
    wide_start = start - timedelta(days=before, minutes=7)
    wide_end = end + timedelta(days=after, minutes=3)
    wide = resolve(schedule, start=wide_start, end=wide_end)
    narrow = resolve(schedule, start=start, end=end)
    for at in moments(narrow):
        assert users_in(narrow, at) == users_in(wide, at)


@given(schedules(), st.lists(st.integers(0, 3 * 365 * 48 - 1), max_size=20))
@settings(max_examples=40, deadline=None)
def test_the_page_goes_to_whom_the_calendar_shows_over_three_years(
    drawn: tuple[Json, datetime], half_hours: list[int]
) -> None:
    payload, around = drawn
    schedule = parse_schedule(payload)
    start = around - timedelta(days=300)
    calendar = resolve(schedule, start=start, end=start + timedelta(days=3 * 365))
    near = [around + HALF_HOUR * (number % 96 - 48) for number in half_hours]
    for at in [start + HALF_HOUR * number for number in half_hours] + near:
        assert users_at(schedule, at=at) == users_in(calendar, at)


@st.composite
def full_rotations(draw: st.DrawFn) -> tuple[Json, datetime]:
    """A rotation in which nobody has two turns and every turn has somebody."""
    zone, day = draw(st.sampled_from(sorted(PLACES.items())))
    around = datetime.fromisoformat(day).replace(tzinfo=UTC)
    layer = draw(rotations(around))
    count = draw(st.integers(1, 5))
    layer["rotation"]["participants"] = [[f"u{number}"] for number in range(count)]
    layer["rotation"].pop("anchor", None)
    return {"name": "full", "timezone": zone, "layers": [layer]}, around


@given(full_rotations(), WINDOWS)
@tried
def test_a_rotation_without_restriction_has_no_gap(
    drawn: tuple[Json, datetime], offsets: tuple[int, int]
) -> None:
    payload, around = drawn
    start, end = window(around, offsets)
    resolution = resolve(parse_schedule(payload), start=start, end=end)
    assert resolution.gaps == ()
    assert all(len(shift.users) == 1 for shift in resolution.shifts)


@given(full_rotations())
@tried
def test_over_a_full_cycle_hours_per_person_differ_only_by_the_clock_change(
    drawn: tuple[Json, datetime],
) -> None:
    payload, _ = drawn
    rotation = payload["layers"][0]["rotation"]
    if rotation["unit"] == "month":
        rotation["unit"] = "week"  # months are not all as long
    zone = ZoneInfo(payload["timezone"])
    turn = timedelta(**{f"{rotation['unit']}s": rotation["every"]})
    people = [group[0] for group in rotation["participants"]]
    local = datetime.fromisoformat(rotation["start_local"])
    start = first_instant(local, zone)
    # A gap may swallow a whole cycle of hours.
    end = max(
        first_instant(local + turn * len(people), zone), start + timedelta(minutes=1)
    )
    time_on_call = dict.fromkeys(people, timedelta(0))
    for shift in resolve(parse_schedule(payload), start=start, end=end).shifts:
        time_on_call[shift.users[0]] += shift.end - shift.start
    moved = clock_changes(zone, start - timedelta(days=1), end + timedelta(days=1))
    assert all(abs(time - turn) <= moved for time in time_on_call.values())


def clock_changes(zone: ZoneInfo, start: datetime, end: datetime) -> timedelta:
    """How far the zone's clock is moved between two instants, both ways added up."""
    step = timedelta(hours=6)
    moments = [start + step * number for number in range((end - start) // step + 1)]
    walls = [moment.astimezone(zone).replace(tzinfo=None) for moment in moments]
    moves = [right - left - step for left, right in pairwise(walls)]
    return sum(map(abs, moves), timedelta(0))
