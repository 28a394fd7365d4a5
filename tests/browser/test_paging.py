"""Who is told and when, the link on a phone, the watchdog's banner: in a browser."""

import re

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Console
from tests.browser.test_story import PHONE, fire, first_run, link_of_the_page
from tests.chaos.world import connect
from tests.processes import App
from tests.waiting import wait_until

pytestmark = pytest.mark.browser

LOOKED = "SELECT FROM oncall_engineheartbeat WHERE duty = 'watchdog'"
LATE = """
    INSERT INTO oncall_finding (key, text, since)
    VALUES ('overdue:pages', '3 x page: should have been sent a minute ago.', now())
"""


def open_the_incident(page: Page, app: App) -> None:
    page.goto(f"{app.url}/incidents/")
    page.get_by_role("link", name="fct_orders is stale").first.click()


@pytest.mark.parametrize("app", ["one process"], indirect=True)
def test_the_ladder_the_link_on_a_phone_and_the_banner(
    app: App, chromium: Browser, console: Console
) -> None:
    desk = console.watch(chromium.new_context().new_page())
    first_run(desk, app)
    fire(app, title="fct_orders is stale", severity="error")
    wait_until(lambda: has_arrived(desk, app), what="the page in the inbox")

    # Past and future rungs.
    open_the_incident(desk, app)
    ladder = desk.locator("#incident-ladder")
    expect(ladder.locator('[data-state="future"]').first).to_be_visible()
    paged = ladder.locator(".ladder__rung").first
    expect(paged).to_contain_text("Ada Winter")
    expect(paged).not_to_have_attribute("data-state", "future")

    # A mail scanner follows the link, and then a person does, on a phone.
    link = link_of_the_page(desk, app)
    for method in ("GET", "HEAD", "GET"):
        assert httpx.request(method, link).status_code == 200
    phone = console.watch(chromium.new_context(viewport=PHONE).new_page())
    phone.goto(link)
    expect(phone.get_by_text("Nobody has it yet")).to_be_visible()
    expect(ladder.locator('[data-state="future"]').first).to_be_visible()
    button = phone.get_by_role("button", name="Acknowledge")
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= 44  # for a thumb
    assert box["x"] + box["width"] <= PHONE["width"]
    button.click()
    expect(phone.get_by_role("heading", name="You have it")).to_be_visible()
    desk.reload()
    expect(ladder.locator('[data-state="future"]')).to_have_count(0)

    # What the watchdog finds is said on every page, until it is over.
    banner = desk.get_by_text("Pages may not reach everybody")
    expect(banner).to_have_count(0)
    with connect(app) as database:
        wait_until(lambda: database.execute(LOOKED).rowcount, what="the watchdog")
        for watchdog in app.children("manage.py watchdog"):
            watchdog.suspend()
        database.execute(LATE)
    desk.goto(f"{app.url}/incidents/")
    expect(banner).to_be_visible()
    assert httpx.get(f"{app.url}/readyz").status_code == 503
    for watchdog in app.children("manage.py watchdog"):
        watchdog.kill()  # it is started again, looks, and finds nothing wrong
    wait_until(app.is_ready, what="the new watchdog's word")
    desk.reload()
    expect(banner).to_have_count(0)
    assert console == []


def has_arrived(desk: Page, app: App) -> bool:
    inbox = desk.context.new_page()
    inbox.goto(f"{app.url}/inbox/")
    found = inbox.get_by_role("link", name=re.compile("fct_orders is stale")).count()
    inbox.close()
    return found > 0
