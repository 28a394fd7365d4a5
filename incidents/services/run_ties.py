"""Which of some alerts are about a run and a part of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Q

from alerts.models import Alert

Run = tuple[int, str]


@dataclass(frozen=True, slots=True)
class _Told:
    """An alert, as far as it tells of runs."""

    pk: int
    run: Run
    parent: Run
    asset_id: int | None

    @property
    def may_be_whole(self) -> bool:
        """A part that is told by the run of its whole alone is no whole."""
        return bool(self.run[1]) and self.run != self.parent


def tie_runs(alerts: Collection[Alert]) -> dict[int, set[int]]:
    """Return {asset of a whole: assets of its failed parts}; two queries at most.

    A whole among `alerts` that only repeats what is told of its parts pages nobody
    from here on. Assets must be linked already.
    """
    told = [_told(alert) for alert in alerts]
    wanted = {one.run for one in told if one.may_be_whole}
    parents = {one.parent for one in told if one.parent[1]}
    every: dict[int, _Told] = {}
    if wanted:
        every |= _load(wanted, "parent_run_id", Q(pages=True))
    if parents:
        every |= _load(parents, "run_id", Q(repeats_parts=True))
    every |= {one.pk: one for one in told}  # linked to their assets by now
    parts = defaultdict(list)
    for one in every.values():
        if one.parent[1]:
            parts[one.parent].append(one)
    _quieten(alerts, parts.keys())
    ties: dict[int, set[int]] = defaultdict(set)
    for whole in every.values():
        if whole.asset_id is not None and whole.may_be_whole:
            assets = {part.asset_id for part in parts.get(whole.run, ())}
            ties[whole.asset_id] |= {pk for pk in assets if pk is not None}
    return {whole: assets - {whole} for whole, assets in ties.items() if assets}


def _told(alert: Alert) -> _Told:
    inlet = alert.integration_id
    parent = alert.parent_run_id if alert.pages else ""
    return _Told(alert.pk, (inlet, alert.run_id), (inlet, parent), alert.asset_id)


def _load(runs: Collection[Run], field: str, condition: Q) -> dict[int, _Told]:
    """The alerts whose `field` is one of the runs."""
    rows = Alert.objects.filter(
        condition,
        integration__in={inlet for inlet, _ in runs},
        **{f"{field}__in": {run_id for _, run_id in runs}},
    ).only("integration_id", "run_id", "parent_run_id", "asset_id", "pages")
    return {
        alert.pk: _told(alert)
        for alert in rows
        if (alert.integration_id, getattr(alert, field)) in runs
    }


def _quieten(alerts: Iterable[Alert], told_of: Collection[Run]) -> None:
    """Let wholes page nobody whose parts have been told of."""
    repeating = [
        alert
        for alert in alerts
        if alert.repeats_parts and (alert.integration_id, alert.run_id) in told_of
    ]
    for alert in repeating:
        alert.pages = False
    pks = [alert.pk for alert in repeating]
    if pks:
        Alert.objects.filter(pk__in=pks).update(pages=False)
