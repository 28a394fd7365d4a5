"""Steps that count only for some severities, days and hours."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from oncall.conditions import When, fits
from oncall.models import EscalationPolicy, Notification
from oncall.services import ladder, start_escalation
from tests.factories import NOON, make_policy, make_user

MINUTE = timedelta(minutes=1)
hours = st.integers(0, 23).map(lambda hour: f"{hour:02}:30")


@given(
    st.datetimes(datetime(2026, 3, 1), datetime(2026, 11, 30)),  # noqa: DTZ001
    st.sets(st.integers(0, 6), min_size=1),
    hours,
    hours,
    st.sampled_from(["Europe/Berlin", "Australia/Lord_Howe", "America/New_York"]),
)
def test_a_span_over_midnight_belongs_to_the_day_it_begins_on(
    naive: datetime, days: set[int], start: str, end: str, zone: str
) -> None:
    at = naive.replace(tzinfo=UTC)
    local = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    counted = False
    for back in (0, 1):
        day = (local - timedelta(days=back)).date()
        begins = datetime.fromisoformat(f"{day} {start}")
        ends = datetime.fromisoformat(f"{day} {end}")
        ends += timedelta(days=int(end <= start))
        counted = counted or (day.weekday() in days and begins <= local < ends)
    when = When(days=sorted(days), start=start, end=end, timezone=zone)
    assert fits(when, severity="SEV2", at=at) == counted


def policy_with(when: When) -> EscalationPolicy:
    policy = make_policy()
    for position, chosen in enumerate((when, {})):
        step = policy.steps.create(position=position, delay=5 * MINUTE, when=chosen)
        step.targets.create(user=make_user())
    return policy


@pytest.mark.django_db
@pytest.mark.parametrize(("severity", "first"), [("SEV1", 0), ("SEV2", 1)])
def test_a_step_for_other_severities_is_passed_over_at_once(
    severity: str, first: int
) -> None:
    policy = policy_with(When(severities=["SEV1"]))
    escalation = start_escalation(
        subject="incident:1",
        title="",
        body="",
        url="",
        severity=severity,
        policy=policy,
        at=NOON,
    )
    assert escalation.pages.get().step == first
    assert Notification.objects.count() == 1
    later = [rung for rung in ladder(subject="incident:1", at=NOON) if rung.lap == 2]
    assert (later[0].user == "") == (severity == "SEV2")
    assert later[0].because == ("only for SEV1" if severity == "SEV2" else "")


@pytest.mark.django_db
def test_the_api_takes_conditions_and_simulates_them(client: Client) -> None:
    user = make_user()
    client.force_login(user)
    when = {"severities": ["SEV1"], "days": [5, 6], "timezone": "Europe/Berlin"}
    when |= {"start": "22:00", "end": "06:00"}
    steps = [{"targets": [user.email], "when": when}, {"targets": [user.email]}]
    made = client.post(
        "/api/v1/escalation-policies/",
        {"name": "Nights", "steps": steps},
        content_type="application/json",
    )
    assert made.status_code == 201
    assert made.json()["steps"][0]["when"] == when
    path = f"/api/v1/escalation-policies/{made.json()['id']}/simulate/"
    query = {"at": "2026-01-11T23:30:00Z", "severity": "SEV1"}
    rungs = client.get(path, query).json()["ladder"]
    assert rungs[0]["user"]["email"] == user.email
    rungs = client.get(path, {**query, "severity": "SEV2"}).json()["ladder"]
    assert rungs[0]["user"] is None
    assert rungs[0]["because"].startswith("only for SEV1; Sat, Sun")
    wrong = [{"targets": [user.email], "when": {"start": "22:00", "timezone": "x"}}]
    refused = client.post(
        "/api/v1/escalation-policies/",
        {"name": "Wrong", "steps": wrong},
        content_type="application/json",
    )
    assert refused.status_code == 400
