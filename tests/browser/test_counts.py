"""The numbers of the frame, which follow what others do."""

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Console
from tests.browser.test_story import first_run
from tests.processes import App

pytestmark = pytest.mark.browser


def declare(client: httpx.Client, title: str) -> int:
    made = client.post("/api/v1/incidents/", json={"title": title})
    assert made.status_code == 201
    return int(made.json()["id"])


def expect_open(page: Page, number: int) -> None:
    """Beside Incidents in the rail, and in the title of the tab."""
    count = page.locator(".rail [data-count=open_incidents]")
    if number:
        expect(count).to_have_text(str(number))
        expect(count).to_be_visible()
    else:
        expect(count).to_be_hidden()
    expect(page).to_have_title(
        f"({number}) Teams · Headwater" if number else "Teams · Headwater"
    )


@pytest.mark.parametrize("app", ["one process"], indirect=True)
def test_the_numbers_follow_incidents_on_a_page_that_is_not_about_them(
    app: App, chromium: Browser, console: Console
) -> None:
    page = console.watch(chromium.new_context().new_page())
    first_run(page, app)
    page.goto(f"{app.url}/settings/teams/")
    page.evaluate("window.isTheSamePage = true")
    expect_open(page, 0)
    token = app.manage("token", "ada@example.com").strip().splitlines()[-1]
    with app.client(token) as client:
        first = declare(client, "orders arrived empty")
        expect_open(page, 1)
        declare(client, "refunds arrived empty")
        expect_open(page, 2)
        assert client.post(f"/api/v1/incidents/{first}/resolve/").status_code == 200
        expect_open(page, 1)
    assert page.evaluate("window.isTheSamePage") is True
    assert console == []
