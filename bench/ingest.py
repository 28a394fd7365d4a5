"""Events in: how many a second, beside Alertmanager and an empty Django view.

    .venv/bin/python -m bench.ingest [seconds]

Everything runs on this machine, one after the other, with the same client; Headwater
with its worker in a process of its own, correlating and paging all the while. Figures
are ratios within one run; absolute ones depend on the machine.
"""

import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from bench.load import Result, get, need, post
from tests.processes import App, free_port, running_redis
from tests.waiting import wait_until

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
AM_CONFIG = """
route: {{receiver: nowhere, group_by: [{group}], group_wait: 30s}}
receivers: [{{name: nowhere}}]
"""


@contextlib.contextmanager
def alertmanager(*, group_by: str) -> Iterator[str]:
    """A fresh Alertmanager; yields the address alerts are posted to."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "alertmanager.yml"
        config.write_text(AM_CONFIG.format(group=group_by))
        process = subprocess.Popen(
            [
                "prometheus-alertmanager",
                f"--config.file={config}",
                f"--storage.path={folder}/data",
                f"--web.listen-address=127.0.0.1:{port}",
                "--cluster.listen-address=",
                "--log.level=error",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        address = f"http://127.0.0.1:{port}"
        try:
            wait_until(lambda: _answers(f"{address}/-/ready"), what="Alertmanager")
            yield f"{address}/api/v2/alerts"
        finally:
            process.terminate()
            process.wait()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.HTTPError:
        return False


def measure(seconds: int) -> dict[str, tuple[Result, int]]:
    """{what: (result, alerts a request)} of one run, in the order measured."""
    found: dict[str, tuple[Result, int]] = {}
    with alertmanager(group_by="'...'") as url:
        found["Alertmanager, each its own group"] = (_post(url, AM_ONE, seconds), 1)
    with alertmanager(group_by="alertname") as url:
        found["Alertmanager, all in one group"] = (_post(url, AM_ONE, seconds), 1)
        found["Alertmanager, batches of 100"] = (_post(url, AM_BATCH, seconds), 100)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_redis(Path(folder)) as redis_url,
    ):
        environment = {"REDIS_URL": redis_url, "LOG_LEVEL": "WARNING"}
        app = App(Path(folder) / "hw", environment).start()
        try:
            with app.client(app.make_admin()) as client:
                keys = [_integration(client, one) for one in ("pagerduty", "generic")]
            found["Empty Django view"] = (get(f"{app.url}/healthz", seconds=seconds), 1)
            events = f"{app.url}/v2/enqueue"
            for what, key in (
                ("Headwater, one hot key", "'hot'"),
                ("Headwater, 100 keys", "(count % 100)"),
                ("Headwater, unique keys", "id"),
            ):
                body = EVENT % (keys[0], key)
                found[what] = (_post(events, body, seconds), 1)
            inlet = f"{app.url}/in/{keys[1]}"
            found["Headwater, batches of 100"] = (_post(inlet, BATCH, seconds), 100)
        finally:
            app.stop()
    return found


def _post(url: str, body: str, seconds: int) -> Result:
    return post(url, body, run=f"{time.time_ns():x}", seconds=seconds)


def _integration(client: httpx.Client, format_: str) -> str:
    body = {"name": f"bench {format_}", "format": format_, "rate_limit": 0}
    return str(client.post("/api/v1/integrations/", json=body).json()["key"])


def main() -> None:
    need("wrk", "prometheus-alertmanager")
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    found = measure(seconds)
    base = found["Alertmanager, each its own group"][0].per_second
    print("| what | alerts a second | to Alertmanager | p99 ms | refused |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for what, (result, alerts) in found.items():
        rate = result.per_second * alerts
        print(
            f"| {what} | {rate:,.0f} | {rate / base:.2f} | {result.p99_ms:.1f} "
            f"| {result.refused} |"
        )


if __name__ == "__main__":
    main()
