"""Who is concerned by what is affected, and how each of them wants to be told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from accounts.models import User
from catalog.columns import affected_by_columns
from catalog.graph import snapshot
from catalog.models import Asset, AssetOwner
from incidents.models import Incident, IncidentAlert, Subscription, TellingPreference
from incidents.services.assessing import failing_since
from incidents.services.faults import columns_of, faults_in
from incidents.services.lineage import AssetRow, affected_by
from oncall.models import ContactMethod

EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Person:
    """Where and how somebody is told. `user` is None for who has no account."""

    email: str
    preference: TellingPreference
    user: User | None = None

    @property
    def method(self) -> ContactMethod | None:
        """The way they chose, as long as it is theirs and verified."""
        method = self.preference.method
        if method is None or self.user is None or method.verified_at is None:
            return None
        return method if method.user_id == self.user.pk else None


@dataclass(slots=True)
class Concern:
    """{asset id: name} of the affected assets that somebody owns or follows."""

    owned: dict[int, str] = field(default_factory=dict)
    followed: dict[int, str] = field(default_factory=dict)

    def for_person(self, person: Person) -> dict[int, str]:
        """What they want to hear of, what they own first."""
        if person.preference.scope == TellingPreference.Scope.OWN:
            return self.owned
        return self.owned | self.followed


Concerns = dict[Incident, dict[str, Concern]]


def people(emails: Iterable[str]) -> dict[str, Person]:
    """{e-mail: person}, without people whose account was closed. Two queries."""
    wanted = set(emails)
    if not wanted:
        return {}
    users = {user.email.lower(): user for user in User.objects.filter(email__in=wanted)}
    stored = TellingPreference.objects.select_related("method")
    known = {one.email: one for one in stored.filter(email__in=wanted)}
    return {
        email: Person(
            email, known.get(email) or TellingPreference(email=email), users.get(email)
        )
        for email in sorted(wanted)
        if email not in users or users[email].is_active
    }


def concerned_by(affected: Mapping[Incident, Collection[AssetRow]]) -> Concerns:
    """Who owns the affected dashboards and products given for each incident, and who
    follows anything that it affects.

    Three queries, and some more where somebody follows anything, or where an alert
    names a column.
    """
    reached = _where_columns_are_known(affected)
    concerns: Concerns = {incident: defaultdict(Concern) for incident in affected}
    rows = {
        incident: [
            row
            for row in listed
            if incident not in reached or row.id in reached[incident]
        ]
        for incident, listed in affected.items()
    }
    owners = _owners(row.id for listed in rows.values() for row in listed)
    for incident, listed in rows.items():
        for row in listed:
            for email in owners.get(row.id, ()):
                concerns[incident][email].owned[row.id] = row.name
    _add_followers(concerns, reached)
    return concerns


def _where_columns_are_known(incidents: Iterable[Incident]) -> dict[Incident, set[int]]:
    """What is affected by those incidents of which an alert names a column."""
    by_id = {incident.pk: incident for incident in incidents}
    named = IncidentAlert.objects.filter(
        incident__in=list(by_id), alert__labels__has_key="column"
    )
    reached = {}
    for pk in named.values_list("incident_id", flat=True).distinct():
        columns = columns_of(faults_in(by_id[pk]).values())
        below = affected_by_columns(columns, snapshot(fresh=True)).assets
        reached[by_id[pk]] = below | columns.keys()
    return reached


def _owners(asset_ids: Iterable[int]) -> dict[int, list[str]]:
    owners: dict[int, list[str]] = defaultdict(list)
    wanted = set(asset_ids)
    if wanted:
        rows = AssetOwner.objects.filter(asset__in=wanted)
        for asset_id, email in rows.values_list("asset_id", "email"):
            owners[asset_id].append(email.lower())
    return owners


def _add_followers(concerns: Concerns, reached: Mapping[Incident, set[int]]) -> None:
    by_asset: dict[int, list[str]] = defaultdict(list)
    by_team: dict[int, list[str]] = defaultdict(list)
    for email, asset, team in Subscription.objects.values_list(
        "user__email", "asset_id", "team_id"
    ):
        followers = by_asset[asset] if asset else by_team[team]
        followers.append(email.lower())
    if not (by_asset or by_team):
        return
    affected = _affected(concerns, reached)
    of_teams = Asset.objects.filter(team__in=list(by_team))
    followed = Asset.objects.filter(pk__in=list(by_asset)) | of_teams
    rows = followed.filter(pk__in=set[int]().union(*affected.values()))
    for pk, name, team in rows.values_list("pk", "name", "team"):
        for incident in (one for one, ids in affected.items() if pk in ids):
            for email in (*by_asset.get(pk, ()), *by_team.get(team, ())):
                concerns[incident][email].followed[pk] = name


def _affected(
    incidents: Iterable[Incident], reached: Mapping[Incident, set[int]]
) -> dict[Incident, set[int]]:
    """Everything that fails or lies below, for each incident. One query."""
    listed = list(incidents)
    failing = failing_since(incident.pk for incident in listed)
    lineage = snapshot(fresh=True)
    found = {}
    for incident in listed:
        own = failing.get(incident.pk, {})
        known = reached.get(incident)
        found[incident] = known or (affected_by(own, lineage) | set(own))
    return found
