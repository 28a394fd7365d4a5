from datetime import UTC, datetime
from typing import Any

import pytest

from alerts.formats import dbt
from alerts.formats.base import AssetRef, ParseContext, Parsed
from core.errors import InvalidInputError
from tests.payloads import load

NOW = datetime(2026, 1, 10, 3, 5, tzinfo=UTC)
PAYMENTS = "source.shop.raw.raw_payments"


def parse(payload: object) -> Parsed:
    return dbt.parse(payload, ParseContext(received_at=NOW))


def sources(status: str, **more: object) -> dict[str, Any]:
    """sources.json v3 as dbt 1.11 writes it, of one source."""
    result = {
        "unique_id": PAYMENTS,
        "max_loaded_at": "2026-01-08T03:00:00+00:00",
        "snapshotted_at": "2026-01-10T03:00:00.123456+00:00",
        "max_loaded_at_time_ago_in_s": 172800.123456,
        "status": status,
        "criteria": {
            "warn_after": {"count": 12, "period": "hour"},
            "error_after": {"count": 1, "period": "day"},
            "filter": None,
        },
        "adapter_response": {},
        "timing": [
            {"name": "execute", "completed_at": "2026-01-10T03:00:01Z"},
        ],
        "thread_id": "Thread-1",
        "execution_time": 0.1,
        **more,
    }
    schema = "https://schemas.getdbt.com/dbt/sources/v3.json"
    return {
        "metadata": {"dbt_schema_version": schema, "invocation_id": "i1"},
        "results": [result],
        "elapsed_time": 0.2,
    }


def test_a_stale_source_is_an_alert_that_says_how_stale() -> None:
    (alert,) = parse(sources("error")).alerts

    assert alert.title == "dbt source raw.raw_payments is stale"
    assert alert.dedup_key == f"{PAYMENTS} freshness"
    assert alert.description == (
        "Last loaded at 2026-01-08T03:00:00+00:00, 48.0 hours before.\n"
        "Limits: warn after 12 hour, error after 1 day."
    )
    assert alert.run_id == "i1"
    assert alert.occurred_at == datetime(2026, 1, 10, 3, 0, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "found", "pages"),
    [
        ("pass", "resolved", True),
        ("warn", "firing", False),
        ("error", "firing", True),
        ("runtime error", "firing", True),
    ],
)
def test_each_freshness_is_taken_for_what_it_is(
    status: str, found: str, pages: bool
) -> None:
    parsed = parse(sources(status))

    assert [(one.status, one.pages) for one in parsed.alerts] == [(found, pages)]
    assert parsed.runs == ()


def test_a_source_that_could_not_be_checked_says_why() -> None:
    broken = {
        "metadata": sources("error")["metadata"],
        "results": [
            {
                "unique_id": PAYMENTS,
                "error": "Table raw_payments does not exist",
                "status": "runtime error",
            }
        ],
    }

    (alert,) = parse(broken).alerts

    assert alert.title.endswith("could not be checked for freshness")
    assert alert.description == "Table raw_payments does not exist"


def test_the_manifest_tells_which_table_a_source_is() -> None:
    manifest = load("dbt/manifest_failed")
    manifest["sources"][PAYMENTS] = {
        "resource_type": "source",
        "relation_name": '"shop"."raw"."raw_payments"',
    }
    parsed = parse({"manifest": manifest, "sources": sources("error")})

    assert parsed.alerts[0].asset == AssetRef("dbt://shop", "shop.raw.raw_payments")
    assert parsed.lineage.edges


def test_run_results_and_sources_may_come_together() -> None:
    told = {
        "manifest": load("dbt/manifest_failed"),
        "run_results": load("dbt/run_results_failed"),
        "sources": sources("error"),
    }
    firing = [alert.title for alert in parse(told).alerts if alert.status == "firing"]

    assert firing == [
        "dbt test assert_every_order_paid failed",
        "dbt source raw.raw_payments is stale",
    ]


def test_sources_without_results_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="results"):
        parse({"sources": {}})


def test_a_table_has_one_name_with_and_without_a_manifest() -> None:
    (result,) = load("dbt/run_results_failed")["results"][:1]
    alone = parse({"results": [{**result, "status": "error"}]})
    with_manifest = parse(
        {
            "manifest": load("dbt/manifest_failed"),
            "run_results": {"results": [{**result, "status": "error"}]},
        }
    )

    assert alone.alerts[0].asset == with_manifest.alerts[0].asset
    assert isinstance(alone.alerts[0].asset, AssetRef)
