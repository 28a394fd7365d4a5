"""OpenLineage events, spec 2-0-2. https://openlineage.io/spec/2-0-2/OpenLineage.json

Read leniently: of what the spec requires, `producer` and `schemaURL` are not missed,
and a dataset without namespace or name is left out.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, get_args

from catalog.importers.base import AssetKey, FoundAsset, FoundLineage, lineage
from catalog.importers.columns import detailed, read_sql
from catalog.importers.facets import (
    Facets,
    asset_key,
    dataset_asset,
    exposures,
    facets_of,
    integration_of,
    job_asset,
    job_type_of,
    listed,
    tier_in,
)
from core.errors import InvalidInputError
from core.text import identifier, items, link, mapping, text_of, told
from core.times import read_instant

EventType = Literal["START", "RUNNING", "COMPLETE", "FAIL", "ABORT", "OTHER"]
EVENT_TYPES: dict[str, EventType] = {word: word for word in get_args(EventType)}
RUN_ID_LENGTH = 255
MESSAGE_LENGTH = 8192

# dbt-ol sends the statements of a model as runs of their own: model.sql.3
_STATEMENT_RUN = re.compile(r".+\.sql\.\d+")
# What dbt builds; its tests are jobs about these.
DBT_BUILDS = frozenset({"model", "seed", "snapshot"})

Event = Mapping[str, Any]
Edges = list[tuple[AssetKey, AssetKey]]


@dataclass(frozen=True, slots=True)
class TestResult:
    """One data quality assertion or test. `about` None: the sender named no dataset.

    `is_warning` is a test whose failure stops nothing. `was_run` is False for one that
    was skipped, though dbt-ol calls it failed.
    """

    name: str
    about: AssetKey | None
    success: bool
    is_warning: bool = False
    was_run: bool = True
    description: str = ""
    column: str = ""


@dataclass(frozen=True, slots=True)
class LineageEvent:
    """One event. `job` is None in a DatasetEvent; `run_id` is "" but in a RunEvent.

    `at` is None for an eventTime in an impossible year. `repeats_parts` marks a whole
    that fails because a part of it has, which is told by itself (a DAG's
    task_failure). `nominal_start` and `nominal_end` are for what time it ran, as sent.
    """

    at: datetime | None
    lineage: FoundLineage
    type: EventType | None = None
    job: FoundAsset | None = None
    job_type: str = ""
    integration: str = ""
    run_id: str = ""
    parent: AssetKey | None = None
    parent_run_id: str = ""
    orchestrator_run_id: str = ""
    nominal_start: str = ""
    nominal_end: str = ""
    error: str = ""
    stack_trace: str = ""
    url: str = ""
    has_tries_left: bool = False
    repeats_parts: bool = False
    is_noise: bool = False
    tests: tuple[TestResult, ...] = ()


def read_event(payload: object) -> LineageEvent:
    """Read a RunEvent, JobEvent or DatasetEvent.

    Raises InvalidInputError naming the fields without which it is none of them.
    """
    event = mapping(payload)
    errors: dict[str, list[str]] = {}
    at = _event_time(event, errors)
    if "job" not in event and "dataset" in event:
        found = _dataset_event(event, at, errors)
        return replace(found, lineage=detailed(found.lineage, event))
    key = asset_key(event.get("job"))
    if key is None:
        errors["job"] = ["Its namespace and name are required, as strings."]
    run_id = told(mapping(event.get("run")).get("runId"), 2048)
    if "run" in event and not run_id:
        errors["run"] = ["Its runId is required, as a string."]
    if errors or key is None:
        raise InvalidInputError(errors)
    found = _job_event(event, at, key, identifier(run_id, RUN_ID_LENGTH))
    if found.is_noise or found.job is None:
        return found
    known = detailed(found.lineage, event)
    sql = read_sql(found.job.key, facets_of(event.get("job")))
    return replace(found, lineage=replace(known, statements=(sql,) if sql else ()))


def _event_time(event: Event, errors: dict[str, list[str]]) -> datetime | None:
    value = event.get("eventTime")
    try:
        if isinstance(value, str):
            return read_instant(value)
    except ValueError:
        pass
    errors["eventTime"] = ["This field is required, as an ISO 8601 time."]
    return None


def _dataset_event(
    event: Event, at: datetime | None, errors: dict[str, list[str]]
) -> LineageEvent:
    key = asset_key(event.get("dataset"))
    if key is None:
        errors["dataset"] = ["Its namespace and name are required, as strings."]
    if errors or key is None:
        raise InvalidInputError(errors)
    assets, edges = _dataset(key, facets_of(event.get("dataset")), None)
    tests = _assertions(event.get("dataset"), is_dbt=False)
    return LineageEvent(at, lineage(assets, edges), tests=tuple(tests))


def _job_event(
    event: Event, at: datetime | None, key: AssetKey, run_id: str
) -> LineageEvent:
    facets, run = facets_of(event.get("job")), facets_of(event.get("run"))
    parent = mapping(run.get("parent"))
    parent_key = asset_key(parent.get("job"))
    job = job_asset(key, facets, has_parent=parent_key is not None)
    integration, job_type = integration_of(facets), job_type_of(facets)
    node = _DbtNode.of(job, facets) if integration == "DBT" else None
    job = node.named_alike(job) if node else job
    error, nominal = mapping(run.get("errorMessage")), mapping(run.get("nominalTime"))
    airflow = mapping(run.get("airflow")) or mapping(run.get("airflowDagRun"))
    message = told(error.get("message"), MESSAGE_LENGTH)
    is_noise = integration == "DBT" and bool(_STATEMENT_RUN.fullmatch(key.name))
    return LineageEvent(
        at,
        FoundLineage()
        if is_noise
        else _job_lineage(event, job, parent_key, airflow, node),
        type=EVENT_TYPES.get(told(event.get("eventType"), 40).upper()),
        job=job,
        job_type=job_type,
        integration=integration,
        run_id=run_id,
        parent=parent_key,
        parent_run_id=told(mapping(parent.get("run")).get("runId"), RUN_ID_LENGTH),
        orchestrator_run_id=told(mapping(airflow.get("dagRun")).get("run_id")),
        nominal_start=told(nominal.get("nominalStartTime"), 40),
        nominal_end=told(nominal.get("nominalEndTime"), 40),
        error=message,
        stack_trace=told(error.get("stackTrace"), MESSAGE_LENGTH),
        url=link(mapping(airflow.get("taskInstance")).get("log_url")),
        has_tries_left=_has_tries_left(airflow),
        repeats_parts=_repeats_parts(integration, job_type, message),
        is_noise=is_noise,
        tests=tuple(_tests(event, run, integration)),
    )


@dataclass(frozen=True, slots=True)
class _DbtNode:
    """What dbt-ol says a job is about: the node it builds or tests.

    `relation` is the table of the node, "database.schema.alias", "" if not told.
    """

    unique_id: str
    relation: str
    is_test: bool

    @classmethod
    def of(cls, job: FoundAsset, facets: Facets) -> "_DbtNode | None":
        node = mapping(facets.get("dbt_node"))
        unique_id = told(node.get("unique_id"))
        kind, _, rest = unique_id.partition(".")
        if not rest:
            return None
        parts = [told(node.get(part), 200) for part in ("database", "schema", "alias")]
        is_test = kind not in DBT_BUILDS or job_type_of(facets) == "TEST"
        return cls(unique_id, ".".join(parts) if all(parts) else "", is_test)

    def named_alike(self, job: FoundAsset) -> FoundAsset:
        """Return the job that builds a node by the node's id.

        dbt-ol calls it "shop.main.shop.orders", "shop.main.shop.orders.build.run" or
        "model.shop.orders", as it was run: one thing. The name sent is an alias.
        """
        if self.is_test or job.name == self.unique_id:
            return job
        return replace(job, name=self.unique_id, aliases=(job.key,))

    def table_name(self, name: str) -> AssetKey | None:
        """Return how dbt's artifacts call the table `name` of this node's project."""
        project = self.unique_id.split(".")[1]
        return asset_key({"namespace": f"dbt://{project}", "name": name})


def _repeats_parts(integration: str, job_type: str, message: str) -> bool:
    """A DAG's run says why it failed; dbt fails when one of its nodes does."""
    if job_type == "DAG":
        return message == "task_failure"
    return integration == "DBT" and job_type == "JOB"


def _has_tries_left(airflow: Facets) -> bool:
    """`max_tries`, where it is told, knows of tries that were given by hand."""
    instance, task = mapping(airflow.get("taskInstance")), mapping(airflow.get("task"))
    tried = told(instance.get("try_number"), 9)
    retries = told(instance.get("max_tries"), 9) or told(task.get("retries"), 9)
    numbers = [text for text in (tried, retries) if text.isascii() and text.isdigit()]
    return len(numbers) == 2 and int(numbers[0]) <= int(numbers[1])


def _job_lineage(
    event: Event,
    job: FoundAsset,
    parent: AssetKey | None,
    airflow: Facets,
    node: _DbtNode | None,
) -> FoundLineage:
    """Return input -> job -> output, and the tasks next to an Airflow task."""
    # dbt tags the run with what is true of the model it builds.
    tier = tier_in(facets_of(event.get("run")))
    assets: list[FoundAsset] = [job]
    edges: Edges = []
    inputs = _named(event.get("inputs"))
    outputs = _outputs(event, inputs, node)
    for key, facets in outputs.items():
        (table, *fed), onward = _dataset(key, facets, tier)
        assets += [_also_named(table, node), *fed]
        edges += [(job.key, key), *onward]
    for key, facets in inputs.items():
        assets += _dataset(key, facets, None)[0]
        # What a job reads and writes is its output: an edge both ways is a circle.
        if key not in outputs:
            edges.append((key, job.key))
    if parent is not None and job.type == "task":
        assets.append(FoundAsset(*parent, type="pipeline"))
    beside, order = _tasks_beside(job, airflow)
    return lineage([*assets, *beside], [*edges, *order])


def _named(datasets: object) -> dict[AssetKey, Facets]:
    found = ((asset_key(one), facets_of(one)) for one in listed(datasets))
    return {key: facets for key, facets in found if key is not None}


def _outputs(
    event: Event, inputs: Mapping[AssetKey, Facets], node: _DbtNode | None
) -> dict[AssetKey, Facets]:
    """Return the outputs; of a dbt model that failed and names none, its table.

    The table a dbt test would store its findings in, which nearly never exists, is
    left out.
    """
    if node is None:
        return _named(event.get("outputs"))
    if node.is_test:
        return {}
    if outputs := _named(event.get("outputs")):
        return outputs
    made = node.table_name(node.relation)
    if near := next(iter(inputs), None):  # in the same warehouse
        made = asset_key({"namespace": near.namespace, "name": node.relation})
    return {made: {}} if made else {}


def _also_named(table: FoundAsset, node: _DbtNode | None) -> FoundAsset:
    alias = node.table_name(table.name) if node else None
    if alias is None or alias == table.key:
        return table
    return replace(table, aliases=(*table.aliases, alias))


def _dataset(
    key: AssetKey, facets: Facets, tier: int | None
) -> tuple[list[FoundAsset], Edges]:
    """Return the dataset with the dbt exposures it feeds, and the edges to them."""
    fed = list(exposures(facets))
    return [dataset_asset(key, facets, tier), *fed], [(key, one.key) for one in fed]


def _tasks_beside(job: FoundAsset, airflow: Facets) -> tuple[list[FoundAsset], Edges]:
    """Return the tasks directly before and after an Airflow task in its DAG."""
    task = mapping(airflow.get("task"))
    dag_id = told(mapping(airflow.get("dag")).get("dag_id"))
    assets: list[FoundAsset] = []
    edges: Edges = []
    for field, is_before in (
        ("upstream_task_ids", True),
        ("downstream_task_ids", False),
    ):
        for task_id in listed(task.get(field)):
            name = f"{dag_id}.{told(task_id)}"
            key = asset_key({"namespace": job.namespace, "name": name})
            if key and dag_id and told(task_id) and key != job.key:
                assets.append(FoundAsset(*key, type="task"))
                edges.append((key, job.key) if is_before else (job.key, key))
    return assets, edges


def _tests(event: Event, run: Facets, integration: str) -> Iterator[TestResult]:
    is_dbt = integration == "DBT"
    for field in ("inputs", "outputs"):
        for dataset in listed(event.get(field)):
            yield from _assertions(dataset, is_dbt=is_dbt)
    inputs = list(_named(event.get("inputs")))
    about = inputs[0] if len(inputs) == 1 else None
    for one in items(mapping(run.get("test")).get("tests")):
        if result := _test(mapping(one), about):
            yield result


def _assertions(dataset: object, *, is_dbt: bool) -> Iterator[TestResult]:
    key = asset_key(dataset)
    if key is None:
        return
    for field in ("inputFacets", "outputFacets", "facets"):
        quality = mapping(facets_of(dataset, field).get("dataQualityAssertions"))
        found = [
            result
            for one in listed(quality.get("assertions"))
            if (result := _assertion(mapping(one), key, is_dbt))
        ]
        if found:  # dbt-ol writes them down twice
            yield from found
            return


def _assertion(one: Facets, about: AssetKey, is_dbt: bool) -> TestResult | None:
    kind = told(one.get("name"), 200) or told(one.get("assertion"), 200)
    success = one.get("success")
    if not kind or not isinstance(success, bool):
        return None
    column = told(one.get("column"), 200)
    return TestResult(
        name=f"{kind}({column})" if column else kind,
        about=about,
        success=success,
        is_warning=told(one.get("severity")).lower() == "warn",
        was_run=success or not is_dbt or one.get("actual") is not None,
        column=column,
        description=_test_text(one),
    )


def _test(one: Facets, about: AssetKey | None) -> TestResult | None:
    name, status = told(one.get("name"), 200), told(one.get("status")).lower()
    if not name or status not in ("pass", "fail", "skip"):
        return None
    return TestResult(
        name=name,
        about=about,
        success=status == "pass",
        is_warning=told(one.get("severity")).lower() == "warn",
        was_run=status != "skip",
        description=_test_text(one),
    )


def _test_text(one: Facets) -> str:
    expected, actual = text_of(one.get("expected")), text_of(one.get("actual"))
    found = f"Expected {expected}, found {actual}." if expected and actual else ""
    return " ".join(part for part in (told(one.get("description")), found) if part)
