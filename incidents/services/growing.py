"""Opening incidents and letting open ones grow, as a plan says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from django.conf import settings

from alerts.models import Alert, Route
from catalog.graph import snapshot
from catalog.models import Asset
from core.bulk import insert_all, update_all
from core.live import publish
from incidents import wording
from incidents.correlation import Merge, Placement, Plan, Tie
from incidents.models import (
    FailingAsset,
    Incident,
    MergeOffer,
    TimelineEntry,
)
from incidents.services.assessed import remember
from incidents.services.assessing import (
    ASSESSED_FIELDS,
    failing_since,
    take_in,
)
from incidents.services.entries import save_entries
from incidents.services.grouping import absorb, settle
from incidents.services.growth import (
    Growth,
    add_failing,
    count_in,
    give_routes,
    load_failing,
    new_incident,
)
from incidents.services.joining import reason_for, save_members
from incidents.services.lineage import AssetRow, examine
from incidents.services.member_changes import acknowledge_as_asked
from incidents.services.open_incidents import last_closed
from incidents.services.paging import (
    Opening,
    page_again,
    page_other_team,
    start_paging,
    start_paging_all,
)
from incidents.services.regrouping import carry_out_moves
from incidents.services.repeats import fold_repeats
from incidents.services.stakeholders import tell_start
from incidents.severity import is_worse

Kind = TimelineEntry.Kind
MOST_ENTRIES = 5
COUNTED_FIELDS = ["alert_count", "last_alert_at", "detected_at", "impact_started_at"]
LIKELY = 0.5  # from this score on, another team is paged


def apply_plan(
    plan: Plan,
    *,
    alerts: Collection[Alert],
    routes: Mapping[int, Route],
    incidents: Mapping[int, Incident],
    at: datetime,
) -> None:
    """Write what `plan` decided. `incidents` are locked. The number of queries hangs
    on how many incidents are opened and paged, not on how many alerts join."""
    by_id = {alert.pk: alert for alert in alerts}
    growths = _growths(plan.placements, by_id, incidents, at=at)
    give_routes(growths.values(), routes)
    if not growths:
        return
    load_failing(growths)
    for growth in growths.values():
        growth.severity_before = growth.incident.severity
    aside = _merge(plan.merges, growths, incidents, at=at)
    for growth in growths.values():
        add_failing(growth)
    _link_recurrences(growths.values(), at=at)
    _examine(growths, at=at)
    _load_causes(growths.values())
    _save(growths.values(), at=at)
    _page_and_tell(growths.values(), at=at)
    for incident in aside:
        settle(incident, at=at)
    opened = {key: growth.incident for key, growth in growths.items()}
    carry_out_moves(plan.moves, incidents={**incidents, **opened}, at=at)
    # Nobody can watch an incident that is not there yet.
    watched = [one.incident.subject for one in growths.values() if not one.is_new]
    publish("incidents", *watched)


def _growths(
    placements: Iterable[Placement],
    alerts: Mapping[int, Alert],
    incidents: Mapping[int, Incident],
    *,
    at: datetime,
) -> dict[int, Growth]:
    growths: dict[int, Growth] = {}
    for placement in placements:
        key, alert = placement.incident, alerts[placement.alert_id]
        if key not in growths:
            growths[key] = Growth(
                incidents[key] if key > 0 else new_incident(alert, at=at), key < 0
            )
        growths[key].joined.append((alert, placement))
    for growth in growths.values():
        count_in(growth)
    return growths


def _merge(
    merges: Iterable[Merge],
    growths: Mapping[int, Growth],
    incidents: Mapping[int, Incident],
    *,
    at: datetime,
) -> list[Incident]:
    """Return those that took in others, but no new alert: to be assessed anew."""
    names = _names(merge.asset_id for merge in merges)
    aside: list[Incident] = []
    for merge in merges:
        kept, gone = incidents[merge.kept], incidents[merge.gone]
        asset = names.get(merge.asset_id, "an asset")
        if merge.is_offer:
            _offer(kept, gone, merge.asset_id, asset, at=at)
            continue
        moved = failing_since([gone.pk]).get(gone.pk, {})
        growth = growths.get(merge.kept)
        failing = moved | growth.failing if growth else moved
        fails = growth is not None and any(
            alert.asset_id == merge.asset_id for alert, _ in growth.joined
        )
        verb = "fails" if fails or merge.asset_id in failing else "lies"
        absorb(kept, gone, why=f"{asset} {verb} upstream of both.", at=at)
        publish(gone.subject)
        if growth is None:
            aside.append(kept)
        else:
            growth.failing = failing
            growth.has_merged = True
    return aside


def _offer(
    kept: Incident, other: Incident, asset_id: int, asset: str, *, at: datetime
) -> None:
    _, is_new = MergeOffer.objects.get_or_create(
        incident=kept, other=other, defaults={"asset_id": asset_id, "at": at}
    )
    if not is_new:
        return
    for incident, twin in ((kept, other), (other, kept)):
        incident.record(
            Kind.MERGED,
            f"Looks like one fault with {twin}: {asset} ties them. "
            f"{other} had been acknowledged, so they were left apart; merge them if "
            "you agree.",
            at=at,
        )
        publish(incident.subject)


def _link_recurrences(growths: Iterable[Growth], *, at: datetime) -> None:
    new = [growth for growth in growths if growth.is_new]
    if not new:
        return
    first = {id(growth): growth.joined[0][0] for growth in new}
    by_asset, by_key = last_closed(
        {asset_id for growth in new for asset_id in growth.fresh},
        {(alert.integration_id, alert.dedup_key) for alert in first.values()},
    )
    for growth in new:
        alert = first[id(growth)]
        past = [by_asset[a] for a in growth.fresh if a in by_asset]
        same_key = by_key.get((alert.integration_id, alert.dedup_key))
        growth.incident.recurs_from_id = earlier = max(past, default=same_key)
        if earlier is not None:
            same = "asset" if past else "alert"
            text = f"A recurrence of #{earlier}, which was about the same {same}."
            growth.note(Kind.ALERT, text, at=at)


def _examine(growths: Mapping[int, Growth], *, at: datetime) -> None:
    """Reckon cause, effect and severity anew where something has come in."""
    lineage = snapshot(fresh=True).version
    grown = {
        key: growth
        for key, growth in growths.items()
        if growth.has_grown(lineage=lineage, at=at)
    }
    names = _names(p.to_asset for g in growths.values() for _, p in g.joined)
    found, assets = examine(
        {key: growth.failing for key, growth in grown.items()},
        joined=[(key, alert) for key, one in grown.items() for alert, _ in one.joined],
    )
    repeated = fold_repeats(
        [
            (growth.incident, alert)
            for growth in growths.values()
            if not growth.is_new
            for alert, _ in growth.joined
        ],
        at=at,
    )
    for key, growth in growths.items():
        _note_joined(growth, names, repeated, at=at)
        if key in grown:
            growth.is_assessed = True
            growth.dashboards = found[key].dashboards
            before = growth.incident.suspected_asset_id
            growth.entries += take_in(
                growth.incident, found[key], assets, alerts_severity=growth.worst, at=at
            )
            _follow_cause(growth, before, assets)


def _follow_cause(
    growth: Growth, before: int | None, assets: Mapping[int, AssetRow]
) -> None:
    """The incident is the team's that owns the suspected cause, unless it was routed
    or somebody works on it already."""
    incident = growth.incident
    cause = incident.suspected_asset_id
    is_routed = growth.route is not None and growth.route.team_id is not None
    team = assets[cause].team_id if cause is not None else None
    if is_routed or team is None:
        return
    if growth.is_new:
        incident.team_id = team
        return
    known = None if before is None else assets.get(before)
    is_likely = incident.causes[0]["score"] >= LIKELY
    is_other = known is not None and known.team_id != team
    if is_likely and is_other and incident.acknowledged_at is None:
        growth.has_new_team = True
        incident.team_id = team


def _load_causes(growths: Iterable[Growth]) -> None:
    """Fetch the suspected assets of new incidents at once; paging needs them all."""
    new = [growth.incident for growth in growths if growth.is_new]
    ids = {pk for incident in new if (pk := incident.suspected_asset_id) is not None}
    causes = Asset.objects.select_related("team").in_bulk(ids)
    for incident in new:
        if incident.suspected_asset_id is not None:
            incident.suspected_asset = causes[incident.suspected_asset_id]


def _note_joined(
    growth: Growth, names: Mapping[int, str], repeated: Collection[int], *, at: datetime
) -> None:
    """One entry for each alert, or one for all the rest when a storm comes in."""
    joined = [one for one in growth.joined if one[0].pk not in repeated]
    for number, (alert, placement) in enumerate(joined):
        if number == MOST_ENTRIES:
            rest = [a.title for a, _ in joined[MOST_ENTRIES:]]
            more = f"{wording.counted(len(rest), 'more alert')}: "
            growth.note(Kind.ALERT, more + wording.listed(rest), at=at)
            return
        if placement.tie is Tie.OPENED:
            text = f"Opened by an alert from {alert.integration}: {alert.title}"
            growth.note(Kind.OPENED, text, at=at, happened_at=alert.first_at)
        else:
            reason = reason_for(placement, names)
            text = f"{alert.title} ({reason})"
            growth.note(Kind.ALERT, text, at=at, happened_at=alert.first_at)


def _names(asset_ids: Iterable[int | None]) -> dict[int, str]:
    ids = {asset_id for asset_id in asset_ids if asset_id is not None}
    if not ids:
        return {}
    return dict(Asset.objects.filter(pk__in=ids).values_list("id", "name"))


def _save(growths: Collection[Growth], *, at: datetime) -> None:
    new = [growth for growth in growths if growth.is_new]
    for growth in new:
        if not growth.firing:
            _close_before_paging(growth, at=at)
    insert_all(growth.incident for growth in new)
    old = [growth for growth in growths if not growth.is_new]
    update_all((growth.incident for growth in old), COUNTED_FIELDS)
    update_all(
        (growth.incident for growth in old if growth.is_assessed),
        [*ASSESSED_FIELDS, "team"],
    )
    names = _names(p.to_asset for g in growths for _, p in g.joined)
    save_members(growths, names, at=at)
    _save_failing(growths, at=at)
    save_entries(entry for growth in growths for entry in growth.entries)
    remember(
        {
            growth.incident.pk: [alert for alert, _ in growth.joined]
            for growth in growths
            if growth.is_assessed
        },
        lineage=snapshot(fresh=True).version,
        at=at,
    )


def _save_failing(growths: Iterable[Growth], *, at: datetime) -> None:
    """New rows, and rows of assets that fail again."""
    rows = []
    for growth in growths:
        firing = {alert.asset_id for alert in growth.firing if alert.pages}
        touched = {a.asset_id for a, _ in growth.joined if a.pages and a.asset_id}
        rows += [
            FailingAsset(
                incident=growth.incident,
                asset_id=asset_id,
                since=growth.failing[asset_id],
                until=None if asset_id in firing else at,
            )
            for asset_id in touched
            if asset_id in firing or asset_id in growth.fresh
            if not growth.is_written(asset_id, is_firing=asset_id in firing)
        ]
    FailingAsset.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["incident", "asset"],
        update_fields=["since", "until"],
    )


def _close_before_paging(growth: Growth, *, at: datetime) -> None:
    """All alerts of a new incident have resolved already: nobody has to get up."""
    incident = growth.incident
    incident.mitigated_at = max(at, incident.triggered_at)
    incident.status = Incident.Status.MONITORING
    if settings.RESOLVE_WITH_ALERTS:
        incident.status = Incident.Status.RESOLVED
        incident.resolved_at = incident.mitigated_at
    growth.note(
        Kind.STATUS, "The alert resolved before anybody had to be paged.", at=at
    )


def _page_and_tell(growths: Collection[Growth], *, at: datetime) -> None:
    new = [growth for growth in growths if growth.is_new and growth.firing]
    old = [growth for growth in growths if not growth.is_new]
    start_paging_all([_opening(growth) for growth in new], at=at)
    for growth in old:
        _page_for_growth(growth, at=at)
    for growth in growths:
        acknowledge_as_asked(growth.incident, [a for a, _ in growth.joined], at=at)
    assessed = [growth for growth in (*new, *old) if growth.is_assessed]
    tell_start({growth.incident: growth.dashboards for growth in assessed}, at=at)


def _opening(growth: Growth) -> Opening:
    first = growth.joined[0][0]
    return Opening(
        growth.incident,
        growth.dashboards,
        integration=first.integration,
        route=growth.route,
        description=first.description,
        labels=first.labels,
    )


def _page_for_growth(growth: Growth, *, at: datetime) -> None:
    """A further alert pages nobody, unless it is worse or the incident was quiet."""
    incident = growth.incident
    if growth.pages and incident.fire_again(
        at=at, why=f"An alert fires: {growth.firing[0].title}"
    ):
        if incident.acknowledged_at is None:
            start_paging(incident, at=at)
    elif growth.has_new_team:
        page_other_team(incident, at=at, dashboards=growth.dashboards)
    elif is_worse(incident.severity, growth.severity_before):
        page_again(incident, at=at, why=f"severity rose to {incident.severity}.")
