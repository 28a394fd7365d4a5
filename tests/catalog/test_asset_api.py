"""Assets, their relatives and changes over HTTP."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import AuditEntry, User
from catalog.models import Asset, Change
from tests.factories import make_asset, make_edge, make_team, make_user

pytestmark = pytest.mark.django_db

SignIn = Callable[..., Client]


def get(client: Client, path: str, status: int = 200) -> Any:
    response = client.get(f"/api/v1/{path}")
    assert response.status_code == status, response.content
    return response.json()


def names(client: Client, query: str) -> list[str]:
    return sorted(one["name"] for one in get(client, f"assets/?{query}")["results"])


def test_the_list_has_the_promised_fields(signed_in: Client) -> None:
    team = make_team(name="Finance", slug="finance")
    asset = make_asset("db.revenue", tier=1, team=team, url="https://bi.example.com/")
    asset.owners.create(email="cfo@example.com")

    answer = get(signed_in, "assets/")

    assert set(answer) == {"next", "previous", "results"}
    assert (
        answer["results"][0].items()
        >= {
            "id": asset.pk,
            "namespace": "warehouse",
            "name": "db.revenue",
            "type": "dataset",
            "tier": 1,
            "team": "Finance",
            "owners": ["cfo@example.com"],
            "health": "healthy",
            "url": "https://bi.example.com/",
        }.items()
    )


def test_filters_narrow_the_list(signed_in: Client) -> None:
    team = make_team(name="Finance data", slug="finance")
    make_asset("db.fct_orders", tier=1, team=team)
    make_asset("db.stg_orders", type="task", health="failing")
    make_asset("Board", namespace="bi://prod", type="dashboard")

    assert names(signed_in, "q=orders fct") == ["db.fct_orders"]
    assert names(signed_in, "q=ord") == ["db.fct_orders", "db.stg_orders"]
    assert names(signed_in, "q=rders") == ["db.fct_orders", "db.stg_orders"]
    assert names(signed_in, "q=bi://prod") == ["Board"]
    assert names(signed_in, "q=' | !x:* <->") == []
    assert names(signed_in, "type=task&type=dashboard") == ["Board", "db.stg_orders"]
    assert names(signed_in, "tier=1") == ["db.fct_orders"]
    assert names(signed_in, "team=finance") == ["db.fct_orders"]
    assert names(signed_in, "team=Finance%20data") == ["db.fct_orders"]
    assert names(signed_in, "team=none") == ["Board", "db.stg_orders"]
    assert names(signed_in, "health=failing") == ["db.stg_orders"]
    assert names(signed_in, "namespace=BI://prod/") == ["Board"]
    assert names(signed_in, "namespace=warehouse&name=DB.FCT_orders") == [
        "db.fct_orders"
    ]
    assert names(signed_in, "name=board") == ["Board"]


@pytest.mark.parametrize(
    ("query", "field"),
    [("type=table", "type"), ("tier=9", "tier"), ("health=ill", "health")],
)
def test_a_filter_that_cannot_be_is_named(
    signed_in: Client, query: str, field: str
) -> None:
    assert list(get(signed_in, f"assets/?{query}", 400)) == [field]


@pytest.mark.parametrize(
    "query", ["q=%00", "name=%00x", "team=%00", f"team={'9' * 40}", "q=%F0%9F%94%A5"]
)
def test_odd_text_in_a_filter_finds_nothing(signed_in: Client, query: str) -> None:
    make_asset("orders")
    assert len(get(signed_in, f"assets/?{query}")["results"]) <= 1


def test_pages_follow_each_other(signed_in: Client) -> None:
    made = [make_asset().pk for _ in range(5)]
    first = get(signed_in, "assets/?limit=3")
    path = first["next"].split("/api/v1/")[1]
    second = get(signed_in, path)
    ids = [one["id"] for page in (first, second) for one in page["results"]]
    assert ids == made[::-1]
    assert second["next"] is None


def test_the_list_costs_the_same_for_one_and_for_many(
    signed_in: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for size in (1, 6):
        for _ in range(size):
            make_asset(team=make_team()).owners.create(email="a@example.com")
        with django_assert_num_queries(4):  # session, user, assets, owners
            get(signed_in, "assets/")


def test_downstream_and_upstream_tell_how_far(signed_in: Client) -> None:
    a, b = make_asset("a"), make_asset("b")
    board, far = make_asset("board", type="dashboard"), make_asset("far")
    make_edge(a, b)
    make_edge(b, board)
    make_edge(board, far)

    below = get(signed_in, f"assets/{a.pk}/downstream/")
    assert below["total"] == 3
    assert below["by_type"] == {"dataset": 2, "dashboard": 1}
    assert [(one["asset"]["name"], one["distance"]) for one in below["results"]] == [
        ("b", 1),
        ("board", 2),
        ("far", 3),
    ]
    assert get(signed_in, f"assets/{a.pk}/downstream/?depth=1")["total"] == 1
    dashboards = get(signed_in, f"assets/{a.pk}/downstream/?type=dashboard")
    assert [one["asset"]["id"] for one in dashboards["results"]] == [board.pk]
    limited = get(signed_in, f"assets/{a.pk}/downstream/?limit=1")
    assert (limited["total"], len(limited["results"])) == (3, 1)
    above = get(signed_in, f"assets/{far.pk}/upstream/")
    assert [one["asset"]["name"] for one in above["results"]] == ["board", "b", "a"]


def test_relatives_cost_the_same_however_many(
    signed_in: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    a = make_asset()
    for size in (1, 6):
        for _ in range(size):
            make_edge(a, make_asset(team=make_team()))
        get(signed_in, f"assets/{a.pk}/downstream/")
        with django_assert_num_queries(7):
            get(signed_in, f"assets/{a.pk}/downstream/")


def test_the_path_is_the_shortest_one(signed_in: Client) -> None:
    a, b, c, d = (make_asset(name) for name in "abcd")
    for up, down in ((a, b), (b, c), (c, d), (b, d)):
        make_edge(up, down)
    path = get(signed_in, f"assets/{a.pk}/path/?to={d.pk}")["path"]
    assert [one["name"] for one in path] == ["a", "b", "d"]
    assert get(signed_in, f"assets/{d.pk}/path/?to={a.pk}") == {"path": []}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("assets/999999999999/", 404),
        ("assets/99999999999999999999999999/", 404),
        ("assets/999999999999/downstream/", 404),
        ("assets/{pk}/path/", 400),
        ("assets/{pk}/path/?to=x", 400),
        ("assets/{pk}/path/?to=999999", 404),
        ("assets/{pk}/path/?to=99999999999999999999999", 400),
        ("assets/{pk}/downstream/?depth=0", 400),
        ("assets/{pk}/downstream/?depth=x", 400),
        ("assets/{pk}/downstream/?limit=99999999", 400),
        ("assets/{pk}/downstream/?type=table", 400),
        ("changes/?asset=x", 400),
        ("changes/?asset=999999", 404),
    ],
)
def test_bad_addresses_get_a_clear_answer(
    signed_in: Client, path: str, status: int
) -> None:
    get(signed_in, path.format(pk=make_asset().pk), status)


def test_an_edit_changes_only_what_is_given_and_is_in_the_audit_log(
    signed_in: Client, user: User
) -> None:
    team = make_team(name="Finance")
    asset = make_asset(description="kept")
    response = signed_in.patch(
        f"/api/v1/assets/{asset.pk}/",
        {"tier": 1, "team": "finance", "owners": ["A@example.com", "b@example.com"]},
        "application/json",
    )

    assert response.status_code == 200
    assert response.json()["owners"] == ["a@example.com", "b@example.com"]
    asset.refresh_from_db()
    assert (asset.tier, asset.team, asset.description) == (1, team, "kept")
    entry = AuditEntry.objects.get(action="asset.edited")
    assert entry.actor == user
    assert entry.changes["tier"] == [3, 1]


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({"tier": 0}, "tier"),
        ({"team": "nobody"}, "team"),
        ({"team": 7}, "team"),
        ({"owners": ["me"]}, "owners[0]"),
        ({"url": "javascript:x"}, "url"),
        ({"type": "table"}, "type"),
        ({"description": "x" * 4097}, "description"),
    ],
)
def test_a_bad_edit_names_the_field(
    signed_in: Client, payload: object, field: str
) -> None:
    path = f"/api/v1/assets/{make_asset().pk}/"
    response = signed_in.patch(path, payload, "application/json")
    assert response.status_code == 400
    assert list(response.json()) == [field]


def test_viewers_read_but_do_not_write(sign_in: SignIn, client: Client) -> None:
    asset = make_asset()
    viewer = sign_in(role="viewer")
    path = f"/api/v1/assets/{asset.pk}/"
    assert viewer.get(path).status_code == 200
    assert viewer.patch(path, {"tier": 1}, "application/json").status_code == 403
    change = {"title": "x", "kind": "deploy"}
    assert (
        viewer.post("/api/v1/changes/", change, "application/json").status_code == 403
    )
    assert client.get(path).status_code == 401
    assert client.get("/api/v1/assets/").status_code == 401


def test_a_change_is_kept_with_its_own_time(signed_in: Client, user: User) -> None:
    asset = make_asset("orders")
    response = signed_in.post(
        "/api/v1/changes/",
        {
            "asset": {"namespace": "WAREHOUSE", "name": "orders"},
            "title": "Deploy a1b2c3",
            "kind": "deploy",
            "url": "https://git.example.com/a1b2c3",
            "author": "bo",
            "occurred_at": "2026-01-10T03:02:00+02:00",
        },
        "application/json",
    )

    assert response.status_code == 201
    assert response.json()["asset"] == asset.pk
    assert response.json()["occurred_at"] == "2026-01-10T01:02:00Z"
    change = Change.objects.get()
    assert (change.recorded_by, change.kind) == (user, "deploy")
    found = signed_in.get(f"/api/v1/changes/?asset={asset.pk}").json()["results"]
    assert [one["title"] for one in found] == ["Deploy a1b2c3"]


def test_a_change_may_name_its_asset_by_id_or_not_at_all(signed_in: Client) -> None:
    asset = make_asset()
    for told in ({"asset": asset.pk}, {"asset": str(asset.pk)}, {}, {"asset": None}):
        payload = {"title": "x", "kind": "other", **told}
        response = signed_in.post("/api/v1/changes/", payload, "application/json")
        assert response.status_code == 201
    assert Change.objects.filter(asset=asset).count() == 2


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 1025}, "title"),
        ({"kind": "party"}, "kind"),
        ({"asset": 424242}, "asset"),
        ({"asset": "orders"}, "asset"),
        ({"asset": {"name": "orders"}}, "asset.namespace"),
        ({"asset": [1]}, "asset"),
        ({"occurred_at": "yesterday"}, "occurred_at"),
        ({"occurred_at": "0001-01-01T00:00:00Z"}, "occurred_at"),
        ({"url": "ftp:x"}, "url"),
    ],
)
def test_a_bad_change_names_the_field(
    signed_in: Client, values: dict[str, Any], field: str
) -> None:
    payload = {"title": "x", "kind": "deploy", **values}
    response = signed_in.post("/api/v1/changes/", payload, "application/json")
    assert response.status_code == 400, response.content
    assert list(response.json()) == [field]
    assert not Change.objects.exists()


def test_an_asset_is_also_found_by_another_name_it_has(signed_in: Client) -> None:
    asset = make_asset("db.orders")
    asset.aliases.create(
        namespace="dbt://shop",
        name="orders",
        identity=Asset.make_identity("dbt://shop", "orders"),
    )
    assert names(signed_in, "namespace=dbt://shop&name=Orders") == ["db.orders"]


def test_somebody_elses_token_is_refused(client: Client) -> None:
    make_user()
    response = client.get(
        "/api/v1/assets/", headers={"Authorization": "Bearer hw_nonsense"}
    )
    assert response.status_code == 401
