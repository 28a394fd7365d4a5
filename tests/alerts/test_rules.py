"""Rules by themselves: the batch decision, windows over clock changes, flapping."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.conditions import Conditions, Hours, Subject
from alerts.deciding import (
    Asked,
    Damping,
    Decision,
    Outcome,
    RouteRule,
    Rulebook,
    SilenceRule,
    Tally,
    decide,
)
from alerts.flapping import Limits, judge
from alerts.windows import Window, as_if_always, read_rrule
from core.labels import OPERATORS, LabelTest, pattern_problem

NOON = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)
MADRID = ZoneInfo("Europe/Madrid")
MINUTE = timedelta(minutes=1)
UTC_ZONE = ZoneInfo("UTC")
Rule = TypeVar("Rule", RouteRule, SilenceRule)


def numbered(rule: Rule, number: int) -> Rule:
    return replace(rule, id=number)


def minutes(least: int, most: int) -> st.SearchStrategy[timedelta]:
    return st.integers(least, most).map(lambda n: n * MINUTE)


ids = st.frozensets(st.integers(1, 3), max_size=2)
values = st.sampled_from(["", "prod", "dev", "staging"])
# Patterns that Python's own engine reads the same way.
patterns = st.sampled_from(["", "prod", "pro.*", ".*", "dev|prod", "[a-z]+ing"])
tests = st.builds(
    LabelTest, st.sampled_from(["env", "team"]), st.sampled_from(OPERATORS), patterns
)
zones = st.sampled_from([UTC_ZONE, MADRID, ZoneInfo("Asia/Tokyo")])
hours = st.builds(
    Hours,
    st.frozensets(st.integers(0, 6), min_size=1),
    st.integers(0, 23).map(time),
    st.integers(0, 23).map(time),
    zones,
)
conditions = st.builds(
    Conditions,
    integrations=ids,
    assets=ids,
    teams=ids,
    severities=st.frozensets(st.sampled_from(["SEV1", "SEV4"]), max_size=1),
    labels=st.lists(tests, max_size=2).map(tuple),
    title=st.sampled_from(["", "failed", "ORDERS", "^orders", "late|failed$"]),
    hours=st.none() | hours,
)
instants = minutes(-600, 600).map(lambda span: NOON + span)
labels = st.dictionaries(st.sampled_from(["env", "team"]), values)
subjects = st.builds(
    Subject,
    alert_id=st.just(1),
    integration_id=st.integers(1, 3),
    asset_id=st.none() | st.integers(1, 3),
    team_id=st.none() | st.integers(1, 3),
    severity=st.sampled_from(["SEV1", "SEV4"]),
    title=st.sampled_from(["orders failed", "Orders late", "empty load"]),
    labels=labels,
    at=instants,
)
dampings = st.one_of(
    st.just(Damping()),
    st.builds(Damping, minutes(0, 300), st.integers(0, 4), minutes(1, 300)),
)
rules = st.lists(
    st.builds(
        RouteRule,
        id=st.just(0),
        conditions=conditions,
        drops=st.booleans(),
        severity=st.sampled_from(["", "SEV2"]),
        damping=dampings,
    ),
    max_size=6,
).map(lambda many: [numbered(one, n) for n, one in enumerate(many)])
silences = st.lists(
    st.builds(
        lambda conditions, start, length, rrule: SilenceRule(
            0, conditions, Window(start, start + length, MADRID, rrule)
        ),
        conditions,
        instants,
        minutes(1, 700),
        st.sampled_from(["", "FREQ=DAILY", "FREQ=WEEKLY;BYDAY=SU"]),
    ),
    max_size=3,
).map(lambda many: [numbered(one, n) for n, one in enumerate(many)])
asked = st.builds(
    Asked,
    subject=subjects,
    tally=st.builds(
        Tally,
        total=st.integers(1, 5),
        seen=st.just(()),
        earlier=st.lists(st.tuples(instants, st.integers(1, 3)), max_size=2).map(tuple),
    ),
    ended_at=st.none() | instants,
    was_kept_back=st.booleans(),
    calm_at=st.none() | instants,
)


# The same once more, slow and plain.


def holds(rule: Conditions, subject: Subject) -> bool:
    if rule.integrations and subject.integration_id not in rule.integrations:
        return False
    if rule.assets and subject.asset_id not in rule.assets:
        return False
    if rule.teams and subject.team_id not in rule.teams:
        return False
    if rule.severities and subject.severity not in rule.severities:
        return False
    for test in rule.labels:
        value = subject.labels.get(test.name, "")
        is_like = re.fullmatch(test.value, value) is not None
        passes = {
            "=": value == test.value,
            "!=": value != test.value,
            "=~": is_like,
            "!~": not is_like,
        }
        if not passes[test.op]:
            return False
    if rule.hours is not None and not within_hours(rule.hours, subject.at):
        return False
    return not rule.title or bool(re.search(rule.title, subject.title, re.IGNORECASE))


def within_hours(hours: Hours, at: datetime) -> bool:
    local = at.astimezone(hours.zone).replace(tzinfo=None)
    for back in (0, 1):
        day = local.date() - timedelta(days=back)
        start = datetime.combine(day, hours.start)
        end = datetime.combine(day, hours.end)
        if end <= start:
            end += timedelta(days=1)
        if day.weekday() in hours.weekdays and start <= local < end:
            return True
    return False


def is_in_force(window: Window, moment: datetime) -> bool:
    if not window.rrule:
        return window.starts_at <= moment < window.ends_at
    first = window.starts_at.astimezone(window.zone).replace(tzinfo=None)
    last = window.ends_at.astimezone(window.zone).replace(tzinfo=None)
    local = moment.astimezone(window.zone).date()
    for back in range(-2, 4):
        day = local - timedelta(days=back)
        if day < first.date() or ("SU" in window.rrule and day.weekday() != 6):
            continue
        begin = datetime.combine(day, first.time())
        if instant(begin, fold=0) <= moment < instant(begin + (last - first), fold=1):
            return True
    return False


def instant(local: datetime, *, fold: int) -> datetime:
    """A wall time as an instant; one left out is the first instant after the gap."""
    here = local.replace(tzinfo=MADRID, fold=fold).astimezone(UTC)
    if here.astimezone(MADRID).replace(tzinfo=None) == local:
        return here
    return next(
        at
        for at in (here - timedelta(hours=2) + n * MINUTE for n in range(300))
        if at.astimezone(MADRID).replace(tzinfo=None) >= local
    )


def reference(one: Asked, book: Rulebook, at: datetime) -> Decision:
    moment = at if one.ended_at is None else min(one.ended_at, at)
    for silence in book.silences:
        hides = holds(silence.conditions, one.subject)
        if hides and is_in_force(silence.window, moment):
            return Decision(Outcome.SILENCED, silence_id=silence.id)
    matching = [rule for rule in book.routes if holds(rule.conditions, one.subject)]
    rule = matching[0] if matching else RouteRule(99)
    if rule.drops:
        return Decision(Outcome.DROPPED, route_id=rule.id)
    return Decision(
        outcome_of(one, rule, book, moment), route_id=rule.id, severity=rule.severity
    )


def outcome_of(
    one: Asked, rule: RouteRule, book: Rulebook, moment: datetime
) -> Outcome:
    if one.ended_at is None and one.calm_at is not None:
        return Outcome.FLAPPING
    if one.ended_at is not None and (one.was_kept_back or one.calm_at is not None):
        return Outcome.OVER
    default = book.damping.get(one.subject.integration_id, Damping())
    hold = rule.damping.hold_for or default.hold_for
    count, within = rule.damping.count, rule.damping.within
    if not count:
        count, within = default.count, default.within
    events = one.tally.total
    events += sum(n for at, n in one.tally.earlier if at > moment - within)
    if moment >= one.subject.at + hold and events >= count:
        return Outcome.TAKEN
    return Outcome.PENDING if one.ended_at is None else Outcome.OVER


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(silences, rules, st.lists(asked, max_size=4), dampings)
def test_the_batch_decision_is_that_of_a_slow_and_plain_one(
    silences: list[SilenceRule],
    rules: list[RouteRule],
    batch: list[Asked],
    damping: Damping,
) -> None:
    book = Rulebook(silences, rules, default_route_id=99, damping={1: damping})
    told = [
        (one.outcome, one.silence_id, one.route_id, one.severity)
        for one in decide(batch, book=book, at=NOON)
    ]
    if not book.decides:
        return
    wanted = [reference(one, book, NOON) for one in batch]
    assert told == [
        (one.outcome, one.silence_id, one.route_id, one.severity) for one in wanted
    ]


@given(st.lists(conditions, min_size=1, max_size=8), subjects)
def test_of_the_rules_that_match_the_first_decides(
    many: list[Conditions], subject: Subject
) -> None:
    rules = [RouteRule(number, one) for number, one in enumerate(many)]
    first = next((n for n, one in enumerate(many) if holds(one, subject)), None)
    found = Rulebook(routes=rules).route_for(subject)
    assert (found.id if found else None) == first


def span_lengths(window: Window, night: date) -> list[float]:
    """Hours of each occurrence from the noon before to the noon of that day."""
    noon = datetime.combine(night, time(12), tzinfo=UTC)
    spans = window.occurrences(noon - timedelta(days=1), noon)
    return [(span.end - span.start) / timedelta(hours=1) for span in spans]


def test_a_window_ends_when_the_wall_clock_says_so_also_on_the_longest_night() -> None:
    def nightly(hour: int, until: int, day: int, month: int) -> list[float]:
        start = datetime(2026, 1, 1, hour, tzinfo=MADRID)
        window = Window(start, start.replace(hour=until), MADRID, "FREQ=DAILY")
        return span_lengths(window, date(2026, month, day))

    assert nightly(1, 5, 28, 3) == [4]
    assert nightly(1, 5, 29, 3) == [3]  # the clock leaves out 02:00 to 03:00
    assert nightly(1, 5, 25, 10) == [5]  # and shows it twice
    assert nightly(2, 3, 29, 3) == []  # all of it is left out


@given(
    st.integers(0, 23 * 60),
    st.integers(10, 26 * 60),
    st.sampled_from(["Europe/Madrid", "Australia/Lord_Howe", "America/St_Johns"]),
    st.integers(0, 700),
)
def test_a_daily_window_starts_at_the_same_wall_time_whatever_the_clock_does(
    start: int, length: int, zone: str, day: int
) -> None:
    first = datetime(2026, 1, 1, start // 60, start % 60, tzinfo=ZoneInfo(zone))
    window = Window(
        first.astimezone(UTC),
        (first + length * MINUTE).astimezone(UTC),
        ZoneInfo(zone),
        "FREQ=DAILY",
    )
    about = first.astimezone(UTC) + timedelta(days=day)
    for span in window.occurrences(about, about + timedelta(days=2)):
        wall = span.start.astimezone(ZoneInfo(zone))
        assert wall.hour * 60 + wall.minute - start in (0, 30, 60, *range(1, 60))
        assert window.occurrence_at(span.start) is not None
        real = (span.end - span.start) / MINUTE
        assert abs(real - length) <= 60


def test_weeks_and_months_repeat_as_icalendar_says() -> None:
    start = datetime(2026, 1, 31, 9, tzinfo=UTC)
    end = start + timedelta(hours=1)

    def days(rrule: str) -> list[str]:
        window = Window(start, end, UTC_ZONE, rrule)
        spans = window.occurrences(start, start + timedelta(days=100))
        return [f"{span.start:%m-%d}" for span in spans][:4]

    assert days("FREQ=WEEKLY;BYDAY=MO,TH") == ["02-02", "02-05", "02-09", "02-12"]
    assert days("FREQ=MONTHLY") == ["01-31", "03-31"]
    assert days("FREQ=MONTHLY;BYMONTHDAY=-1") == ["01-31", "02-28", "03-31", "04-30"]
    assert days("FREQ=MONTHLY;BYDAY=2TU") == ["02-10", "03-10", "04-14"]
    assert days("FREQ=DAILY;INTERVAL=30") == ["01-31", "03-02", "04-01", "05-01"]


@pytest.mark.parametrize(
    ("rrule", "named"),
    [
        ("FREQ=HOURLY", "FREQ"),
        ("BYDAY=MO", "FREQ"),
        ("FREQ=DAILY;COUNT=3", "COUNT"),
        ("FREQ=DAILY;BYMONTHDAY=1", "BYMONTHDAY"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL"),
        ("FREQ=WEEKLY;BYDAY=XX", "rule"),
        ("FREQ=MONTHLY;BYDAY=2TU;BYMONTHDAY=1", "BYMONTHDAY"),
        ("nonsense", "FREQ"),
    ],
)
def test_a_rule_that_cannot_be_kept_is_refused_by_name(rrule: str, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        read_rrule(rrule, datetime(2026, 1, 1))  # noqa: DTZ001 - a wall time


@given(
    st.sampled_from(
        [
            "FREQ=DAILY;INTERVAL=3",
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR",
            "FREQ=MONTHLY;BYDAY=2TU",
            "FREQ=MONTHLY",
        ]
    ),
    st.integers(0, 60),
)
def test_a_trial_against_the_past_keeps_the_rhythm(rrule: str, day: int) -> None:
    start = datetime(2026, 6, 1, 9, tzinfo=MADRID) + timedelta(days=day)
    window = Window(start, start + timedelta(hours=2), MADRID, rrule)
    since = start - timedelta(days=14)
    earlier = as_if_always(window, since)
    later = start + timedelta(days=120)
    assert earlier.starts_at <= since
    assert list(earlier.occurrences(start, later)) == list(
        window.occurrences(start, later)
    )


@given(st.lists(minutes(0, 500), max_size=30), st.integers(1, 6), minutes(5, 60))
def test_flapping_begins_past_the_limit_and_ends_when_it_said_it_would(
    offsets: list[timedelta], most: int, within: timedelta
) -> None:
    limits, is_flapping = Limits(most, within), False
    changes = sorted({NOON + offset for offset in offsets})
    calm_at = None
    for number, at in enumerate(changes):
        seen = [one for one in changes[: number + 1] if one > at - within]
        if calm_at is not None and calm_at <= at:
            is_flapping = False  # the beat came by
        verdict = judge(
            changes[: number + 1], limits=limits, was_flapping=is_flapping, at=at
        )
        assert verdict.is_flapping == (len(seen) > (most // 2 if is_flapping else most))
        is_flapping, calm_at = verdict.is_flapping, verdict.calm_at
        if calm_at is not None:
            known = changes[: number + 1]
            before = judge(
                known, limits=limits, was_flapping=True, at=calm_at - MINUTE / 2
            )
            then = judge(known, limits=limits, was_flapping=True, at=calm_at)
            assert (before.is_flapping, then.is_flapping) == (True, False)


def test_events_are_counted_from_the_last_time_they_were_looked_at() -> None:
    tally = Tally(
        total=9,
        seen=((NOON, 2), (NOON + 5 * MINUTE, 6)),
        earlier=((NOON - 5 * MINUTE, 4), (NOON + MINUTE, 1)),
    )
    assert tally.since(NOON) == 9 - 2 + 1
    assert tally.since(NOON - 10 * MINUTE) == 9 - 2 + 1 + 4
    assert tally.since(NOON + 6 * MINUTE) == 9 - 6


def test_a_pattern_costs_linear_time_or_is_refused() -> None:
    assert pattern_problem(r"(a+)+$", most=300) == ""
    assert "(?=" in pattern_problem(r"(?=a)b", most=300)
    assert pattern_problem("(", most=300) != ""
    subject = Subject(1, 1, None, None, "SEV1", "a" * 1000 + "b", {}, NOON)
    assert not Conditions(title=r"(a+)+$").hold(subject)
