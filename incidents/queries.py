"""What pages and the API ask about incidents. Nothing here writes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import (
    CharField,
    Count,
    Exists,
    OuterRef,
    Prefetch,
    Q,
    Value,
    prefetch_related_objects,
)
from django.db.models.functions import Cast, Concat

from accounts.models import Team, User
from catalog.graph import snapshot
from catalog.models import Asset
from incidents.models import FailingAsset, Incident, IncidentQuerySet, RoleAssignment
from oncall.models import Escalation, Notification, Page
from oncall.services.lapsing import WARNING_KEY

Status = Incident.Status
OPEN, RESOLVED = "open", "resolved"
MOST_PAST = 10
MOST_UNPAGED = 10
PAGED_WITHIN = timedelta(minutes=1)
RESOLVED_RECENTLY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class IncidentFilter:
    """What a list is narrowed to. `status` is a status or "open"; `q` is looked for
    in the title and, as a number, among the ids."""

    status: str = ""
    severity: str = ""
    team: Team | None = None
    asset: Asset | None = None
    q: str = ""
    since: datetime | None = None
    until: datetime | None = None
    mine: bool = False

    def apply(self, incidents: IncidentQuerySet, *, user: User) -> IncidentQuerySet:
        if self.status == OPEN:
            incidents = incidents.open()
        exact = {
            "status": "" if self.status == OPEN else self.status,
            "severity": self.severity,
            "team": self.team,
            "triggered_at__gte": self.since,
            "triggered_at__lt": self.until,
        }
        wanted = [Q(**{name: value}) for name, value in exact.items() if value]
        if self.asset is not None:
            failing = FailingAsset.objects.filter(asset=self.asset)
            wanted.append(Q(pk__in=failing.values("incident")))
        if self.q.strip():
            wanted.append(_matches(self.q.strip()))
        if self.mine:
            wanted.append(_is_mine(user))
        return incidents.filter(*wanted)


def _matches(text: str) -> Q:
    number = text.removeprefix("#")
    matches = Q(title__icontains=text) | Q(suspected_asset__name__icontains=text)
    if number.isdecimal() and len(number) < 19:
        matches |= Q(pk=int(number))
    return matches


def _is_mine(user: User) -> Q:
    held = RoleAssignment.objects.filter(user=user)
    return (
        Q(pk__in=held.values("incident"))
        | Q(acknowledged_by=user)
        | Q(team__in=user.teams.all())
    )


@dataclass(frozen=True, slots=True)
class Facets:
    """How many incidents each choice of a facet would show: {value: number}."""

    status: dict[str, int]
    severity: dict[str, int]
    team: dict[int, int]


def facets(incidents: IncidentQuerySet) -> Facets:
    """Counts over `incidents`, one query. Key 0 of `team` is no team at all."""
    rows = (
        incidents.order_by()
        .values("status", "severity", "team_id")
        .annotate(how_many=Count("pk"))
        .values_list("status", "severity", "team_id", "how_many")
    )
    status: Counter[str] = Counter()
    severity: Counter[str] = Counter()
    team: Counter[int] = Counter()
    for one_status, one_severity, team_id, number in rows:
        status[one_status] += number
        severity[one_severity] += number
        team[team_id or 0] += number
    status[OPEN] = status.total() - status[RESOLVED]
    return Facets(dict(status), dict(severity), dict(team))


def open_count(user: User) -> int:
    """The number beside "Incidents". One query."""
    return Incident.objects.visible_to(user).open().count()


def needs_you_count(user: User) -> int:
    """The number beside "Home". One query."""
    return _needs(user).count()


def _needs(user: User) -> IncidentQuerySet:
    """Open incidents that wait for this person: paged, and nobody has answered."""
    paged = Page.objects.filter(user=user, ended_at=None).values("escalation__subject")
    ids = [
        int(subject.removeprefix("incident:"))
        for subject in paged.values_list("escalation__subject", flat=True)
        if subject.startswith("incident:")
    ]
    return Incident.objects.visible_to(user).open().filter(pk__in=ids)


@dataclass(frozen=True, slots=True)
class Home:
    """What a person sees first; each open incident they may see stands in one list,
    the worst first. The lists are cut: `waiting`, `mine_count` and `open_count` are
    how many there are that wait for them, are otherwise theirs, and are open."""

    needs_you: list[Incident]
    mine: list[Incident]
    others: list[Incident]
    waiting: int
    mine_count: int
    open_count: int
    resolved_today: int

    @property
    def others_count(self) -> int:
        return self.open_count - self.waiting - self.mine_count


def home(user: User, *, at: datetime, most: int = 20) -> Home:
    """A dozen queries, whatever the number of incidents. At most `most` in a list."""
    visible = Incident.objects.visible_to(user)
    worst_first = visible.open().for_list().worst_first()
    waiting = set(_needs(user).values_list("pk", flat=True))
    own = set(visible.open().filter(_is_mine(user)).values_list("pk", flat=True))
    mine = own - waiting
    return Home(
        needs_you=list(worst_first.filter(pk__in=waiting)[:most]),
        mine=list(worst_first.filter(pk__in=mine)[:most]),
        others=list(worst_first.exclude(pk__in=waiting | own)[:most]),
        waiting=len(waiting),
        mine_count=len(mine),
        open_count=visible.open().count(),
        resolved_today=visible.resolved()
        .filter(resolved_at__gte=at - RESOLVED_RECENTLY, merged_into=None)
        .count(),
    )


@dataclass(frozen=True, slots=True)
class AssetIncidents:
    """`open` are about the asset itself, `upstream` about what it depends on."""

    open: list[Incident]
    upstream: list[Incident]
    past: list[Incident]


def incidents_of_asset(asset: Asset, *, user: User) -> AssetIncidents:
    """What the asset's page shows; at most ten past ones. Nine queries."""
    visible = Incident.objects.visible_to(user).for_list()
    own = FailingAsset.objects.filter(asset=asset).values("incident")
    above = snapshot(fresh=True).ancestors(asset.pk)
    upstream = FailingAsset.objects.filter(asset__in=above).values("incident")
    return AssetIncidents(
        open=list(visible.open().filter(pk__in=own)),
        upstream=list(visible.open().filter(pk__in=upstream).exclude(pk__in=own)),
        past=list(visible.resolved().filter(pk__in=own, merged_into=None)[:MOST_PAST]),
    )


def failing_of(incident: Incident) -> list[FailingAsset]:
    """What fails or failed in it, with the assets, the earliest first. Read once for
    this object: for pages, which change nothing."""
    rows = FailingAsset.objects.select_related("asset").defer("asset__words")
    prefetch_related_objects([incident], Prefetch("failing_assets", rows))
    return list(incident.failing_assets.all())


def pages_of(incident: Incident) -> list[Page]:
    """Who was paged about it, in order, with their notifications. Three queries."""
    return list(
        Page.objects.filter(escalation__subject=incident.subject)
        .select_related("user", "escalation")
        .prefetch_related("notifications")
        .order_by("created_at", "pk")
    )


def told_about(incident: Incident) -> list[Notification]:
    """E-mails to owners and subscribers, with what became of each. One query."""
    told = Notification.objects.filter(
        subject=incident.subject, page=None, notice=None
    ).exclude(idempotency_key__startswith=WARNING_KEY)
    return list(told.order_by("created_at", "pk"))


def unpaged_incidents(*, at: datetime) -> list[int]:
    """Numbers of incidents from alerts that nobody answers and nobody was ever paged
    about, though a minute has gone by. Ten at most.

    What a person declared may be meant so, and what is snoozed has been seen.
    """
    ever_paged = Escalation.objects.filter(subject=OuterRef("named"))
    waiting = Incident.objects.filter(
        status=Status.TRIGGERED,
        declared_by=None,
        snoozed_until=None,
        triggered_at__lt=at - PAGED_WITHIN,
    ).annotate(named=Concat(Value("incident:"), Cast("pk", CharField())))
    unpaged = waiting.filter(~Exists(ever_paged)).order_by("pk")
    return list(unpaged.values_list("pk", flat=True)[:MOST_UNPAGED])
