"""Airflow's DAGs as the DAG processor knows them: tasks, and what they wait for.

https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/dags.html
Names are those of Airflow's OpenLineage provider, so both speak of the same assets.
What to send, and a script that makes it: docs/lineage.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from catalog.importers.base import (
    DESCRIPTION_LENGTH,
    NAMESPACE_LENGTH,
    OWNER_LENGTH,
    AssetKey,
    FoundAsset,
    FoundLineage,
    lineage,
)
from catalog.importers.facets import asset_key, tier_in
from core.errors import InvalidInputError
from core.text import items, link, mapping, told

DEFAULT_NAMESPACE = "airflow"
MOST_ERRORS = 100

Item = Mapping[str, Any]
Edge = tuple[AssetKey, AssetKey]


@dataclass(frozen=True, slots=True)
class _Dag:
    id: str
    told: Item
    tasks: dict[str, Item]

    def roots(self) -> list[str]:
        fed = {below for task in self.tasks.values() for below in _below(task)}
        return [task_id for task_id in self.tasks if task_id not in fed]

    def leaves(self) -> list[str]:
        return [task_id for task_id, task in self.tasks.items() if not _below(task)]


def read_dags(payload: object) -> FoundLineage:
    """Return the tasks of all DAGs, with the datasets they read and write.

    Raises InvalidInputError naming the fields that are wrong.
    """
    document = mapping(payload)
    namespace = told(document.get("namespace"), NAMESPACE_LENGTH) or DEFAULT_NAMESPACE
    dags = _dags(document)
    reader = _Reader(namespace, dags)
    return replace(
        lineage(reader.assets(), reader.edges()),
        origin=namespace,
        is_whole=document.get("replace") is True,
        warnings=tuple(reader.warnings()),
    )


def _dags(document: Item) -> dict[str, _Dag]:
    errors: dict[str, list[str]] = {}
    if not isinstance(document.get("dags"), list):
        raise InvalidInputError(
            {"dags": ["This field is required, as a list of DAGs."]}
        )
    dags: dict[str, _Dag] = {}
    for number, one in enumerate(document["dags"]):
        dag_id, tasks = told(mapping(one).get("dag_id")), mapping(one).get("tasks")
        if not dag_id:
            errors[f"dags[{number}].dag_id"] = ["This field is required, as text."]
        if not isinstance(tasks, list):
            errors[f"dags[{number}].tasks"] = ["This field is required, as a list."]
        if len(errors) > MOST_ERRORS:
            break
        by_id = {
            told(mapping(task).get("task_id")): mapping(task) for task in items(tasks)
        }
        by_id.pop("", None)
        dags[dag_id] = _Dag(dag_id, mapping(one), by_id)
    if errors:
        raise InvalidInputError(errors)
    return dags


@dataclass(frozen=True, slots=True)
class _Reader:
    namespace: str
    dags: Mapping[str, _Dag]

    def assets(self) -> Iterator[FoundAsset]:
        for dag in self.dags.values():
            tier = tier_in({"tags": {"tags": items(dag.told.get("tags"))}})
            owners = tuple(
                name
                for one in items(dag.told.get("owners"))
                if (name := told(one, OWNER_LENGTH)) and name != "airflow"
            )
            yield FoundAsset(
                *self.dag_key(dag.id),
                type="pipeline",
                description=told(dag.told.get("description"), DESCRIPTION_LENGTH),
                url=link(dag.told.get("url")),
                tier=tier,
                owners=owners,
            )
            for task_id, task in dag.tasks.items():
                yield FoundAsset(
                    *self.task_key(dag.id, task_id),
                    type="task",
                    tier=tier,
                    owners=owners,
                )
                for field in ("inlets", "outlets"):
                    yield from (FoundAsset(*key) for key in _tables(task.get(field)))
        for ends in self.edges():
            for key in ends:
                yield FoundAsset(*key)

    def edges(self) -> Iterator[Edge]:
        for dag in self.dags.values():
            for task_id, task in dag.tasks.items():
                here = self.task_key(dag.id, task_id)
                for below in _below(task):
                    if below in dag.tasks:
                        yield here, self.task_key(dag.id, below)
                yield from ((key, here) for key in _tables(task.get("inlets")))
                yield from ((here, key) for key in _tables(task.get("outlets")))
                yield from ((key, here) for key in self.waited_for(task))
                yield from ((here, key) for key in self.triggered(task))

    def waited_for(self, task: Item) -> list[AssetKey]:
        """What a sensor of another DAG waits for: a task, or the last of the DAG."""
        dag_id, task_id = (
            told(task.get("external_dag_id")),
            told(task.get("external_task_id")),
        )
        if not dag_id:
            return []
        known = self.dags.get(dag_id)
        last = [task_id] if task_id else known.leaves() if known else []
        return [self.task_key(dag_id, one) for one in last] or [self.dag_key(dag_id)]

    def triggered(self, task: Item) -> list[AssetKey]:
        dag_id = told(task.get("trigger_dag_id"))
        known = self.dags.get(dag_id)
        first = known.roots() if known else []
        if not dag_id:
            return []
        return [self.task_key(dag_id, one) for one in first] or [self.dag_key(dag_id)]

    def warnings(self) -> Iterator[str]:
        for dag in self.dags.values():
            for task_id, task in dag.tasks.items():
                for below in _below(task):
                    if below not in dag.tasks:
                        yield f"{dag.id}.{task_id} names {below}, which the DAG lacks."
                    elif below == task_id:
                        yield f"{dag.id}.{task_id} feeds itself; that was left out."

    def dag_key(self, dag_id: str) -> AssetKey:
        key = asset_key({"namespace": self.namespace, "name": dag_id})
        assert key is not None
        return key

    def task_key(self, dag_id: str, task_id: str) -> AssetKey:
        return self.dag_key(f"{dag_id}.{task_id}")


def _below(task: Item) -> list[str]:
    return [told(one) for one in items(task.get("downstream_task_ids")) if told(one)]


def _tables(values: object) -> Iterator[AssetKey]:
    """Yield what inlets and outlets name: addresses, or {"namespace", "name"}."""
    for one in items(values):
        key = _address(told(one, 2048)) if isinstance(one, str) else asset_key(one)
        if key is not None:
            yield key


def _address(uri: str) -> AssetKey | None:
    """Return "postgres://host/db/schema/table" as OpenLineage names it.

    https://openlineage.io/docs/spec/naming: databases join the parts by dots, object
    stores keep the path.
    """
    parts = urlsplit(uri)
    path = parts.path.strip("/")
    if not parts.scheme or not path:
        return None
    if parts.scheme in ("postgres", "postgresql", "mysql", "redshift", "snowflake"):
        path = path.replace("/", ".")
    return asset_key({"namespace": f"{parts.scheme}://{parts.netloc}", "name": path})
