"""Events in: how many a second, beside Alertmanager, an empty handler and PostgreSQL.

    .venv/bin/python -m bench.ingest [--seconds 5] [--rounds 3] [--stored 5000000]

Everything runs on this machine, one after the other in each round, with the same client
of 32 connections; figures are medians of the rounds. Headwater commits before it
answers, and its worker correlates and pages all the while unless a line says that it
is paused. Figures are ratios within one run; absolute ones depend on the machine.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from bench.contenders import Database, alertmanager, empty_handler
from bench.load import Result, get, need, post
from tests.processes import ROOT, App, running_redis

EVENT = (
    '\'{"routing_key":"%s","event_action":"trigger","dedup_key":"\' .. %s .. \'",'
    '"payload":{"summary":"dbt model fct_orders failed","source":"dbt-prod",'
    '"severity":"error","component":"warehouse"}}\''
)
BATCH = (
    "(function() local t = {} for i = 1, 100 do t[i] = "
    '\'{"title":"fct_orders failed","dedup_key":"\' .. id .. \'-\' .. i .. \'"}\' end '
    "return '[' .. table.concat(t, ',') .. ']' end)()"
)
AM_ALERT = (
    '\'{"labels":{"alertname":"fct_orders","id":"\' .. id .. \'-%s"},'
    '"annotations":{"summary":"dbt model fct_orders failed"}}\''
)
AM_ONE = f"'[' .. {AM_ALERT % ''} .. ']'"
AM_BATCH = (
    "(function() local t = {} for i = 1, 100 do t[i] = "
    + AM_ALERT.replace("-%s", "-' .. i .. '")
    + " end return '[' .. table.concat(t, ',') .. ']' end)()"
)
KEYS = {"one hot key": "'hot'", "100 keys": "(count % 100)", "unique keys": "id"}

OWN = "Alertmanager, each its own group"
CHEAPEST = "Alertmanager, all in one group"
AM_BATCHES = "Alertmanager, batches of 100"
UNIQUE = "Headwater, unique keys"
PAUSED = ", worker paused"
BATCHES = "Headwater, batches of 100"

_STORED = """
    INSERT INTO alerts_event (integration_id, received_at, path, body, problem,
                              has_catalog_facts, alert_ids)
    SELECT (SELECT min(id) FROM alerts_integration),
           now() - interval '{days} days' + n * interval '1 millisecond',
           '/v2/enqueue', convert_to(repeat('x', 220), 'UTF8'), '', false, '{{1}}'
    FROM generate_series(1, {count}) AS n;
    ANALYZE alerts_event; CHECKPOINT
"""
_FORGET = """
from django.utils import timezone
from alerts.services import remove_old
print(remove_old(at=timezone.now()))
"""


@dataclass(slots=True)
class Measured:
    """The rounds of one line. `alerts` a request, or rows a commit."""

    alerts: int = 1
    rates: list[float] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)

    def add(self, result: Result) -> None:
        self.results.append(result)
        self.rates.append(result.per_second * self.alerts)

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)


class Bench:
    def __init__(self, app: App, seconds: int) -> None:
        self.app, self.seconds = app, seconds
        self.found: dict[str, Measured] = {}
        with app.client(app.make_admin()) as client:
            self.events_key = _integration(client, "pagerduty")
            self.batches_key = _integration(client, "generic")

    def note(self, what: str, result: Result, alerts: int = 1) -> None:
        self.found.setdefault(what, Measured(alerts)).add(result)
        print(f"  {what}: {result.per_second * alerts:,.0f}", file=sys.stderr)

    def round(self) -> None:
        """Everything once."""
        with alertmanager(group_by="'...'") as url:
            self.note(OWN, self.post(url, AM_ONE))
        with alertmanager(group_by="alertname") as url:
            self.note(CHEAPEST, self.post(url, AM_ONE))
            self.note(AM_BATCHES, self.post(url, AM_BATCH), 100)
        with empty_handler() as url:
            body = EVENT % (self.events_key, "id")
            self.note("Empty handler in the same server", self.post(url, body))
        view = get(f"{self.app.url}/healthz", seconds=self.seconds)
        self.note("Empty Django view", view)
        with self.paused_worker():
            for what in KEYS:
                self.note(f"Headwater, {what}{PAUSED}", self.events(what))
            self.note(f"{BATCHES}{PAUSED}", self.batches(), 100)
        for what in KEYS:
            self.note(f"Headwater, {what}", self.events(what))
        self.note(BATCHES, self.batches(), 100)

    def half_load(self) -> None:
        """Unique keys at about half the rate found."""
        pause = round(32_000 / (self.found[UNIQUE].rate / 2)) or 1
        result = self.events("unique keys", pause_ms=pause)
        self.note("Headwater, unique keys at half that rate", result)

    def growth(self, stored: int) -> None:
        """Unique keys again with so many events more, then while old ones go."""
        database = Database(self.app.data)
        with self.paused_worker():
            self.repeat("Headwater, unique keys, before more are stored")
            for days in (25, 20):
                count = stored // 2
                database.execute(_STORED.format(days=days, count=count))
            self.repeat(f"Headwater, unique keys, {stored:,} events more")
            database.execute(_STORED.format(days=60, count=stored // 10))
            command = [sys.executable, "manage.py", "shell", "-c", _FORGET]
            going = subprocess.Popen(
                command, cwd=ROOT, env=self.app.environ(), stdout=subprocess.PIPE
            )
            self.repeat("Headwater, unique keys, while old events are deleted")
            removed, _ = going.communicate()
            last = removed.decode().split()[-1]
            print(f"  deleted meanwhile: {last}", file=sys.stderr)

    def repeat(self, what: str) -> None:
        for _ in range(3):
            self.note(what, self.events("unique keys"))

    def postgres(self) -> None:
        database = Database(self.app.data)
        for rows, what in ((1, "a row"), (100, "100 rows")):
            with self.paused_worker():
                rate = database.commits(rows=rows, seconds=self.seconds)
            measured = Measured(rows, [rate])
            self.found[f"PostgreSQL alone, 32 clients, {what} a commit"] = measured

    def events(self, what: str, *, pause_ms: int = 0) -> Result:
        body = EVENT % (self.events_key, KEYS[what])
        return self.post(f"{self.app.url}/v2/enqueue", body, pause_ms=pause_ms)

    def batches(self) -> Result:
        return self.post(f"{self.app.url}/in/{self.batches_key}", BATCH)

    def post(self, url: str, body: str, *, pause_ms: int = 0) -> Result:
        run = f"{time.time_ns():x}"
        return post(url, body, run=run, seconds=self.seconds, pause_ms=pause_ms)

    @contextmanager
    def paused_worker(self) -> Iterator[None]:
        celery = self.app.children("celery")
        for process in celery:
            process.suspend()
        try:
            yield
        finally:
            for process in celery:
                process.resume()

    @property
    def memory(self) -> float:
        web = self.app.children("uvicorn") + self.app.children("spawn_main")
        return max(process.memory_info().rss for process in web) / 1e6

    def table(self, write: Callable[[str], None] = print) -> None:
        own, cheapest = self.found[OWN].rate, self.found[CHEAPEST].rate
        write("| what | a second | to own groups | to cheapest | p50 ms | p99 ms |")
        write("| --- | ---: | ---: | ---: | ---: | ---: |")
        for what, one in self.found.items():
            cells = (
                f"{one.rate:,.0f} | {one.rate / own:.2f} | {one.rate / cheapest:.2f}"
            )
            write(f"| {what} | {cells} | {_times(one.results)} |")
        refused = sum(r.refused for one in self.found.values() for r in one.results)
        batches = self.found[BATCHES].rate / self.found[AM_BATCHES].rate
        write(f"\nAnswers that were not 2xx: {refused}.")
        write(f"Memory of a web process at the end: {self.memory:,.0f} MB.")
        write(f"Batches of 100 to Alertmanager's: {batches:.2f}.")


def _times(results: list[Result]) -> str:
    if not results:
        return " | "
    medians = (
        statistics.median(result.p50_ms for result in results),
        statistics.median(result.p99_ms for result in results),
    )
    return f"{medians[0]:.1f} | {medians[1]:.1f}"


def _integration(client: httpx.Client, format_: str) -> str:
    body = {"name": f"bench {format_}", "format": format_, "rate_limit": 0}
    return str(client.post("/api/v1/integrations/", json=body).json()["key"])


def main() -> None:
    need("wrk", "prometheus-alertmanager", "redis-server")
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--stored", type=int, default=5_000_000)
    parser.add_argument("--web", type=int, default=1, help="web processes")
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        running_redis(Path(folder)) as redis_url,
    ):
        environment = {"REDIS_URL": redis_url, "LOG_LEVEL": "WARNING"}
        environment["WEB_PROCESSES"] = str(asked.web)
        app = App(Path(folder) / "hw", environment).start()
        try:
            bench = Bench(app, asked.seconds)
            for _ in range(asked.rounds):
                bench.round()
            bench.half_load()
            bench.postgres()
            if asked.stored:
                bench.growth(asked.stored)
            bench.table()
        finally:
            app.stop()


if __name__ == "__main__":
    main()
