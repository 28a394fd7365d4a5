"""What happens to an alert once it is committed: how many a second, how soon.

    .venv/bin/python -m bench.pipeline [part …] [options]

    delivered  each alert an incident and a page of its own, beside Alertmanager
    processed  alerts of a thousand assets, deduplicated and put into incidents
    idle       from the 202 to the arrival of the page, one alert at a time
    sending    notifications to a provider that answers after 50 ms
    due        escalations that are due in the same minute
    tick       one turn of the engine with nothing due
    storm      alerts of a few faults in lineage, with pages, memory and delays
    soak       memory over some minutes of steady work

All of them but the soak when none is named. Everything runs on this machine and shares
its processors; compare figures of one run.
"""

import argparse
import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import storms
from bench.ingest import AM_ONE, EVENT
from bench.load import need, post
from bench.world import Inlet, World, provider, running_world
from tests.processes import free_port, running_program
from tests.waiting import wait_until

# What opens many incidents comes last: nobody answers, so they are paged again.
PARTS = ("tick", "idle", "sending", "due", "processed", "storm", "delivered", "soak")
LONGEST_SECONDS = 600.0
BATCH = 100

AM_CONFIG = """
route: {{receiver: here, group_by: ['...'], group_wait: 0s}}
receivers: [{{name: here, webhook_configs: [{{url: '{url}'}}]}}]
"""

Row = tuple[str, str]


@contextlib.contextmanager
def alertmanager(webhook: str) -> Iterator[str]:
    """An Alertmanager that delivers each alert by itself, at once."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "alertmanager.yml"
        config.write_text(AM_CONFIG.format(url=webhook))
        command = [
            "prometheus-alertmanager",
            f"--config.file={config}",
            f"--storage.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
            "--log.level=error",
        ]
        with running_program(command, ready=f"http://127.0.0.1:{port}/-/ready"):
            yield f"http://127.0.0.1:{port}/api/v2/alerts"


def delivered(world: World, options: argparse.Namespace) -> Iterator[Row]:
    with provider() as there, alertmanager(there.url) as url:
        began = time.time()
        post(url, AM_ONE, run="am", seconds=options.seconds)
        wait_until(lambda: _is_quiet(there.counted), seconds=60)
        counted = there.counted()
        base = counted["count"] / (counted["last"] - began)
    yield "Alertmanager, each its own group: delivered a second", f"{base:,.0f}"
    before, began = world.processor_seconds(), time.time()
    key = _pagerduty_key(world)
    post(
        f"{world.app.url}/v2/enqueue",
        EVENT % (key, "id"),
        run="hw",
        seconds=options.seconds,
    )
    accepted = world.ask("SELECT count(*) FROM alerts_alert WHERE title LIKE 'dbt%'")
    yield "Headwater: accepted a second", f"{accepted / options.seconds:,.0f}"
    wait_until(
        lambda: world.provider.counted()["count"] >= accepted,
        seconds=LONGEST_SECONDS,
        what="every page",
    )
    rate = accepted / (world.provider.counted()["last"] - began)
    yield "Headwater: delivered a second", f"{rate:,.0f}"
    yield "Headwater to Alertmanager", f"{rate / base:.2f}"
    yield from _spent(world, before, accepted)


def processed(world: World, options: argparse.Namespace) -> Iterator[Row]:
    inlet, before = Inlet(world.app, world.key), world.processor_seconds()
    began = time.time()
    for start in range(0, options.alerts, BATCH):
        inlet.send([_of_asset(n) for n in range(start, start + BATCH)])
    wait_until(lambda: not world.waiting(), seconds=LONGEST_SECONDS)
    rate = options.alerts / (time.time() - began)
    yield "Alerts of 1,000 assets: in incidents a second", f"{rate:,.0f}"
    yield from _spent(world, before, options.alerts)


def idle(world: World, options: argparse.Namespace) -> Iterator[Row]:
    inlet, accepted = Inlet(world.app, world.key), {}
    for number in range(200):
        name = f"single-{number}"
        inlet.send([{"title": name, "dedup_key": name}])
        accepted[name] = time.time()
        time.sleep(0.1)
    wait_until(lambda: world.provider.counted()["count"] >= 200, seconds=60)
    arrived = {body["title"].split()[-1]: at for at, body in _arrivals(world)}
    waits = sorted(arrived[name] - at for name, at in accepted.items())
    yield "Idle: 202 to page, median ms", f"{waits[100] * 1000:.0f}"
    yield "Idle: 202 to page, p99 ms", f"{waits[197] * 1000:.0f}"


def sending(world: World, options: argparse.Namespace) -> Iterator[Row]:
    world.provider.forget(delay_seconds=0.05)
    count = min(options.alerts, 20_000)
    began = storms.owe_notifications(world, count)
    wait_until(
        lambda: world.provider.counted()["count"] >= count,
        seconds=LONGEST_SECONDS,
    )
    counted = world.provider.counted()
    rate = count / (counted["last"] - counted["first"])
    yield "To a provider that takes 50 ms: sent a second", f"{rate:,.0f}"
    yield "… at once, at most", f"{counted['most_at_once']:.0f}"
    yield "… first one after s", f"{counted['first'] - began:.2f}"


def due(world: World, options: argparse.Namespace) -> Iterator[Row]:
    count = 10_000
    due_at = storms.let_escalations_be_due(world, count, seconds_from_now=5)
    wait_until(
        lambda: world.provider.counted()["count"] >= count,
        seconds=LONGEST_SECONDS,
    )
    arrivals = [(at, body["title"]) for at, body in _arrivals(world)]
    began = [(at, title[:4]) for at, title in arrivals if " due " in title]
    yield "10,000 due at once: all begun after s", f"{began[-1][0] - due_at:.1f}"
    for severity in ("SEV1", "SEV2", "SEV3", "SEV4"):
        last = max(at for at, title in began if title == severity)
        yield f"… the last of {severity} after s", f"{last - due_at:.1f}"


def tick(world: World, options: argparse.Namespace) -> Iterator[Row]:
    said = world.app.manage("shell", "-v", "0", "-c", storms.TIME_TICKS)
    yield "One tick with nothing due, median ms", said.split()[-1]


def storm(world: World, options: argparse.Namespace) -> Iterator[Row]:
    yield from storms.storm(world, options)


def soak(world: World, options: argparse.Namespace) -> Iterator[Row]:
    yield from storms.soak(world, options)


def _arrivals(world: World) -> list[tuple[float, dict[str, str]]]:
    return world.provider.arrivals()


def _is_quiet(counted: Callable[[], dict[str, float]]) -> bool:
    return time.time() - counted()["last"] > 2


def _pagerduty_key(world: World) -> str:
    token = world.app.manage("token", "admin@example.com").strip().splitlines()[-1]
    body = {"name": "bench", "format": "pagerduty", "rate_limit": 0}
    with world.app.client(token) as client:
        return str(client.post("/api/v1/integrations/", json=body).json()["key"])


def _of_asset(number: int) -> dict[str, object]:
    asset = {"namespace": "bench", "name": f"table_{number % 1000}"}
    return {"title": f"check {number}", "dedup_key": f"check-{number}", "asset": asset}


def _spent(world: World, before: dict[str, float], alerts: int) -> Iterator[Row]:
    for part, seconds in sorted(world.processor_seconds().items()):
        each = (seconds - before.get(part, 0.0)) / alerts * 1e6
        if each >= 1:
            yield f"… processor time of {part}, µs each", f"{each:,.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []])
    parser.add_argument("--seconds", type=int, default=5, help="of posting")
    parser.add_argument("--alerts", type=int, default=20_000)
    parser.add_argument("--storm-alerts", type=int, default=100_000)
    parser.add_argument("--storm-seconds", type=float, default=60.0)
    parser.add_argument("--faults", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=10.0, help="of the soak")
    options = parser.parse_args()
    need("wrk", "redis-server", "prometheus-alertmanager")
    print("| what | |\n| --- | ---: |")
    wanted = options.parts or [part for part in PARTS if part != "soak"]
    with running_world() as world:
        for name in wanted:
            world.provider.forget()
            for what, figure in globals()[name](world, options):
                print(f"| {what} | {figure} |", flush=True)


if __name__ == "__main__":
    main()
