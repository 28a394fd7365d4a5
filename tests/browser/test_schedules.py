"""Schedules in a browser: made from nothing, changed by dragging, swapped."""

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Locator,
    Page,
    ViewportSize,
    expect,
)

from tests.browser.conftest import Console
from tests.browser.test_story import first_run
from tests.processes import App

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("app", ["one process"], indirect=True),
]

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1440, "height": 900}
PASSWORD = "a-long-password"  # noqa: S105  # of a throwaway installation
# A choice takes back the preview of the one before it; htmx writes that down.
TAKEN_BACK = ("htmx:afterRequest", "htmx:sendAbort")


def make_schedule(page: Page, app: App) -> None:
    page.goto(f"{app.url}/on-call/")
    page.get_by_role("link", name="Make the first schedule").click()
    page.get_by_label("Name").first.fill("Data platform")
    page.get_by_label("Turn 1", exact=True).select_option(label="Ada Winter")
    page.get_by_role("button", name="Make schedule").click()
    expect(page.get_by_role("heading", name="Data platform")).to_be_visible()


def final_row(page: Page) -> Locator:
    return page.locator('.calendar__row[data-kind="final"] .calendar__track').last


def point(row: Locator, share: float) -> tuple[float, float]:
    row.scroll_into_view_if_needed()
    box = row.bounding_box()
    assert box is not None
    return box["x"] + box["width"] * share, box["y"] + box["height"] / 2


def drag_with_the_mouse(page: Page) -> None:
    """Along the final row, in the second of two weeks."""
    row = final_row(page)
    page.mouse.move(*point(row, 0.6))
    page.mouse.down()
    page.mouse.move(*point(row, 0.65))
    page.mouse.move(*point(row, 0.75))
    page.mouse.up()


class Finger:
    """Touches as Chromium gets them from a screen."""

    def __init__(self, page: Page) -> None:
        self._to = page.context.new_cdp_session(page)

    def down(self, at: tuple[float, float]) -> None:
        self._send("touchStart", [at])

    def move(self, at: tuple[float, float]) -> None:
        self._send("touchMove", [at])

    def up(self) -> None:
        self._send("touchEnd", [])

    def _send(self, kind: str, points: list[tuple[float, float]]) -> None:
        touches = [{"x": x, "y": y} for x, y in points]
        told = {"type": kind, "touchPoints": touches}
        self._to.send("Input.dispatchTouchEvent", told)


def sign_in(context: BrowserContext, app: App, email: str) -> Page:
    page = context.new_page()
    page.goto(f"{app.url}/accounts/login/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Home")).to_be_visible()
    return page


def test_a_schedule_is_made_dragged_over_and_offered(
    app: App, chromium: Browser, console: Console
) -> None:
    context = chromium.new_context(viewport=DESK)
    page = console.watch(context.new_page())
    first_run(page, app)
    make_schedule(page, app)
    expect(page.get_by_text("on call now", exact=False).first).to_be_visible()

    page.get_by_role("link", name="2 weeks").click()
    drag_with_the_mouse(page)
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
    assert [line for line in console if not line.startswith(TAKEN_BACK)] == []
    context.close()


def test_a_held_finger_chooses_a_time_and_a_swipe_scrolls(
    app: App, chromium: Browser
) -> None:
    context = chromium.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    page = context.new_page()
    first_run(page, app)
    make_schedule(page, app)
    page.get_by_role("link", name="Month").click()
    finger, row = Finger(page), final_row(page)
    dialog = page.get_by_role("dialog", name="Change who is on call")

    finger.down(point(row, 0.3))
    finger.move(point(row, 0.5))
    finger.up()
    expect(page.locator(".calendar__chosen")).to_have_count(0)

    finger.down(point(row, 0.3))
    expect(page.locator(".calendar__chosen")).to_be_visible()
    finger.move(point(row, 0.5))
    finger.move(point(row, 0.7))
    finger.up()
    expect(dialog).to_be_visible()
    context.close()


def test_a_time_is_chosen_by_keyboard_and_given_up_by_escape(
    app: App, chromium: Browser
) -> None:
    context = chromium.new_context(viewport=DESK)
    page = context.new_page()
    first_run(page, app)
    make_schedule(page, app)
    chosen = page.locator(".calendar__chosen")
    dialog = page.get_by_role("dialog", name="Change who is on call")

    page.locator('.calendar__row[data-kind="final"] a').first.focus()
    page.keyboard.press("Space")
    expect(chosen).to_be_visible()
    page.keyboard.press("Escape")
    expect(chosen).to_have_count(0)

    for key in ("Space", "ArrowRight", "Enter", "ArrowDown", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    expect(dialog).to_be_visible()
    start = dialog.locator("[name=start]").input_value()
    end = dialog.locator("[name=end]").input_value()
    assert (end > start, start[-2:], end[-2:]) == (True, "00", "00")
    context.close()


def test_a_shift_is_offered_by_one_person_and_taken_by_another(
    app: App, chromium: Browser
) -> None:
    ada, bo = chromium.new_context(viewport=DESK), chromium.new_context(viewport=PHONE)
    page = ada.new_page()
    first_run(page, app)
    make_schedule(page, app)
    app.manage(
        "createsuperuser",
        "--noinput",
        DJANGO_SUPERUSER_EMAIL="bo@example.com",
        DJANGO_SUPERUSER_PASSWORD=PASSWORD,
    )
    page.reload()
    page.locator('.calendar__row[data-kind="final"] a:has(.shift)').last.click()
    dialog = page.get_by_role("dialog", name="Change who is on call")
    dialog.get_by_label("What changes").select_option("swap")
    dialog.get_by_role("button", name="Offer the shift").click()
    expect(page.get_by_text("offers to anybody")).to_be_visible()

    theirs = sign_in(bo, app, "bo@example.com")
    theirs.goto(f"{app.url}/on-call/me/shifts/")
    offers = theirs.locator("#offers")
    expect(offers.get_by_text("Ada Winter")).to_be_visible()
    offers.get_by_role("button", name="Take it").click()
    expect(theirs.get_by_text("You stand in for Ada Winter")).to_be_visible()

    expect(page.locator("#swaps").get_by_text("is replaced by")).to_be_visible()
    for context in (ada, bo):
        context.close()
