"""The picture, the suspects and the badge, as somebody uses them."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Console
from tests.browser.test_story import fire, first_run
from tests.processes import App
from tests.server import wait_until

pytestmark = pytest.mark.browser

RAW = {"namespace": "w", "name": "raw.orders"}
MART = {"namespace": "w", "name": "mart.orders"}
BOARDS = [{"namespace": "bi", "name": f"Board {number}"} for number in range(70)]


@pytest.fixture(scope="module")
def desk(
    tmp_path_factory: pytest.TempPathFactory, chromium: Browser
) -> Iterator[tuple[Page, App]]:
    """Somebody signed in, while a table fails that feeds seventy dashboards."""
    app = App(tmp_path_factory.mktemp("lineage") / "hw").start()
    context = chromium.new_context()
    page = context.new_page()
    first_run(page, app)
    token = app.manage("token", "ada@example.com").strip().splitlines()[-1]
    assets = [{**one, "type": "dataset"} for one in (RAW, MART)]
    assets += [{**board, "type": "dashboard"} for board in BOARDS]
    edges = [{"upstream": RAW, "downstream": MART}]
    edges += [{"upstream": MART, "downstream": board} for board in BOARDS]
    with app.client(token) as client:
        told = {"assets": assets, "edges": edges}
        assert client.post("/api/v1/catalog/import/", json=told).status_code == 200
        labels = {"test": "not_null"}
        fire(app, title="mart.orders has nulls", asset=MART, labels=labels)
        wait_until(
            lambda: client.get("/api/v1/incidents/").json()["results"],
            what="the incident",
        )
    yield page, app
    context.close()
    app.stop()


@pytest.fixture
def page(desk: tuple[Page, App], console: Console) -> Iterator[Page]:
    """The incident's page; nothing may complain in the console."""
    page, app = desk
    console.watch(page)
    page.goto(f"{app.url}/incidents/1/")
    yield page
    assert console == []


def test_the_picture_is_searched_and_enlarged_from_the_keyboard_and_read_as_a_list(
    page: Page,
) -> None:
    page.get_by_role("link", name="Open full").click()
    boxes = page.locator("#picture-frame svg .node")
    expect(page.get_by_text("numbers may be wrong")).to_be_visible()
    assert boxes.count() < 70  # gathered, so that it can be read
    page.keyboard.press("f")
    expect(page.get_by_label("Find an asset")).to_be_focused()
    page.keyboard.type("board 42")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 found")).to_be_visible()
    expect(page.locator("#picture-frame .node[data-focus]")).to_have_count(1)

    def width() -> float:
        return float(page.locator("#picture-frame > svg").get_attribute("width") or 0)

    usual = width()
    page.keyboard.press("+")
    expect(page).to_have_url(re.compile("zoom=larger"))
    assert width() == pytest.approx(usual * 1.5, rel=0.01)
    expect(page.get_by_text("1 found")).to_be_visible()  # it keeps what was looked for
    page.keyboard.press("-")
    expect(page).not_to_have_url(re.compile("zoom="))
    listed = page.locator("#as-list")
    expect(listed.get_by_role("link", name="Board 69")).to_be_visible()
    expect(listed.get_by_text("may be wrong").first).to_be_visible()
    # A box is a link that says aloud what it is and how.
    found = page.get_by_role("link", name=re.compile("Board 42.*numbers may be wrong"))
    expect(found.first).to_be_attached()


def test_an_asset_s_picture_goes_further_and_is_searched_alike(page: Page) -> None:
    page.locator("#incident-cause .cause__name a").first.click()
    page.get_by_role("link", name=re.compile("Open full")).click()
    page.get_by_role("link", name="All", exact=True).click()
    expect(page).to_have_url(re.compile("far=all"))
    page.get_by_label("Find an asset").fill("Board 7")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 found")).to_be_visible()
    expect(page).to_have_url(re.compile("far=all"))


def test_suspects_are_rejected_chosen_and_confirmed(page: Page) -> None:
    cause = page.locator("#incident-cause")
    suspect = cause.locator(".cause__name").first
    confirmed = cause.get_by_role("heading", name="Confirmed cause")
    first = suspect.inner_text()
    cause.get_by_role("button", name="It is not").click()
    expect(cause.get_by_text("1 ruled out")).to_be_visible()
    expect(suspect).not_to_have_text(first)
    cause.get_by_text("It is another asset").click()
    cause.get_by_label("Asset").fill("raw.orders")
    cause.get_by_role("button", name="This is the cause").click()
    expect(confirmed).to_be_visible()
    expect(suspect).to_contain_text("raw.orders")
    cause.get_by_role("button", name="Take the confirmation back").click()
    expect(confirmed).not_to_be_visible()
    cause.get_by_role("button", name="That is it").click()
    expect(confirmed).to_be_visible()


def test_a_badge_is_private_until_switched_on_and_then_stands_in_any_page(
    page: Page, desk: tuple[Page, App], chromium: Browser
) -> None:
    url = desk[1].url
    page.locator("#incident-affected .row__link").first.click()
    badge = page.get_by_role("img", name=re.compile("Badge of Board"))
    expect(badge).to_be_visible()
    address = f"{url}{badge.get_attribute('src')}"
    stranger = chromium.new_context().new_page()
    stranger.goto(address)
    expect(stranger).to_have_url(re.compile("/accounts/login/"))
    page.get_by_role("link", name="Show it to everybody").click()
    page.get_by_label(re.compile("badge", re.IGNORECASE)).check()
    page.get_by_role("button", name="Save").click()
    frame = address.replace(".svg", ".html")
    stranger.set_content(f'<img src="{address}"><iframe src="{frame}"></iframe>')
    drawn = "document.querySelector('img').naturalWidth > 0"
    stranger.wait_for_function(drawn)
    framed = stranger.frame_locator("iframe")
    expect(framed.get_by_role("img", name=re.compile(": broken"))).to_be_visible()
    expect(framed.get_by_text(re.compile("^Numbers since"))).to_be_visible()
