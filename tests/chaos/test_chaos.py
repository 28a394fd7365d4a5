"""Real processes, and what can go wrong with them at random moments: nothing accepted
is lost, every page that is owed is sent, a page sent twice is known to be one, every
ladder ends, and nobody is paged about what was acknowledged.

Each fault strikes once here. CHAOS_RUNS=11 lets each strike 11 times, each time at
another moment, more than 200 runs in all; with -s the table of the runs is shown.
"""

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.chaos.faults import (
    Strike,
    add_a_beat,
    drop_connections,
    flush_redis,
    kill_child,
    kill_everything,
    kill_postgres,
    restart_postgres,
    set_clock,
    stop_redis,
)
from tests.chaos.world import Outcome, prepare, run_with_fault, shorten_ladder, table
from tests.fakes.webhook import Answer, FakeWebhook, running_webhook
from tests.processes import App, running_redis
from tests.waiting import wait_until

pytestmark = pytest.mark.chaos

RUNS = int(os.environ.get("CHAOS_RUNS", "1"))
REDIS_STOPS_SECONDS = 60.0 if RUNS > 1 else 6.0
# Late is a fault; how late, on a busy machine, is for the table in docs/benchmarks.md.
DELAY_ALLOWED_SECONDS = 60.0
FAILING_ANSWERS = 6  # fewer in a row than what makes the provider rest

IN_ONE_PROCESS: list[tuple[str, Strike]] = [
    ("one process, kill -9", kill_everything),
    ("one process, restart of PostgreSQL", restart_postgres),
    ("one process, kill -9 of PostgreSQL", kill_postgres),
    ("one process, PostgreSQL drops it", drop_connections),
]
WITH_REDIS: list[tuple[str, Strike]] = [
    ("kill -9 of all processes", kill_everything),
    ("kill -9 of the web process", kill_child("uvicorn")),
    ("kill -9 of the worker", kill_child("-Q headwater")),
    ("kill -9 of the sender of pages", kill_child("-Q paging")),
    ("kill -9 of the beat", kill_child("celery -A config beat")),
    ("kill -9 of the watchdog", kill_child("manage.py watchdog")),
    ("two beats at once", add_a_beat),
    ("flush of Redis", flush_redis),
    ("Redis hangs for a while", stop_redis(REDIS_STOPS_SECONDS)),
    ("restart of PostgreSQL", restart_postgres),
    ("PostgreSQL drops connections", drop_connections),
    ("clock 10 minutes ahead", set_clock(10)),
    ("clock 10 minutes behind", set_clock(-10)),
]
ANSWERS = [
    ("the provider hangs", Answer(behaviour="hang")),
    ("the provider says 500, but took it", Answer(status=500)),
    ("the provider cuts the line", Answer(behaviour="cut")),
]
SEEDS = range(RUNS)
NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def outcomes() -> Iterator[list[Outcome]]:
    found: list[Outcome] = []
    yield found
    print("", *table(found), sep="\n")  # noqa: T201  # the table of the runs


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeWebhook]:
    with running_webhook() as webhook:
        yield webhook


@dataclass(frozen=True, slots=True)
class Installation:
    """A running app, its provider, an inlet's key, and what has come of the runs."""

    app: App
    provider: FakeWebhook
    key: str
    outcomes: list[Outcome]

    def run(self, fault: str, strike: Strike, *, seed: int) -> Outcome:
        """Let it strike, and see that all that is promised holds."""
        outcome = run_with_fault(
            self.app,
            self.provider,
            key=self.key,
            fault=fault,
            strike=strike,
            seed=f"{fault} {seed}",
            prefix=f"run{next(NUMBERS)}x",  # in no other run's titles
        )
        print(outcome.line())  # noqa: T201  # so that a failed run shows its figures
        self.outcomes.append(outcome)
        assert outcome.accepted > 20
        assert outcome.stored == outcome.accepted
        assert outcome.sent == outcome.owed
        assert outcome.doubled == outcome.explained
        assert outcome.acknowledged > 0
        assert outcome.again == 0
        assert outcome.worst_delay < DELAY_ALLOWED_SECONDS
        return outcome


@pytest.fixture(scope="module")
def embedded(
    tmp_path_factory: pytest.TempPathFactory,
    provider: FakeWebhook,
    outcomes: list[Outcome],
) -> Iterator[Installation]:
    """Everything in one process."""
    app = App(tmp_path_factory.mktemp("embedded")).start()
    key = prepare(app, provider)
    shorten_ladder(app)
    yield Installation(app, provider, key, outcomes)
    app.stop()


@pytest.fixture(scope="module")
def with_redis(
    tmp_path_factory: pytest.TempPathFactory,
    provider: FakeWebhook,
    outcomes: list[Outcome],
) -> Iterator[Installation]:
    """Web server, workers, beat and watchdog as processes, and a Redis."""
    with running_redis(tmp_path_factory.mktemp("redis")) as url:
        folder = tmp_path_factory.mktemp("processes")
        app = App(folder, {"REDIS_URL": url}).start()
        key = prepare(app, provider)
        shorten_ladder(app)
        yield Installation(app, provider, key, outcomes)
        app.stop()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("fault", "strike"), IN_ONE_PROCESS, ids=[fault for fault, _ in IN_ONE_PROCESS]
)
def test_in_one_process(
    embedded: Installation, fault: str, strike: Strike, seed: int
) -> None:
    embedded.run(fault, strike, seed=seed)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("fault", "answer"), ANSWERS, ids=[fault for fault, _ in ANSWERS]
)
def test_with_a_provider_that_fails(
    embedded: Installation, fault: str, answer: Answer, seed: int
) -> None:
    def strike(app: App) -> None:
        embedded.provider.next_answers += [answer] * FAILING_ANSWERS
        wait_until(lambda: not embedded.provider.next_answers, what="pages to be sent")

    assert embedded.run(fault, strike, seed=seed).doubled > 0


@pytest.mark.redis
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("fault", "strike"), WITH_REDIS, ids=[fault for fault, _ in WITH_REDIS]
)
def test_with_redis(
    with_redis: Installation, fault: str, strike: Strike, seed: int
) -> None:
    with_redis.run(fault, strike, seed=seed)


@pytest.mark.redis
@pytest.mark.parametrize("seed", SEEDS)
def test_the_sender_killed_while_it_sends(with_redis: Installation, seed: int) -> None:
    """The page is on its way when its sender dies: it is sent again, and marked."""
    kill = kill_child("-Q paging")

    def strike(app: App) -> None:
        with_redis.provider.next_answers += [Answer(behaviour="hang")] * 3
        wait_until(
            lambda: not with_redis.provider.next_answers, what="pages to be sent"
        )
        kill(app)

    assert with_redis.run("kill -9 while it sends", strike, seed=seed).doubled > 0
