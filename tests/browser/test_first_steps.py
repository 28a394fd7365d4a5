"""A newcomer on a phone: from the empty home to a tool that may send."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Console
from tests.browser.test_quiet import assert_nothing_sticks_out
from tests.browser.test_story import PHONE, fire, first_run
from tests.processes import App

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("app", ["one process"], indirect=True)
def test_the_first_steps_lead_to_a_tool_and_are_ticked_off(
    app: App, chromium: Browser, console: Console
) -> None:
    page = console.watch(chromium.new_context(viewport=PHONE).new_page())
    first_run(page, app)
    assert_nothing_sticks_out(page)
    steps = page.get_by_role("region", name="Nothing has failed yet")
    expect(steps.get_by_text("to do", exact=True)).to_have_count(4)
    steps.get_by_role("link", name="Connect a tool").click()
    page.get_by_role("link", name="New integration").click()
    page.get_by_label("Name", exact=True).fill("Airflow, production")
    page.get_by_label("Airflow", exact=False).last.check()
    page.get_by_role("button", name="Make integration").click()
    expect(page.get_by_role("heading", name="The key and the address")).to_be_visible()
    assert_nothing_sticks_out(page)

    page.goto(app.url)
    fire(app, title="orders failed")
    done = page.get_by_role("listitem").filter(has_text="Connect a tool")
    expect(done.get_by_text("done", exact=True)).to_be_visible()
    assert console == []
