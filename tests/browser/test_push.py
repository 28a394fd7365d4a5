"""A page on a phone's lock screen, as Chromium shows it."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from oncall.channels.registry import channel_for
from tests.fakes.webhook import FakeWebhook
from tests.oncall.test_channel_push import MESSAGE, Phone
from tests.processes import App
from tests.waiting import wait_until

SHOWN = """async () => {
    const worker = await navigator.serviceWorker.ready;
    const shown = await worker.getNotifications();
    return shown.map(one => ({title: one.title, body: one.body, url: one.data.url}));
}"""


@pytest.mark.browser
def test_a_phone_shows_the_page_that_was_encrypted_for_it(
    tmp_path: Path,
    chromium: Browser,
    webhook_server: FakeWebhook,
) -> None:
    """The part between push service and browser is the browser vendor's: here the
    decrypted message is handed to Chromium as its push service would."""
    phone = Phone(webhook_server.url)
    channel_for("push").send(MESSAGE, to=phone.address, timeout_seconds=5)
    payload = json.dumps(phone.read(webhook_server.requests[0].body))
    app = App(tmp_path / "hw").start()
    try:
        assert shown_by(chromium, app.url, payload) == {
            "title": MESSAGE.title,
            "body": MESSAGE.body,
            "url": MESSAGE.url,
        }
    finally:
        app.stop()


def shown_by(chromium: Browser, url: str, payload: str) -> dict[str, Any]:
    """The notification that the program's service worker makes of a message."""
    context = chromium.new_context(permissions=["notifications"])
    browser_page = context.new_page()
    devtools = context.new_cdp_session(browser_page)
    found: list[dict[str, Any]] = []
    devtools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda told: found.extend(told["registrations"]),
    )
    devtools.send("ServiceWorker.enable")
    browser_page.goto(f"{url}/setup/")
    browser_page.evaluate(
        """async () => {
            await navigator.serviceWorker.register("/worker.js");
            await navigator.serviceWorker.ready;
        }"""
    )
    # The event may come after the worker is ready; events are read while asking.
    wait_until(lambda: browser_page.evaluate("true") and found, what="registration")
    [registration] = {one["registrationId"] for one in found}
    devtools.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": url, "registrationId": registration, "data": payload},
    )
    wait_until(lambda: browser_page.evaluate(SHOWN), what="the notification")
    shown: dict[str, Any] = browser_page.evaluate(SHOWN)[0]
    context.close()
    return shown
