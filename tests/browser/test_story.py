"""The whole story in a browser: from a first alert to a published postmortem."""

import re

import httpx
import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.conftest import Console
from tests.processes import App

pytestmark = pytest.mark.browser

PHONE: ViewportSize = {"width": 390, "height": 844}
PASSWORD = "a-long-password"  # noqa: S105  # of a throwaway installation
CATALOG = {
    "assets": [
        {"namespace": "airflow", "name": "ingest_orders", "type": "pipeline"},
        {"namespace": "w", "name": "fct_orders", "type": "dataset"},
        {
            "namespace": "bi",
            "name": "Revenue today",
            "type": "dashboard",
            "tier": 1,
            "owners": ["finance@example.com"],
        },
    ],
    "edges": [
        {
            "upstream": {"namespace": "airflow", "name": "ingest_orders"},
            "downstream": {"namespace": "w", "name": "fct_orders"},
        },
        {
            "upstream": {"namespace": "w", "name": "fct_orders"},
            "downstream": {"namespace": "bi", "name": "Revenue today"},
        },
    ],
}


def first_run(page: Page, app: App) -> None:
    """Make the first admin on the page that greets a new installation."""
    page.goto(app.url)
    expect(page).to_have_url(re.compile("/setup/"))
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_label("Name").fill("Ada Winter")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button").last.click()
    expect(page.get_by_role("heading", name="Home")).to_be_visible()


def fire(app: App, **alert: object) -> None:
    key = (app.data / "first_alert_key").read_text()
    answer = httpx.post(f"{app.url}/in/{key}", json=alert)
    assert answer.status_code == 202


def import_catalog(app: App) -> None:
    token = app.manage("token", "ada@example.com").strip().splitlines()[-1]
    with app.client(token) as client:
        imported = client.post("/api/v1/catalog/import/", json=CATALOG)
        assert imported.status_code == 200


def test_from_the_first_alert_to_the_published_postmortem(
    app: App, chromium: Browser, console: Console
) -> None:
    desk = console.watch(chromium.new_context().new_page())
    first_run(desk, app)
    import_catalog(app)

    # It appears by itself, at its source, with the dashboard it reaches.
    desk.goto(f"{app.url}/incidents/")
    orders = {"namespace": "w", "name": "fct_orders"}
    source = {"namespace": "airflow", "name": "ingest_orders"}
    fire(app, title="fct_orders is stale", severity="warning", asset=orders)
    fire(app, title="ingest_orders failed", severity="error", asset=source)
    row = desk.get_by_role("link", name="fct_orders is stale")
    expect(row).to_be_visible()
    row.click()
    cause = desk.locator("#incident-cause")
    expect(cause.get_by_role("link", name="ingest_orders")).to_be_visible()
    expect(desk.locator("#incident-affected")).to_contain_text("Revenue today")

    # The page's link, on a phone, without a session: it asks, then acknowledges.
    desk.get_by_label("Note").fill("half a thou")
    phone = console.watch(chromium.new_context(viewport=PHONE).new_page())
    phone.goto(link_of_the_page(desk, app))
    phone.get_by_role("button", name="Acknowledge").click()
    expect(phone.get_by_role("heading", name="You have it")).to_be_visible()

    # The desk sees it without losing what is being typed.
    strip = desk.locator("#incident-strip")
    investigating = strip.locator(".status[data-status=investigating]")
    expect(investigating).to_be_visible()
    expect(desk.get_by_label("Note")).to_have_value("half a thou")
    desk.get_by_label("Note").fill("The source sent no rows.")
    desk.get_by_role("button", name="Add to the timeline").click()
    timeline = desk.locator("#incident-timeline")
    expect(timeline.get_by_text("The source sent no rows.")).to_be_visible()

    # Through the states, by the one primary button.
    for act, state in (
        ("Mark identified", "identified"),
        ("Mark monitoring", "monitoring"),
    ):
        strip.locator(".btn--primary", has_text=act).click()
        expect(strip.locator(f".status[data-status={state}]")).to_be_visible()

    # Its tables are not repaired, so resolving asks.
    strip.locator(".btn--primary", has_text="Resolve").click()
    expect(desk.get_by_text("not repaired yet").first).to_be_visible()
    desk.get_by_role("button", name="Resolve anyway").click()
    expect(strip.locator(".status[data-status=resolved]")).to_be_visible()

    # The document drafts itself and is published.
    strip.get_by_role("button", name="Draft the postmortem").click()
    expect(desk).to_have_url(re.compile(r"/postmortems/\d+/"))
    for act in ("Submit", "Approve", "Publish"):
        desk.get_by_role("button", name=re.compile(act)).first.click()
    expect(desk.get_by_text("Published").first).to_be_visible()
    expect(desk.locator("article")).to_contain_text("Revenue today")
    assert console == []


def link_of_the_page(desk: Page, app: App) -> str:
    """The signed link out of the mail in the local inbox."""
    inbox = desk.context.new_page()
    inbox.goto(f"{app.url}/inbox/")
    inbox.get_by_role("link", name=re.compile("fct_orders is stale")).first.click()
    link = inbox.locator("a[href*='/p/']").first.get_attribute("href")
    inbox.close()
    assert link is not None
    return link
