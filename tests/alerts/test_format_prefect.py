import json
from datetime import UTC, datetime

import pytest

from alerts.formats import prefect
from alerts.formats.base import AssetRef, ParseContext, Parsed
from core.errors import InvalidInputError
from tests.payloads import captured

NOW = datetime(2026, 1, 10, 3, 5, tzinfo=UTC)


def parse(payload: object) -> Parsed:
    return prefect.parse(payload, ParseContext(received_at=NOW))


@pytest.mark.parametrize("number", ["01", "02", "03"])
def test_hook_notification_and_automation_tell_the_same_failure(number: str) -> None:
    (alert,) = parse(captured(f"prefect/{number}").body).alerts

    assert (alert.title, alert.dedup_key) == ("orders-etl failed", "orders-etl")
    assert alert.status == "firing"
    assert alert.asset == AssetRef("prefect", "orders-etl", "pipeline")
    assert 'column "amount" does not exist' in alert.description


def test_a_run_is_recorded_when_it_was() -> None:
    (run,) = parse(captured("prefect/03").body).runs

    assert run.state == "failed"
    assert run.at == datetime(2026, 11, 22, 6, 41, 43, 932878, UTC)
    assert run.url.startswith("http://prefect.acme.internal:4200/")


@pytest.mark.parametrize(
    ("state", "statuses", "run"),
    [
        ("COMPLETED", ["resolved"], "success"),
        ("StateType.CRASHED", ["firing"], "failed"),
        ("Timed Out", ["firing"], "failed"),
        ("CANCELLED", [], "skipped"),
        ("AwaitingRetry", [], "running"),
    ],
)
def test_each_state_is_taken_for_what_it_is(
    state: str, statuses: list[str], run: str
) -> None:
    parsed = parse({"flow_name": "etl", "flow_run_id": "r", "state_type": state})

    assert [alert.status for alert in parsed.alerts] == statuses
    assert parsed.runs[0].state == run


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({}, "flow"),
        ({"title": "Hello"}, "flow"),
        ({"flow": "etl"}, "state_type"),
        ({"flow": "etl", "state": "odd"}, "state_type"),
        (None, "detail"),
    ],
)
def test_what_is_missing_is_named(payload: object, field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse(payload)
    assert list(caught.value.errors) == [field]


# What stands for what in the lines to paste; Prefect fills them in with Jinja.
FILLED = {
    "flow.name": "orders-etl",
    "flow_run.id": "ed4a950f-770b-4b71-bcb6-f886c10b8532",
    "flow_run.name": "talented-bullfinch",
    "flow_run.state.name": "Failed",
    "flow_run.state.type": "StateType.FAILED",
    "flow_run.state.message": 'column "amount"\ndoes not exist',
    "flow_run|ui_url": "https://prefect.example.com/runs/1",
    "flow_run.state.timestamp": "2026-01-10 03:02:00+00:00",
}


def filled_in() -> str:
    """The body of the lines to paste, as Prefect sends it."""
    snippet = prefect.snippet("https://headwater.example.com/in/key", "key")
    body = snippet[snippet.index("{") : snippet.rindex("}") + 1]
    for name, value in FILLED.items():
        body = body.replace(f"{{{{ {name} | tojson }}}}", json.dumps(value))
        body = body.replace(f"{{{{ {name} }}}}", value)
    return body


def test_the_lines_to_paste_hold_an_error_with_quotes_and_lines() -> None:
    (alert,) = parse(json.loads(filled_in())).alerts

    assert alert.title == "orders-etl failed"
    assert alert.description == FILLED["flow_run.state.message"]
    assert alert.url == "https://prefect.example.com/runs/1"


def test_a_body_packed_into_a_string_is_read() -> None:
    assert parse(filled_in()) == parse(json.loads(filled_in()))


@pytest.mark.parametrize("text", ["", "Flow failed", '"packed twice"', "[" * 5000])
def test_a_string_of_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        parse(text)
