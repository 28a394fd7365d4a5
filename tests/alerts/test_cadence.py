"""When a job that reports is to report next, across changes of the clock."""

from datetime import UTC, datetime, timedelta

import pytest

from alerts.cadence import cron_problem, next_expected, upcoming

MADRID = "Europe/Madrid"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def nexts(cron: str, after: str, count: int) -> list[str]:
    found = upcoming(at(after), cron=cron, zone=MADRID, count=count)
    return [f"{one.astimezone(UTC):%d %H:%M}" for one in found]


def test_an_interval_is_so_long_whatever_the_clock_does() -> None:
    after = at("2026-03-28T12:00")
    got = next_expected(after, every=timedelta(days=1), cron="", zone=MADRID)
    assert got == at("2026-03-29T12:00")


def test_a_job_in_the_hour_the_clock_skips_runs_right_after_it() -> None:
    assert nexts("30 2 * * *", "2026-03-28T12:00", 2) == ["29 01:00", "30 00:30"]


def test_a_job_in_the_hour_that_comes_twice_runs_once() -> None:
    assert nexts("30 2 * * *", "2026-10-24T12:00", 2) == ["25 00:30", "26 01:30"]


def test_a_job_every_half_hour_keeps_to_it_through_both() -> None:
    autumn = nexts("*/30 * * * *", "2026-10-24T23:45", 4)
    assert autumn == ["25 00:00", "25 00:30", "25 01:00", "25 01:30"]


@pytest.mark.parametrize("cron", ["0 3 * * mon-fri", "@daily", "*/5 * * * *"])
def test_what_people_write_is_read(cron: str) -> None:
    assert cron_problem(cron) == ""


@pytest.mark.parametrize(
    ("cron", "told"),
    [
        ("0 3 * *", "five fields"),
        ("0 0 3 * * *", "five fields"),
        ("61 * * * *", "minute"),
        ("0 0 31 2 *", ""),
        ("x * * * *", "minute"),
    ],
)
def test_what_is_no_expression_says_why(cron: str, told: str) -> None:
    assert cron_problem(cron)
    assert told in cron_problem(cron)
