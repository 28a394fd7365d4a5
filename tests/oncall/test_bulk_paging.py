"""Paging about many things at once is paging about each alone, whatever they are:
the same pages, the worst first, first pages before all others, and none is dropped."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts.models import User
from oncall.models import EscalationPolicy, Notification, Page, PagingHabits
from oncall.services import inform
from oncall.services.engine import claim
from oncall.services.escalations import Call, start_escalations
from oncall.services.holding import release_held_pages
from oncall.services.walking import walk_due_escalations
from tests.factories import NOON, make_policy, make_user

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
SEVERITIES = st.sampled_from(["SEV1", "SEV2", "SEV3", "SEV4"])
LADDERS = st.sampled_from([(0,), (0, 1), (1, 2), (2, 2, 0)])
STORMS = st.lists(st.tuples(SEVERITIES, LADDERS), min_size=1, max_size=9)

storm = settings(
    max_examples=6,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def people(**habits: object) -> list[User]:
    made = [make_user(role="responder") for _ in range(3)]
    for person in made:
        person.contact_methods.create(
            kind="email", address=person.email, verified_at=NOON, delay=2 * MINUTE
        )
        person.contact_methods.create(
            kind="webhook", address="https://a.example.com/", verified_at=NOON
        )
        if habits:
            PagingHabits.objects.create(user=person, **habits)
    return made


def calls_of(drawn: list[Any], made: list[User]) -> list[Call]:
    policies = {ladder: ladder_of(ladder, made) for _, ladder in drawn}
    return [
        Call(f"s{n}", f"s{n}", "", "", severity, policies[ladder])
        for n, (severity, ladder) in enumerate(drawn)
    ]


def ladder_of(ladder: tuple[int, ...], made: list[User]) -> EscalationPolicy:
    policy = make_policy(repeats=1)
    for position, who in enumerate(ladder):
        step = policy.steps.create(position=position, delay=(who + 1) * MINUTE)
        step.targets.create(user=made[who])
    return policy


def at_once(calls: list[Call]) -> None:
    start_escalations(calls, at=NOON)
    for minute in range(1, 6):
        walk_due_escalations(at=NOON + minute * MINUTE)


def each_alone(calls: list[Call]) -> None:
    for call in calls:
        start_escalations([call], at=NOON)
    for minute in range(1, 6):
        while walk_due_escalations(at=NOON + minute * MINUTE, limit=1):
            pass


def owed() -> set[tuple[object, ...]]:
    names = ("page__lap", "page__step", "page__user", "address", "due_at", "rank")
    return set(Notification.objects.values_list("subject", *names))


def owed_after(calls: list[Call], act: Callable[[list[Call]], None]) -> Any:
    with undone():
        act(calls)
        return owed()


@storm
@given(drawn=STORMS)
def test_many_at_once_are_paged_about_as_each_alone(drawn: list[Any]) -> None:
    with undone():
        make_user(role="admin")
        calls = calls_of(drawn, people())
        assert owed_after(calls, at_once) == owed_after(calls, each_alone)


@storm
@given(drawn=STORMS, late=STORMS, limit=st.integers(1, 7))
def test_first_pages_go_before_all_others_and_the_worst_before_the_rest(
    drawn: list[Any], late: list[Any], limit: int
) -> None:
    with undone():
        made = people()
        inform(
            key="k", address="o@example.com", title="t", body="", url="", subject="x",
            at=NOON,
        )  # fmt: skip
        at_once(calls_of(drawn, made))
        fresh = [
            Call(f"late{n}", f"late{n}", "", "", call.severity, call.policy)
            for n, call in enumerate(calls_of(late, made))
        ]
        start_escalations(fresh, at=NOON + 5 * MINUTE)
        claimed: list[int] = []
        while some := claim(at=NOON + 5 * MINUTE, limit=limit):
            claimed += [one.pk for one in some]
        known = Notification.objects.in_bulk(claimed)
        taken = [known[pk] for pk in claimed]
        ranks = [one.rank for one in taken]
        assert ranks == sorted(ranks)
        for one in taken:
            if one.page is None:
                assert one.rank == 9
                continue
            escalation = one.page.escalation
            worse = int(escalation.severity[-1])
            assert one.rank == worse + (0 if one.page.is_first else 4)


@storm
@given(drawn=STORMS, most=st.integers(1, 3))
def test_a_bound_holds_back_and_drops_nothing(drawn: list[Any], most: int) -> None:
    with undone():
        make_user(role="admin")
        at_once(calls_of(drawn, people(most_pages=most)))
        held = Page.objects.held()
        assert not [page for page in held if page.is_first and is_worst(page)]
        assert not held.filter(held_until__lte=F("created_at")).exists()
        for minute in range(0, 60, 5):
            release_held_pages(at=NOON + minute * MINUTE)
        told = set(Notification.objects.values_list("page", flat=True))
        subjects = set(Notification.objects.values_list("subject", flat=True))
        for page in Page.objects.select_related("bundle"):
            bundled = page.bundle is not None and page.bundle.subject in subjects
            assert page.pk in told or bundled


def is_worst(page: Page) -> bool:
    return page.escalation.severity == "SEV1"
