"""The asset pages, as a browser without JavaScript sees them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.dispatch import receiver
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry
from catalog.models import Edge
from catalog.panels import Panel
from catalog.services import RunReport, record_change, record_runs
from catalog.signals import asset_panels
from tests.factories import NOON, make_asset, make_edge, make_team

pytestmark = pytest.mark.django_db

SignIn = Callable[..., Client]


def html(client: Client, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status
    return response.content.decode()


def test_without_assets_the_page_says_how_to_begin(signed_in: Client) -> None:
    page = html(signed_in, "/assets/")
    assert "No assets yet" in page
    for snippet in ("OPENLINEAGE__TRANSPORT__URL", "manifest.json", "catalog/import/"):
        assert snippet in page


def test_failing_assets_come_first(signed_in: Client) -> None:
    make_asset("a_fine")
    make_asset("z_broken", health="failing")
    page = html(signed_in, "/assets/")
    assert page.index("z_broken") < page.index("a_fine")


def test_search_and_facets_narrow_the_list_by_address(signed_in: Client) -> None:
    make_asset("fct_orders", type="dashboard", team=make_team(name="Money", slug="m"))
    make_asset("stg_orders")
    page = html(signed_in, "/assets/?q=orders&type=dashboard")
    assert "fct_orders" in page
    assert "stg_orders" not in page
    assert 'href="?q=orders"' in page  # lets the type go
    assert "Money" in page
    assert "No asset fits" in html(signed_in, "/assets/?q=nothing")


def test_a_filter_that_cannot_be_is_a_clear_refusal(signed_in: Client) -> None:
    assert "type: Must be one of" in html(signed_in, "/assets/?type=x", 400)


def test_the_list_has_pages_of_fifty(signed_in: Client) -> None:
    for number in range(53):
        make_asset(f"table_{number:03}")
    first, second = html(signed_in, "/assets/"), html(signed_in, "/assets/?page=2")
    assert "table_049" in first
    assert "table_050" not in first
    assert "51–53 of 53" in second
    assert html(signed_in, "/assets/?page=x").count("data-row") == 50


def test_the_list_costs_the_same_for_one_and_for_many(signed_in: Client) -> None:
    counts = []
    for size in (1, 6):
        for _ in range(size):
            make_asset(team=make_team()).owners.create(email="a@example.com")
        html(signed_in, "/assets/")
        with CaptureQueriesContext(connection) as queries:
            html(signed_in, "/assets/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_asset_page_answers_what_a_responder_asks(signed_in: Client) -> None:
    raw = make_asset("db.raw.orders", health="failing", health_since=NOON)
    orders = make_asset(
        "db.marts.fct_orders", tier=1, team=make_team(name="Money"), description="All"
    )
    board = make_asset("Board pack", namespace="bi", type="dashboard")
    board.owners.create(email="cfo@example.com")
    make_edge(raw, orders)
    make_edge(orders, board)
    record_change(asset=orders, title="Deploy a1b2c3", kind="deploy", at=NOON)
    record_runs(
        [
            RunReport(
                asset_id=orders.pk,
                run_id="r1",
                state="failed",
                reported_at=NOON,
                started_at=NOON - timedelta(minutes=12),
                error="boom",
            )
        ]
    )

    page = html(signed_in, f"/assets/{orders.pk}/")

    assert "<svg xmlns" in page
    assert f'href="/assets/{raw.pk}/"' in page
    for words in (
        "tier 1",
        "Money",
        "Deploy a1b2c3",
        "Failed · run r1 · 12 min",
        "boom",
        "cfo@example.com",
        f"/badge/{orders.pk}.svg",
    ):
        assert words in page
    above = html(signed_in, f"/assets/{raw.pk}/")
    assert "by way of" in above
    assert "fct_orders" in above


def test_the_asset_page_costs_the_same_for_small_and_large_lineage(
    signed_in: Client,
) -> None:
    asset, counts = make_asset(), []
    for size in (2, 8):
        for _ in range(size):
            board = make_asset(type="dashboard", team=make_team())
            board.owners.create(email="a@example.com")
            make_edge(asset, board)
            make_edge(make_asset(), asset)
        html(signed_in, f"/assets/{asset.pk}/")
        with CaptureQueriesContext(connection) as queries:
            html(signed_in, f"/assets/{asset.pk}/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_an_asset_alone_says_what_to_do(signed_in: Client) -> None:
    page = html(signed_in, f"/assets/{make_asset().pk}/")
    assert "Add lineage by hand" in page
    assert "No run was reported" in page


def test_names_like_markup_stay_names(signed_in: Client) -> None:
    name = "<script>alert(1)</script>\u202e'\"&"
    asset, other = make_asset(name), make_asset("b" + name)
    make_edge(asset, other)
    for path in ("/assets/", f"/assets/{asset.pk}/", f"/assets/{asset.pk}/edges/"):
        page = html(signed_in, path)
        assert "<script>alert" not in page
        assert " style=" not in page
        assert " onclick=" not in page


def test_another_app_may_add_a_panel(signed_in: Client) -> None:
    asset = make_asset("orders")

    @receiver(asset_panels)
    def add(**values: Any) -> list[Panel]:
        context = {"title": f"About {values['asset']}", "text": "", "href": ""}
        return [Panel("components/empty.html", context, order=1)]

    try:
        assert "About orders" in html(signed_in, f"/assets/{asset.pk}/")
    finally:
        asset_panels.disconnect(add)


def test_relatives_have_a_page_of_their_own(signed_in: Client) -> None:
    a, b = make_asset("first"), make_asset("second")
    make_edge(a, b)
    assert "second" in html(signed_in, f"/assets/{a.pk}/downstream/")
    assert "No lineage is known" in html(signed_in, f"/assets/{a.pk}/upstream/")


def test_editing_by_the_form_keeps_and_records_it(signed_in: Client) -> None:
    asset = make_asset("orders")
    team = make_team()
    form = {
        "type": "product",
        "tier": "1",
        "team": team.pk,
        "owners": "a@example.com, b@example.com",
        "url": "https://x.example.com/",
        "description": "Text",
        "badge_is_public": "on",
    }
    response = signed_in.post(f"/assets/{asset.pk}/edit/", form)

    assert response.headers["Location"] == f"/assets/{asset.pk}/"
    asset.refresh_from_db()
    assert (asset.type, asset.tier, asset.team) == ("product", 1, team)
    assert asset.badge_is_public
    assert asset.owners.count() == 2
    assert AuditEntry.objects.get().action == "asset.edited"
    assert "b@example.com" in html(signed_in, f"/assets/{asset.pk}/edit/")


def test_a_wrong_form_is_shown_again_with_what_was_typed(signed_in: Client) -> None:
    asset = make_asset("orders")
    form = {"type": "dataset", "tier": "7", "owners": "me", "description": "kept"}
    response = signed_in.post(f"/assets/{asset.pk}/edit/", form)
    page = response.content.decode()
    assert response.status_code == 400
    assert "“me” is no e-mail address." in page
    assert "kept" in page


def test_lineage_is_corrected_by_hand_and_undone(signed_in: Client) -> None:
    a, b = make_asset("orders"), make_asset("revenue")
    assert "revenue" in html(signed_in, f"/assets/{a.pk}/edges/?find=rev")

    path = f"/assets/{a.pk}/edges/{a.pk}/{b.pk}"
    page = signed_in.post(f"{path}/add/", follow=True).content.decode()
    assert Edge.objects.get().source == "hand"
    assert f'action="{path}/remove/"' in page

    page = signed_in.post(f"{path}/remove/", follow=True).content.decode()
    assert not Edge.objects.current().exists()
    assert f'action="{path}/add/"' in page  # the undo


def test_an_edge_is_changed_only_from_one_of_its_ends(signed_in: Client) -> None:
    a, b, c = make_asset(), make_asset(), make_asset()
    path = f"/assets/{a.pk}/edges/{b.pk}/{c.pk}/add/"
    assert signed_in.post(path).status_code == 404
    assert signed_in.get(path).status_code == 405
    loop = signed_in.post(f"/assets/{a.pk}/edges/{a.pk}/{a.pk}/add/")
    assert loop.status_code == 409


def test_viewers_look_and_strangers_sign_in(sign_in: SignIn, client: Client) -> None:
    asset, viewer = make_asset(), sign_in(role="viewer")
    page = html(viewer, f"/assets/{asset.pk}/")
    assert f"/assets/{asset.pk}/edit/" not in page
    for path in ("edit/", "edges/"):
        html(viewer, f"/assets/{asset.pk}/{path}", 403)
    assert viewer.post(f"/assets/{asset.pk}/edit/", {"tier": 1}).status_code == 403
    for path in ("/assets/", f"/assets/{asset.pk}/", "/assets/connect/"):
        assert client.get(path).status_code == 302
    assert html(viewer, "/assets/999999/", 404)


def test_what_hangs_from_a_failing_asset_is_shown_as_stale(signed_in: Client) -> None:
    failing, mart = make_asset("raw", health="failing"), make_asset("mart")
    make_edge(failing, mart)
    page = signed_in.get(mart.get_absolute_url()).content.decode()
    assert "may be stale" in page
