"""What stands around one incident, for its page. Nothing here writes."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from accounts.models import User
from alerts.models import Alert
from catalog.models import Asset
from incidents.models import (
    CauseVerdict,
    Incident,
    IncidentQuerySet,
    MergeOffer,
    Regrouping,
)

MOST_REGROUPINGS = 5
MOST_LINKS = 6
MOST_OFFERS = 3


def neighbours(incident: Incident, *, user: User) -> tuple[int | None, int | None]:
    """Ids of the incidents triggered next after and before this one, as far as `user`
    may see them; among the open ones while it is open. One query."""
    visible = Incident.objects.visible_to(user)
    among = visible.open() if incident.is_open else visible
    at, pk = incident.triggered_at, incident.pk
    # The first condition is what the index understands, the second breaks ties.
    later = among.filter(
        Q(triggered_at__gt=at) | Q(pk__gt=pk), triggered_at__gte=at
    ).order_by("triggered_at", "pk")
    earlier = among.filter(
        Q(triggered_at__lt=at) | Q(pk__lt=pk), triggered_at__lte=at
    ).order_by("-triggered_at", "-pk")
    one, other = (
        rows.values_list("triggered_at", "pk")[:1] for rows in (later, earlier)
    )
    found = {row > (at, pk): row[1] for row in one.union(other)}
    return found.get(True), found.get(False)


def others_to_merge(incident: Incident, *, user: User) -> IncidentQuerySet:
    """Open incidents it may be merged into, those offered for it first."""
    offered = Q(pk__in=incident.merge_offers_from.values("incident")) | Q(
        pk__in=incident.merge_offers.values("other")
    )
    visible = Incident.objects.visible_to(user).open().exclude(pk=incident.pk)
    return visible.alias(is_offered=offered).order_by(
        "-is_offered", "-triggered_at", "-pk"
    )


@dataclass(frozen=True, slots=True)
class Offer:
    """`gone` may be the same fault as `kept`, because `asset` ties them together."""

    gone: Incident
    kept: Incident
    asset: Asset


def offers(incident: Incident, *, user: User) -> list[Offer]:
    """Merges offered with this incident on either side, as far as `user` may see
    the other. One query."""
    if not incident.is_open:
        return []
    visible = Incident.objects.visible_to(user).open()
    rows = (
        MergeOffer.objects.filter(
            Q(incident=incident, other__in=visible)
            | Q(other=incident, incident__in=visible)
        )
        .select_related("incident", "other", "asset")
        .order_by("-at", "pk")
    )
    return [
        Offer(gone=row.other, kept=row.incident, asset=row.asset)
        for row in rows[: 2 * MOST_OFFERS]
    ]


def regroupings_of(incident: Incident, *, user: User) -> list[Regrouping]:
    """What was moved here or away, newest first."""
    rows = regroupings_seen(incident, user=user)
    return list(rows.select_related("source", "target", "by")[:MOST_REGROUPINGS])


def regroupings_seen(incident: Incident, *, user: User) -> QuerySet[Regrouping]:
    """What was moved here or away, where the other may be seen."""
    visible = Incident.objects.visible_to(user)
    return Regrouping.objects.filter(
        Q(source=incident, target__in=visible) | Q(target=incident, source__in=visible)
    )


def verdicts_on(incident: Incident) -> list[CauseVerdict]:
    """What people said of suspects, with who did, the first first."""
    return list(incident.verdicts.select_related("asset", "by").order_by("at", "pk"))


def links_of(incident: Incident) -> list[str]:
    """Addresses that the alerts gave: runbooks, logs, dashboards of the tools."""
    alerts = Alert.objects.filter(membership__incident=incident).exclude(url="")
    urls = alerts.order_by("url").values_list("url", flat=True).distinct()
    web = [url for url in urls[: MOST_LINKS * 2] if url.startswith(("http:", "https:"))]
    return web[:MOST_LINKS]
