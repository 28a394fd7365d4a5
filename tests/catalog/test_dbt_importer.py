from typing import Any

import pytest

from catalog.importers.base import AssetKey, FoundAsset
from catalog.importers.dbt import NodeResult, read_manifest, read_results
from core.errors import InvalidInputError
from tests.payloads import load

MANIFEST, RESULTS = load("dbt/manifest_failed"), load("dbt/run_results_failed")


def assets(manifest: object = MANIFEST, **options: str) -> dict[str, FoundAsset]:
    found = read_manifest(manifest, **options)
    return {asset.name: asset for asset in found.assets}


def table(name: str) -> AssetKey:
    return AssetKey("duckdb://shop", f"shop.main_{name}")


def results(manifest: object = None) -> dict[str, NodeResult]:
    return {one.unique_id: one for one in read_results(RESULTS, manifest)}


def small(**node: object) -> dict[str, Any]:
    model = {"resource_type": "model", "database": "db", "schema": "s", "name": "m"}
    return {"nodes": {"model.p.m": {**model, **node}}}


def test_tables_are_named_by_their_relation() -> None:
    orders = assets()["shop.main_marts.fct_orders"]

    assert orders.key == table("marts.fct_orders")
    assert (orders.type, orders.tier) == ("dataset", 1)
    assert orders.owners == ("@finance-analytics", "team:finance")
    assert orders.description == "One row per order"


def test_tests_are_no_assets() -> None:
    assert len(assets()) == 19
    assert not any("not_null" in name or "assert" in name for name in assets())


def test_a_seed_and_the_source_that_reads_it_are_one_table() -> None:
    assert assets()["shop.main_raw.raw_orders"].owners == ("team:ingestion",)


def test_exposures_are_dashboards_or_what_their_type_says() -> None:
    found = assets()

    board = found["revenue_daily"]
    assert (board.namespace, board.type, board.tier) == ("dbt://shop", "dashboard", 1)
    assert board.owners == ("finance@example.com",)
    assert board.url == "https://bi.acme.internal/dashboards/42"
    assert board.description.startswith("Revenue Daily")
    assert found["churn_model"].type == "model"


def test_edges_follow_what_each_node_depends_on() -> None:
    edges = read_manifest(MANIFEST).edges

    assert (table("raw.raw_orders"), table("staging.stg_orders")) in edges
    assert (table("marts.fct_orders"), table("marts.fct_refunds")) in edges
    board = AssetKey("dbt://shop", "revenue_daily")
    assert (table("marts.agg_daily_revenue"), board) in edges
    assert len(edges) == 21


def test_a_given_namespace_names_every_table() -> None:
    found = assets(namespace="postgres://db.example.com:5432")
    assert found["shop.main_marts.fct_orders"].namespace.startswith("postgres://")


def test_bigquery_tables_have_openlineages_namespace() -> None:
    body = {**small(), "metadata": {"adapter_type": "bigquery", "project_name": "p"}}
    assert assets(body)["db.s.m"].namespace == "bigquery"


def test_an_ephemeral_model_is_named_without_relation() -> None:
    assert list(assets(small(relation_name=None))) == ["db.s.m"]


def test_an_exposure_of_a_metric_shows_the_metrics_models() -> None:
    body = {
        **small(),
        "metrics": {"metric.p.x": {"depends_on": {"nodes": ["semantic_model.p.s"]}}},
        "semantic_models": {
            "semantic_model.p.s": {"depends_on": {"nodes": ["model.p.m", "metric.p.x"]}}
        },
        "exposures": {
            "exposure.p.e": {"name": "e", "depends_on": {"nodes": ["metric.p.x"]}}
        },
    }
    ((upstream, downstream),) = read_manifest(body).edges

    assert (upstream.name, downstream.name) == ("db.s.m", "e")


@pytest.mark.parametrize(
    ("node", "tier"),
    [
        ({"meta": {"tier": "2"}}, 2),
        ({"config": {"meta": {"tier": "tier-3"}}}, 3),
        ({"tags": ["nightly", "tier:4"]}, 4),
        ({"meta": {"tier": 9}}, None),
        ({"meta": "x", "config": [], "tags": {}}, None),
    ],
)
def test_meta_or_a_tag_gives_the_tier(
    node: dict[str, object], tier: int | None
) -> None:
    assert assets(small(**node))["db.s.m"].tier == tier


@pytest.mark.parametrize(
    ("told", "users"),
    [(120, 120), ("35", 35), ("many", None), (True, None), (-1, None)],
)
def test_meta_says_how_many_use_a_model(told: object, users: int | None) -> None:
    assert assets(small(meta={"users": told}))["db.s.m"].users == users


def test_a_groups_owner_stands_in_for_its_models() -> None:
    owner = {"owner": {"email": "finance@example.com"}, "name": "finance"}
    body = {**small(group="finance"), "groups": {"group.p.finance": owner}}

    assert assets(body)["db.s.m"].owners == ("finance@example.com", "team:finance")


def test_a_test_knows_the_table_it_tests() -> None:
    test = results(MANIFEST)["test.shop.assert_every_order_paid"]

    assert test.about is not None
    assert test.about.key == table("intermediate.int_order_payments")
    assert (test.status, test.builds_it) == ("fail", False)
    assert test.name == "assert_every_order_paid"


def test_without_manifest_a_model_has_an_alias_of_its_table() -> None:
    alone = results()["model.shop.fct_orders"].about

    assert alone is not None
    assert alone.key in assets()["shop.main_marts.fct_orders"].aliases


@pytest.mark.parametrize("body", [None, [], {}, {"nodes": []}, RESULTS])
def test_what_is_no_manifest_is_refused(body: object) -> None:
    with pytest.raises(InvalidInputError, match="manifest"):
        read_manifest(body)


@pytest.mark.parametrize("body", [None, [], {}, {"results": {}}, MANIFEST])
def test_what_is_no_run_results_is_refused(body: object) -> None:
    with pytest.raises(InvalidInputError, match="run_results"):
        read_results(body)
