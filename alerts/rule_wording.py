"""Rules in words, and why one does not match. Pure but for names of things.

Each condition is told by itself, so that a rule that does not match can say which
conditions did not hold.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from alerts.conditions import WEEKDAYS, Conditions, Hours, Subject
from alerts.deciding import Damping
from alerts.windows import Window, parts_of
from core.labels import EQUAL, LIKE, UNEQUAL, LabelTest

LONG_DAYS = {
    "MO": "Monday",
    "TU": "Tuesday",
    "WE": "Wednesday",
    "TH": "Thursday",
    "FR": "Friday",
    "SA": "Saturday",
    "SU": "Sunday",
}
DAYS = {day: name[:3] for day, name in LONG_DAYS.items()}
ORDINALS = {"1": "first", "2": "second", "3": "third", "4": "fourth", "-1": "last"}
VERBS = {EQUAL: "is", UNEQUAL: "is not", LIKE: "matches"}
MOST_NAMED = 4


@dataclass(frozen=True, slots=True)
class Names:
    """{id: name} of what rules name by id. What is gone has none."""

    integrations: Mapping[int, str] = field(default_factory=dict)
    assets: Mapping[int, str] = field(default_factory=dict)
    teams: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """One condition: what is wanted, in words, and nothing else of the rule."""

    words: str
    only: Conditions


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule to be told: `roots` are the assets it names, `conditions.assets` all
    that will do."""

    conditions: Conditions
    roots: frozenset[int] = frozenset()
    includes_downstream: bool = True


def tell(rule: Rule, names: Names) -> list[Told]:
    """Its conditions, each in words. An empty list: it matches everything."""
    return list(_told(rule, names))


def _told(rule: Rule, names: Names) -> Iterator[Told]:
    asked, nothing = rule.conditions, Conditions()
    if asked.integrations:
        words = _listed(asked.integrations, names.integrations, "an integration")
        yield Told(f"from {words}", replace(nothing, integrations=asked.integrations))
    if asked.assets:
        words = _listed(rule.roots or asked.assets, names.assets, "an asset")
        below = " or downstream of it" if rule.includes_downstream else ""
        yield Told(f"about {words}{below}", replace(nothing, assets=asked.assets))
    if asked.teams:
        words = _listed(asked.teams, names.teams, "a team")
        yield Told(f"team {words}", replace(nothing, teams=asked.teams))
    if asked.severities:
        words = " or ".join(sorted(asked.severities))
        yield Told(words, replace(nothing, severities=asked.severities))
    for test in asked.labels:
        yield Told(label_words(test), replace(nothing, labels=(test,)))
    if asked.title:
        words = f"title matches {asked.title}"
        yield Told(words, replace(nothing, title=asked.title))
    if asked.hours is not None:
        yield Told(hours_words(asked.hours), replace(nothing, hours=asked.hours))


def why_not(rule: Rule, subject: Subject, names: Names) -> list[str]:
    """Which conditions do not hold, and what the alert has instead."""
    return [
        f"Wanted {told.words}; {_actual(told.only, subject, names)}."
        for told in _told(rule, names)
        if not told.only.hold(subject)
    ]


def _actual(only: Conditions, subject: Subject, names: Names) -> str:
    if only.integrations:
        name = names.integrations.get(subject.integration_id)
        return f"it came from {name}" if name else "it came from another"
    if only.assets:
        name = names.assets.get(subject.asset_id or 0)
        return f"it is about {name}" if name else "it names no known asset"
    if only.teams:
        name = names.teams.get(subject.team_id or 0)
        return f"its team is {name}" if name else "it has no team"
    if only.severities:
        return f"it is {subject.severity}"
    if only.labels:
        name = only.labels[0].name
        value = subject.labels.get(name)
        return f"{name} is “{value}”" if value is not None else f"it has no {name}"
    if only.title:
        return f"the title is “{subject.title[:80]}”"
    assert only.hours is not None  # there are no other conditions
    local = subject.at.astimezone(only.hours.zone)
    return f"it counts from {local:%a %H:%M} there"


def label_words(test: LabelTest) -> str:
    if test.op == EQUAL and not test.value:
        return f"no label {test.name}"
    return f"label {test.name} {VERBS.get(test.op, 'does not match')} {test.value}"


def hours_words(hours: Hours) -> str:
    clock = f"{hours.start:%H:%M} to {hours.end:%H:%M}"
    return f"{days_words(hours.weekdays)} {clock} {hours.zone.key}"


def days_words(weekdays: Collection[int]) -> str:
    """Weekdays (Monday is 0) in words: “Mon to Fri”, “Mon, Thu”, “every day”."""
    days = sorted(weekdays)
    names = [DAYS[WEEKDAYS[day]] for day in days]
    if len(days) == len(WEEKDAYS):
        return "every day"
    if len(days) > 2 and days[-1] - days[0] == len(days) - 1:
        return f"{names[0]} to {names[-1]}"
    return ", ".join(names)


def damping_words(damping: Damping) -> list[str]:
    told = []
    if damping.hold_for:
        told.append(f"only if still firing after {span_words(damping.hold_for)}")
    if damping.count:
        within = span_words(damping.within)
        told.append(f"only after {damping.count} events in {within}")
    return told


def span_words(span: timedelta) -> str:
    """As people say it: “5 min”, “1 h 30 min”, “2 days”."""
    minutes, seconds = divmod(round(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [
        f"{days} day{'s' if days > 1 else ''}" if days else "",
        f"{hours} h" if hours else "",
        f"{minutes} min" if minutes else "",
        f"{seconds} s" if seconds else "",
    ]
    return " ".join(part for part in parts if part) or "0 s"


def repeat_words(window: Window) -> str:
    """How often it comes: “every 2 weeks on Mon, Thu, 02:00 to 04:00 Europe/Madrid”."""
    first, last = window.wall_times
    clock = f"{first:%H:%M} to {last:%H:%M}"
    days_longer = (last.date() - first.date()).days
    if days_longer:
        clock += f" (+{days_longer} day{'s' if days_longer > 1 else ''})"
    return f"{_rhythm(window.rrule, first.day, first.weekday())}, {clock} {window.zone}"


def _rhythm(rrule: str, day: int, weekday: int) -> str:
    parts = parts_of(rrule)
    every = int(parts.get("INTERVAL", "1"))
    unit = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month"}[parts["FREQ"]]
    often = f"every {unit}" if every == 1 else f"every {every} {unit}s"
    if parts["FREQ"] == "DAILY":
        return often
    if parts["FREQ"] == "WEEKLY":
        days = parts.get("BYDAY", WEEKDAYS[weekday]).split(",")
        return f"{often} on {', '.join(DAYS[one] for one in days)}"
    if "BYDAY" in parts:
        named = [_numbered(one) for one in parts["BYDAY"].split(",")]
        position = [ORDINALS[one] for one in [parts.get("BYSETPOS")] if one]
        return f"{often} on the {' '.join([*position, ' or '.join(named)])}"
    days = parts.get("BYMONTHDAY", str(day)).split(",")
    told = ["last day" if one == "-1" else f"{one}." for one in days]
    return f"{often} on the {', '.join(told)}"


def _numbered(day: str) -> str:
    number, name = day[:-2].removeprefix("+"), LONG_DAYS[day[-2:]]
    return f"{ORDINALS.get(number, number + '.')} {name}" if number else name


def _listed(ids: frozenset[int], names: Mapping[int, str], kind: str) -> str:
    told = [names.get(one, f"{kind} that is gone") for one in sorted(ids)]
    if len(told) > MOST_NAMED:
        told = [*told[: MOST_NAMED - 1], f"{len(told) - MOST_NAMED + 1} others"]
    return " or ".join(told)
