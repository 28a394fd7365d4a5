"""https://docs.greatexpectations.io/docs/reference/api/core/ExpectationSuiteValidationResult_class

Great Expectations: a validation result, or a checkpoint's described results.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from alerts.formats.assets import asset
from alerts.formats.base import (
    KEY_LENGTH,
    TITLE_LENGTH,
    AssetRef,
    IncomingAlert,
    ParseContext,
    Parsed,
    SeverityWord,
)
from alerts.formats.text import labels_of, lines
from core.errors import InvalidInputError
from core.text import identifier, items, link, mapping, one_line, text_of, told
from core.times import instant_or_none

LABEL = "Great Expectations"
ABOUT = "Results of a checkpoint, one alert for each failed expectation."

# "critical" is what every expectation is unless told otherwise, so it says nothing.
SEVERITIES: dict[str, SeverityWord] = {"warning": "warning", "info": "info"}

# Of an expectation's arguments, those the title or the asset tells already.
NAMES_IN_KWARGS = frozenset(
    {"batch_id", "column", "column_A", "column_B", "column_list", "column_set"}
)
VALUES_SHOWN = 20

Body = Mapping[str, Any]


def parse(payload: object, context: ParseContext) -> Parsed:
    """Read one result, or all of a checkpoint: each expectation is an alert of its own
    on its table."""
    result = mapping(payload)
    if isinstance(result.get("run_results"), dict):
        runs = [_result(one) for one in mapping(result.get("run_results")).values()]
        alerts = [alert for one in runs for alert in _validated(one)]
    elif isinstance(result.get("validation_results"), list):
        validations = [mapping(one) for one in items(result.get("validation_results"))]
        alerts = [alert for one in validations for alert in _described(one)]
    elif isinstance(result.get("results"), list):
        alerts = list(_validated(result))
    else:
        wanted = "This field, validation_results or run_results is required."
        raise InvalidInputError({"results": [wanted]})
    return Parsed(alerts=tuple(alerts))


def snippet(url: str, key: str) -> str:
    return f"""\
# After a checkpoint has run
import json
from urllib.request import Request, urlopen

results = checkpoint.run()
for result in results.run_results.values():
    body = json.dumps(result.to_json_dict()).encode()
    urlopen(Request("{url}", body, {{"Content-Type": "application/json"}}), timeout=10)
"""


def sample(key: str, at: datetime) -> object:
    expectation = {
        "success": False,
        "expectation_config": {
            "type": "expect_nothing_is_broken",
            "id": "headwater-test",
            "severity": "info",
            "kwargs": {"batch_id": "headwater-test"},
        },
    }
    return {"success": False, "results": [expectation]}


def _result(run: object) -> Body:
    """A checkpoint's run is the result itself; up to 0.18 it held it."""
    told_of = mapping(run)
    return mapping(told_of.get("validation_result")) or told_of


def _validated(result: Body) -> Iterator[IncomingAlert]:
    meta = mapping(result.get("meta"))
    batch = mapping(meta.get("active_batch_definition"))
    old = mapping(meta.get("batch_kwargs"))  # before 0.13
    source = told(batch.get("datasource_name")) or told(old.get("datasource"))
    table = told(batch.get("data_asset_name")) or told(old.get("table"))
    about = asset(source, table) if source and table else None
    at = instant_or_none(meta.get("validation_time"))
    for one in map(mapping, items(result.get("results"))):
        config = mapping(one.get("expectation_config"))
        if alert := _alert(one, config, about, at):
            yield alert


def _described(result: Body) -> Iterator[IncomingAlert]:
    url = result.get("result_url")
    for one in map(mapping, items(result.get("expectations"))):
        config = {**one, "result_url": url}
        if alert := _alert(one, config, None, None):
            yield alert


def _alert(
    one: Body, config: Body, about: AssetRef | None, at: datetime | None
) -> IncomingAlert | None:
    kind = told(config.get("type")) or told(config.get("expectation_type"))
    success = one.get("success")
    if not kind or not isinstance(success, bool):
        return None
    kwargs = mapping(config.get("kwargs"))
    about = about or _batch(kwargs)
    column = _columns(kwargs)
    check = f"{kind.removeprefix('expect_')}{f'({column})' if column else ''}"
    on = f" on {about.name}" if about else ""
    severity = SEVERITIES.get(told(config.get("severity")))
    return IncomingAlert(
        title=one_line(
            f"{check} {'passed' if success else 'failed'}{on}", TITLE_LENGTH
        ),
        dedup_key=identifier(told(config.get("id")) or f"{check}{on}", KEY_LENGTH),
        status="resolved" if success else "firing",
        severity=severity,
        asset=about,
        description="" if success else _description(one, kwargs),
        url=link(config.get("result_url")),
        labels=labels_of([("expectation", kind), ("column", column)]),
        occurred_at=at,
        has_event_time=True,
        pages=severity is None,
    )


def _columns(kwargs: Body) -> str:
    """The column an expectation is about; several are joined by commas."""
    if column := told(kwargs.get("column")):
        return column
    several = items(kwargs.get("column_list")) or items(kwargs.get("column_set"))
    pair = several or (kwargs.get("column_A"), kwargs.get("column_B"))
    return ", ".join(name for one in pair if (name := told(one)))


def _batch(kwargs: Body) -> AssetRef | None:
    """Return the table a batch id names: "<data source>-<data asset>"."""
    source, _, table = told(kwargs.get("batch_id")).partition("-")
    return asset(source, table) if source and table else None


def _wanted(kwargs: Body) -> str:
    """What was expected of the column or table, as in "min_value 1, max_value 10"."""
    told_of = (
        f"{name} {', '.join(filter(None, map(text_of, items(value)[:VALUES_SHOWN])))}"
        if isinstance(value, list)
        else f"{name} {text_of(value, 200)}"
        for name, value in kwargs.items()
        if name not in NAMES_IN_KWARGS
    )
    return ", ".join(text for text in told_of if not text.endswith(" "))


def _description(one: Body, kwargs: Body) -> str:
    wanted = _wanted(kwargs)
    result = mapping(one.get("result"))
    unexpected, count = result.get("unexpected_count"), result.get("element_count")
    found = (
        text_of(unexpected)
        and f"Unexpected in {text_of(unexpected)} of {text_of(count)} rows."
    )
    observed = text_of(result.get("observed_value"))
    raised = mapping(one.get("exception_info")).get("exception_message")
    seen = observed and f"Observed {observed}."
    return lines(
        found, seen, f"Expected {wanted}." if wanted else "", told(raised, 2000)
    )
