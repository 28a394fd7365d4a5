"""What dbt-ol sends: after the run from its artifacts, or from dbt's log as it goes."""

from datetime import UTC, datetime

import pytest

from alerts.formats import openlineage
from alerts.formats.base import ParseContext, Parsed
from catalog.importers.base import AssetKey
from tests.payloads import FOLDER, captured

NOW = datetime(2026, 11, 22, 13, tzinfo=UTC)
MODES = ("dbt-ol-build", "dbt-ol-structured")
FAILED = {
    "accepted_values_customers_id__2(id) failed on shop.main.customers": False,
    "unique_customers_id(id) failed on shop.main.customers": True,
    "dbt model refunds failed": True,
    "dbt-run-shop failed": True,
}


def parse(*names: str) -> Parsed:
    bodies = [captured(name).body for name in names]
    return openlineage.parse(bodies, ParseContext(received_at=NOW))


def parse_all(folder: str) -> Parsed:
    names = sorted(path.stem for path in (FOLDER / folder).glob("*.json"))
    return parse(*(f"{folder}/{name}" for name in names))


@pytest.mark.parametrize("mode", MODES)
def test_a_build_is_an_alert_for_each_thing_that_failed(mode: str) -> None:
    firing = [alert for alert in parse_all(mode).alerts if alert.status == "firing"]

    assert {alert.title: alert.pages for alert in firing} == FAILED


@pytest.mark.parametrize("mode", MODES)
def test_the_run_only_repeats_what_failed_in_it(mode: str) -> None:
    *parts, whole = [a for a in parse_all(mode).alerts if a.status == "firing"]

    assert whole.repeats_parts
    assert {part.parent_run_id for part in parts} == {whole.run_id}


@pytest.mark.parametrize("mode", MODES)
def test_what_each_run_came_to_is_told(mode: str) -> None:
    states = {run.asset.name: run.state for run in parse_all(mode).runs}

    assert states["dbt-run-shop"] == "failed"
    assert states["model.shop.customers"] == "success"
    assert states["model.shop.refunds"] == "failed"
    assert states.get("model.shop.revenue", "skipped") == "skipped"


def test_a_model_is_one_thing_in_both_modes() -> None:
    one, other = (
        {
            (alert.dedup_key, alert.asset)
            for alert in parse_all(mode).alerts
            if "test.shop" not in alert.title
        }
        for mode in MODES
    )

    assert one == other


def test_the_name_a_mode_gives_a_model_is_kept_as_an_alias() -> None:
    assets = {one.key: one for one in parse("dbt-ol-build/08").lineage.assets}

    model = assets[AssetKey("dbt-prod", "model.shop.refunds")]
    assert model.aliases == (AssetKey("dbt-prod", "shop.main.shop.refunds.build.run"),)


def test_a_table_is_also_known_as_dbts_artifacts_call_it() -> None:
    assets = {one.name: one for one in parse("dbt-ol-build/06").lineage.assets}

    assert assets["shop.main.customers"].aliases == (
        AssetKey("dbt://shop", "shop.main.customers"),
    )


def test_the_statements_of_a_model_are_noise() -> None:
    parsed = parse("dbt-ol-structured/13", "dbt-ol-structured/14")

    assert captured("dbt-ol-structured/14").body["eventType"] == "FAIL"
    assert parsed == Parsed()


def test_a_failed_model_that_names_no_output_still_feeds_its_table() -> None:
    body = captured("dbt-ol-run/23").body
    assert body["outputs"] == []

    edges = parse("dbt-ol-run/23").lineage.edges

    assert ("model.shop.fct_refunds", "shop.main_marts.fct_refunds") in [
        (upstream.name, downstream.name) for upstream, downstream in edges
    ]


def test_without_inputs_either_the_table_is_named_as_dbts_artifacts_do() -> None:
    body = captured("dbt-ol-run/23").body | {"inputs": []}

    (edge,) = openlineage.parse(body, ParseContext(received_at=NOW)).lineage.edges

    assert edge[1] == AssetKey("dbt://shop", "shop.main_marts.fct_refunds")


def test_the_table_a_test_would_store_its_findings_in_is_left_out() -> None:
    names = {one.name for one in parse_all("dbt-ol-structured").lineage.assets}

    assert not [name for name in names if "dbt_test__audit" in name]


def test_of_a_whole_captured_run_one_model_and_its_run_fail() -> None:
    parsed = parse_all("dbt-ol-run")
    firing = [alert for alert in parsed.alerts if alert.status == "firing"]

    assert [alert.title for alert in firing] == [
        "dbt model fct_refunds failed",
        "nightly_dbt_build failed",
    ]
    assert len({run.run_id for run in parsed.runs}) == 12
