"""Which rule would take an alert, and why the ones before it would not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from alerts.deciding import Asked, Decision, Tally, decide
from alerts.models import Alert, Route, Silence
from alerts.rule_queries import names_for, routes_in_order, subject_of, told_rule
from alerts.rule_wording import why_not
from alerts.services.rulebook import current_rules

OFF = "This rule is switched off."


@dataclass(frozen=True, slots=True)
class AskedRoute:
    """A rule that was asked. An empty `why_not`: it takes the alert."""

    route: Route
    why_not: list[str]


@dataclass(frozen=True, slots=True)
class Tested:
    """`route` None: the default one, which nobody has changed. `silence` hides it."""

    alert: Alert
    decision: Decision
    route: Route | None
    silence: Silence | None
    asked: list[AskedRoute]


def try_alert(alert: Alert, *, at: datetime) -> Tested:
    """Try an alert, stored or not, as if it fired first at `at`."""
    subject = subject_of(alert, at=at)
    book = current_rules(at=at).book
    decision = decide([Asked(subject, Tally(1))], book=book, at=at)[0]
    routes = routes_in_order()
    names = names_for(routes, alert)
    asked: list[AskedRoute] = []
    for route in routes:
        reasons = [OFF] if not route.is_on else []
        reasons += why_not(told_rule(route), subject, names)
        asked.append(AskedRoute(route, reasons))
        if not reasons:
            break
    hidden_by = Silence.objects.filter(pk=decision.silence_id or 0).first()
    return Tested(alert, decision, asked[-1].route, hidden_by, asked)
