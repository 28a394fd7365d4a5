"""What holds for every format."""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import astuple

from alerts.formats import opsgenie, pagerduty
from alerts.formats.base import (
    KEY_LENGTH,
    LABEL_COUNT,
    RUN_ID_LENGTH,
    TITLE_LENGTH,
    ParseContext,
    Parsed,
)
from alerts.formats.registry import FORMATS, choices
from catalog.importers.base import NAME_LENGTH, NAMESPACE_LENGTH
from core.errors import InvalidInputError
from core.text import URL_LENGTH
from tests.payloads import FOLDER, load

NOW = datetime(2026, 1, 10, 3, 5, tzinfo=UTC)
CONTEXT = ParseContext(received_at=NOW)
KEY = "0123456789abcdef0123456789abcdef"

any_text = st.text(st.characters(exclude_categories=()), max_size=20)
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3)
    ),
    max_leaves=12,
)


def real_bodies() -> list[Any]:
    kept = [json.loads(path.read_text()) for path in sorted(FOLDER.rglob("*.json"))]
    small = [one for one in kept if len(json.dumps(one)) < 20_000]
    return [
        one.get("body_json", one) if isinstance(one, dict) else one for one in small
    ]


REAL = real_bodies()


def spoil(body: Any, data: st.DataObject) -> Any:
    """Return `body` with some of its values, at any depth, put by any others."""
    if data.draw(st.integers(0, 12)) == 0:
        return data.draw(any_json)
    if isinstance(body, dict):
        return {key: spoil(value, data) for key, value in body.items()}
    if isinstance(body, list):
        return [spoil(value, data) for value in body[:3]]
    return body


def texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for inner in parts(value):
        yield from texts(inner)


def parts(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return chain(value.keys(), value.values())
    if isinstance(value, list | tuple):
        return value
    if isinstance(value, Struct):
        return astuple(value)
    if is_dataclass(value):
        return [getattr(value, one.name) for one in fields(value)]
    return ()


def check(parsed: Parsed) -> None:
    for text in texts(parsed):
        assert "\x00" not in text
        text.encode()  # a lone surrogate would raise
    for alert in parsed.alerts:
        assert 0 < len(alert.title) <= TITLE_LENGTH
        assert 0 < len(alert.dedup_key) <= KEY_LENGTH
        assert len(alert.url) <= URL_LENGTH
        assert alert.url == "" or alert.url.lower().startswith(("http://", "https://"))
        assert len(alert.run_id) <= RUN_ID_LENGTH
        assert len(alert.labels) <= LABEL_COUNT
        assert alert.occurred_at is None or alert.occurred_at.tzinfo is UTC
    keys = [(asset.namespace, asset.name) for asset in parsed.lineage.assets]
    keys += [(a.asset.namespace, a.asset.name) for a in parsed.alerts if a.asset]
    keys += [(run.asset.namespace, run.asset.name) for run in parsed.runs]
    for namespace, name in keys:
        assert 0 < len(namespace) <= NAMESPACE_LENGTH
        assert 0 < len(name) <= NAME_LENGTH
    known = {asset.key for asset in parsed.lineage.assets}
    assert all(end in known for edge in parsed.lineage.edges for end in edge)


def parse_or_refuse(name: str, payload: object) -> None:
    try:
        check(FORMATS[name].parse(payload, CONTEXT))
    except InvalidInputError as refusal:
        errors = refusal.errors
    else:
        return
    assert all(errors.values())
    for text in texts(errors):
        text.encode()


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=30, deadline=None)
@given(payload=any_json | st.dictionaries(any_text, any_json))
def test_any_json_is_read_or_refused(name: str, payload: object) -> None:
    parse_or_refuse(name, payload)


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_spoiled_real_messages_are_read_or_refused(
    name: str, data: st.DataObject
) -> None:
    parse_or_refuse(name, spoil(data.draw(st.sampled_from(REAL)), data))


# What a format's own messages look like, beside its sample.
OWN = {
    "airflow": ["airflow-http/04"],
    "alertmanager": ["alertmanager-webhook/02"],
    "dagster": ["dagster/01"],
    "datadog": ["from_docs/datadog_keep_template"],
    "dbt": ["from_docs/dbtcloud_completed"],
    "elementary": ["elementary-slack/01"],
    "grafana": ["from_docs/grafana_firing"],
    "great_expectations": ["great_expectations/describe_dict"],
    "monte_carlo": ["from_docs/montecarlo_anomaly"],
    "openlineage": ["airflow-openlineage/04"],
    "pagerduty": ["pagerduty/01", "alertmanager-pagerduty/01"],
    "prefect": ["prefect/01", "prefect/02"],
}
NASTY: list[Any] = [
    None,
    True,
    -1,
    10**400,
    1e308,
    "",
    "None",
    "\x00\ud800\u202e",
    "9999-12-31T23:59:59.999999+14:00",
    "0001-01-01T00:00:00Z",
    "x" * 10_000,
    [],
    {},
    [[None, {}, ""]],
    {"": {"a": [{}]}},
]


def own_messages(name: str) -> list[Any]:
    kept = [load(one) for one in OWN.get(name, [])]
    bodies = [one.get("body_json", one) for one in kept if isinstance(one, dict)]
    return [json.loads(json.dumps(FORMATS[name].sample(KEY, NOW))), *bodies]


def with_one_changed(body: Any, value: Any) -> Iterator[Any]:
    """Yield `body` with `value` in place of each of its values in turn."""
    yield value
    keys: Iterable[Any] = body if isinstance(body, dict) else ()
    if isinstance(body, list):
        keys = range(min(len(body), 4))
    for key in keys:
        for changed in with_one_changed(body[key], value):
            copy = body.copy()
            copy[key] = changed
            yield copy


@pytest.mark.parametrize("name", FORMATS)
def test_any_field_may_hold_anything(name: str) -> None:
    for body in own_messages(name):
        for value in NASTY:
            for changed in with_one_changed(body, value):
                parse_or_refuse(name, changed)


@settings(max_examples=50, deadline=None)
@given(payload=any_json | st.dictionaries(any_text, any_json), text=any_text)
def test_changes_and_actions_are_read_or_refused(payload: object, text: str) -> None:
    for read in (
        lambda: pagerduty.parse_change(payload, CONTEXT),
        lambda: opsgenie.parse_action(text, "close"),
    ):
        with suppress(InvalidInputError):
            check(read())  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("name", FORMATS)
def test_another_formats_message_is_read_or_refused(name: str) -> None:
    for body in REAL:
        parse_or_refuse(name, body)


@pytest.mark.parametrize("name", FORMATS)
def test_the_sample_is_one_harmless_firing_alert(name: str) -> None:
    body = json.loads(json.dumps(FORMATS[name].sample(KEY, NOW)))

    (alert,) = FORMATS[name].parse(body, CONTEXT).alerts

    assert alert.status == "firing"
    assert "test" in f"{alert.title} {alert.dedup_key}".lower()


@pytest.mark.parametrize("name", FORMATS)
def test_the_snippet_holds_the_key_and_the_address(name: str) -> None:
    snippet = FORMATS[name].snippet(f"https://ops.example.com/in/{KEY}", KEY)

    assert KEY in snippet
    assert "https://ops.example.com" in snippet


def test_each_format_has_a_label_of_its_own() -> None:
    names, labels = zip(*choices(), strict=True)

    assert list(names) == list(FORMATS)
    assert len(set(labels)) == len(labels)
    assert all(format_.ABOUT.endswith(".") for format_ in FORMATS.values())
