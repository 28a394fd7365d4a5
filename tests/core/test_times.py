from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.times import instant_or_none, read_instant


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-01-10T03:02:00Z", datetime(2026, 1, 10, 3, 2, tzinfo=UTC)),
        ("2026-01-10T03:02:00", datetime(2026, 1, 10, 3, 2, tzinfo=UTC)),
        ("2026-01-10 05:02:00+02:00", datetime(2026, 1, 10, 3, 2, tzinfo=UTC)),
        ("2026-01-10T03:02:00.123456789Z", datetime(2026, 1, 10, 3, 2, 0, 123456, UTC)),
    ],
)
def test_instants_become_utc(text: str, at: datetime) -> None:
    assert read_instant(text) == at


@pytest.mark.parametrize(
    "text",
    ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"],
)
def test_the_first_and_last_years_mean_not_set(text: str) -> None:
    assert read_instant(text) is None


@pytest.mark.parametrize("value", ["yesterday", "", "2026-13-01", 5, None, [], True])
def test_what_is_no_time_is_none(value: object) -> None:
    assert instant_or_none(value) is None


@given(st.text() | st.datetimes().map(str))
def test_any_text_is_an_aware_instant_or_none(text: str) -> None:
    at = instant_or_none(text)
    assert at is None or at.tzinfo is UTC
