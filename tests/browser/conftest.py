"""A real Chromium against the real program, with everything it starts."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.processes import App, running_redis
from tests.waiting import BOUND_SECONDS

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


expect.set_options(timeout=BOUND_SECONDS * 1000)


@pytest.fixture(scope="module")  # its event loop would be in the way of other tests
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(autouse=True)
def _no_page_left_open(chromium: Browser) -> Iterator[None]:
    """A page that stays open asks its stopped server for news, again and again."""
    before = set(chromium.contexts)
    yield
    for context in set(chromium.contexts) - before:
        context.close()


@pytest.fixture(params=["one process", pytest.param("redis", marks=pytest.mark.redis)])
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[App]:
    """Headwater in both arrangements."""
    with ExitStack() as stack:
        environment = {}
        if request.param == "redis":
            environment["REDIS_URL"] = stack.enter_context(running_redis(tmp_path))
        app = App(tmp_path / "hw", environment).start()
        stack.callback(app.stop)
        yield app


class Console(list[str]):
    """What pages wrote to the console, and errors they raised."""

    def watch(self, page: Page) -> Page:
        page.on("console", lambda message: self.append(message.text))
        page.on("pageerror", lambda error: self.append(str(error)))
        return page


@pytest.fixture
def console() -> Console:
    return Console()
