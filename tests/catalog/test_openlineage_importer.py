from datetime import UTC, datetime
from typing import Any

import pytest

from catalog.importers.base import AssetKey, FoundAsset
from catalog.importers.openlineage import LineageEvent, read_event
from core.errors import InvalidInputError
from tests.payloads import captured

LAKE, WAREHOUSE = "s3://acme-lake", "snowflake://acme-analytics"
RAW = AssetKey(LAKE, "raw/orders")
FCT = AssetKey(WAREHOUSE, "ANALYTICS.MARTS.FCT_ORDERS")
LOAD = AssetKey("airflow-prod", "orders_etl.load_fct_orders")


def event(**changes: object) -> dict[str, Any]:
    return {
        "eventTime": "2026-01-10T03:02:00.123456789",
        "eventType": "COMPLETE",
        "run": {"runId": "r1"},
        "job": {"namespace": "prod", "name": "load"},
        **changes,
    }


def dataset(name: str, **facets: object) -> dict[str, object]:
    return {"namespace": "db", "name": name, "facets": facets}


def read(name: str) -> LineageEvent:
    return read_event(captured(name).body)


def assets(event: LineageEvent) -> dict[str, FoundAsset]:
    return {asset.name: asset for asset in event.lineage.assets}


def test_an_airflow_task_stands_between_its_inputs_and_outputs() -> None:
    failed = read("airflow-openlineage/04")

    assert (failed.type, failed.job_type) == ("FAIL", "TASK")
    assert failed.job == FoundAsset(
        *LOAD, type="task", tier=1, owners=("data-platform",)
    )
    assert {(RAW, LOAD), (LOAD, FCT)} <= set(failed.lineage.edges)
    assert failed.parent == AssetKey("airflow-prod", "orders_etl")
    assert assets(failed)["orders_etl"].type == "pipeline"
    assert failed.error == 'column "amount" does not exist in orders_raw'
    assert failed.url.endswith("/tasks/load_fct_orders?try_number=1")


def test_neighbours_in_a_dag_are_read_from_a_list_sent_as_python_prints_it() -> None:
    edges = read("airflow-openlineage/04").lineage.edges

    assert (AssetKey("airflow-prod", "orders_etl.extract"), LOAD) in edges
    assert (LOAD, AssetKey("airflow-prod", "orders_etl.refresh_dashboard")) in edges


def test_a_dags_own_failure_repeats_its_tasks() -> None:
    failed = read("airflow-openlineage/05")

    assert failed.job is not None
    assert (failed.job.type, failed.repeats_parts) == ("pipeline", True)
    assert failed.run_id == read("airflow-openlineage/04").parent_run_id


def test_owners_descriptions_and_failed_assertions_are_kept() -> None:
    failed = read("openlineage-python/05")

    assert assets(failed)["shop.public.orders_raw"].owners == ("team:orders",)
    assert failed.job is not None
    assert failed.job.description == "Load orders into the mart"
    assert [(test.name, test.success) for test in failed.tests] == [
        ("not_null(order_id)", False),
        ("unique(order_id)", True),
    ]


def test_a_job_event_brings_lineage_and_no_run() -> None:
    told = read("openlineage-python/09")

    assert (told.type, told.run_id) == (None, "")
    assert assets(told)["dashboards/revenue_daily"].type == "dashboard"
    assert len(told.lineage.edges) == 2


def test_a_dataset_event_brings_one_dataset() -> None:
    told = read("openlineage-python/10")

    assert told.job is None
    assert told.lineage.assets == (
        FoundAsset(*FCT, owners=("team:finance-analytics",)),
    )


def test_a_failed_dbt_model_without_outputs_is_known_by_its_relation() -> None:
    failed = read("dbt-ol-run/23")

    built = assets(failed)["shop.main_marts.fct_refunds"]
    assert built.tier == 1
    assert failed.job is not None
    assert (failed.job.key, built.key) in failed.lineage.edges


def test_dbt_exposures_hang_from_their_dataset() -> None:
    done = read("dbt-ol-run/22")

    exposure = assets(done)["churn_model"]
    customers = assets(done)["shop.main_marts.dim_customers"]
    assert (exposure.namespace, exposure.type) == ("dbt://shop", "model")
    assert (customers.key, exposure.key) in done.lineage.edges


def test_the_statements_of_a_dbt_model_are_noise() -> None:
    job = {
        "namespace": "dbt",
        "name": "shop.main.orders.sql.2",
        "facets": {"jobType": {"integration": "DBT", "jobType": "SQL"}},
    }
    told = read_event(event(job=job, outputs=[dataset("shop.main.orders")]))

    assert told.is_noise
    assert told.lineage.assets == ()


def test_a_time_without_zone_and_with_nanoseconds_is_read_as_utc() -> None:
    assert read_event(event()).at == datetime(2026, 1, 10, 3, 2, 0, 123456, UTC)


def test_symlinks_become_aliases() -> None:
    links = [{"namespace": "hive", "name": "orders"}, {"namespace": "db", "name": "o"}]
    told = read_event(event(outputs=[dataset("o", symlinks={"identifiers": links})]))

    assert assets(told)["o"].aliases == (AssetKey("hive", "orders"),)


def test_what_a_job_reads_and_writes_is_its_output() -> None:
    both = [dataset("orders")]
    edges = read_event(event(inputs=both, outputs=both)).lineage.edges

    assert edges == ((AssetKey("prod", "load"), AssetKey("db", "orders")),)


@pytest.mark.parametrize("inputs", [None, {}, "None", [None, {}, {"namespace": "x"}]])
def test_datasets_without_names_are_left_out(inputs: object) -> None:
    assert len(read_event(event(inputs=inputs)).lineage.assets) == 1


@pytest.mark.parametrize(
    ("facets", "parent", "type_"),
    [
        ({}, None, "pipeline"),
        ({}, {"job": {"namespace": "p", "name": "dag"}}, "task"),
        ({"jobType": {"jobType": "DAG"}}, None, "pipeline"),
        ({"jobType": {"jobType": "QUERY"}}, None, "task"),
    ],
)
def test_a_job_is_a_pipeline_or_a_part_of_one(
    facets: object, parent: object, type_: str
) -> None:
    job = {"namespace": "prod", "name": "load", "facets": facets}
    run = {"runId": "r1", "facets": {"parent": parent}}
    told = read_event(event(job=job, run=run))

    assert told.job is not None
    assert told.job.type == type_


@pytest.mark.parametrize(
    ("tags", "tier"),
    [
        ([{"key": "tier", "value": "2"}], 2),
        ([{"key": "tier-1", "value": "true"}], 1),
        ("['tier-3']", 3),
        ([{"key": "tier", "value": "9"}], None),
        ("[", None),
    ],
)
def test_a_tag_gives_the_tier(tags: object, tier: int | None) -> None:
    job = {"namespace": "prod", "name": "load", "facets": {"tags": {"tags": tags}}}
    told = read_event(event(job=job))

    assert told.job is not None
    assert told.job.tier == tier


def test_a_tag_says_how_many_use_a_table() -> None:
    tags = {"tags": [{"key": "users", "value": "120"}]}
    table = {"namespace": "db", "name": "revenue", "facets": {"tags": tags}}
    found = read_event(event(outputs=[table])).lineage.assets

    assert [asset.users for asset in found if asset.name == "revenue"] == [120]


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (None, ["eventTime", "job"]),
        ({"eventTime": "soon", "job": {"name": "x"}}, ["eventTime", "job"]),
        (event(run={}), ["run"]),
        ({"eventTime": "2026-01-10", "dataset": {"name": "x"}}, ["dataset"]),
    ],
)
def test_what_is_missing_is_named(body: object, fields: list[str]) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_event(body)
    assert list(caught.value.errors) == fields
