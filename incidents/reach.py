"""Whom an act reaches, said before it goes: pages and e-mails leave the house."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import Team
from catalog.graph import snapshot
from catalog.models import Asset
from incidents.cause import suspected
from incidents.models import Incident
from incidents.services.lineage import DASHBOARD_TYPES, affected_by, examine
from incidents.services.paging import policy_for
from oncall.models import EscalationPolicy
from oncall.services import Rung
from oncall.services.ladder import freeze
from oncall.services.reach import Reachable

MOST_DASHBOARDS = 30


@dataclass(frozen=True, slots=True)
class ReachedDashboard:
    asset: Asset
    owners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reach:
    """Who would hear of an incident.

    `steps` are the ladder's first lap: (how long after the start, who). `dashboards`
    are at most MOST_DASHBOARDS of `dashboard_count`, the most important first;
    `owners` are the e-mail addresses that are told.
    """

    steps: list[tuple[timedelta, list[str]]]
    dashboards: list[ReachedDashboard]
    dashboard_count: int
    owners: list[str]


def reach_of(
    assets: Collection[Asset],
    *,
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
    chosen = policy or _usual_policy(failing, team=team, at=at)
    return Reach(
        steps=_first_lap(chosen, at=at) if pages else [],
        dashboards=[
            ReachedDashboard(asset, tuple(o.email for o in asset.owners.all()))
            for asset in shown[:MOST_DASHBOARDS]
        ],
        dashboard_count=len(shown),
        owners=[] if private else sorted(owners),
    )


def _usual_policy(
    failing: Iterable[int], *, team: Team | None, at: datetime
) -> EscalationPolicy | None:
    found, _ = examine({0: dict.fromkeys(failing, at)})
    cause = Asset.objects.filter(pk=suspected(found[0].causes) or 0).first()
    draft = Incident(team=team, suspected_asset=cause)
    if team is None and cause is not None:
        draft.team = cause.team
    return policy_for(draft, at=at)


def _first_lap(
    policy: EscalationPolicy | None, *, at: datetime
) -> list[tuple[timedelta, list[str]]]:
    steps, after = [], timedelta(0)
    for step in freeze(policy):
        names = [str(user) for user in Reachable(at=at + after).users_of(step)]
        if names:  # a step that reaches nobody takes no time
            steps.append((after, names))
            after += timedelta(seconds=step["delay_seconds"])
    return steps


def next_paged(incident: Incident, rungs: Iterable[Rung], *, at: datetime) -> list[str]:
    """Whom escalating would page now: the next rung, or the first where none waits."""
    planned = [rung for rung in rungs if rung.state == "planned" and rung.user]
    if planned:
        first = planned[0]
        here = (first.lap, first.step)
        return [rung.user for rung in planned if (rung.lap, rung.step) == here]
    steps = _first_lap(policy_for(incident, at=at), at=at)
    return steps[0][1] if steps else []
