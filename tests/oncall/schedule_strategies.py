"""Random schedules in the reference form, near the days when clocks change."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from tests.oncall.schedules import EVERY_DAY, Json

# A zone, and a day near which its clock changes (or does not).
PLACES = {
    "UTC": "2026-03-29",
    "Europe/Madrid": "2026-03-29",
    "Europe/London": "2026-10-25",
    "America/Chicago": "2020-11-01",
    "America/New_York": "2026-03-08",
    "Australia/Lord_Howe": "2021-04-04",
    "Pacific/Auckland": "2026-09-27",
    "America/Sao_Paulo": "2018-11-04",
    "Asia/Kathmandu": "2026-01-01",
    "Pacific/Apia": "2011-12-30",
    "Antarctica/Troll": "2026-03-29",
    "Africa/Casablanca": "2026-02-15",
    "Atlantic/Azores": "2025-10-26",
    "America/St_Johns": "2010-11-07",
}
PEOPLE = "ABCDEF"

people = st.sampled_from(PEOPLE)
groups = st.lists(st.lists(people, max_size=2, unique=True), min_size=1, max_size=4)
weekdays = st.lists(st.sampled_from(EVERY_DAY), max_size=4, unique=True)
clocks = st.sampled_from(
    ["00:00", "01:00", "01:30", "02:00", "02:15", "02:30", "03:00", "09:00", "17:30"]
)


@st.composite
def local_times(draw: st.DrawFn, around: datetime, days: int = 20) -> str:
    day = around + timedelta(days=draw(st.integers(-days, days)))
    return f"{day:%Y-%m-%d}T{draw(clocks)}"


@st.composite
def spans(draw: st.DrawFn, around: datetime) -> Json:
    start = around + timedelta(minutes=30 * draw(st.integers(-240, 240)))
    end = start + timedelta(minutes=30 * draw(st.integers(1, 96)))
    return {"start": start.isoformat(), "end": end.isoformat()}


@st.composite
def rotations(draw: st.DrawFn, around: datetime) -> Json:
    unit = draw(st.sampled_from(["hour", "hour", "day", "week", "month"]))
    rotation: Json = {
        "unit": unit,
        "every": draw(st.integers(1, 13 if unit == "hour" else 3)),
        "start_local": draw(local_times(around)),
        "participants": draw(groups),
    }
    if draw(st.booleans()):
        index = draw(st.integers(0, len(rotation["participants"]) - 1))
        anchor = draw(spans(around))["start"]
        rotation["anchor"] = {"at": anchor, "index": index}
    return {"kind": "rotation", "rotation": rotation}


@st.composite
def recurring_shifts(draw: st.DrawFn, around: datetime) -> Json:
    shift: Json = {
        "freq": draw(st.sampled_from(["hourly", "daily", "weekly", "monthly"])),
        "start_local": draw(local_times(around)),
        "duration_minutes": 30 * draw(st.integers(1, 100)),
        "interval": draw(st.integers(1, 3)),
        "by_day": draw(st.just([]) | weekdays),
        "by_monthday": draw(
            st.just([]) | st.lists(st.sampled_from([1, 2, 28, 30, 31, -1, -30]))
        ),
        "week_start": draw(st.sampled_from(EVERY_DAY)),
        "participants": draw(groups),
    }
    if draw(st.booleans()):
        shift["effective_from_local"] = draw(local_times(around))
    if draw(st.booleans()):
        shift["until_local"] = draw(local_times(around))
    return {"kind": "recurring_shift", "shift": shift}


@st.composite
def fixed_shifts(draw: st.DrawFn, around: datetime) -> list[Json]:
    members = st.lists(people, max_size=2)
    return [
        draw(spans(around)) | {"users": draw(members)}
        for _ in range(draw(st.integers(0, 4)))
    ]


@st.composite
def layers(draw: st.DrawFn, around: datetime) -> Json:
    layer: Json = draw(
        rotations(around)
        | recurring_shifts(around)
        | st.builds(lambda user: {"kind": "always", "users": [user]}, people)
        | fixed_shifts(around).map(lambda s: {"kind": "fixed", "shifts": s})
    )
    layer["priority"] = draw(st.integers(0, 2))
    if draw(st.booleans()):
        layer["restriction"] = {
            "weekdays": draw(weekdays),
            "start_clock": draw(clocks),
            "end_clock": draw(clocks),
        }
    return layer


@st.composite
def overrides(draw: st.DrawFn, around: datetime) -> Json:
    return draw(spans(around)) | {
        "type": draw(st.sampled_from(["add", "remove", "replace", "cover"])),
        "add": draw(people),
        "remove": draw(people),
        "priority": draw(st.integers(0, 1)),
    }


@st.composite
def swaps(draw: st.DrawFn, around: datetime) -> Json:
    return draw(spans(around)) | {
        "from": draw(people),
        "to": draw(people),
        "taken": draw(st.booleans()),
    }


@st.composite
def temporary_schedules(draw: st.DrawFn, around: datetime) -> Json:
    return draw(spans(around)) | {"shifts": draw(fixed_shifts(around))}


@st.composite
def schedules(draw: st.DrawFn) -> tuple[Json, datetime]:
    """A schedule, and an instant near which its clock changes."""
    zone, day = draw(st.sampled_from(sorted(PLACES.items())))
    around = datetime.fromisoformat(day).replace(tzinfo=UTC)
    schedule = {
        "name": "random",
        "timezone": zone,
        "layers": draw(st.lists(layers(around), max_size=4)),
        "overrides": draw(st.lists(overrides(around), max_size=3)),
        "swaps": draw(st.lists(swaps(around), max_size=2)),
        "temporary_schedules": draw(st.lists(temporary_schedules(around), max_size=1)),
    }
    return schedule, around
