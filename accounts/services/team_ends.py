"""Deleting a team, and giving what it holds to another one."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.text import get_text_list

from accounts.models import Invitation, Team, User
from accounts.services.audit import record_audit
from accounts.signals import Holding, team_holds, team_moving
from core.errors import DomainError


def holdings_of(team: Team) -> list[Holding]:
    """What would be without a team if it were deleted, each kind with its number."""
    answers: list[tuple[Any, Any]] = team_holds.send(sender=Team, team=team)
    found = [_members(team), *(one for _, told in answers for one in told)]
    return [holding for holding in found if holding.number]


@transaction.atomic
def move_holdings(*, team_id: int, target_id: int, by: User, at: datetime) -> Team:
    """Give all that a team holds, its members too, to another team. Safe to repeat.

    Locks both teams. Raises Team.DoesNotExist, and DomainError for the same team.
    """
    if team_id == target_id:
        raise DomainError("Choose another team.")
    rows = Team.objects.select_for_update().order_by("pk")
    teams = {team.pk: team for team in rows.filter(pk__in=[team_id, target_id])}
    if len(teams) < 2:
        raise Team.DoesNotExist
    source, target = teams[team_id], teams[target_id]
    moved = holdings_of(source)
    for holding in moved:
        holding.move(target.pk)
    Invitation.objects.filter(team=source).update(team=target)
    team_moving.send(sender=Team, source=source, target=target)
    changes = {"to": [None, target.name]} | {
        holding.many: [holding.number, None] for holding in moved
    }
    record_audit(
        actor=by, action="team.holdings_moved", target=source, changes=changes, at=at
    )
    return target


@transaction.atomic
def delete_team(*, team_id: int, by: User, at: datetime) -> None:
    """Delete a team that holds nothing.

    Locked first, so that nothing can be given to it meanwhile. Raises
    Team.DoesNotExist, and DomainError naming what it still holds.
    """
    team = Team.objects.select_for_update().get(pk=team_id)
    if held := holdings_of(team):
        listed = get_text_list([str(one) for one in held], "and")
        raise DomainError(f"{team} still has {listed}.")
    record_audit(actor=by, action="team.deleted", target=team, changes={}, at=at)
    team.delete()


def _members(team: Team) -> Holding:
    people = list(team.members.values_list("pk", flat=True))

    def move(target: int) -> None:
        Team.objects.get(pk=target).members.add(*people)
        team.members.clear()

    return Holding("member", "members", len(people), "", move)
