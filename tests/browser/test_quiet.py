"""What comes in and is kept quiet, in a browser: at a desk, on a phone, by keyboard."""

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Console
from tests.browser.test_story import PHONE, first_run
from tests.processes import App

pytestmark = pytest.mark.browser


def send(app: App, path: str = "", **body: Any) -> int:
    key = (app.data / "first_alert_key").read_text()
    return httpx.post(f"{app.url}/in/{key}{path}", json=body).status_code


def assert_nothing_sticks_out(page: Page) -> None:
    wider = (
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert page.evaluate(wider) == 0


def silence_by_keyboard(page: Page, app: App) -> None:
    """Tried on the past first, as Enter in a field does; saved by the second button."""
    page.goto(f"{app.url}/silences/new/")
    page.get_by_label("Why").fill("Warehouse migration")
    page.get_by_label("Or until").focus()
    page.keyboard.type("12312030")
    page.keyboard.press("ArrowRight")
    page.keyboard.type("1130PM")
    expect(page.get_by_label("Or until")).to_have_value("2030-12-31T23:30")
    page.get_by_label("Title matches").fill("orders failed")
    page.keyboard.press("Enter")
    trial = page.locator("#trial")
    expect(trial).to_contain_text("1 alert and 1 incident would have been hidden")
    expect(trial.get_by_role("link", name="orders failed").first).to_be_visible()
    assert_nothing_sticks_out(page)
    save = page.locator(".actbar").get_by_role("button", name="Silence")
    save.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Warehouse migration")).to_be_visible()


def make_route(page: Page, app: App) -> None:
    page.goto(f"{app.url}/routing/")
    page.get_by_role("link", name="New rule").click()
    page.get_by_label("Name", exact=True).fill("Not at night")
    page.get_by_label("Title matches").fill("refunds")
    page.get_by_label("Set the severity to").select_option("SEV4")
    page.locator(".actbar").get_by_role("button", name="Make rule").click()
    expect(page.get_by_role("link", name="Not at night")).to_be_visible()


def try_route(page: Page, title: str) -> None:
    page.get_by_label("Integration").select_option(label="First alert")
    page.get_by_label("Title").fill(title)
    page.get_by_role("button", name="Try it").click()


@pytest.mark.parametrize("app", ["one process"], indirect=True)
def test_alerts_are_silenced_routed_and_missed_while_one_looks(
    app: App, chromium: Browser, console: Console
) -> None:
    desk = console.watch(chromium.new_context(locale="en-US").new_page())
    first_run(desk, app)
    phone = console.watch(
        chromium.new_context(
            locale="en-US", viewport=PHONE, storage_state=desk.context.storage_state()
        ).new_page()
    )
    desk.goto(f"{app.url}/incidents/")
    send(app, title="orders failed", dedup_key="1")
    expect(desk.get_by_role("link", name="orders failed")).to_be_visible()

    # What a silence hides shows on its page as it comes; no incident opens.
    silence_by_keyboard(phone, app)
    hidden = phone.locator("#silence-hidden")
    expect(hidden).to_contain_text("It has hidden nothing so far.")
    send(app, title="orders failed again", dedup_key="2")
    row = hidden.get_by_role("link", name="orders failed again")
    expect(row).to_be_visible()
    assert_nothing_sticks_out(phone)
    desk.reload()
    expect(desk.get_by_role("link", name="orders failed again")).to_have_count(0)

    # The tester says which rule takes an alert, and why those before it do not.
    make_route(desk, app)
    for page in (desk, phone):
        page.goto(f"{app.url}/routing/")
        try_route(page, "refunds are late")
        tested = page.locator("#tested")
        expect(tested).to_contain_text("Rule “Not at night” takes it")
        try_route(page, "customers failed")
        expect(tested).to_contain_text("Rule “Everything else” takes it")
        assert_nothing_sticks_out(page)

    # The heartbeats' list follows a job.
    desk.goto(f"{app.url}/heartbeats/")
    phone.goto(f"{app.url}/heartbeats/")
    send(app, "/heartbeat/nightly")
    for page in (desk, phone):
        nightly = page.get_by_role("row", name=re.compile("nightly"))
        expect(nightly).to_contain_text("on time")
    send(app, "/heartbeat/nightly/fail")
    for page in (desk, phone):
        nightly = page.get_by_role("row", name=re.compile("nightly"))
        expect(nightly).to_contain_text("failing")
        assert_nothing_sticks_out(page)
    assert console == []


@pytest.mark.parametrize("app", ["one process"], indirect=True)
def test_a_mapping_is_tried_on_the_last_body_on_the_integrations_page(
    app: App, chromium: Browser, console: Console
) -> None:
    page = console.watch(chromium.new_context(viewport=PHONE).new_page())
    first_run(page, app)
    body: dict[str, Any] = {"checks": [{"name": "orders", "state": "red"}]}
    assert send(app, path="", **body) == 400
    page.goto(f"{app.url}/integrations/")
    page.get_by_role("link", name="First alert").click()
    expect(page.get_by_label("Body to try it on")).to_have_value(re.compile('"red"'))
    page.get_by_label("Title", exact=True).fill("Check {@.name} is {@.state}")
    expect(page.locator("#trial")).to_contain_text("Check orders is red")
    assert_nothing_sticks_out(page)
    page.get_by_role("button", name="Save mapping").click()
    assert send(app, path="", **body) == 202
    events = page.locator("#integration-events")
    expect(events).to_contain_text("Check orders is red")
    expect(page.locator("#mapping-tries a")).to_have_count(2)

    # Without JavaScript the same form tries by its second button.
    plain = chromium.new_context(
        java_script_enabled=False, storage_state=page.context.storage_state()
    ).new_page()
    plain.goto(page.url)
    plain.get_by_label("Title", exact=True).fill("{@.name} again")
    plain.get_by_role("button", name="Try it").click()
    expect(plain.locator("#trial")).to_contain_text("orders again")
    assert console == []
