"""Rules and what they kept back, made ready for pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from alerts.models import Alert, Flapping, Handling, Route, Silence
from alerts.models.quiet import Matching
from alerts.rule_queries import (
    MOST_COUNTED,
    hidden_counts,
    names_for,
    routed_lately,
    routes_in_order,
    silence_state,
)
from alerts.rule_wording import (
    Names,
    Rule,
    damping_words,
    repeat_words,
    span_words,
    tell,
)
from alerts.services.rulebook import damping_of
from alerts.windows import Span

State = Handling.State


@dataclass(frozen=True, slots=True)
class SilenceRow:
    """`state`: in force, coming or over. `span`: the occurrence in force or next."""

    silence: Silence
    state: str
    conditions: list[str]
    repeats: str
    hidden: int
    span: Span | None


def silence_rows(silences: Sequence[Silence], *, at: datetime) -> list[SilenceRow]:
    """Five queries, however many."""
    names, hidden = names_for(silences), hidden_counts(silences)
    return [_silence_row(one, names, hidden.get(one.pk, 0), at) for one in silences]


def _silence_row(
    silence: Silence, names: Names, hidden: int, at: datetime
) -> SilenceRow:
    window = silence.window
    state = silence_state(silence, at=at)
    return SilenceRow(
        silence=silence,
        state=state,
        conditions=words_of(silence, names),
        repeats=repeat_words(window) if silence.rrule else "",
        hidden=hidden,
        span=window.occurrence_at(at) or window.next_after(at)
        if state != "over"
        else None,
    )


def words_of(rule: Matching, names: Names) -> list[str]:
    """A rule's conditions, without asking the graph what is downstream."""
    plain = Rule(rule.conditions, includes_downstream=rule.includes_downstream)
    return [told.words for told in tell(plain, names)]


@dataclass(frozen=True, slots=True)
class RouteRow:
    """`matched`: alerts it took in the last 14 days, or more where `is_bounded`.
    `acts`: what it does with them."""

    route: Route
    conditions: list[str]
    acts: list[str]
    matched: int
    is_bounded: bool = False
    is_first: bool = False
    is_last: bool = False


def route_rows(*, at: datetime) -> list[RouteRow]:
    """All rules in order, the default one last. A dozen queries, however many."""
    routes, matched = routes_in_order(), routed_lately(at=at)
    names = names_for(routes)
    last = len(routes) - 2
    return [
        RouteRow(
            route=route,
            conditions=words_of(route, names),
            acts=acts_of(route),
            matched=matched.get(route.pk, 0),
            is_bounded=route.is_default and matched[route.pk] == MOST_COUNTED,
            is_first=place == 0,
            is_last=place == last,
        )
        for place, route in enumerate(routes)
    ]


def acts_of(route: Route) -> list[str]:
    """What becomes of an alert that the rule takes."""
    if route.action == Route.Action.DROP:
        return ["keeps the alert, pages nobody"]
    acts = []
    if route.policy is not None:
        acts.append(f"pages by {route.policy}")
    if route.team is not None:
        acts.append(f"team {route.team}")
    if route.severity:
        acts.append(f"as {route.severity}")
    acts += damping_words(damping_of(route))
    if not acts and not route.is_default:
        acts.append("pages as without a rule")
    return acts


@dataclass(frozen=True, slots=True)
class HandlingRow:
    """Why an alert pages nobody now, and when that is over."""

    handling: Handling
    word: str
    due_word: str = ""
    notes: list[str] = field(default_factory=list)


def handling_row(handling: Handling) -> HandlingRow:
    """`due_word` goes before the time at which it is looked at again."""
    if handling.state == State.SILENCED:
        return HandlingRow(handling, "silenced", "until")
    if handling.state == State.FLAPPING:
        return HandlingRow(handling, "flapping", "calm, if it stays so, at")
    if handling.state == State.DROPPED:
        return HandlingRow(handling, "pages nobody")
    if handling.state != State.PENDING:
        return HandlingRow(handling, "")
    notes = []
    if handling.wanted and handling.within is not None:
        within = span_words(handling.within)
        notes.append(f"after {handling.wanted} events in {within}")
    return HandlingRow(handling, "pending", "pages if still firing at", notes)


def handling_of(alert: Alert) -> dict[str, Any]:
    """What the rules made of an alert, for its page. Three queries."""
    found = Handling.objects.filter(alert=alert).select_related(
        "alert", "silence", "route__team", "route__policy"
    )
    row = next((handling_row(one) for one in found), None)
    if alert.status == Alert.Status.RESOLVED and row is not None:
        row = HandlingRow(row.handling, "")
    route = row.handling.route if row else None
    return {
        "handling": row,
        "told": acts_of(route) if route and not route.is_default else [],
        "flapping": Flapping.objects.filter(
            integration=alert.integration_id, dedup_key=alert.dedup_key, ended_at=None
        ).first(),
    }


def handling_rows(handled: Iterable[Handling]) -> list[HandlingRow]:
    return [handling_row(one) for one in handled]
