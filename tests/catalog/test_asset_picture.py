"""The large picture of an asset, and what its page says of odd lineage."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from catalog.graph import snapshot
from catalog.importers.bulk import read_catalog
from catalog.models import Asset
from catalog.services import bump_lineage_version, import_catalog, merge_assets
from tests.factories import NOON, make_asset, make_edge, make_user

pytestmark = pytest.mark.django_db

SignIn = Callable[..., Client]


def chain(*names: str) -> list[Asset]:
    assets = [make_asset(name) for name in names]
    for upstream, downstream in zip(assets, assets[1:], strict=False):
        make_edge(upstream, downstream)
    bump_lineage_version(at=NOON)
    return assets


def page_of(client: Client, asset: Asset, query: str = "") -> str:
    response = client.get(f"{asset.get_absolute_url()}picture/{query}")
    assert response.status_code == 200
    return response.content.decode()


def test_the_asset_page_leads_to_a_picture_that_goes_as_far_as_asked(
    signed_in: Client,
) -> None:
    assets = chain("a", "b", "c", "d", "e", "f", "g")
    page = signed_in.get(assets[0].get_absolute_url()).content.decode()
    assert f"{assets[0].get_absolute_url()}picture/" in page
    for query, boxes in (("?far=1", 2), ("", 3), ("?far=4", 5), ("?far=all", 7)):
        assert page_of(signed_in, assets[0], query).count('class="node"') == boxes
    assert page_of(signed_in, assets[0], "?far=x&zoom=x&find=%00").count("<svg") > 1


def test_it_is_searched_gathered_and_resized_like_an_incident_s(
    signed_in: Client,
) -> None:
    raw, *boards = [make_asset("raw"), *(make_asset(f"board_{n}") for n in range(70))]
    for board in boards:
        make_edge(raw, board)
    bump_lineage_version(at=NOON)
    page = page_of(signed_in, raw, "?find=BOARD_42&zoom=larger")
    assert page.count('data-focus=""') == 2  # the asset, and what was found
    assert 'href="?find=BOARD_42&amp;zoom=double"' in page
    assert "1 found" in page
    assert page_of(signed_in, raw, "?gather=layer").count('class="node"') == 2


def test_what_was_told_to_feed_itself_says_so_until_it_is_told_no_more(
    signed_in: Client, user: User
) -> None:
    one = {"namespace": "w", "name": "orders"}
    other = {"namespace": "w", "name": "mart"}
    edges = [{"upstream": one, "downstream": one}]
    whole = [*edges, {"upstream": one, "downstream": other}]
    told = {"edges": whole, "replace": True}
    import_catalog(document=read_catalog(told), by=user, at=NOON)
    asset = Asset.objects.get(name="orders")
    assert asset.edges_down.get().downstream.name == "mart"
    page = page_of(signed_in, asset)
    assert "It was told to feed itself" in page
    assert "orders (w), feeds itself" in page
    less = read_catalog({**told, "edges": whole[1:]})
    import_catalog(document=less, by=user, at=NOON)
    assert "feed itself" not in page_of(signed_in, asset)


def test_what_hangs_from_a_failing_asset_is_drawn_as_stale_with_the_way_to_it(
    signed_in: Client,
) -> None:
    assets = chain("a", "b", "c")
    Asset.objects.filter(pk=assets[0].pk).update(health="failing")
    page = page_of(signed_in, assets[2])
    assert page.count('class="node" data-health="stale"') == 2
    assert page.count('data-path=""') == 2


def test_of_very_many_the_nearest_are_drawn_and_the_rest_counted(
    signed_in: Client,
) -> None:
    raw, *below = chain("raw", *(f"t{n}" for n in range(510)))
    page = page_of(signed_in, raw, "?far=all")
    assert "the nearest 500 of 511 assets" in page
    assert below[0].name in page


def test_a_cycle_and_a_renamed_table_are_said_in_words(signed_in: Client) -> None:
    first, second = chain("orders", "daily")
    make_edge(second, first)
    bump_lineage_version(at=NOON)
    page = page_of(signed_in, first)
    assert "Part of a cycle with 1 other" in page
    assert "part of a cycle" in page.split("The same as a list")[1]
    old = make_asset("orders_old")
    merge_assets(old_id=old.pk, into_id=first.pk, by=make_user(), at=NOON)
    asset_page = signed_in.get(first.get_absolute_url()).content.decode()
    assert "Formerly also" in asset_page
    assert "orders_old" in asset_page
    assert "No source of lineage" in asset_page


def test_the_list_says_what_hangs_from_something_that_fails(signed_in: Client) -> None:
    (raw, *_) = chain("raw", "mart")
    make_asset("other")
    Asset.objects.filter(pk=raw.pk).update(health="failing")
    snapshot(fresh=True)  # the list takes the lineage that is at hand
    page = signed_in.get("/assets/").content.decode()
    assert page.count("may be stale or wrong") == 1
