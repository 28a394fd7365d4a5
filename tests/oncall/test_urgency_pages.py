"""Setting how urgently one is paged, what a team wants, and the fallback."""

from datetime import UTC, datetime, time

import pytest
from django.test import Client

from accounts.models import User
from oncall.models import (
    Escalation,
    EscalationPolicy,
    Fallback,
    PagingHabits,
    TeamPaging,
)
from oncall.services import start_escalation
from tests.factories import NOON, make_policy, make_team, make_user

pytestmark = pytest.mark.django_db

HABITS = {
    "SEV3": "now",
    "work_days": ["0", "1"],
    "work_start": "08:00",
    "work_end": "16:00",
    "digest_at": "08:30",
    "quiet_start": "22:00",
    "quiet_end": "07:00",
    "breaks_through": "on",
    "most_pages": "",
}


def test_somebody_says_when_they_are_paged(client: Client) -> None:
    ana = make_user()
    client.force_login(ana)
    method = ana.contact_methods.create(
        kind="email", address=ana.email, verified_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    delays = {f"{method.pk}-SEV1": "0", f"{method.pk}-SEV2": "5"}
    response = client.post("/on-call/me/urgency/", {**HABITS, **delays})
    assert response.status_code == 302
    habits = PagingHabits.objects.get(user=ana)
    assert (habits.urgencies, habits.work_days) == ({"SEV3": "now"}, [0, 1])
    assert (habits.quiet_start, habits.breaks_through) == (time(22), True)
    method.refresh_from_db()
    assert method.delays == {"SEV1": 0, "SEV2": 5, "SEV3": None, "SEV4": None}
    half = client.post("/on-call/me/urgency/", {**HABITS, **delays, "quiet_end": ""})
    assert half.status_code == 400
    assert "a beginning and an end" in half.content.decode()


def test_a_team_has_urgencies_of_its_own_in_page_and_api(client: Client) -> None:
    team = make_team()
    client.force_login(make_user())
    path = f"/on-call/urgency/teams/{team.pk}/"
    client.post(path, {f"team{team.pk}-SEV2": "hold"})
    assert TeamPaging.objects.get(team=team).urgencies == {"SEV2": "hold"}
    api = f"/api/v1/teams/{team.slug}/paging/"
    assert client.get(api).json() == {"urgencies": {"SEV2": "hold"}}
    body = {"urgencies": {"SEV3": "sometimes"}}
    assert client.put(api, body, content_type="application/json").status_code == 400


def test_the_fallback_is_set_by_admins_and_is_never_empty(client: Client) -> None:
    admin, ben = make_user(role=User.Role.ADMIN), make_user()
    client.force_login(admin)
    assert client.post("/on-call/urgency/fallback/", {}).status_code == 400
    client.post("/on-call/urgency/fallback/", {"targets": f"user:{ben.pk}"})
    assert str(Fallback.objects.get()) == str(ben)
    policy = make_policy(repeats=0)
    policy.steps.create(position=0).targets.create(team=make_team())
    assert _exhausted(policy, "incident:1") == [ben]
    ben.is_active = False
    ben.save()
    assert _exhausted(policy, "incident:2") == [admin]


def _exhausted(policy: EscalationPolicy, subject: str) -> list[User]:
    escalation: Escalation = start_escalation(
        subject=subject,
        title="",
        body="",
        url="",
        severity="SEV2",
        policy=policy,
        at=NOON,
    )
    assert escalation.state == Escalation.State.EXHAUSTED
    return [page.user for page in escalation.pages.all()]
