from datetime import UTC, datetime
from typing import Any

import pytest

from alerts.formats import generic
from alerts.formats.base import AssetRef, IncomingAlert, ParseContext, Parsed
from core.errors import InvalidInputError

CONTEXT = ParseContext(received_at=datetime(2026, 1, 10, 3, 5, tzinfo=UTC))
FULL: dict[str, Any] = {
    "title": "orders_daily failed",
    "status": "firing",
    "severity": "error",
    "dedup_key": "orders_daily",
    "asset": {
        "namespace": "airflow://prod",
        "name": "orders_daily",
        "type": "pipeline",
    },
    "description": "column amount does not exist",
    "url": "https://airflow.example.com/orders_daily",
    "run_id": "scheduled__2026-01-10",
    "labels": {"env": "prod", "attempt": 2, "late": True, "ratio": 0.5},
    "occurred_at": "2026-01-10T03:02:00Z",
}


def parse(payload: object) -> Parsed:
    return generic.parse(payload, CONTEXT)


def read(**changes: object) -> IncomingAlert:
    return parse({"title": "orders_daily failed", **changes}).alerts[0]


def refused(payload: object) -> dict[str, list[str]]:
    with pytest.raises(InvalidInputError) as caught:
        parse(payload)
    return caught.value.errors


def test_every_field_is_read() -> None:
    assert parse(FULL).alerts == (
        IncomingAlert(
            title="orders_daily failed",
            dedup_key="orders_daily",
            status="firing",
            severity="error",
            asset=AssetRef("airflow://prod", "orders_daily", "pipeline"),
            description="column amount does not exist",
            url="https://airflow.example.com/orders_daily",
            run_id="scheduled__2026-01-10",
            labels={"env": "prod", "attempt": "2", "late": "true", "ratio": "0.5"},
            occurred_at=datetime(2026, 1, 10, 3, 2, tzinfo=UTC),
        ),
    )


def test_a_title_is_enough() -> None:
    assert parse({"title": "x"}).alerts == (IncomingAlert(title="x", dedup_key="x"),)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": None}, "title"),
        ({"title": " \x00 "}, "title"),
        ({"title": 5}, "title"),
        ({"status": "open"}, "status"),
        ({"status": 1}, "status"),
        ({"severity": "bad"}, "severity"),
        ({"severity": ["error"]}, "severity"),
        ({"dedup_key": "k" * 256}, "dedup_key"),
        ({"dedup_key": {}}, "dedup_key"),
        ({"run_id": []}, "run_id"),
        ({"description": 1.5}, "description"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"url": "https://x.example/" + "a" * 2000}, "url"),
        ({"asset": "orders"}, "asset"),
        ({"asset": {"name": "orders"}}, "asset.namespace"),
        ({"asset": {"namespace": "n", "name": ""}}, "asset.name"),
        ({"asset": {"namespace": "n", "name": "a" * 500}}, "asset.name"),
        ({"asset": {"namespace": "n", "name": "a", "type": "table"}}, "asset.type"),
        ({"asset": {"namespace": "n", "name": "a", "type": []}}, "asset.type"),
        ({"labels": ["a"]}, "labels"),
        ({"labels": {"a": {"b": 1}}}, "labels"),
        ({"labels": {"a": "x" * 1025}}, "labels"),
        ({"labels": {"k" * 129: "x"}}, "labels"),
        ({"labels": {f"k{n}": "x" for n in range(101)}}, "labels"),
        ({"occurred_at": "yesterday"}, "occurred_at"),
        ({"occurred_at": 1767225600}, "occurred_at"),
    ],
)
def test_a_wrong_field_is_named(changes: dict[str, object], field: str) -> None:
    assert list(refused({**FULL, **changes})) == [field]


def test_all_wrong_fields_are_named_at_once() -> None:
    errors = refused({"severity": "bad", "status": "open"})

    assert set(errors) == {"title", "status", "severity"}
    assert errors["severity"] == ["'bad' is not one of critical, error, warning, info."]


def test_a_batch_keeps_the_good_and_names_the_bad() -> None:
    parsed = parse([{"title": "a"}, {"title": ""}, "b", {"title": "c"}])

    assert [alert.title for alert in parsed.alerts] == ["a", "c"]
    assert [(bad.index, list(bad.errors)) for bad in parsed.rejected] == [
        (1, ["title"]),
        (2, ["detail"]),
    ]


def test_a_batch_of_nothing_but_bad_ones_is_refused() -> None:
    assert refused([{"title": ""}, {"title": "x", "status": 1}]) == {
        "title": ["Item 0: This field is required."],
        "status": ["Item 1: '1' is not one of firing, resolved."],
    }


@pytest.mark.parametrize(
    "payload", [None, "text", 5, [], [{"title": "x"}] * 1001], ids=type
)
def test_neither_object_nor_a_fair_array_is_refused(payload: object) -> None:
    assert list(refused(payload)) == ["detail"]


def test_a_thousand_alerts_are_taken() -> None:
    assert len(parse([{"title": "x"}] * 1000).alerts) == 1000


def test_a_resolve_without_key_finds_what_the_failure_opened() -> None:
    about = {"namespace": "airflow://prod", "name": "orders"}

    opened = read(title="orders failed", asset=about)
    closed = read(title="orders is back", asset=about, status="resolved")

    assert opened.dedup_key == closed.dedup_key == "airflow://prod/orders"


def test_without_key_and_asset_the_title_is_the_key() -> None:
    assert read(title="t" * 300).dedup_key == read(title="t" * 300).dedup_key
    assert read(title="t" * 299).dedup_key != read(title="t" * 300).dedup_key
    assert len(read(title="t" * 300).dedup_key) == 255


@pytest.mark.parametrize("year", ["0001", "9999"])
def test_an_occurrence_in_an_impossible_year_counts_as_not_told(year: str) -> None:
    assert read(occurred_at=f"{year}-01-01T00:00:00+02:00").occurred_at is None


def test_a_time_without_zone_is_utc() -> None:
    at = read(occurred_at="2026-01-10T03:02:00").occurred_at
    assert at == datetime(2026, 1, 10, 3, 2, tzinfo=UTC)


def test_long_titles_are_cut_to_one_line() -> None:
    assert read(title="a\nb" + "c" * 2000).title == "a b" + "c" * 1021


def test_nulls_count_as_not_given() -> None:
    nothing = dict.fromkeys(set(FULL) - {"title"})
    assert read(**nothing) == read()
