"""What the rules make of an alert: hidden, held back, dropped, or sent to whom. Pure.

Asked of each alert that belongs to no incident yet, a batch at a time. The answer
depends on nothing but the arguments, so asking again, later or elsewhere, is safe.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from alerts.conditions import Conditions, Index, Subject
from alerts.flapping import Limits
from alerts.windows import Span, Window

NEVER = Limits(0, timedelta(minutes=30))
NOW = timedelta(0)


@dataclass(frozen=True, slots=True)
class SilenceRule:
    """`conditions` name all assets, the downstream ones included."""

    id: int
    conditions: Conditions
    window: Window


@dataclass(frozen=True, slots=True)
class Damping:
    """Page only if still firing after `hold_for`, and only after `count` events within
    `within`. Zero asks for nothing."""

    hold_for: timedelta = NOW
    count: int = 0
    within: timedelta = NOW

    def filled_from(self, default: Damping) -> Damping:
        """This one; what it does not say as the default says it."""
        counting = self if self.count else default
        return Damping(
            self.hold_for or default.hold_for, counting.count, counting.within
        )


@dataclass(frozen=True, slots=True)
class RouteRule:
    id: int
    conditions: Conditions = Conditions()
    drops: bool = False
    severity: str = ""
    damping: Damping = Damping()


@dataclass(frozen=True, slots=True)
class Tally:
    """How many events there were and when, as far as that is known.

    `total` events of the alert; `seen` are (instant, how many by then), oldest first;
    `earlier` are (first event, events) of alerts with the same key before this one.
    """

    total: int
    seen: tuple[tuple[datetime, int], ...] = ()
    earlier: tuple[tuple[datetime, int], ...] = ()

    def since(self, start: datetime) -> int:
        """Events after `start`, the one that opened the alert included."""
        before = [count for at, count in self.seen if at <= start]
        older = before[-1] if before else self.seen[0][1] if self.seen else 0
        others = sum(count for first_at, count in self.earlier if first_at > start)
        return self.total - older + others


@dataclass(frozen=True, slots=True)
class Asked:
    """One alert to be decided.

    `ended_at`: it has resolved by now. `was_kept_back`: a rule has kept it back so
    far. `calm_at`: it flaps until then, and no open incident would take it.
    """

    subject: Subject
    tally: Tally
    ended_at: datetime | None = None
    was_kept_back: bool = False
    calm_at: datetime | None = None


class Outcome(Enum):
    TAKEN = "taken"
    SILENCED = "silenced"
    PENDING = "pending"
    FLAPPING = "flapping"
    DROPPED = "dropped"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Decision:
    """`due_at`: when to ask again at the latest. `wanted` events within `within` are
    waited for. `severity` takes the place of the alert's own."""

    outcome: Outcome
    silence_id: int | None = None
    route_id: int | None = None
    severity: str = ""
    due_at: datetime | None = None
    wanted: int = 0
    within: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All rules, made ready to be asked. `routes` are in order, without the default.

    `damping` and `limits` are those of integrations that have their own.
    """

    silences: Sequence[SilenceRule] = ()
    routes: Sequence[RouteRule] = ()
    default_route_id: int | None = None
    damping: Mapping[int, Damping] = field(default_factory=dict)
    limits: Mapping[int, Limits] = field(default_factory=dict)
    usual_limits: Limits = NEVER
    _silences: Index = field(init=False, repr=False, compare=False)
    _routes: Index = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        silences = Index([rule.conditions for rule in self.silences])
        routes = Index([rule.conditions for rule in self.routes])
        object.__setattr__(self, "_silences", silences)
        object.__setattr__(self, "_routes", routes)

    @property
    def decides(self) -> bool:
        """Whether any decision could be another than to take the alert as it is."""
        return bool(self.silences or self.routes or self.damping)

    @property
    def damps_flapping(self) -> bool:
        every = [self.usual_limits, *self.limits.values()]
        return any(limits.changes for limits in every)

    def limits_of(self, integration_id: int) -> Limits:
        return self.limits.get(integration_id, self.usual_limits)

    @property
    def asks_for_teams(self) -> bool:
        rules: list[SilenceRule | RouteRule] = [*self.silences, *self.routes]
        return any(rule.conditions.teams for rule in rules)

    @property
    def longest(self) -> timedelta:
        """The longest time in which events or changes are counted."""
        dampings = [*self.damping.values(), *(rule.damping for rule in self.routes)]
        spans = [damping.within for damping in dampings]
        spans += [one.within for one in (self.usual_limits, *self.limits.values())]
        return max(spans)

    @property
    def counts_events(self) -> bool:
        dampings = [*self.damping.values(), *(rule.damping for rule in self.routes)]
        return any(damping.count for damping in dampings)

    def route_for(self, subject: Subject) -> RouteRule | None:
        """The first rule that matches, None for the default."""
        number = next(self._routes.matching(subject), None)
        return None if number is None else self.routes[number]

    def silences_for(self, subject: Subject) -> Iterable[SilenceRule]:
        """Those that would hide it, whenever they are in force."""
        return (self.silences[number] for number in self._silences.matching(subject))


def decide(asked: Iterable[Asked], *, book: Rulebook, at: datetime) -> list[Decision]:
    """One decision for each alert, in the order asked."""
    if not book.decides:
        return [_plainly(one) for one in asked]
    in_force = _InForce(at)
    return [_decide(one, book, in_force, at) for one in asked]


class _InForce:
    """Which occurrence of a silence is in force; asked once for each at `at`."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.known: dict[int, Span | None] = {}

    def span(self, rule: SilenceRule, moment: datetime) -> Span | None:
        if moment != self.at:
            return rule.window.occurrence_at(moment)
        if rule.id not in self.known:
            self.known[rule.id] = rule.window.occurrence_at(moment)
        return self.known[rule.id]


_TAKEN = Decision(Outcome.TAKEN)


def _plainly(one: Asked) -> Decision:
    if one.ended_at is None and one.calm_at is not None:
        return Decision(Outcome.FLAPPING, due_at=one.calm_at)
    if one.ended_at is not None and (one.was_kept_back or one.calm_at is not None):
        return Decision(Outcome.OVER)
    return _TAKEN


def _decide(one: Asked, book: Rulebook, in_force: _InForce, at: datetime) -> Decision:
    # Of one that has resolved it matters what was in force while it fired.
    moment = at if one.ended_at is None else min(one.ended_at, at)
    for silence in book.silences_for(one.subject):
        span = in_force.span(silence, moment)
        if span is not None:
            return Decision(Outcome.SILENCED, silence_id=silence.id, due_at=span.end)
    route = book.route_for(one.subject)
    if route is not None and route.drops:
        return Decision(Outcome.DROPPED, route_id=route.id)
    plain = _plainly(one)
    if plain.outcome is Outcome.TAKEN:
        default = book.damping.get(one.subject.integration_id, Damping())
        damping = (route.damping if route else Damping()).filled_from(default)
        plain = _damp(one, damping, at)
    return Decision(
        plain.outcome,
        route_id=route.id if route else book.default_route_id,
        severity=route.severity if route else "",
        due_at=plain.due_at,
        wanted=plain.wanted,
        within=plain.within,
    )


def _damp(one: Asked, damping: Damping, at: datetime) -> Decision:
    moment = at if one.ended_at is None else min(one.ended_at, at)
    due_at = one.subject.at + damping.hold_for
    is_held = moment < due_at
    lacks = bool(damping.count) and (
        one.tally.since(moment - damping.within) < damping.count
    )
    if not is_held and not lacks:
        return _TAKEN
    if one.ended_at is not None:
        return Decision(Outcome.OVER)
    return Decision(
        Outcome.PENDING,
        due_at=due_at if is_held else None,
        wanted=damping.count if lacks else 0,
        within=damping.within if lacks else None,
    )
