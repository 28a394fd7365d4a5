"""The engine against a simple reference, over random sequences of what people and time
do: what is due is paged, once, to whom the frozen ladder says, and to nobody after an
answer."""

import os
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from accounts.models import User
from oncall.channels.base import (
    DeliveryError,
    Receipt,
    RetryableDeliveryError,
    UnknownDeliveryError,
)
from oncall.models import Escalation, EscalationPolicy, Notification, Page
from oncall.services import (
    acknowledge_escalation,
    escalate_now,
    start_escalation,
    stop_escalation,
)
from oncall.services.engine import claim
from oncall.services.lapsing import look_at_acknowledged
from oncall.services.recording import Outcome, record
from oncall.services.walking import walk_due_escalations
from oncall.signals import Activity, acknowledged_activity, acknowledgement_lapsed
from tests.factories import NOON, make_policy, make_schedule, make_user

SUBJECTS = st.sampled_from(["incident:1", "incident:2"])
MINUTES = (3, 5, 7)
BY_TURNS = 0
LASTS = timedelta(minutes=30)
EXAMPLES = int(os.environ.get("ENGINE_EXAMPLES", "6"))


@dataclass
class Ladder:
    """The reference: one walk, with nothing but a list of (minutes, who). BY_TURNS is
    one of all, whoever that is."""

    steps: list[tuple[int, int]]
    laps: int
    next_at: datetime
    place: int = 0
    paged: list[tuple[int, int]] = field(default_factory=list)
    is_over: bool = False

    def pages_by_turns(self, place: int) -> bool:
        is_step = place < len(self.steps) * self.laps
        return is_step and self.steps[place % len(self.steps)][1] == BY_TURNS

    def walk(self, at: datetime, *, admin: int) -> None:
        while not self.is_over and self.next_at <= at:
            self.take(at, admin=admin)

    def take(self, at: datetime, *, admin: int) -> None:
        if self.place == len(self.steps) * self.laps:
            self.paged.append((self.place, admin))
            self.is_over = True
            return
        minutes, who = self.steps[self.place % len(self.steps)]
        self.paged.append((self.place, who))
        self.place += 1
        self.next_at = at + timedelta(minutes=minutes)


class Paging(RuleBasedStateMachine):
    """Alerts, acknowledgements and their withdrawal, snoozes, escalations by hand,
    edits of the policy, providers of every temper, and time."""

    @initialize()
    def begin(self) -> None:
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.at = NOON
        self.admin = make_user(role="admin")
        self.people: list[User] = [make_user(role="responder") for _ in MINUTES]
        everyone = {"kind": "always", "users": [str(one.pk) for one in self.people]}
        self.schedule = make_schedule(layers=[everyone])
        self.policy: EscalationPolicy = make_policy(repeats=1, lapses_after=LASTS)
        self.answered_at: dict[str, datetime] = {}
        self.warned: set[str] = set()
        self.lapsed: list[str] = []
        acknowledged_activity.connect(self._tell_activity)
        acknowledgement_lapsed.connect(self._hear_lapsed)
        self.steps: list[tuple[int, int]] = []
        self.edit([0, 1])
        self.ladders: dict[int, Ladder] = {}
        self.running: dict[str, int] = {}
        self.arrived: Counter[str] = Counter()
        self.lost: set[str] = set()
        self.refused: set[str] = set()

    def edit(self, people: list[int]) -> None:
        self.policy.steps.all().delete()
        self.steps = [
            (MINUTES[who % 3], self.people[who].pk if who < 3 else BY_TURNS)
            for who in people
        ]
        for position, (minutes, user_id) in enumerate(self.steps):
            step = self.policy.steps.create(
                position=position, delay=timedelta(minutes=minutes)
            )
            if user_id == BY_TURNS:
                step.targets.create(schedule=self.schedule, who="turns")
            else:
                step.targets.create(user_id=user_id)

    @rule(subject=SUBJECTS)
    def alert(self, subject: str) -> None:
        """Also what an un-acknowledgement does and the end of a snooze: page anew."""
        started = start_escalation(
            subject=subject,
            title=subject,
            body="",
            url="https://hw.example.com/",
            severity="SEV2",
            policy=self.policy,
            at=self.at,
        )
        if subject not in self.running:
            ladder = Ladder(list(self.steps), laps=2, next_at=self.at)
            ladder.walk(self.at, admin=self.admin.pk)
            self.answered_at.pop(subject, None)
            self.ladders[started.pk] = ladder
            self.running[subject] = started.pk
        assert started.pk == self.running[subject]

    @rule(subject=SUBJECTS)
    def acknowledge(self, subject: str) -> None:
        by = self.people[0]
        ended = acknowledge_escalation(subject=subject, by=by, at=self.at)
        self._end(subject, ended=ended)
        if ended:
            self.answered_at[subject] = self.at
            self.warned.discard(subject)

    @rule(subject=SUBJECTS)
    def work_on(self, subject: str) -> None:
        """Somebody who acknowledged does something."""
        if subject in self.answered_at:
            self.answered_at[subject] = max(self.answered_at[subject], self.at)
            self.warned.discard(subject)

    def _tell_activity(self, *, subject: str, **_: Any) -> Activity:
        return Activity(last_at=self.answered_at.get(subject))

    def _hear_lapsed(self, *, subject: str, last_at: datetime, **_: Any) -> None:
        """Never before the time was up, never unwarned, and never twice."""
        assert last_at == self.answered_at[subject]
        assert self.at >= last_at + LASTS
        assert subject in self.warned
        self.lapsed.append(subject)
        del self.answered_at[subject]

    @rule()
    def look(self) -> None:
        """The engine looks, and at once once more: what lapses is paged anew."""
        for _ in range(2):
            look_at_acknowledged(at=self.at)
            self.warned |= {
                one.subject
                for one in Escalation.objects.filter(warned_at__isnull=False)
            }
        for subject in self.lapsed:
            self.alert(subject)
        self.lapsed.clear()

    @rule(subject=SUBJECTS)
    def snooze(self, subject: str) -> None:
        self._end(subject, ended=stop_escalation(subject=subject, at=self.at))

    def _end(self, subject: str, *, ended: bool) -> None:
        if subject in self.running:
            assert ended
            self.ladders[self.running.pop(subject)].is_over = True

    @rule(subject=SUBJECTS)
    def escalate(self, subject: str) -> None:
        took = escalate_now(subject=subject, at=self.at)
        ladder = self.ladders.get(self.running.get(subject, 0))
        assert took == (ladder is not None and not ladder.is_over)
        if took and ladder is not None:
            ladder.take(self.at, admin=self.admin.pk)
        self._forget_exhausted()

    @rule(people=st.lists(st.sampled_from([0, 1, 2, 3]), min_size=1, max_size=3))
    def edit_policy(self, people: list[int]) -> None:
        self.edit(people)

    @rule(seconds=st.sampled_from([0, 1, 59, 179, 180, 300, 420, 1500, 7200, -600]))
    def time_passes(self, seconds: int) -> None:
        """A clock may also be set back."""
        self.at += timedelta(seconds=seconds)
        walk_due_escalations(at=self.at)
        for ladder in self.ladders.values():
            ladder.walk(self.at, admin=self.admin.pk)
        self._forget_exhausted()

    def _forget_exhausted(self) -> None:
        # A ladder that ended unanswered can still be acknowledged, but not walked.
        over = {one for one, ladder in self.ladders.items() if ladder.is_over}
        self.running = {s: pk for s, pk in self.running.items() if pk not in over}

    @rule(
        temper=st.sampled_from(["takes", "takes", "busy", "cuts", "dies", "refuses"]),
        limit=st.integers(1, 4),
    )
    def send(self, temper: str, limit: int) -> None:
        """What the provider, or the sender, does with the next few."""
        for one in claim(at=self.at, limit=limit):
            key = one.idempotency_key
            if temper in ("takes", "cuts", "dies"):
                self.arrived[key] += 1
            if temper in ("cuts", "dies"):
                self.lost.add(key)
            if temper == "refuses":
                self.refused.add(key)
            if temper != "dies":
                record([Outcome(one, self._answer(temper), self.at)])
        self._follow_hurry()

    def _answer(self, temper: str) -> Any:
        return {
            "takes": Receipt("id"),
            "busy": RetryableDeliveryError("busy"),
            "cuts": UnknownDeliveryError("cut"),
            "refuses": DeliveryError("no such mailbox"),
        }[temper]

    def _follow_hurry(self) -> None:
        """A step that reached nobody makes the next one due at once: told by the rows,
        which may only be earlier than the reference, never later."""
        for running in Escalation.objects.filter(state="running"):
            ladder = self.ladders[running.pk]
            assert running.next_step_at is not None
            assert running.next_step_at <= ladder.next_at
            ladder.next_at = running.next_step_at

    @invariant()
    def the_pages_are_those_of_the_reference(self) -> None:
        told: dict[int, list[tuple[int, int]]] = {pk: [] for pk in self.ladders}
        for page in Page.objects.order_by("pk").select_related("escalation"):
            place = page.lap * len(page.escalation.steps) + page.step
            ladder = self.ladders[page.escalation_id]
            is_by_turns = ladder.pages_by_turns(place)
            who = BY_TURNS if is_by_turns else page.user_id
            told[page.escalation_id].append((place, who))
        assert told == {pk: ladder.paged for pk, ladder in self.ladders.items()}

    @invariant()
    def turns_are_fair(self) -> None:
        taken = Counter({one.pk: 0 for one in self.people})
        for page in Page.objects.select_related("escalation"):
            place = page.lap * len(page.escalation.steps) + page.step
            if self.ladders[page.escalation_id].pages_by_turns(place):
                taken[page.user_id] += 1
        assert max(taken.values()) - min(taken.values()) <= 1

    @invariant()
    def each_page_is_owed_exactly_once(self) -> None:
        pages = Notification.objects.filter(page__isnull=False)
        owed = Counter(pages.values_list("page_id", flat=True))
        assert owed == Counter(Page.objects.values_list("pk", flat=True))

    @invariant()
    def doubles_are_only_those_whose_answer_was_lost_and_are_marked(self) -> None:
        doubled = {key for key, times in self.arrived.items() if times > 1}
        assert doubled <= self.lost
        marked = Notification.objects.filter(possibly_twice=True)
        assert doubled <= set(marked.values_list("idempotency_key", flat=True))

    @invariant()
    def nobody_is_paged_after_an_answer(self) -> None:
        ended = Escalation.objects.filter(state__in=["acknowledged", "stopped"])
        due = Notification.objects.filter(page__escalation__in=ended, state="due")
        assert not due.exists()

    def teardown(self) -> None:
        """In the end every page that is still wanted arrives."""
        if not hasattr(self, "at"):
            return
        try:
            self._settle()
        finally:
            acknowledged_activity.disconnect(self._tell_activity)
            acknowledgement_lapsed.disconnect(self._hear_lapsed)
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)

    def _settle(self) -> None:
        for _ in range(20):
            self.time_passes(420)
            self.send("takes", 100)
        ended = Page.objects.filter(escalation__state__in=["acknowledged", "stopped"])
        wanted = Notification.objects.exclude(page__in=ended)
        keys = set(wanted.values_list("idempotency_key", flat=True))
        assert keys - self.refused <= set(self.arrived)
        assert not Escalation.objects.running().exists()


@pytest.mark.django_db(transaction=False)
def test_the_engine_does_as_the_reference_does() -> None:
    run_state_machine_as_test(
        Paging,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=25,
            deadline=None,
            phases=(Phase.explicit, Phase.generate),  # shrinking takes minutes
            suppress_health_check=list(HealthCheck),
        ),
    )
