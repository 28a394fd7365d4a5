"""The larger loads of `bench.pipeline`: a storm, many due escalations, a soak."""

import argparse
import contextlib
import statistics
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence

import httpx

from bench.pages import browser
from bench.world import Inlet, World
from tests.chaos.world import connect
from tests.waiting import wait_until

ASSETS = 1000
BATCH = 100
PAGES = ("/", "/incidents/")
MOST_AFTERWARDS_SECONDS = 900.0
MOST_GROWTH = 1.03  # from the middle third of a soak to the last

Row = tuple[str, str]

# Each fault is a source with a tree of tables below it, three children to each.
MAKE_LINEAGE = """
from django.utils import timezone
from catalog.importers.base import AssetKey
from catalog.services import record_lineage
faults, each = %d, %d
name = lambda fault, n: AssetKey("storm", f"fault_{fault}.table_{n}")
record_lineage(
    assets=[], source="import", at=timezone.now(), edges=[
        (name(fault, (n - 1) // 3), name(fault, n))
        for fault in range(faults) for n in range(1, each)
    ],
)
"""

TIME_TICKS = """
import statistics, time
from oncall.services.clock import clock
from oncall.services.engine import tick
found = []
for _ in range(200):
    began = time.perf_counter()
    tick(at=clock.set())
    found.append((time.perf_counter() - began) * 1000)
print(f"{statistics.median(found):.2f}")
"""

OWE = """
    INSERT INTO oncall_notification (subject, channel, address, title, body, url,
        urgent, rank, idempotency_key, state, created_at, due_at, attempts,
        provider_id, detail, possibly_twice)
    SELECT '', 'webhook', %s, 'update ' || n, '', '', false, 9, 'bench:' || n, 'due',
        now(), now() - interval '1 second', 0, '', '', false
    FROM generate_series(1, %s) AS n
"""

LET_BE_DUE = """
    INSERT INTO oncall_escalation (subject, title, body, url, severity, policy_name,
        policy_version, steps, urgencies, repeats, lap, step, next_step_at, state,
        started_at)
    SELECT 'bench:' || n, 'SEV' || 1 + n %% 4 || ' due ' || n, '', '',
        'SEV' || 1 + n %% 4, 'bench', 1,
        '[{"delay_seconds": 3600,
           "targets": [{"kind": "admins", "id": 0, "label": "Every admin"}]}]',
        '{}', 1, 0, 0, %s::timestamptz, 'running', now()
    FROM generate_series(1, %s) AS n
"""


def owe_notifications(world: World, count: int) -> float:
    """Make them due at once; return when, in Unix seconds."""
    with connect(world.app) as database:
        database.execute(OWE, [world.provider.url, count])
    return time.time()


def let_escalations_be_due(
    world: World, count: int, *, seconds_from_now: float
) -> float:
    """Of all four severities, evenly; return when they are due, in Unix seconds."""
    due_at = time.time() + seconds_from_now
    with connect(world.app) as database:
        at = database.execute("SELECT to_timestamp(%s)", [due_at]).fetchone()
        assert at is not None
        database.execute(LET_BE_DUE, [at[0], count])
    return due_at


def storm(world: World, options: argparse.Namespace) -> Iterator[Row]:
    """Alerts of 1,000 assets below a few faults, evenly over the time; the source of
    each fault speaks first."""
    faults, alerts = options.faults, options.storm_alerts
    world.app.manage(
        "shell", "-v", "0", "-c", MAKE_LINEAGE % (faults, ASSETS // faults)
    )
    before = world.ask("SELECT count(*) FROM incidents_incident")
    began, is_over = time.time(), threading.Event()
    waits: list[float] = []
    reader = threading.Thread(target=_read_pages, args=[world, waits, is_over])
    reader.start()
    with world.watching_memory() as peaks:
        late = _send_storm(world, options, began)
        wait_until(
            lambda: not world.waiting() and not world.unsent(),
            seconds=MOST_AFTERWARDS_SECONDS,
            what="all to be done",
        )
    is_over.set()
    reader.join()
    yield "Storm: alerts sent a second", f"{alerts / (late - began):,.0f}"
    stored = world.ask(
        "SELECT count(*) FROM alerts_alert WHERE dedup_key LIKE 'storm%'"
    )
    yield "… alerts lost", f"{alerts - stored}"
    incidents = world.ask("SELECT count(*) FROM incidents_incident") - before
    merged = world.ask(
        "SELECT count(*) FROM incidents_incident WHERE merged_into_id IS NOT NULL"
    )
    yield f"… incidents of {faults} faults, of which merged", f"{incidents}, {merged}"
    yield "… all in incidents after s", f"{_last_joined(world) - began:.1f}"
    yield "… first page after s", f"{world.provider.counted()['first'] - began:.2f}"
    yield from _delays(world)
    waits.sort()
    yield "… pages meanwhile: median ms", f"{statistics.median(waits) * 1000:.0f}"
    yield "… p95 ms", f"{waits[int(len(waits) * 0.95)] * 1000:.0f}"
    for part, held in sorted(peaks.items()):
        yield f"… most memory of {part}, MB", f"{held:.0f}"


def _send_storm(world: World, options: argparse.Namespace, began: float) -> float:
    """Return when the last alert was accepted."""
    inlet, alerts = Inlet(world.app, world.key), options.storm_alerts
    for start in range(0, alerts, BATCH):
        due = began + options.storm_seconds * start / alerts
        time.sleep(max(0.0, due - time.time()))
        inlet.send([_of_fault(n, options.faults) for n in range(start, start + BATCH)])
    return time.time()


def _of_fault(number: int, faults: int) -> dict[str, object]:
    place = number % ASSETS
    table, fault = divmod(place, faults)
    asset = {"namespace": "storm", "name": f"fault_{fault}.table_{table}"}
    return {
        "title": f"{asset['name']} failed",
        "dedup_key": f"storm-{number}",
        "asset": asset,
    }


def _read_pages(world: World, waits: list[float], is_over: threading.Event) -> None:
    with contextlib.closing(browser(world.app)) as client:
        while not is_over.wait(0.2):
            for path in PAGES:
                began = time.time()
                try:
                    assert client.get(path).status_code == 200, path
                except httpx.HTTPError:
                    waits.append(30.0)
                else:
                    waits.append(time.time() - began)


def _last_joined(world: World) -> float:
    joined = "SELECT extract(epoch FROM max(added_at)) FROM incidents_incidentalert"
    return float(world.ask(joined))


def _delays(world: World) -> Iterator[Row]:
    """From the commit of the alert that opened an incident to its first send."""
    with connect(world.app) as database:
        rows = database.execute(
            "SELECT extract(epoch FROM min(n.first_attempt_at) - i.detected_at)"
            " FROM incidents_incident i JOIN oncall_notification n"
            " ON n.subject = 'incident:' || i.id AND n.urgent"
            " WHERE i.title LIKE 'fault%%' GROUP BY i.id",
            [],
        ).fetchall()
    found = sorted(float(str(row[0])) for row in rows)
    yield "… alert to first send begun, p99 s", f"{found[int(len(found) * 0.99)]:.2f}"


def soak(world: World, options: argparse.Namespace) -> Iterator[Row]:
    """Ten incidents a second open, are paged and resolve; memory is told by the minute
    and, in the end, whether it is flat."""
    inlet, began = Inlet(world.app, world.key), time.time()
    held: dict[str, list[float]] = defaultdict(list)
    number = 0
    for minute in range(1, max(1, round(options.minutes)) + 1):
        while time.time() < began + 60 * minute:
            fired = [_single(n) for n in range(number, number + 5)]
            ended = [_single(n) | {"status": "resolved"} for n in _before(number)]
            inlet.send(fired + ended)
            number += 5
            time.sleep(0.5)
        now = world.megabytes()
        for part, megabytes in now.items():
            held[part].append(megabytes)
        told = ", ".join(f"{part} {now[part]:.0f}" for part in sorted(now))
        yield f"Soak: MB after {minute} minutes", told
    for part, samples in sorted(held.items()):
        yield f"Soak: {part}", _flatness(samples)


def _flatness(samples: Sequence[float]) -> str:
    """The first third is for warming up; then it may not grow."""
    third = max(1, len(samples) // 3)
    middle = statistics.mean(samples[third : 2 * third] or samples)
    end = statistics.mean(samples[-third:])
    word = "flat" if end <= middle * MOST_GROWTH + 1 else "grows"
    return f"{word}: {middle:.1f} to {end:.1f} MB, middle to last third"


def _single(number: int) -> dict[str, object]:
    return {"title": f"single {number}", "dedup_key": f"single-{number}"}


def _before(number: int) -> range:
    return range(max(0, number - 50), max(0, number - 45))
