"""The rules as the database has them, made ready once for each version of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

from alerts.conditions import Conditions
from alerts.deciding import Damping, RouteRule, Rulebook, SilenceRule
from alerts.flapping import Limits
from alerts.models import InletQuiet, Route, Silence
from alerts.models.quiet import Matching
from catalog.graph import snapshot

NOTHING = timedelta(0)
_STATE = """
    SELECT coalesce((SELECT version FROM alerts_rulebookversion), 0),
           EXISTS (SELECT FROM alerts_handling),
           EXISTS (SELECT FROM alerts_flapping WHERE ended_at IS NULL)
"""


@dataclass(frozen=True, slots=True)
class Loaded:
    """`lineage` is the version of the graph that downstream assets were taken from,
    None when no rule asks for any. `good_until`: a silence is over then."""

    version: int
    lineage: int | None
    good_until: datetime | None
    book: Rulebook


@dataclass(frozen=True, slots=True)
class Rules:
    """The rulebook, and whether anything was ever handled or flaps by it."""

    book: Rulebook
    has_handled: bool
    has_flapping: bool


_loaded: Loaded | None = None


def current_rules(*, at: datetime) -> Rules:
    """The rules in force. One query when nothing has changed."""
    global _loaded
    with connection.cursor() as cursor:
        cursor.execute(_STATE)
        version, has_handled, has_flapping = cursor.fetchone()
    if _loaded is None or not _is_current(_loaded, version, at):
        _loaded = _load(version, at)
    # Settings of the process, not of the rows: read each time.
    usual = Limits(settings.FLAP_CHANGES, settings.FLAP_WITHIN)
    book = _loaded.book
    if book.usual_limits != usual:
        book = replace(book, usual_limits=usual)
    return Rules(book, has_handled, has_flapping)


def _is_current(loaded: Loaded, version: int, at: datetime) -> bool:
    if loaded.version != version:
        return False
    if loaded.good_until is not None and at >= loaded.good_until:
        return False
    return loaded.lineage is None or loaded.lineage == snapshot(fresh=True).version


def change_rules() -> None:
    """Say that rules have changed. Call it in the change's transaction.

    Versions come from a sequence, so that one of a rolled-back transaction is never
    taken for another's.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO alerts_rulebookversion (id, version)
            VALUES (1, nextval(pg_get_serial_sequence('alerts_rulebookversion', 'id')))
            ON CONFLICT (id) DO UPDATE SET version = EXCLUDED.version
            """
        )


def _load(version: int, at: datetime) -> Loaded:
    silences = list(Silence.objects.not_over(at=at).order_by("pk"))
    routes = list(Route.objects.filter(is_on=True))
    rules: list[Matching] = [*silences, *routes]
    needs_lineage = any(one.asset_ids and one.includes_downstream for one in rules)
    graph = snapshot(fresh=True) if needs_lineage else None
    once = [silence.ends_at for silence in silences if not silence.rrule]
    inlets = list(InletQuiet.objects.all())
    default = next((route.pk for route in routes if route.is_default), None)
    book = Rulebook(
        silences=[
            SilenceRule(one.pk, closed_conditions(one), one.window) for one in silences
        ],
        routes=[_route_rule(one) for one in routes if not one.is_default],
        default_route_id=default,
        damping={
            one.integration_id: damping
            for one in inlets
            if (damping := damping_of(one)) != Damping()
        },
        limits={
            one.integration_id: Limits(one.flap_changes, one.flap_within)
            for one in inlets
            if one.flap_changes is not None and one.flap_within is not None
        },
        usual_limits=Limits(settings.FLAP_CHANGES, settings.FLAP_WITHIN),
    )
    lineage = graph.version if graph else None
    return Loaded(version, lineage, min(once, default=None), book)


def closed_conditions(rule: Matching) -> Conditions:
    """The rule's conditions, with all that is downstream of its assets."""
    conditions = rule.conditions
    if not rule.includes_downstream or not conditions.assets:
        return conditions
    return replace(conditions, assets=with_downstream(conditions.assets))


def with_downstream(asset_ids: Iterable[int]) -> frozenset[int]:
    graph, found = snapshot(fresh=True), set(asset_ids)
    for asset_id in asset_ids:
        found.update(graph.descendants(asset_id))
    return frozenset(found)


def damping_of(row: Route | InletQuiet) -> Damping:
    return Damping(
        row.hold_for or NOTHING,
        row.after_count or 0,
        row.after_within or NOTHING,
    )


def _route_rule(route: Route) -> RouteRule:
    return RouteRule(
        id=route.pk,
        conditions=closed_conditions(route),
        drops=route.action == Route.Action.DROP,
        severity=route.severity,
        damping=damping_of(route),
    )
