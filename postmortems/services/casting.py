"""Who appears as what: people take part in a postmortem by role, never by name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from accounts.models import User
from catalog.models import Asset, AssetOwner
from incidents.models import Incident, Subscription
from postmortems.facts import Person

SHORTEST_NAME = 3
OWNER = "owner of affected assets"
OWNERS: dict[str, str] = {
    Asset.Type.DASHBOARD: "dashboard owner",
    Asset.Type.PRODUCT: "data product owner",
    Asset.Type.MODEL: "ML model owner",
}
# First names that are words of an incident's record as well.
WORDS_TOO = {
    *("April", "August", "Bill", "Chase", "Dash", "Dawn", "Drew", "Faith", "Grace"),
    *("Grant", "Hope", "Jack", "Job", "Joy", "June", "Major", "Mark", "Max", "May"),
    *("Merge", "Miles", "Norm", "Page", "Pat", "Ray", "Rob", "Rose", "Ruby", "Skip"),
    *("Sue", "Will"),
}


@dataclass(slots=True)
class Cast:
    """The people of one incident. Whoever was added first keeps that role.

    Several of one role are numbered: "responder 1", "responder 2".
    """

    _roles: dict[int, str] = field(default_factory=dict)
    _users: dict[int, User] = field(default_factory=dict)
    _addresses: dict[str, str] = field(default_factory=dict)

    @property
    def user_ids(self) -> list[int]:
        return list(self._users)

    def add(self, user: User | None, role: str) -> None:
        if user is not None and user.pk not in self._users:
            self._users[user.pk], self._roles[user.pk] = user, role

    def add_address(self, emails: Iterable[str], role: str) -> None:
        """People who may have no account, known by their e-mail."""
        known = {user.email for user in self._users.values()}
        self._addresses |= {email: role for email in emails if email not in known}

    def role_of(self, user: User) -> str:
        """The role, with its number where several hold it."""
        role = self._roles[user.pk]
        same = [pk for pk, other in self._roles.items() if other == role]
        return role if len(same) == 1 else f"{role} {same.index(user.pk) + 1}"

    def people(self) -> tuple[Person, ...]:
        known = [
            Person(self.role_of(user), tuple(_names(user)))
            for user in self._users.values()
        ]
        told = [Person(role, (email,)) for email, role in self._addresses.items()]
        return (*known, *told)


def roles_of_told(incident: Incident) -> dict[str, str]:
    """{e-mail: what they are} of those who were told: owners of what is affected, by
    what they own, and subscribers, by what they subscribed to. Three queries."""
    rows = list(incident.stakeholders.all())
    affected = {pk for row in rows for pk in row.assets}
    owned: dict[str, set[str]] = defaultdict(set)
    for email, kind in AssetOwner.objects.filter(asset__in=affected).values_list(
        "email", "asset__type"
    ):
        owned[email.lower()].add(kind)
    by_asset = Subscription.objects.filter(asset__in=affected)
    follows = {
        email.lower() for email in by_asset.values_list("user__email", flat=True)
    }
    return {
        row.email: _owner_of(owned[row.email])
        if row.owns
        else f"subscriber of {'an asset' if row.email in follows else 'a team'}"
        for row in rows
    }


def _owner_of(kinds: Collection[str]) -> str:
    return OWNERS.get(next(iter(kinds)), OWNER) if len(kinds) == 1 else OWNER


def _names(user: User) -> Iterator[str]:
    """All that a note may call this person."""
    yield user.email
    yield f"@{user.email.partition('@')[0]}"
    if not user.name.strip():
        return
    yield user.name
    first = user.name.split()[0]
    yield f"@{first}"
    yield f"@{first.lower()}"
    if len(first) >= SHORTEST_NAME and first not in WORDS_TOO:
        yield first
