"""JSON of an unknown shape, read as a person says. Without a database."""

from datetime import UTC, datetime
from typing import Any

import pytest

from alerts.formats.base import AssetRef, IncomingAlert, ParseContext, Parsed
from alerts.mappings import compile_mapping, mapping_of
from alerts.mappings.guessing import guess_mapping
from core.errors import InvalidInputError

CONTEXT = ParseContext(received_at=datetime(2026, 3, 29, 12, 0, tzinfo=UTC))
BODY = {
    "environment": "prod",
    "checks": [
        {
            "state": "BROKEN",
            "level": 1,
            "job": {"id": 7, "name": "orders"},
            "tags": [{"key": "owner", "value": "sales"}, {"key": "tier", "value": 1}],
            "log": {"lines": ["no rows", "stopped"]},
            "at": "2026-03-29T02:00:00+02:00",
            "link": "https://jobs.example.com/7",
        }
    ],
}


def read(body: object, **mapping: Any) -> Parsed:
    return compile_mapping({"title": "t", **mapping}).parse(body, CONTEXT)


def one(body: object, **mapping: Any) -> IncomingAlert:
    (alert,) = read(body, **mapping).alerts
    return alert


def refusal(**mapping: Any) -> dict[str, list[str]]:
    with pytest.raises(InvalidInputError) as caught:
        compile_mapping({"title": "t", **mapping})
    return caught.value.errors


def test_every_field_is_read_from_where_the_mapping_says() -> None:
    assert one(
        BODY,
        items="$.checks[*]",
        title="Job {@.job.name} in {$.environment} is broken",
        status="@.state",
        status_map={"broken": "firing", "*": "resolved"},
        severity="@.level",
        severity_map={"1": "critical"},
        dedup_key="$.environment\n@.job.id",
        asset_namespace="airflow://{$.environment}",
        asset_name="@.job.name",
        asset_type="pipeline",
        description="@.log.lines[*]",
        run_id="@.job.id",
        url="@.link",
        occurred_at="@.at",
        labels={"owner": "@.tags[?@.key == 'owner'].value"},
    ) == IncomingAlert(
        title="Job orders in prod is broken",
        dedup_key="prod/7",
        status="firing",
        severity="critical",
        asset=AssetRef("airflow://prod", "orders", "pipeline"),
        description="no rows, stopped",
        url="https://jobs.example.com/7",
        run_id="7",
        labels={"owner": "sales"},
        occurred_at=datetime(2026, 3, 29, 0, 0, tzinfo=UTC),
    )


def test_a_list_is_taken_apart_whether_or_not_its_path_says_so() -> None:
    body = {"alerts": [{"n": "a"}, {"n": "b"}]}
    for items in ("$.alerts", "$.alerts[*]"):
        found = read(body, items=items, title="@.n").alerts
        assert [alert.title for alert in found] == ["a", "b"]
    assert [a.title for a in read(body["alerts"], title="@.n").alerts] == ["a", "b"]


def test_an_empty_list_is_no_alert_and_a_missing_one_is_refused() -> None:
    assert read({"alerts": []}, items="$.alerts[*]").alerts == ()
    with pytest.raises(InvalidInputError) as caught:
        read({"alarms": []}, items="$.alerts[*]")
    assert caught.value.errors == {"items": ["“$.alerts[*]” is not in the message."]}


def test_the_first_line_that_gives_something_counts() -> None:
    title = "@.headline\n@.name\nSomething failed"
    assert one({"name": "orders"}, title=title).title == "orders"
    assert one({"headline": "late", "name": "orders"}, title=title).title == "late"
    assert one({}, title=title).title == "Something failed"


def test_text_around_expressions_that_give_nothing_is_nothing() -> None:
    assert one({}, title="Job {@.name}\nA job failed").title == "A job failed"


def test_a_status_no_line_names_fires_and_one_can_be_ignored() -> None:
    words = {"status": "@.s", "status_map": {"fine": "resolved", "draft": "ignore"}}
    assert one({"s": "odd"}, **words).status == "firing"
    assert one({"s": "FINE"}, **words).status == "resolved"
    assert read({"s": "draft"}, **words).alerts == ()


def test_without_a_key_an_alert_has_that_of_its_asset_else_its_title() -> None:
    assert one({}, asset_namespace="pg", asset_name="orders").dedup_key == "pg/orders"
    assert one({"n": "late"}, title="@.n").dedup_key == "late"


def test_what_gives_no_title_is_rejected_and_names_the_expression() -> None:
    parsed = read([{"n": "a"}, {}], title="@.n")
    assert [alert.title for alert in parsed.alerts] == ["a"]
    assert parsed.rejected[0].index == 1
    assert parsed.rejected[0].errors == {"title": ["“@.n” gives nothing."]}


@pytest.mark.parametrize(
    ("mapping", "field", "told"),
    [
        ({"title": ""}, "title", "required"),
        ({"title": 7}, "title", "string"),
        ({"title": "@.["}, "title", "“@.[” cannot be read"),
        ({"title": "ok\nJob {@.a b} x"}, "title", "“@.a b”"),
        ({"description": "@..log"}, "description", "“..”"),
        ({"url": "@['a', 'b']"}, "url", "several choices"),
        ({"severity": "@[?length(@.x) > 1]"}, "severity", "length"),
        ({"severity": "@[?@.a[*]]"}, "severity", "more than one value"),
        ({"items": "@.x"}, "items", "Starts with $"),
        ({"items": "alerts"}, "items", "neither $"),
        ({"status_map": {"ok": "green"}}, "status_map", "“ok = green”"),
        ({"severity_map": ["high"]}, "severity_map", "object of strings"),
        ({"labels": {"env": "@.["}}, "labels", "env: “@.[”"),
        ({"titel": "@.x"}, "titel", "no such field"),
        ({"title": "@" + ".a" * 21}, "title", "more than 20 steps"),
        ({"title": "@." + "a" * 400}, "title", "300 characters"),
    ],
)
def test_a_mistake_names_the_field_and_the_expression(
    mapping: dict[str, Any], field: str, told: str
) -> None:
    errors = refusal(**mapping)
    assert list(errors) == [field]
    assert told in errors[field][0]


def test_a_body_with_too_much_to_look_at_is_refused() -> None:
    body = {"a": [{"k": 1}] * 100_000}
    with pytest.raises(InvalidInputError) as caught:
        read(body, description="$.a[?@.k == 2].v")
    assert "more values" in caught.value.errors["detail"][0]


def test_a_thousand_alerts_are_taken_and_one_more_is_not() -> None:
    assert len(read({"a": [{}] * 1000}, items="$.a").alerts) == 1000
    with pytest.raises(InvalidInputError):
        read({"a": [{}] * 1001}, items="$.a")


def test_a_stored_mapping_that_can_no_longer_be_read_says_so() -> None:
    with pytest.raises(InvalidInputError) as caught:
        mapping_of('{"title": "@.["}')({}, CONTEXT)
    assert "mapping.title" in caught.value.errors


@pytest.mark.parametrize(
    ("body", "guess"),
    [
        (
            '{"env": 1, "checks": [{"id": 7, "name": "orders", "State": "red"}]}',
            {
                "items": "$.checks",
                "title": "@.name",
                "status": "@.State",
                "dedup_key": "@.id",
            },
        ),
        ('[{"summary": "late"}]', {"title": "@.summary"}),
        ('{"a b": [{"text": "x"}]}', {"items": '$["a b"]', "title": "@.text"}),
        ('{"title": {"nested": 1}}', {}),
        ("no JSON", {"title": "@.title", "dedup_key": "@.id"}),
    ],
)
def test_a_first_draft_is_guessed_from_the_names(
    body: str, guess: dict[str, str]
) -> None:
    assert guess_mapping(body) == guess
    if "title" in guess:
        compile_mapping(guess)
