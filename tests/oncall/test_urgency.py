"""Now, in working hours, in a digest or after quiet hours: never lost, never silent."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from oncall.models import (
    Bundle,
    Escalation,
    EscalationPolicy,
    Notification,
    Page,
    PagingHabits,
    TeamPaging,
)
from oncall.services import acknowledge_escalation, ladder, start_escalation
from oncall.services.engine import claim
from oncall.services.escalations import Call, raise_urgency, start_escalations
from oncall.services.holding import release_held_pages
from oncall.services.walking import walk_due_escalations
from oncall.urgency import Habits, Held, Span, Verdict, decide
from tests.factories import make_policy, make_team, make_user

BERLIN = ZoneInfo("Europe/Berlin")
SATURDAY = datetime(2026, 1, 10, 1, tzinfo=UTC)  # 02:00 in Berlin
MONDAY_NINE = datetime(2026, 1, 12, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
USUAL = {"SEV1": "now", "SEV2": "now", "SEV3": "hold", "SEV4": "digest"}

# Each has changes of the clock near which the examples are drawn.
ZONES = {
    "Europe/Berlin": (
        datetime(2026, 3, 29, 1, tzinfo=UTC),
        datetime(2026, 10, 25, 1, tzinfo=UTC),
    ),
    "America/New_York": (
        datetime(2026, 3, 8, 7, tzinfo=UTC),
        datetime(2026, 11, 1, 6, tzinfo=UTC),
    ),
    "Australia/Lord_Howe": (
        datetime(2026, 10, 3, 15, tzinfo=UTC),
        datetime(2026, 4, 4, 15, tzinfo=UTC),
    ),
}
clock_times = st.integers(0, 24 * 12 - 1).map(lambda n: time(n // 12, n % 12 * 5))


@st.composite
def cases(draw: st.DrawFn) -> tuple[Habits, datetime, str]:
    name = draw(st.sampled_from(sorted(ZONES)))
    near = draw(st.sampled_from(ZONES[name]))
    at = near + draw(st.integers(-600, 600)) * 5 * MINUTE
    quiet = draw(st.none() | st.builds(Span, clock_times, clock_times))
    if quiet and quiet.start == quiet.end:
        quiet = None
    habits = Habits(
        zone=ZoneInfo(name),
        work_days=draw(st.frozensets(st.integers(0, 6), min_size=1)),
        work=Span(draw(clock_times), draw(clock_times)),
        digest_at=draw(clock_times),
        quiet=quiet,
        breaks_through=draw(st.booleans()),
    )
    return habits, at, draw(st.sampled_from(sorted(USUAL)))


def within(wall: time, span: Span) -> bool:
    if span.start < span.end:
        return span.start <= wall < span.end
    return wall >= span.start or wall < span.end


def slowly(habits: Habits, at: datetime, severity: str) -> Verdict | None:
    """Minute by minute, as one would read it off a clock; None where all work lies in
    quiet hours. For holds and quiet hours."""

    def is_free(moment: datetime) -> bool:
        local = moment.astimezone(habits.zone)
        if habits.quiet and within(local.time(), habits.quiet):
            return False
        if severity != "SEV3":
            return True
        day = local.date() - timedelta(days=local.time() < habits.work.start)
        return within(local.time(), habits.work) and day.weekday() in habits.work_days

    if severity == "SEV1" and habits.breaks_through:
        return Verdict()
    for minutes in range(8 * 24 * 12):
        moment = at + minutes * 5 * MINUTE
        if is_free(moment):
            why = Held.WORKING_HOURS if severity == "SEV3" else Held.QUIET_HOURS
            return Verdict(why, moment) if minutes else Verdict()
    return None


@given(cases())
def test_a_page_waits_exactly_until_a_clock_on_the_wall_lets_it_go(
    case: tuple[Habits, datetime, str],
) -> None:
    habits, at, severity = case
    if severity == "SEV4":
        severity = "SEV2"
    expected = slowly(habits, at, severity)
    found = decide(severity, at=at, habits=habits, urgencies=USUAL)
    if expected is None:
        assert found.until is not None
        assert at <= found.until
    else:
        assert found == expected


@given(cases())
def test_a_digest_comes_within_two_days_and_not_in_quiet_hours(
    case: tuple[Habits, datetime, str],
) -> None:
    habits, at, _ = case
    found = decide("SEV4", at=at, habits=habits, urgencies=USUAL)
    assert found.held == Held.DIGEST
    assert found.until is not None
    assert at < found.until <= at + timedelta(hours=50)
    assert not habits.is_quiet(found.until.astimezone(habits.zone))


def start(
    policy: EscalationPolicy,
    *,
    severity: str,
    at: datetime = SATURDAY,
    subject: str = "incident:1",
) -> Escalation:
    return start_escalation(
        subject=subject,
        title=f"{severity} {subject}",
        body="",
        url="https://hw.example.com/incidents/1/",
        severity=severity,
        policy=policy,
        at=at,
    )


def make_person(**habits: object) -> User:
    user = make_user(time_zone="Europe/Berlin")
    PagingHabits.objects.create(user=user, **habits)
    return user


def ladder_of(*users: User, **values: object) -> EscalationPolicy:
    policy = make_policy(**values)
    for position, user in enumerate(users):
        step = policy.steps.create(position=position, delay=5 * MINUTE)
        step.targets.create(user=user)
    return policy


@pytest.fixture
def usual(db: None, settings: Settings) -> None:
    settings.PAGE_URGENCY = list(USUAL.values())


@pytest.mark.usefixtures("usual")
def test_sev3_waits_for_working_hours_and_the_ladder_waits_with_it() -> None:
    ana, ben = make_person(), make_person()
    escalation = start(ladder_of(ana, ben), severity="SEV3")
    walk_due_escalations(at=SATURDAY + timedelta(hours=9))
    assert not Notification.objects.exists()
    held, following = ladder(subject=escalation.subject, at=SATURDAY)[:2]
    assert (held.state, held.held_until, held.because) == (
        "held",
        MONDAY_NINE,
        "SEV3 waits for working hours",
    )
    assert (following.user, following.at) == (str(ben), MONDAY_NINE + 5 * MINUTE)
    assert release_held_pages(at=MONDAY_NINE - MINUTE) == 0
    assert release_held_pages(at=MONDAY_NINE) == 1
    assert release_held_pages(at=MONDAY_NINE) == 0
    owed = Notification.objects.get()
    assert (owed.user, owed.due_at) == (ana, MONDAY_NINE)


@pytest.mark.usefixtures("usual")
def test_the_team_says_how_urgent_it_is_and_the_person_has_the_last_word() -> None:
    team = make_team()
    TeamPaging.objects.create(team=team, urgencies={"SEV3": "now", "SEV2": "hold"})
    ana = make_person()
    ben = make_person(urgencies={"SEV2": "now"})
    policy = ladder_of(ana, team=team)
    policy.steps.get().targets.create(user=ben)
    start(policy, severity="SEV3")
    assert Notification.objects.count() == 2
    start(policy, severity="SEV2", subject="incident:2")
    paged = Page.objects.filter(escalation__subject="incident:2")
    assert {page.user: page.held_for for page in paged} == {
        ana: "working_hours",
        ben: "",
    }


@pytest.mark.usefixtures("usual")
def test_a_digest_is_one_message_in_the_morning_without_what_is_over(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    policy = ladder_of(make_person())
    for number in range(4):
        start(policy, severity="SEV4", subject=f"incident:{number}")
    acknowledge_escalation(subject="incident:0", by=None, at=SATURDAY)
    morning = datetime(2026, 1, 10, 8, tzinfo=UTC)
    with django_assert_max_num_queries(16):
        assert release_held_pages(at=morning) == 3
    owed = Notification.objects.get()
    assert owed.title == "Daily digest: 3 to look at"
    assert "incident:0" not in owed.body
    assert owed.body.count("SEV4 incident:") == 3
    rung = ladder(subject="incident:1", at=morning)[0]
    assert (rung.state, rung.bundled, rung.notifications) == ("paged", 2, (owed,))


@pytest.mark.usefixtures("usual")
def test_a_bundle_is_not_sent_once_all_in_it_is_answered() -> None:
    policy = ladder_of(make_person())
    for number in range(2):
        start(policy, severity="SEV4", subject=f"incident:{number}")
    morning = datetime(2026, 1, 10, 8, tzinfo=UTC)
    release_held_pages(at=morning)
    for number in range(2):
        acknowledge_escalation(subject=f"incident:{number}", by=None, at=morning)
    assert claim(at=morning, limit=10) == []
    assert Notification.objects.get().state == "cancelled"


@pytest.mark.usefixtures("usual")
def test_quiet_hours_hold_the_page_and_hand_the_ladder_on_at_once() -> None:
    ana = make_person(quiet_start=time(22), quiet_end=time(7))
    ben = make_person()
    escalation = start(ladder_of(ana, ben), severity="SEV2")
    pages = escalation.pages.order_by("step")
    assert [(page.user, page.held_for) for page in pages] == [
        (ana, "quiet_hours"),
        (ben, ""),
    ]
    assert pages[0].held_until == datetime(2026, 1, 10, 6, tzinfo=UTC)
    assert [one.user for one in Notification.objects.all()] == [ben]


@pytest.mark.usefixtures("usual")
def test_when_all_have_quiet_hours_the_fallback_is_paged_all_the_same() -> None:
    quiet = {"quiet_start": time(22), "quiet_end": time(7)}
    ana = make_person(**quiet)
    admin = make_person(**quiet)
    admin.role = User.Role.ADMIN
    admin.save()
    escalation = start(ladder_of(ana), severity="SEV2")
    assert escalation.state == Escalation.State.EXHAUSTED
    assert [one.user for one in Notification.objects.all()] == [admin]
    assert escalation.pages.filter(user=ana).count() == 1


@pytest.mark.usefixtures("usual")
def test_sev1_breaks_through_quiet_hours_of_those_who_say_so() -> None:
    quiet = {"quiet_start": time(22), "quiet_end": time(7)}
    loud, silent = make_person(**quiet, breaks_through=True), make_person(**quiet)
    policy = ladder_of(loud)
    policy.steps.get().targets.create(user=silent)
    start(policy, severity="SEV1")
    assert [one.user for one in Notification.objects.all()] == [loud]


@pytest.mark.usefixtures("usual")
def test_a_held_page_goes_out_when_it_gets_worse() -> None:
    escalation = start(ladder_of(make_person()), severity="SEV3")
    later = SATURDAY + MINUTE
    for _ in range(2):
        assert raise_urgency(
            subject="incident:1", severity="SEV1", title="SEV1", body="", at=later
        )
    assert [one.due_at for one in Notification.objects.all()] == [later]
    escalation.refresh_from_db()
    assert escalation.next_step_at == later + 5 * MINUTE


@pytest.mark.usefixtures("usual")
def test_methods_have_an_order_and_delays_of_their_own_for_a_severity() -> None:
    ana = make_person()
    verified = {"kind": "email", "verified_at": SATURDAY}
    ana.contact_methods.create(address="a@example.com", **verified)
    ana.contact_methods.create(
        address="b@example.com",
        position=1,
        delays={"SEV1": 0},
        delay=MINUTE,
        **verified,
    )
    ana.contact_methods.create(
        address="c@example.com", position=2, delays={"SEV1": None}, **verified
    )
    policy = ladder_of(ana)
    for severity in ("SEV1", "SEV2"):
        start(policy, severity=severity, subject=severity)
    owed = {
        severity: [
            (one.address[0], (one.due_at - SATURDAY) // MINUTE)
            for one in Notification.objects.filter(subject=severity).order_by("pk")
        ]
        for severity in ("SEV1", "SEV2")
    }
    assert owed == {
        "SEV1": [("a", 0), ("b", 0)],
        "SEV2": [("a", 0), ("c", 0), ("b", 1)],
    }


@pytest.mark.usefixtures("usual")
def test_a_storm_is_held_back_and_bundled_and_new_incidents_come_first(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    ana = make_person(most_pages=4)
    policy = ladder_of(ana)
    calls = [
        Call(
            f"incident:{n}",
            f"incident {n}",
            "",
            "https://hw.example.com/",
            severity,
            policy,
        )
        for n, severity in enumerate(["SEV2"] * 6 + ["SEV1"])
    ]
    with django_assert_max_num_queries(24):
        start_escalations(calls, at=SATURDAY)
    told = Page.objects.filter(held_until=None)
    assert told.count() == 4
    assert told.filter(escalation__severity="SEV1").exists()
    held = Page.objects.held()
    assert {page.held_for for page in held} == {"throttle"}
    walk_due_escalations(at=SATURDAY + 5 * MINUTE)  # later pages do not get the rest
    assert Page.objects.filter(held_until=None).count() == 4
    release_held_pages(at=SATURDAY + 15 * MINUTE)
    bundle = Bundle.objects.get()
    owed = Notification.objects.get(subject=bundle.subject)
    listed = {page.escalation.title for page in bundle.pages.all()}
    assert all(title in owed.body for title in listed)
    assert not Page.objects.held().exists()
