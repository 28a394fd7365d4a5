"""For how long data was down, against a minute-by-minute reckoning."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from incidents.downtime import downtime, history_of, length, union
from tests.factories import NOON, make_asset, make_incident, make_team, make_user

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
MOMENTS = st.integers(-40, 140)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.tuples(MOMENTS, MOMENTS), max_size=8))
def test_downtime_is_what_counting_minutes_one_by_one_gives(
    pairs: list[tuple[int, int]],
) -> None:
    spans = [(NOON + a * MINUTE, NOON + b * MINUTE) for a, b in pairs]
    period = {"since": NOON, "until": NOON + 100 * MINUTE}
    down = sum(any(a <= minute < b for a, b in pairs) for minute in range(100))
    joined = union(spans, **period)
    assert length(joined) == down * MINUTE
    assert all(a[1] < b[0] for a, b in zip(joined, joined[1:], strict=False))


@pytest.mark.django_db
def test_hours_are_summed_by_team_and_tier_and_overlaps_count_once() -> None:
    team, admin = make_team(name="Finance"), make_user(role="admin")
    orders, refunds = make_asset("orders", team=team, tier=1), make_asset("refunds")
    for asset, start, end in ((orders, 0, 2), (orders, 1, 4), (refunds, 0, 1)):
        make_incident().failing_assets.create(
            asset=asset, since=NOON + start * HOUR, until=NOON + end * HOUR
        )
    found = downtime(admin, since=NOON, until=NOON + 10 * HOUR)
    assert [(one.name, one.hours) for one in found.assets] == [
        ("orders", 4.0),
        ("refunds", 1.0),
    ]
    assert [(t.name, t.hours) for t in found.teams] == [
        ("Finance", 4.0),
        ("No team", 1),
    ]
    assert [(t.name, t.hours) for t in found.tiers] == [("Tier 1", 4.0), ("Tier 3", 1)]
    assert downtime(make_user(), since=NOON, until=NOON + HOUR).hours == 2.0


@pytest.mark.django_db
def test_private_incidents_make_no_downtime_for_others() -> None:
    incident = make_incident(private=True)
    incident.failing_assets.create(asset=make_asset(), since=NOON)
    seen = downtime(make_user(), since=NOON, until=NOON + HOUR)
    assert (seen.hours, seen.assets) == (0.0, [])


@pytest.mark.django_db
def test_an_assets_page_and_the_analytics_tell_its_days(
    signed_in: Client, user: User
) -> None:
    now, asset = timezone.now(), make_asset("orders")
    incident = make_incident(at=now - 30 * HOUR)
    incident.failing_assets.create(
        asset=asset, since=now - 30 * HOUR, until=now - 28 * HOUR
    )
    cells = history_of(asset, user=user, at=now)
    assert [cell.health for cell in cells[-3:]] == ["healthy", "failing", "healthy"]
    assert cells[-2].words == "broken 2.0 h"
    assert "broken 2.0 h" in signed_in.get(asset.get_absolute_url()).content.decode()
    assert "Data downtime" in signed_in.get("/analytics/").content.decode()
