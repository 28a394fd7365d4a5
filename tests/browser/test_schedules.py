"""Schedules in a browser: made from nothing, changed by dragging, swapped."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Console
from tests.browser.test_story import first_run
from tests.processes import App

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def make_schedule(page: Page, app: App) -> None:
    page.goto(f"{app.url}/on-call/")
    page.get_by_role("link", name="Make the first schedule").click()
    page.get_by_label("Name").first.fill("Data platform")
    page.get_by_label("Turn 1", exact=True).select_option(label="Ada Winter")
    page.get_by_role("button", name="Make schedule").click()
    expect(page.get_by_role("heading", name="Data platform")).to_be_visible()


def drag_over_two_days(page: Page) -> None:
    """Along the final row, in the second of two weeks."""
    track = page.locator('.calendar__row[data-kind="final"] .calendar__track')
    track.scroll_into_view_if_needed()
    box = track.bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.6, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.65, y)
    page.mouse.move(box["x"] + box["width"] * 0.75, y)
    page.mouse.up()


@pytest.mark.parametrize("app", ["one process"], indirect=True)
def test_a_schedule_is_made_dragged_over_and_offered(
    app: App, chromium: Browser, console: Console
) -> None:
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = console.watch(context.new_page())
    first_run(page, app)
    make_schedule(page, app)
    expect(page.get_by_text("on call now", exact=False).first).to_be_visible()

    page.get_by_role("link", name="2 weeks").click()
    drag_over_two_days(page)
    dialog = page.get_by_role("dialog", name="Change who is on call")
    expect(dialog).to_be_visible()
    dialog.get_by_label("What changes").select_option("remove")
    dialog.get_by_label("Whose shift").select_option(label="Ada Winter")
    expect(dialog.get_by_role("heading", name="What would change")).to_be_visible()
    expect(dialog.locator("#preview .rows").get_by_text("Nobody")).to_be_visible()
    dialog.get_by_role("button", name="Save the override").click()
    expect(page.get_by_text("Saved: Ada Winter is taken off")).to_be_visible()

    shift = page.locator('.calendar__row[data-kind="final"] a:has(.shift)').last
    shift.focus()
    page.keyboard.press("Enter")
    expect(dialog).to_be_visible()
    dialog.get_by_label("What changes").select_option("swap")
    dialog.get_by_role("button", name="Offer the shift").click()
    expect(page.get_by_text("The shift is on offer")).to_be_visible()
    expect(page.get_by_text("offers to anybody")).to_be_visible()
    # A choice takes back the preview of the one before it; htmx writes that down.
    taken_back = ("htmx:afterRequest", "htmx:sendAbort")
    assert [line for line in console if not line.startswith(taken_back)] == []
    context.close()
