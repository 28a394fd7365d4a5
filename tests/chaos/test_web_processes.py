"""Several web processes behind one port."""

from pathlib import Path

import httpx
import pytest

from tests.processes import App, running_redis
from tests.waiting import wait_until

pytestmark = pytest.mark.chaos


def test_two_web_processes_answer_posts_and_pages(tmp_path: Path) -> None:
    with running_redis(tmp_path) as redis_url:
        app = App(tmp_path / "hw", {"REDIS_URL": redis_url, "WEB_PROCESSES": "2"})
        app.start()
        try:
            token = app.make_admin()
            with app.client(token) as api:
                made = api.post(
                    "/api/v1/integrations/", json={"name": "jobs", "format": "generic"}
                )
                key = made.json()["key"]
                for number in range(20):  # each by a connection of its own
                    alert = {"title": "failed", "dedup_key": str(number)}
                    sent = httpx.post(f"{app.url}/in/{key}", json=alert)
                    assert sent.status_code == 202, sent.text
                wait_until(lambda: len(_firing(api)) == 20, what="all alerts")
        finally:
            app.stop()


def _firing(api: httpx.Client) -> list[object]:
    listed = api.get("/api/v1/alerts/", params={"status": "firing", "limit": "50"})
    return list(listed.json()["results"])
