"""People: what they say of themselves, and what admins decide."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.services.audit import record_audit
from accounts.time_zones import find_zone
from core.errors import DomainError
from core.text import one_line

NAME_LENGTH = 120


@transaction.atomic
def add_person(
    *, email: str, name: str, time_zone: str, by: User, at: datetime
) -> tuple[User, bool]:
    """Return the person with the address, and whether they were added just now.

    Whoever is added is a responder without a password: they choose one by "Forgot your
    password?". An unknown zone becomes UTC.
    """
    email = email.strip().lower()
    found = User.objects.filter(email__iexact=email).first()
    if found is not None:
        return found, False
    person = User.objects.create_user(
        email,
        None,
        name=one_line(name, NAME_LENGTH),
        time_zone=find_zone(time_zone) or "UTC",
        role=User.Role.RESPONDER,
    )
    record_audit(actor=by, action="person.added", target=person, changes={}, at=at)
    return person, True


@transaction.atomic
def change_profile(*, user: User, name: str, time_zone: str, at: datetime) -> User:
    """Change what a person says of themselves. No difference, no note of it."""
    person = User.objects.select_for_update().get(pk=user.pk)
    changes = {
        field: [getattr(person, field), new]
        for field, new in (("name", name), ("time_zone", time_zone))
        if getattr(person, field) != new
    }
    if changes:
        person.name, person.time_zone = name, time_zone
        person.save(update_fields=["name", "time_zone"])
        record_audit(
            actor=user, action="person.profile", target=person, changes=changes, at=at
        )
    return person


@transaction.atomic
def change_role(*, person_id: int, role: str, by: User, at: datetime) -> User:
    """Give a person another role.

    Raises User.DoesNotExist, and DomainError for the last active admin.
    """
    person = _locked_with_admins(person_id)
    before = person.role
    if before == role:
        return person
    if person.is_admin:
        _refuse_without_another_admin(person)
    person.role = role
    person.save(update_fields=["role"])
    record_audit(
        actor=by,
        action="person.role",
        target=person,
        changes={"role": [before, role]},
        at=at,
    )
    return person


@transaction.atomic
def deactivate_person(*, person_id: int, by: User, at: datetime) -> User:
    """Shut a person out: sessions and API tokens stop working at once.

    What they did stays. Raises User.DoesNotExist, and DomainError for the last
    active admin. Safe to repeat.
    """
    person = _locked_with_admins(person_id)
    if person.is_admin:
        _refuse_without_another_admin(person)
    return _set_active(person, False, by=by, at=at)


@transaction.atomic
def activate_person(*, person_id: int, by: User, at: datetime) -> User:
    """Let a person in again, with the role and the tokens they had."""
    person = User.objects.select_for_update().get(pk=person_id)
    return _set_active(person, True, by=by, at=at)


def _set_active(person: User, is_active: bool, *, by: User, at: datetime) -> User:
    if person.is_active != is_active:
        person.is_active = is_active
        person.save(update_fields=["is_active"])
        action = "person.activated" if is_active else "person.deactivated"
        record_audit(actor=by, action=action, target=person, changes={}, at=at)
    return person


def _locked_with_admins(person_id: int) -> User:
    """Lock all admins and the person, always in the order of their ids.

    So two admins who take each other's role at the same moment are one after the
    other, and the second is refused.
    """
    admins = User.objects.filter(role=User.Role.ADMIN)
    rows = (admins | User.objects.filter(pk=person_id)).order_by("pk")
    for person in rows.select_for_update():
        if person.pk == person_id:
            return person
    raise User.DoesNotExist


def _refuse_without_another_admin(person: User) -> None:
    others = User.objects.filter(role=User.Role.ADMIN, is_active=True)
    if person.is_active and not others.exclude(pk=person.pk).exists():
        raise DomainError(
            f"{person} is the last active admin. Make somebody else an admin first."
        )
