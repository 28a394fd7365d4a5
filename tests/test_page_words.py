"""How times, spans and people are written on pages."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from core.templatetags.headwater import (
    breakable,
    clock,
    duration,
    elapsed,
    hue,
    initials,
    middle,
    percent,
    relative,
    undo_url,
    when,
)

NOON = datetime(2025, 3, 12, 12, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=59), "59 s"),
        (timedelta(minutes=12, seconds=59), "12 min"),
        (timedelta(hours=1, minutes=12), "1 h 12 min"),
        (timedelta(hours=2), "2 h"),
        (timedelta(days=3, hours=4, minutes=50), "3 d 4 h"),
        (timedelta(seconds=-5), "0 s"),
        (90, "1 min"),
        (None, "–"),
    ],
)
def test_a_span_is_written_in_its_two_largest_units(
    span: timedelta | float | None, words: str
) -> None:
    assert duration(span) == words


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=4), "4 min ago"),
        (timedelta(hours=23, minutes=59), "23 h ago"),
        (timedelta(minutes=-9), "in 9 min"),
        (timedelta(seconds=-30), "in a moment"),
        (timedelta(hours=25), "yesterday 12:00"),
        (timedelta(hours=-25), "tomorrow 14:00"),
        (timedelta(days=3), "Sun 13:00"),
        (timedelta(days=7), "5 Mar 13:00"),
        (timedelta(days=400), "6 Feb 2024"),
    ],
)
def test_an_instant_is_written_relative_in_the_readers_zone(
    ago: timedelta, words: str
) -> None:
    with timezone.override(BERLIN):
        assert relative(NOON - ago, NOON) == words


def test_the_exact_time_is_given_in_the_readers_zone_and_in_utc() -> None:
    late = datetime(2025, 3, 12, 23, 14, 5, tzinfo=UTC)
    with timezone.override(BERLIN):
        html = when(late, late)
    assert html == (
        '<time class="when" datetime="2025-03-12T23:14:05+00:00" '
        'title="Thu 13 Mar 2025, 00:14:05 CET · 12 Mar, 23:14:05 UTC" data-when>'
        "just now</time>"
    )


def test_what_has_ended_stops_counting() -> None:
    assert "data-since" in elapsed(NOON)
    ended = elapsed(NOON, NOON + timedelta(hours=1, minutes=12))
    assert "data-since" not in ended
    assert "PT4320S" in ended
    assert ">1 h 12 min<" in ended


def test_a_missing_time_is_a_dash_everywhere() -> None:
    assert {when(None), clock(None), elapsed(None)} == {"–"}


def test_people_get_initials_and_a_tint_that_stays() -> None:
    assert [initials(n) for n in ("Ada Winter", "bo.lind@example.com", "Ng", "")] == [
        "AW",
        "BL",
        "N",
        "?",
    ]
    assert hue("Ada Winter") == hue("Ada Winter") < 8


def test_long_names_keep_both_ends() -> None:
    assert middle("fx_rates_daily_europe_west_production", 21) == (
        "fx_rates_d…production"
    )
    assert middle("orders_raw") == "orders_raw"


def test_a_time_zone_is_broken_after_its_slashes_only() -> None:
    assert breakable("Europe/Madrid") == "Europe/<wbr>Madrid"
    assert breakable("<b>/UTC") == "&lt;b&gt;/<wbr>UTC"


def test_shares_become_svg_lengths() -> None:
    assert [percent(share) for share in (0, 1 / 28, 1)] == ["0%", "3.571%", "100%"]


def test_only_a_tag_that_says_undo_offers_one() -> None:
    assert undo_url("undo=/incidents/7/undo/3/") == "/incidents/7/undo/3/"
    assert undo_url("quiet") == undo_url(None) == ""
