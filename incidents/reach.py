"""Whom an act reaches, said before it goes: pages and e-mails leave the house."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter

from accounts.models import Team
from catalog.graph import snapshot
from catalog.models import Asset
from incidents.cause import suspected
from incidents.models import Incident
from incidents.services.lineage import DASHBOARD_TYPES, affected_by, examine
from incidents.services.paging import opened_by, policy_for
from oncall.models import EscalationPolicy
from oncall.services import Rung
from oncall.services.choosing import choose_policy
from oncall.services.ladder import freeze, urgencies_of
from oncall.services.rungs import planned

MOST_DASHBOARDS = 30


@dataclass(frozen=True, slots=True)
class ReachedDashboard:
    asset: Asset
    owners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReachedStep:
    """One step of a ladder, `after` its start. `because` says why nobody of it is
    paged, or why they are held until `held_until`."""

    number: int
    after: timedelta
    who: tuple[str, ...]
    rooms: tuple[str, ...]
    held_until: datetime | None
    because: str


@dataclass(frozen=True, slots=True)
class Reach:
    """Who would hear of an incident.

    `steps` are the ladder's first lap; none if nobody is to be paged. `dashboards`
    are at most MOST_DASHBOARDS of `dashboard_count`, the most important first;
    `owners` are the e-mail addresses that are told.
    """

    steps: list[ReachedStep]
    dashboards: list[ReachedDashboard]
    dashboard_count: int
    owners: list[str]


def reach_of(
    assets: Collection[Asset],
    *,
    severity: str,
    team: Team | None,
    policy: EscalationPolicy | None,
    pages: bool,
    private: bool,
    at: datetime,
) -> Reach:
    """Whom declaring an incident about `assets` would reach. Saves nothing.

    `policy` None is the usual one for the suspected cause and the team; `pages` False
    pages nobody. The owners of dashboards are not told of private incidents.
    """
    failing = [asset.pk for asset in assets]
    below = affected_by(failing, snapshot(fresh=True)) | set(failing)
    reached = Asset.objects.filter(pk__in=below, type__in=DASHBOARD_TYPES)
    shown = list(reached.for_list().order_by("tier", "name", "pk"))
    owners = {o.email.lower() for asset in shown for o in asset.owners.all()}
    draft = Incident(team=team, severity=severity, private=private)
    return Reach(
        steps=_planned_steps(draft, failing, policy, at=at) if pages else [],
        dashboards=[
            ReachedDashboard(asset, tuple(o.email for o in asset.owners.all()))
            for asset in shown[:MOST_DASHBOARDS]
        ],
        dashboard_count=len(shown),
        owners=[] if private else sorted(owners),
    )


def _planned_steps(
    draft: Incident,
    failing: Iterable[int],
    policy: EscalationPolicy | None,
    *,
    at: datetime,
) -> list[ReachedStep]:
    if policy is None:
        policy = _usual_policy(draft, failing, at=at)
    else:  # the fallback pages instead where its conditions do not hold
        policy, _ = choose_policy([policy], severity=draft.severity, labels={}, at=at)
    return _first_lap(policy, draft, labels={}, at=at)


def _usual_policy(
    draft: Incident, failing: Iterable[int], *, at: datetime
) -> EscalationPolicy | None:
    found, _ = examine({0: dict.fromkeys(failing, at)})
    cause = Asset.objects.filter(pk=suspected(found[0].causes) or 0).first()
    draft.suspected_asset = cause
    if draft.team is None and cause is not None:
        draft.team = cause.team
    return policy_for(draft, at=at)


def _first_lap(
    policy: EscalationPolicy | None,
    incident: Incident,
    *,
    labels: Mapping[str, str],
    at: datetime,
) -> list[ReachedStep]:
    rungs = planned(
        freeze(policy),
        repeats=0,
        start=at,
        severity=incident.severity,
        urgencies=urgencies_of(policy),
        labels=labels,
        tells_rooms=not incident.private,
    )
    return [
        _reached(number, list(own), at=at)
        for number, own in groupby(rungs, key=attrgetter("step"))
    ]


def _reached(number: int, rungs: list[Rung], *, at: datetime) -> ReachedStep:
    people = [rung for rung in rungs if rung.user]
    held = [rung.held_until for rung in people if rung.held_until]
    return ReachedStep(
        number=number,
        after=rungs[0].at - at,
        who=tuple(rung.user for rung in people),
        rooms=tuple(rung.room for rung in rungs if rung.room),
        held_until=min(held) if len(held) == len(people) and held else None,
        because=rungs[0].because,
    )


def next_paged(incident: Incident, rungs: Iterable[Rung], *, at: datetime) -> list[str]:
    """Whom escalating would page now: the next rung, or the first where none waits."""
    planned = [rung for rung in rungs if rung.state == "planned" and rung.user]
    if planned:
        first = planned[0]
        here = (first.lap, first.step)
        return [rung.user for rung in planned if (rung.lap, rung.step) == here]
    _, _, labels = opened_by(incident)
    steps = _first_lap(policy_for(incident, at=at), incident, labels=labels, at=at)
    return next((list(step.who) for step in steps if step.who), [])
