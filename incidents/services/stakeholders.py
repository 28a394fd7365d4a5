"""Telling the owners of affected dashboards, once at the start and once at the end.

One message per owner and incident, however many dashboards. What is told is a row in
the transaction that makes it true; the e-mail is sent by the paging engine.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from catalog.models import AssetOwner
from core.http import absolute_url
from incidents import wording
from incidents.models import Incident, Stakeholder, TimelineEntry
from incidents.services.assessing import failing_since
from incidents.services.lineage import AssetRow, examine
from oncall.services import inform


def tell_start(
    affected: Mapping[Incident, Iterable[AssetRow]], *, at: datetime
) -> None:
    """Tell those owners of the dashboards of {incident: dashboards} not told before.

    Private incidents are told to nobody. Two queries, and some for each message.
    """
    open_to_all = {i: list(rows) for i, rows in affected.items() if not i.private}
    owners = _owners(row.id for rows in open_to_all.values() for row in rows)
    if not owners:
        return
    known = set(
        Stakeholder.objects.filter(incident__in=list(open_to_all)).values_list(
            "incident_id", "email"
        )
    )
    for incident, rows in open_to_all.items():
        owned = _by_owner(rows, owners)
        new = {e: n for e, n in owned.items() if (incident.pk, e) not in known}
        if new:
            _tell_new_owners(incident, new, at=at)


def _tell_new_owners(
    incident: Incident, owned: Mapping[str, list[str]], *, at: datetime
) -> None:
    Stakeholder.objects.bulk_create(
        [Stakeholder(incident=incident, email=e, told_at=at) for e in owned],
        ignore_conflicts=True,
    )
    for email, names in owned.items():
        told = _told(incident, names)
        inform(
            key=f"incident:{incident.pk}:start:{email}",
            address=email,
            title=wording.start_title(told),
            body=wording.start_body(told),
            url=absolute_url(incident),
            subject=incident.subject,
            at=at,
        )
    owners = wording.counted(len(owned), "owner")
    incident.record(
        TimelineEntry.Kind.TOLD,
        f"Told {owners} of affected dashboards by e-mail: "
        f"{wording.listed(sorted(owned), 10)}.",
        at=at,
    )


def tell_end(incident: Incident, *, at: datetime) -> None:
    """Tell everyone who was told of the start that it is over. Safe to repeat."""
    waiting = list(incident.stakeholders.filter(told_of_end_at=None))
    if not waiting:
        return
    owned = dashboards_by_owner(incident)
    for stakeholder in waiting:
        told = _told(incident, owned.get(stakeholder.email, []))
        inform(
            key=f"incident:{incident.pk}:end:{stakeholder.email}",
            address=stakeholder.email,
            title=wording.end_title(told),
            body=wording.end_body(told, ended_at=at),
            url=absolute_url(incident),
            subject=incident.subject,
            at=at,
        )
    incident.stakeholders.filter(told_of_end_at=None).update(told_of_end_at=at)
    emails = sorted(s.email for s in waiting)
    incident.record(
        TimelineEntry.Kind.TOLD,
        f"Told {wording.counted(len(emails), 'owner')} by e-mail that it is over: "
        f"{wording.listed(emails, 10)}.",
        at=at,
    )


def tell_update(
    incident: Incident, *, update_id: int, text: str, at: datetime
) -> list[str]:
    """Send an update to everyone told of the start; return their addresses."""
    emails = list(incident.stakeholders.values_list("email", flat=True))
    for email in emails:
        inform(
            key=f"incident:{incident.pk}:update:{update_id}:{email}",
            address=email,
            title=f"Update: {incident.title}",
            body=text,
            url=absolute_url(incident),
            subject=incident.subject,
            at=at,
        )
    return emails


def move_stakeholders(source: Incident, target: Incident) -> None:
    """Those who were told of `source` have thereby been told of `target`."""
    Stakeholder.objects.bulk_create(
        [
            Stakeholder(incident=target, email=s.email, told_at=s.told_at)
            for s in source.stakeholders.all()
        ],
        ignore_conflicts=True,
    )
    source.stakeholders.all().delete()


def dashboards_by_owner(incident: Incident) -> dict[str, list[str]]:
    """{e-mail: names of the affected dashboards it owns}."""
    failing = failing_since([incident.pk])
    found, _ = examine({incident.pk: failing.get(incident.pk, {})})
    rows = found[incident.pk].dashboards
    return _by_owner(rows, _owners(row.id for row in rows))


def _owners(asset_ids: Iterable[int]) -> dict[int, list[str]]:
    owners: dict[int, list[str]] = defaultdict(list)
    wanted = set(asset_ids)
    if wanted:
        for asset_id, email in AssetOwner.objects.filter(asset__in=wanted).values_list(
            "asset_id", "email"
        ):
            owners[asset_id].append(email.lower())
    return owners


def _by_owner(
    rows: Iterable[AssetRow], owners: Mapping[int, list[str]]
) -> dict[str, list[str]]:
    owned: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        for email in owners.get(row.id, []):
            owned[email].append(row.name)
    return owned


def _told(incident: Incident, dashboards: list[str]) -> wording.Told:
    return wording.Told(
        title=incident.title,
        severity=incident.severity,
        dashboards=dashboards,
        since=incident.impact_started_at,
        cause=str(incident.suspected_asset or ""),
        responder=str(incident.acknowledged_by or ""),
    )
