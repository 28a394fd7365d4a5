"""What the rules make of a batch of alerts, before they come into incidents.

Whoever takes changed alerts into incidents asks here first, in its transaction, and
goes on with what it is given back. What is kept back is a row with a time, found
again by `release_due_alerts`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alerts.conditions import Subject
from alerts.deciding import Asked, Decision, Outcome, Rulebook, Tally, decide
from alerts.models import Alert, Handling, Route, SilencedAlert
from alerts.services.key_history import (
    Flap,
    Key,
    Past,
    judge_flapping,
    key_of,
    load_history,
)
from alerts.services.rule_counts import count_routed
from alerts.services.rulebook import Rules, current_rules
from catalog.models import Asset
from core.live import publish

State = Handling.State
FIRING, RESOLVED = Alert.Status.FIRING, Alert.Status.RESOLVED
# Counting events is exact to this share of the time in which they are counted.
SAMPLES = 60
HANDLED_FIELDS = [
    "state", "silence", "route", "severity", "counts_from", "due_at", "wanted",
    "within", "count", "seen", "decided_at",
]  # fmt: skip
STATES = {
    Outcome.TAKEN: State.ROUTED,
    Outcome.SILENCED: State.SILENCED,
    Outcome.PENDING: State.PENDING,
    Outcome.FLAPPING: State.FLAPPING,
    Outcome.DROPPED: State.DROPPED,
    Outcome.OVER: State.OVER,
}


@dataclass(frozen=True, slots=True)
class Note:
    """Something the timeline of the alert's incident should say."""

    alert_id: int
    text: str


@dataclass(slots=True)
class Settled:
    """`new` are to be put into incidents, `changed` are news of alerts in one.

    An alert that is in neither is kept back. `routes` are the routing rules of new
    ones, by alert, but for the default one. Severities are as the rules say, and
    `first_at` is when the alert counts as new; neither is stored on the alert.
    """

    new: list[Alert] = field(default_factory=list)
    routes: dict[int, Route] = field(default_factory=dict)
    changed: list[Alert] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


def settle(
    alerts: Sequence[Alert],
    *,
    known: Container[int],
    in_open_incidents: Callable[[Collection[Alert]], set[int]],
    at: datetime,
) -> Settled:
    """Decide about `alerts`, whose assets are linked; `known` are in an incident.

    `in_open_incidents` is asked for those whose key or asset an open incident has; it
    is called for alerts that flap, and for no others. One query when there are no
    rules at all, and one more for flapping.
    """
    rules = current_rules(at=at)
    settled = Settled(
        new=[alert for alert in alerts if alert.pk not in known],
        changed=[alert for alert in alerts if alert.pk in known],
    )
    book = rules.book
    if not (book.decides or book.damps_flapping or rules.has_handled):
        return settled
    batch = _Batch(alerts, rules, at)
    if not (book.decides or batch.handled or batch.flaps):
        return settled
    settled.notes = batch.notes()
    settled.changed = batch.settle_changed(settled.changed)
    settled.new = batch.settle_new(settled.new, in_open_incidents)
    settled.routes = batch.routes()
    batch.save()
    return settled


class _Batch:
    """All that is known of the alerts of one batch, and what is to be written."""

    def __init__(self, alerts: Sequence[Alert], rules: Rules, at: datetime) -> None:
        self.at, self.book = at, rules.book
        self.handled: Mapping[int, Handling] = {}
        if rules.has_handled:
            self.handled = Handling.objects.in_bulk([alert.pk for alert in alerts])
        self.alerts = alerts
        self.history: Mapping[Key, list[Past]] = {}
        self.flaps: Mapping[Key, Flap] = {}
        if self.book.damps_flapping or self.book.counts_events or rules.has_flapping:
            self.history = load_history(alerts, book=self.book, at=at)
            self.flaps = judge_flapping(
                alerts,
                self.history,
                book=self.book,
                has_flapping=rules.has_flapping,
                at=at,
            )
        self.rows: list[Handling] = []
        self.hidden: list[SilencedAlert] = []
        self.shown: list[tuple[Handling, Alert]] = []
        self.routed: list[int] = []
        self.taken_by: dict[int, int] = {}

    def notes(self) -> list[Note]:
        """One for each key that begins or ends to flap, by its newest alert."""
        newest = {key_of(alert): alert for alert in self.alerts}
        return [
            Note(newest[key].pk, _told(newest[key], flap, self.book))
            for key, flap in self.flaps.items()
            if flap.begins or flap.ends
        ]

    def settle_changed(self, alerts: Sequence[Alert]) -> list[Alert]:
        """Those to be taken into account now: not the resolves of what flaps."""
        taken = []
        for alert in alerts:
            flap, past = self.flaps.get(key_of(alert)), self.handled.get(alert.pk)
            if past is not None and past.severity:
                alert.severity = past.severity
            if flap and flap.verdict.is_flapping and alert.status == RESOLVED:
                row = past or Handling(alert=alert, counts_from=alert.first_at)
                row.state, row.due_at = State.FLAPPING, flap.verdict.calm_at
                self._write(row)
                continue
            if past is not None and past.due_at is not None:
                past.state, past.due_at = State.ROUTED, None
                self._write(past)
            taken.append(alert)
        return taken

    def settle_new(
        self,
        alerts: Sequence[Alert],
        in_open_incidents: Callable[[Collection[Alert]], set[int]],
    ) -> list[Alert]:
        flapping = [
            alert
            for alert in alerts
            if (flap := self.flaps.get(key_of(alert))) and flap.goes_on
        ]
        expected = in_open_incidents(flapping) if flapping else set()
        homeless = {alert.pk for alert in flapping} - expected
        teams = _teams_of(alerts) if self.book.asks_for_teams else {}
        asked = [self._ask(alert, teams, homeless) for alert in alerts]
        decisions = decide(asked, book=self.book, at=self.at)
        return [
            alert
            for alert, one, decision in zip(alerts, asked, decisions, strict=True)
            if self._follow(alert, one, decision)
        ]

    def routes(self) -> dict[int, Route]:
        """{alert: the rule that took it}, team and policy fetched. One query if any."""
        if not self.taken_by:
            return {}
        related = Route.objects.select_related("team", "policy")
        found = related.in_bulk(set(self.taken_by.values()))
        return {alert: found[pk] for alert, pk in self.taken_by.items() if pk in found}

    def save(self) -> None:
        for past, alert in self.shown:
            SilencedAlert.objects.filter(silence=past.silence_id, alert=alert).update(
                until=alert.resolved_at or self.at, resolved=alert.status == RESOLVED
            )
        Handling.objects.bulk_create(
            self.rows,
            update_conflicts=True,
            unique_fields=["alert"],
            update_fields=HANDLED_FIELDS,
        )
        SilencedAlert.objects.bulk_create(
            self.hidden,
            update_conflicts=True,
            unique_fields=["silence", "alert"],
            update_fields=["until", "resolved"],
        )
        count_routed(self.routed, day=self.at.date())
        if self.rows:
            inlets = {alert.integration_id for alert in self.alerts}
            publish("quiet", *(f"integration:{pk}" for pk in inlets))

    def _ask(
        self, alert: Alert, teams: Mapping[int, int | None], homeless: Container[int]
    ) -> Asked:
        past = self.handled.get(alert.pk)
        counts_from = _counts_from(alert, past, at=self.at)
        flap = self.flaps.get(key_of(alert))
        return Asked(
            subject=Subject(
                alert_id=alert.pk,
                integration_id=alert.integration_id,
                asset_id=alert.asset_id,
                team_id=teams.get(alert.pk),
                severity=alert.severity,
                title=alert.title,
                labels=alert.labels,
                at=counts_from,
            ),
            tally=self._tally(alert, past, counts_from),
            ended_at=alert.resolved_at,
            was_kept_back=past is not None and past.state in Handling.WAITING,
            calm_at=flap.verdict.calm_at if flap and alert.pk in homeless else None,
        )

    def _tally(
        self, alert: Alert, past: Handling | None, counts_from: datetime
    ) -> Tally:
        if past is not None and past.state == State.SILENCED:
            return Tally(alert.count, seen=((counts_from, alert.count - 1),))
        seen = past.seen if past is not None else []
        return Tally(
            alert.count,
            tuple((datetime.fromisoformat(when), count) for when, count in seen),
            tuple(
                (one.first_at, one.count)
                for one in self.history.get(key_of(alert), ())
                if one.alert_id < alert.pk
            ),
        )

    def _follow(self, alert: Alert, asked: Asked, decision: Decision) -> bool:
        """Write down what was decided; return whether the alert is taken."""
        past, outcome = self.handled.get(alert.pk), decision.outcome
        is_taken = outcome is Outcome.TAKEN
        was_hidden = past is not None and past.state == State.SILENCED
        is_first = past is None or was_hidden
        is_routed = decision.route_id not in (None, self.book.default_route_id)
        if decision.route_id and is_routed and is_first and alert.pages:
            self.routed.append(decision.route_id)
        if is_taken and decision.route_id and is_routed:
            self.taken_by[alert.pk] = decision.route_id
        if past is not None or not is_taken or is_routed:
            self._write(self._row(alert, asked, decision))
        if decision.silence_id is not None:
            self._hide(alert, decision.silence_id)
        if past is not None and was_hidden and decision.silence_id != past.silence_id:
            self.shown.append((past, alert))
        alert.severity = decision.severity or alert.severity
        alert.first_at = asked.subject.at
        return is_taken

    def _row(self, alert: Alert, asked: Asked, decision: Decision) -> Handling:
        has_ended = asked.ended_at is not None
        kept_back = decision.outcome is not Outcome.TAKEN
        is_dropped = decision.outcome is Outcome.DROPPED
        over = has_ended and kept_back and not is_dropped
        return Handling(
            alert=alert,
            state=State.OVER if over else STATES[decision.outcome],
            silence_id=decision.silence_id,
            route_id=decision.route_id,
            severity=decision.severity,
            counts_from=asked.subject.at,
            due_at=None if has_ended else decision.due_at,
            wanted=decision.wanted,
            within=decision.within,
            count=alert.count,
            seen=_sampled(asked.tally, decision.within, at=self.at),
        )

    def _write(self, row: Handling) -> None:
        row.decided_at = self.at
        self.rows.append(row)

    def _hide(self, alert: Alert, silence_id: int) -> None:
        self.hidden.append(
            SilencedAlert(
                silence_id=silence_id,
                alert=alert,
                title=alert.title,
                severity=alert.severity,
                at=self.at,
                until=alert.resolved_at,
                resolved=alert.status == RESOLVED,
            )
        )


def _counts_from(alert: Alert, past: Handling | None, *, at: datetime) -> datetime:
    """What was hidden counts as new when it is hidden no longer."""
    if past is None:
        return alert.first_at
    if past.state in (State.SILENCED, State.FLAPPING) and alert.status == FIRING:
        return at
    return past.counts_from


def _sampled(
    tally: Tally, within: timedelta | None, *, at: datetime
) -> list[tuple[str, int]]:
    if within is None:
        return []
    seen = list(tally.seen)
    if not seen or at - seen[-1][0] >= within / SAMPLES:
        seen.append((at, tally.total))
    older = [one for one in seen if one[0] <= at - within][-1:]
    newer = [one for one in seen if one[0] > at - within]
    return [(when.isoformat(), count) for when, count in [*older, *newer]]


def _teams_of(alerts: Collection[Alert]) -> dict[int, int | None]:
    """{alert id: the team of its asset, else of its integration}. One query."""
    ids = {alert.asset_id for alert in alerts if alert.asset_id is not None}
    teams: dict[int | None, int | None] = dict(
        Asset.objects.filter(pk__in=ids).values_list("pk", "team_id")
    )
    return {
        alert.pk: teams.get(alert.asset_id) or alert.integration.team_id
        for alert in alerts
    }


def _told(alert: Alert, flap: Flap, book: Rulebook) -> str:
    limits = book.limits_of(alert.integration_id)
    minutes = round(limits.within / timedelta(minutes=1))
    if flap.ends:
        return f"{alert.title} is calm again: it no longer flaps."
    return (
        f"{alert.title} is flapping: it changed state {flap.verdict.changes} times in "
        f"{minutes} minutes. The incident is kept open and nobody is paged again for "
        "it until it is calm."
    )
