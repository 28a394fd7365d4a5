"""The bulk import: all of it or nothing, and the same again when repeated."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import Team
from catalog.graph import snapshot
from catalog.models import Asset, Edge, LineageVersion
from catalog.services import add_edge
from tests.factories import NOON, make_asset, make_edge, make_team, make_user

pytestmark = pytest.mark.django_db

URL = "/api/v1/catalog/import/"


def send(client: Client, payload: object, status: int = 200) -> dict[str, Any]:
    response = client.post(URL, payload, content_type="application/json")
    assert response.status_code == status, response.content
    answer: dict[str, Any] = response.json()
    return answer


def ref(name: str, namespace: str = "warehouse") -> dict[str, str]:
    return {"namespace": namespace, "name": name}


def edge(upstream: str, downstream: str) -> dict[str, Any]:
    return {"upstream": ref(upstream), "downstream": ref(downstream)}


def dataset(name: str, **values: Any) -> dict[str, Any]:
    return {**ref(name), "type": "dataset", **values}


def edges() -> set[tuple[str, str]]:
    current = Edge.objects.current()
    return set(current.values_list("upstream__name", "downstream__name"))


def test_assets_and_edges_are_taken_over(signed_in: Client) -> None:
    described = dataset(
        "revenue",
        tier=1,
        description="What came in",
        url="https://bi.example.com/7",
        team="Finance data",
        owners=["cfo@example.com", "Ana@example.com"],
    )
    answer = send(
        signed_in,
        {
            "assets": [dataset("orders"), described],
            "edges": [edge("orders", "revenue")],
        },
    )

    assert (answer["assets"], answer["edges"]) == (2, 1)
    assert answer["seconds"] >= 0
    revenue = Asset.objects.get(name="revenue")
    assert (revenue.tier, revenue.description) == (1, "What came in")
    assert revenue.team is not None
    assert (revenue.team.name, revenue.team.slug) == ("Finance data", "finance-data")
    assert [o.email for o in revenue.owners.all()] == [
        "ana@example.com",
        "cfo@example.com",
    ]
    assert edges() == {("orders", "revenue")}


def test_a_second_time_changes_nothing(signed_in: Client) -> None:
    payload = {
        "assets": [dataset("orders", tier=2, team="Finance", owners=["a@example.com"])],
        "edges": [edge("orders", "revenue"), edge("revenue", "orders")],
    }
    first = send(signed_in, payload)
    version = LineageVersion.objects.get().version
    second = send(signed_in, payload)

    assert (first["assets"], first["edges"]) == (second["assets"], second["edges"])
    assert (Asset.objects.count(), Edge.objects.count()) == (2, 2)
    assert (Team.objects.count(), LineageVersion.objects.get().version) == (1, version)


def test_what_is_not_mentioned_stays_and_what_is_said_replaces(
    signed_in: Client,
) -> None:
    team = make_team(name="Finance", slug="finance")
    send(
        signed_in,
        {"assets": [dataset("orders", tier=1, team="finance", owners=["a@x.org"])]},
    )
    send(
        signed_in,
        {"assets": [{**ref("ORDERS"), "type": "dashboard", "owners": ["b@x.org"]}]},
    )

    orders = Asset.objects.get()
    assert (orders.type, orders.tier, orders.team) == ("dashboard", 1, team)
    assert [owner.email for owner in orders.owners.all()] == ["b@x.org"]


def test_unknown_ends_of_edges_become_datasets(signed_in: Client) -> None:
    answer = send(signed_in, {"edges": [edge("raw", "clean")]})
    assert (answer["assets"], answer["edges"]) == (2, 1)
    assert set(Asset.objects.values_list("name", "type")) == {
        ("raw", "dataset"),
        ("clean", "dataset"),
    }


def test_replace_takes_away_only_what_earlier_imports_brought(
    signed_in: Client,
) -> None:
    a, b, c = make_asset("a"), make_asset("b"), make_asset("c")
    make_edge(a, b, source="openlineage")
    add_edge(upstream=a, downstream=c, by=make_user(), at=NOON)
    send(signed_in, {"edges": [edge("a", "old"), edge("a", "kept"), edge("a", "c")]})

    answer = send(signed_in, {"edges": [edge("a", "kept")], "replace": True})

    assert answer["edges"] == 1
    assert edges() == {("a", "b"), ("a", "c"), ("a", "kept")}
    assert Asset.objects.filter(name="old").exists()
    assert len(snapshot(fresh=True).descendants(a.pk)) == 3


def test_cycles_are_kept_and_self_loops_left_out_with_a_word(
    signed_in: Client,
) -> None:
    loop = {"upstream": ref("a"), "downstream": ref("a")}
    answer = send(signed_in, {"edges": [edge("a", "b"), loop, edge("b", "a")]})

    assert answer["edges"] == 2
    assert answer["warnings"] == ["edges[1] joins an asset to itself and was left out."]
    a = Asset.objects.get(name="a")
    assert list(snapshot(fresh=True).descendants(a.pk).values()) == [1]


@pytest.mark.parametrize(
    ("payload", "path"),
    [
        ([], "assets"),
        ({}, "assets"),
        ({"assets": {}}, "assets"),
        ({"assets": [], "replace": "yes"}, "replace"),
        ({"assets": [7]}, "assets[0]"),
        ({"assets": [dataset("a"), {**ref("b"), "type": "table"}]}, "assets[1].type"),
        ({"assets": [{**ref("b"), "type": ["dataset"]}]}, "assets[0].type"),
        ({"assets": [ref("b")]}, "assets[0].type"),
        ({"assets": [dataset("")]}, "assets[0].name"),
        ({"assets": [{**dataset("a"), "name": None}]}, "assets[0].name"),
        ({"assets": [dataset("x" * 401)]}, "assets[0].name"),
        ({"assets": [dataset("a\u0000b")]}, "assets[0].name"),
        ({"assets": [dataset("a", namespace=5)]}, "assets[0].namespace"),
        ({"assets": [dataset("a", tier=5)]}, "assets[0].tier"),
        ({"assets": [dataset("a", tier=True)]}, "assets[0].tier"),
        ({"assets": [dataset("a", tier="1")]}, "assets[0].tier"),
        ({"assets": [dataset("a", url="javascript:alert(1)")]}, "assets[0].url"),
        ({"assets": [dataset("a", owners="a@x.org")]}, "assets[0].owners"),
        ({"assets": [dataset("a", owners=["a@x.org", "me"])]}, "assets[0].owners[1]"),
        ({"assets": [dataset("a", team={"name": "x"})]}, "assets[0].team"),
        ({"edges": [edge("a", "b"), {"upstream": ref("a")}]}, "edges[1].downstream"),
        (
            {"edges": [{"upstream": ref("a"), "downstream": {"name": "b"}}]},
            "edges[0].downstream.namespace",
        ),
    ],
)
def test_a_bad_field_is_named_by_its_path_and_nothing_is_kept(
    signed_in: Client, payload: object, path: str
) -> None:
    if isinstance(payload, dict) and isinstance(payload.get("assets"), list):
        payload["assets"].insert(0, dataset("fine"))
        path = path.replace("assets[1]", "assets[2]").replace("assets[0]", "assets[1]")
    errors = send(signed_in, payload, 400)
    assert list(errors) == [path]
    assert isinstance(errors[path], list)
    assert not Asset.objects.exists()
    assert not Edge.objects.exists()


def test_every_mistake_is_named_at_once_but_not_without_end(signed_in: Client) -> None:
    errors = send(signed_in, {"assets": [{"type": "x"} for _ in range(5000)]}, 400)
    assert {"assets[0].namespace", "assets[0].name", "assets[0].type"} <= set(errors)
    assert len(errors) == 100


@pytest.mark.parametrize("body", ["{", '"text"', "null", '{"assets": [1e999]}'])
def test_what_is_not_json_or_not_an_object_is_refused(
    signed_in: Client, body: str
) -> None:
    response = signed_in.post(URL, body, content_type="application/json")
    assert response.status_code == 400


def test_names_that_look_like_code_are_only_names(signed_in: Client) -> None:
    name = "'); DROP TABLE catalog_asset; -- <script>\u202e {{ 7 }} %s"
    send(signed_in, {"assets": [dataset(name)], "edges": [edge(name, "b")]})
    assert Asset.objects.filter(name=name).exists()


def test_viewers_and_strangers_may_not_import(client: Client, sign_in: Any) -> None:
    viewer = sign_in(role="viewer")
    payload = {"assets": [dataset("a")]}
    assert client.post(URL, payload, "application/json").status_code == 401
    assert viewer.post(URL, payload, "application/json").status_code == 403
    assert not Asset.objects.exists()


def test_a_large_catalog_costs_few_queries(
    signed_in: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    names = [f"t{number}" for number in range(1500)]
    payload = {
        "assets": [dataset(name, tier=2, owners=["a@example.com"]) for name in names],
        "edges": [edge(a, b) for a, b in zip(names, names[1:], strict=False)],
    }
    with django_assert_max_num_queries(40):
        answer = send(signed_in, payload)
    assert (answer["assets"], answer["edges"]) == (1500, 1499)


def test_how_many_use_an_asset_is_taken_over_and_shown(signed_in: Client) -> None:
    send(signed_in, {"assets": [dataset("revenue", users=120)]})
    send(signed_in, {"assets": [dataset("revenue")]})
    assert Asset.objects.get().users == 120
    answer = signed_in.get("/api/v1/assets/").json()
    assert answer["results"][0]["users"] == 120
    wrong = send(signed_in, {"assets": [dataset("x", users="many")]}, 400)
    assert "assets.0.users" in str(wrong) or "assets[0].users" in str(wrong)
