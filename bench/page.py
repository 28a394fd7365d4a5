"""From a committed alert to its page's arrival at a provider, on an idle machine.

    .venv/bin/python -m bench.page [alerts]

Measured in both arrangements: everything in one process, and processes with Redis.
Each alert is an incident of its own; the provider is a webhook on this machine.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import httpx

from bench.load import need
from tests.chaos.world import page_title, prepare
from tests.fakes.webhook import FakeWebhook, running_webhook
from tests.processes import App, running_redis
from tests.waiting import wait_until

GAP_SECONDS = 0.1


def delays(app: App, provider: FakeWebhook, alerts: int) -> list[float]:
    """Seconds from each 202 to the arrival of its page."""
    key = prepare(app, provider)
    accepted: dict[str, float] = {}
    with httpx.Client(base_url=app.url) as client:
        for number in range(alerts):
            name = f"alert-{number}"
            body = {"title": name, "dedup_key": name}
            assert client.post(f"/in/{key}", json=body).status_code == 202
            accepted[name] = time.monotonic()
            time.sleep(GAP_SECONDS)
    wait_until(lambda: len(provider.requests) >= alerts, seconds=30)
    arrived: dict[str, float] = {}
    for one in provider.requests:
        arrived.setdefault(page_title(one.json["title"]), one.at)
    return [arrived[name] - at for name, at in accepted.items()]


def measure(alerts: int, environment: dict[str, str]) -> list[float]:
    with tempfile.TemporaryDirectory() as folder, running_webhook() as provider:
        app = App(Path(folder) / "hw", environment).start()
        try:
            return delays(app, provider, alerts)
        finally:
            app.stop()


def main() -> None:
    need("redis-server")
    alerts = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as folder, running_redis(Path(folder)) as url:
        runs = {
            "one process": measure(alerts, {}),
            "with Redis": measure(alerts, {"REDIS_URL": url}),
        }
    print("| arrangement | alerts | median ms | p99 ms | worst ms |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, found in runs.items():
        p99 = statistics.quantiles(found, n=100)[98]
        print(
            f"| {name} | {len(found)} | {statistics.median(found) * 1000:.0f} "
            f"| {p99 * 1000:.0f} | {max(found) * 1000:.0f} |"
        )


if __name__ == "__main__":
    main()
