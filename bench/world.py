"""An installation to measure, with a provider beside it, and what each process uses."""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
import sys
import tempfile
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, LiteralString

import httpx
import psutil

from tests.chaos.world import connect, prepare_address
from tests.processes import App, free_port, running_redis
from tests.waiting import wait_until

SAMPLE_SECONDS = 0.5
NAMES = {
    "uvicorn": "web",
    "-Q paging": "sender of pages",
    " worker": "worker",
    " beat": "beat",
    "postgres": "PostgreSQL",
    "redis": "Redis",
}


@dataclass
class Provider:
    """A running `bench.receiver`."""

    url: str
    client: httpx.Client

    def counted(self) -> dict[str, float]:
        found: dict[str, float] = self.client.get("/").json()
        return found

    def arrivals(self) -> list[tuple[float, dict[str, Any]]]:
        """(Unix seconds, body) of each request, in order."""
        told = self.client.get("/arrivals", timeout=60).json()
        return [(at, json.loads(body)) for at, body in told]

    def forget(self, *, delay_seconds: float = 0.0) -> None:
        """Count anew, and answer each after so long."""
        self.client.delete(f"/?{delay_seconds}")


@contextlib.contextmanager
def provider() -> Iterator[Provider]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "bench.receiver", str(port)])
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            here = Provider(f"http://127.0.0.1:{port}/hook", client)
            wait_until(lambda: _answers(client), what="the provider")
            yield here
    finally:
        process.terminate()
        process.wait()


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/").status_code == 200
    except httpx.HTTPError:
        return False


@dataclass
class World:
    """Headwater as it runs with Redis; one admin is paged by webhook."""

    app: App
    provider: Provider
    key: str
    peaks: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def ask(self, statement: LiteralString, *values: object) -> Any:
        """The first column of the first row."""
        with connect(self.app) as database:
            row = database.execute(statement, values or None).fetchone()
            return row[0] if row else None

    def waiting(self) -> int:
        """Alerts that are committed and in no incident yet."""
        found: int = self.ask("SELECT count(*) FROM alerts_alert WHERE has_changed")
        return found

    def unsent(self) -> int:
        found: int = self.ask(
            "SELECT count(*) FROM oncall_notification WHERE state IN ('due', 'sending')"
        )
        return found

    def processor_seconds(self) -> dict[str, float]:
        """{part: seconds of processor time so far}."""
        spent: dict[str, float] = defaultdict(float)
        for part, process in self.processes():
            with contextlib.suppress(psutil.Error):
                times = process.cpu_times()
                spent[part] += times.user + times.system
        return spent

    def megabytes(self) -> dict[str, float]:
        """{part: memory of its largest process that it shares with none}."""
        used: dict[str, float] = defaultdict(float)
        for part, process in self.processes():
            with contextlib.suppress(psutil.Error):
                held = process.memory_full_info().uss / 2**20
                used[part] = max(used[part], held)
        return used

    def processes(self) -> Iterator[tuple[str, psutil.Process]]:
        assert self.app.process is not None
        postmaster = (self.app.data / "postgres/postmaster.pid").read_text()
        postgres = psutil.Process(int(postmaster.split()[0]))
        family = psutil.Process(self.app.process.pid).children(recursive=True)
        known = {*family, postgres, *postgres.children(recursive=True)}
        for process in known:
            with contextlib.suppress(psutil.Error):
                words = f"{process.name()} {' '.join(process.cmdline())}"
                for word, part in NAMES.items():
                    if word in words:
                        yield part, process
                        break

    @contextlib.contextmanager
    def watching_memory(self) -> Iterator[dict[str, float]]:
        """Yields {part: the most megabytes seen}, filled while the block runs."""
        is_over = threading.Event()

        def watch() -> None:
            while not is_over.wait(SAMPLE_SECONDS):
                for part, held in self.megabytes().items():
                    self.peaks[part] = max(self.peaks[part], held)

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield self.peaks
        finally:
            is_over.set()
            thread.join()


@contextlib.contextmanager
def running_world() -> Iterator[World]:
    with (
        tempfile.TemporaryDirectory() as folder,
        running_redis(Path(folder)) as redis_url,
        provider() as there,
    ):
        environment = {
            "REDIS_URL": redis_url,
            "LOG_LEVEL": "WARNING",
            "MOST_PAGES": "0",  # else most pages of one person are bundled
        }
        app = App(Path(folder) / "hw", environment).start()
        try:
            key = prepare_address(app, there.url)
            with connect(app) as database:
                database.execute("UPDATE alerts_integration SET rate_limit = 0")
            inlet = Inlet(app, key)
            inlet.send([{"title": "first", "dedup_key": "first"}])
            wait_until(lambda: there.counted()["count"], seconds=30, what="a page")
            there.forget()
            yield World(app, there, key)
        finally:
            app.stop()


class Inlet:
    """Sends arrays of alerts over one connection."""

    def __init__(self, app: App, key: str) -> None:
        self.path = f"/in/{key}"
        self.connection = http.client.HTTPConnection("127.0.0.1", app.port)

    def send(self, alerts: Sequence[dict[str, object]]) -> None:
        headers = {"Content-Type": "application/json"}
        self.connection.request("POST", self.path, json.dumps(alerts), headers)
        answer = self.connection.getresponse()
        answer.read()
        assert answer.status == 202, answer.status
