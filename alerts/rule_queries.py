"""What pages and the API ask about rules and what they did. Nothing here writes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from accounts.models import Team
from alerts.conditions import Subject
from alerts.deciding import SilenceRule
from alerts.models import Alert, Handling, Integration, Route, RouteCount, Silence
from alerts.models.quiet import Matching
from alerts.rule_wording import Names, Rule
from alerts.services.rulebook import closed_conditions
from alerts.signals import incidents_of_alerts
from alerts.windows import Span, Window, as_if_always
from catalog.models import Asset

TRIAL = timedelta(days=14)
MOST_TRIED = 20_000
MOST_COUNTED = 10_000
EXAMPLES = 5
# More assets than that are not named to the database one by one.
MOST_ASSETS_ASKED = 5_000


def names_for(rules: Iterable[Matching], *alerts: Alert) -> Names:
    """The names of all that the rules and alerts name. Three queries."""
    integrations, assets, teams = set[int](), set[int](), set[int]()
    for rule in rules:
        integrations.update(rule.integration_ids)
        assets.update(rule.asset_ids)
        teams.update(rule.team_ids)
    for alert in alerts:
        integrations.add(alert.integration_id)
        assets.update([alert.asset_id] if alert.asset_id else [])
    named_assets = Asset.objects.filter(pk__in=assets).values_list("pk", "name")
    return Names(
        dict(Integration.objects.filter(pk__in=integrations).values_list("pk", "name")),
        dict(named_assets),
        dict(Team.objects.values_list("pk", "name")),
    )


def told_rule(rule: Matching) -> Rule:
    return Rule(
        closed_conditions(rule), frozenset(rule.asset_ids), rule.includes_downstream
    )


def subject_of(alert: Alert, *, at: datetime | None = None) -> Subject:
    """What rules look at, of one alert. `at`: when it counts from, if not its start."""
    team = alert.asset.team_id if alert.asset else None
    return Subject(
        alert_id=alert.pk or 0,
        integration_id=alert.integration_id,
        asset_id=alert.asset_id,
        team_id=team or alert.integration.team_id,
        severity=alert.severity,
        title=alert.title,
        labels=alert.labels,
        at=at or alert.first_at,
    )


def routes_in_order() -> list[Route]:
    """All rules as they are asked, the default one last; it is there by itself, saved
    or not."""
    routes = list(Route.objects.select_related("team", "policy"))
    if not routes or not routes[-1].is_default:
        routes.append(Route(name="Everything else", is_default=True, position=0))
    return routes


def routed_lately(*, at: datetime) -> dict[int | None, int]:
    """{rule id: alerts it took in the last 14 days}.

    The default rule, None if it was never saved, has what is left, counted only up to
    MOST_COUNTED: without other rules nothing is written down of an alert.
    """
    counts = RouteCount.objects.filter(
        day__gt=(at - TRIAL).date(), route__is_default=False
    )
    summed = counts.values_list("route").annotate(total=Sum("count"))
    defaults = Route.objects.filter(is_default=True).values_list("pk", flat=True)
    left = {defaults.first(): _left_over(since=at - TRIAL)}
    return left | {route: total or 0 for route, total in summed}


def _left_over(*, since: datetime) -> int:
    """How many alerts no rule took and no silence hid, at most MOST_COUNTED."""
    no_rule = Q(handling__route=None) | Q(handling__route__is_default=True)
    left = Alert.objects.filter(
        Q(handling=None) | Q(handling__silence=None) & no_rule,
        pk__gte=_first_alert_since(since),
        first_at__gte=since,
        pages=True,
    )
    return left.order_by()[:MOST_COUNTED].count()


def kept_back() -> QuerySet[Handling]:
    """Alerts that fire and page nobody because of a rule, the latest first."""
    related = ("alert__integration", "alert__asset", "silence", "route")
    rows = Handling.objects.kept_back().select_related(*related)
    return rows.order_by("-decided_at", "-pk")


@dataclass(frozen=True, slots=True)
class Opened:
    """An incident that would not have opened."""

    title: str
    url: str
    severity: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Trial:
    """What a silence would have hidden since `since`.

    `is_cut`: there were more alerts than were looked at.
    """

    since: datetime
    alerts: int
    incidents: int
    examples: list[Alert] = field(default_factory=list)
    opened: list[Opened] = field(default_factory=list)
    is_cut: bool = False


def try_silence(silence: Silence, *, user: Any, at: datetime) -> Trial:
    """Try a silence, saved or not, on the alerts of the last 14 days.

    One that does not repeat is tried as if it had been in force all the time. Only
    incidents that `user` may see are counted, of those that had no other alerts.
    """
    since = at - TRIAL
    rule = SilenceRule(0, closed_conditions(silence), silence.window)
    looked_at = _alerts_since(rule, since=since)
    window = as_if_always(rule.window, since) if silence.rrule else None
    hidden = [
        alert
        for alert in looked_at[:MOST_TRIED]
        if rule.conditions.hold(subject_of(alert)) and _falls_in(window, alert)
    ]
    told: Sequence[tuple[object, Any]] = incidents_of_alerts.send(
        sender=Alert, alert_ids={alert.pk for alert in hidden}, user=user
    )
    opened: list[Opened] = [one for _, found in told for one in found or ()]
    return Trial(
        since=since,
        alerts=len(hidden),
        incidents=len(opened),
        examples=hidden[:EXAMPLES],
        opened=sorted(opened, key=lambda one: one.at, reverse=True)[:EXAMPLES],
        is_cut=len(looked_at) > MOST_TRIED,
    )


def _falls_in(window: Window | None, alert: Alert) -> bool:
    return window is None or window.occurrence_at(alert.first_at) is not None


def _alerts_since(rule: SilenceRule, *, since: datetime) -> list[Alert]:
    """The newest alerts that may be hidden, one more than are looked at."""
    asked = rule.conditions
    found = Alert.objects.filter(pk__gte=_first_alert_since(since), first_at__gte=since)
    if asked.integrations:
        found = found.filter(integration__in=asked.integrations)
    if asked.assets and len(asked.assets) <= MOST_ASSETS_ASKED:
        found = found.filter(asset__in=asked.assets)
    if asked.severities:
        found = found.filter(severity__in=asked.severities)
    fields = ("title", "severity", "labels", "first_at", "asset", "integration")
    related = found.select_related("asset__team", "integration__team").only(
        *fields, "asset__team__id", "asset__name", "integration__team__id",
        "integration__name",
    )  # fmt: skip
    return list(related.order_by("-pk")[: MOST_TRIED + 1])


def _first_alert_since(since: datetime) -> int:
    """An id before which all alerts are older than `since`.

    Ids rise with time, so that halving finds it with a few look-ups by primary key,
    where an index of times would cost every alert that comes in.
    """
    newest = Alert.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    low, high = 0, newest + 1
    while low < high:
        middle = (low + high) // 2
        later = Alert.objects.filter(pk__gte=middle).order_by("pk")
        found = later.values_list("pk", "first_at").first()
        if found is None or found[1] >= since:
            high = middle
        else:
            low = found[0] + 1
    return low


def hidden_counts(silences: Collection[Silence]) -> dict[int, int]:
    """{silence id: how many alerts it has hidden so far}."""
    counted = Silence.objects.filter(pk__in=[silence.pk for silence in silences])
    return dict(counted.values_list("pk").annotate(total=Count("hidden")))


def silence_state(silence: Silence, *, at: datetime) -> str:
    """In force, coming (also between two occurrences), or over."""
    if silence.is_over(at=at):
        return "over"
    return "in force" if silence.window.occurrence_at(at) else "coming"


def next_spans(window: Window, *, at: datetime, most: int = 3) -> list[Span]:
    """The occurrence in force and those that come next."""
    horizon = at + timedelta(days=400)
    return list(islice(window.occurrences(at, horizon), most))
