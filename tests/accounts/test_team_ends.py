"""A team that holds nothing can be deleted; all it holds goes to another in one act."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import AuditEntry, Team, User
from accounts.services import delete_team, move_holdings
from alerts.models import Route
from core.errors import DomainError
from incidents.models import Subscription
from incidents.services import subscribe
from oncall.models import EscalationPolicy, EscalationStep, StepTarget
from tests.factories import (
    NOON,
    make_asset,
    make_incident,
    make_integration,
    make_policy,
    make_schedule,
    make_silence,
    make_team,
    make_user,
)

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]


@pytest.fixture
def admin(sign_in: SignIn) -> Client:
    return sign_in(role="admin")


@pytest.fixture
def team() -> Team:
    return make_team(name="Ingestion", slug="ingestion")


def fill(team: Team, member: User) -> None:
    """Give it one of everything."""
    team.members.add(member)
    make_asset(team=team)
    make_schedule(team=team)
    policy = make_policy(team=team, is_default=True)
    step = policy.steps.first() or EscalationStep.objects.create(
        policy=policy, position=0, delay=timedelta(minutes=5)
    )
    StepTarget.objects.create(step=step, team=team)
    make_integration(team=team)
    Route.objects.create(name="Loads", position=1, team=team)
    make_incident(team=team, private=True)


def test_an_admin_deletes_a_team_that_holds_nothing(admin: Client, team: Team) -> None:
    page = f"/settings/teams/{team.pk}/delete/"
    assert "Nothing belongs to it" in admin.get(page).content.decode()
    assert admin.post(page).status_code == 302
    assert not Team.objects.exists()
    assert AuditEntry.objects.get().action == "team.deleted"


def test_others_cannot(signed_in: Client, team: Team) -> None:
    for act in ("delete", "move"):
        assert signed_in.post(f"/settings/teams/{team.pk}/{act}/").status_code == 403
    assert (
        "Delete this team"
        not in signed_in.get(f"/settings/teams/{team.pk}/").content.decode()
    )


def test_what_still_belongs_to_it_is_said_and_it_stays(
    admin: Client, team: Team, user: User
) -> None:
    fill(team, user)
    page = f"/settings/teams/{team.pk}/delete/"
    text = admin.get(page).content.decode()
    for words in (
        "1 member",
        "1 asset",
        "1 schedule",
        "1 escalation policy",
        "1 escalation step that pages it",
        "1 integration",
        "1 routing rule",
        "1 incident",
    ):
        assert f">{words}<" in text
    assert admin.post(page).status_code == 409
    with pytest.raises(DomainError, match=r"still has 1 member, 1 asset.* and 1 inc"):
        delete_team(team_id=team.pk, by=user, at=NOON)


def test_all_of_it_goes_to_another_team_in_one_act(
    admin: Client, team: Team, user: User
) -> None:
    fill(team, user)
    silence = make_silence(team_ids=[team.pk])
    subscribe(user=user, team=team, at=NOON)
    other = make_team(name="Platform", slug="platform")
    step = StepTarget.objects.get(team=team).step
    version = step.policy.version
    url = f"/settings/teams/{team.pk}/move/"
    shown = admin.post(url, {"target": other.pk}, follow=True).content.decode()
    assert "Nothing belongs to it" in shown
    other.refresh_from_db()
    assert [person.pk for person in other.members.all()] == [user.pk]
    for held in (other.assets, other.schedules, other.policies, other.integrations):
        assert held.count() == 1
    assert other.incidents.count() == 1
    assert Subscription.objects.get().team == other
    assert StepTarget.objects.get(step=step).team == other
    step.policy.refresh_from_db()
    assert step.policy.version == version + 1
    silence.refresh_from_db()
    assert silence.team_ids == [other.pk]
    entry = AuditEntry.objects.get(action="team.holdings_moved")
    assert entry.changes["to"] == [None, "Platform"]
    assert entry.changes["assets"] == [1, None]
    delete_team(team_id=team.pk, by=user, at=NOON)


def test_the_other_team_keeps_its_own_default_policy(team: Team, user: User) -> None:
    other = make_team(name="Platform", slug="platform")
    make_policy(name="Ours", team=team, is_default=True)
    make_policy(name="Theirs", team=other, is_default=True)
    move_holdings(team_id=team.pk, target_id=other.pk, by=user, at=NOON)
    defaults = EscalationPolicy.objects.filter(team=other, is_default=True)
    assert [policy.name for policy in defaults] == ["Theirs"]


def test_it_goes_to_no_team_that_is_itself_or_nowhere(
    admin: Client, team: Team
) -> None:
    url = f"/settings/teams/{team.pk}/move/"
    for target in (team.pk, 9_999_999, "x", ""):
        assert admin.post(url, {"target": target}).status_code == 400
    with pytest.raises(DomainError, match="another team"):
        move_holdings(team_id=team.pk, target_id=team.pk, by=make_user(), at=NOON)
