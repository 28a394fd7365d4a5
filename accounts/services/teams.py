"""Teams and who is in them."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from accounts.models import Team, User
from accounts.services.audit import record_audit
from core.errors import DomainError


@transaction.atomic
def create_team(
    *,
    name: str,
    description: str = "",
    members: list[User] | None = None,
    by: User,
    at: datetime,
) -> Team:
    """Make a team. Raises DomainError when another has the name, in any case."""
    # The slug stays when the name changes, so that links made with it last.
    slug = _free_slug(name)
    try:
        with transaction.atomic():
            team = Team.objects.create(name=name, slug=slug, description=description)
    except IntegrityError as error:
        raise _name_is_taken(name) from error
    team.members.set(members or [])
    emails = [person.email for person in members or []]
    changes = {"members": [None, emails]} if emails else {}
    record_audit(actor=by, action="team.created", target=team, changes=changes, at=at)
    return team


@transaction.atomic
def change_team(
    *, team_id: int, name: str, description: str, by: User, at: datetime
) -> Team:
    """Rename or describe a team.

    Raises Team.DoesNotExist, and DomainError when another has the name.
    """
    team = Team.objects.select_for_update().get(pk=team_id)
    changes = {
        field: [getattr(team, field), new]
        for field, new in (("name", name), ("description", description))
        if getattr(team, field) != new
    }
    if not changes:
        return team
    team.name, team.description = name, description
    try:
        with transaction.atomic():
            team.save(update_fields=["name", "description"])
    except IntegrityError as error:
        raise _name_is_taken(name) from error
    record_audit(actor=by, action="team.changed", target=team, changes=changes, at=at)
    return team


@transaction.atomic
def add_team_member(*, team_id: int, person_id: int, by: User, at: datetime) -> Team:
    """Put a person into a team. Safe to repeat.

    Raises Team.DoesNotExist and User.DoesNotExist.
    """
    team = Team.objects.select_for_update().get(pk=team_id)
    person = User.objects.get(pk=person_id)
    if not team.members.filter(pk=person.pk).exists():
        team.members.add(person)
        changes = {"members": [None, person.email]}
        record_audit(
            actor=by, action="team.member_added", target=team, changes=changes, at=at
        )
    return team


@transaction.atomic
def remove_team_member(*, team_id: int, person_id: int, by: User, at: datetime) -> Team:
    """Take a person out of a team. Safe to repeat.

    Raises Team.DoesNotExist and User.DoesNotExist.
    """
    team = Team.objects.select_for_update().get(pk=team_id)
    person = User.objects.get(pk=person_id)
    if team.members.filter(pk=person.pk).exists():
        team.members.remove(person)
        changes = {"members": [person.email, None]}
        record_audit(
            actor=by, action="team.member_removed", target=team, changes=changes, at=at
        )
    return team


def _free_slug(name: str) -> str:
    base = slugify(name)[:70] or "team"  # a name in another script slugs to nothing
    taken = set(
        Team.objects.filter(slug__startswith=base).values_list("slug", flat=True)
    )
    return next(
        slug
        for slug in (base, *(f"{base}-{n}" for n in range(2, len(taken) + 3)))
        if slug not in taken
    )


def _name_is_taken(name: str) -> DomainError:
    return DomainError(f"There is already a team named {name}.")
