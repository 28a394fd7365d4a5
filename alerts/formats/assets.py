"""Which asset a message is about, told by the labels data tools use.

Names follow https://openlineage.io/docs/spec/naming
"""

import re
from collections.abc import Mapping
from urllib.parse import unquote

from alerts.formats.base import AssetRef
from catalog.importers.base import ASSET_TYPES, NAME_LENGTH, NAMESPACE_LENGTH
from core.text import identifier, told

# Where a sender names no namespace. OpenLineage's own default is "default".
DEFAULT_NAMESPACE = "default"
AIRFLOW_NAMESPACE = "airflow"

_AUTHORITY = re.compile(r"([A-Za-z][\w+.-]*://[^/]+)/(.+)", re.DOTALL)
_AIRFLOW_TASK = re.compile(r"/dags/([^/?#]+)/runs/[^/?#]+/tasks/([^/?#]+)")


def asset(namespace: str, name: str, type_: str = "dataset") -> AssetRef:
    """Return the reference with both parts within the catalog's lengths."""
    return AssetRef(
        identifier(namespace, NAMESPACE_LENGTH),
        identifier(name, NAME_LENGTH),
        type_ if type_ in ASSET_TYPES else "dataset",
    )


def dataset(uri: str, namespace: str = "") -> AssetRef:
    """Return the dataset "snowflake://org-account/DB.SCHEMA.TABLE" names.

    A name without scheme keeps whole, in `namespace` or the default one.
    """
    if namespace:
        return asset(namespace, uri.removeprefix(f"{namespace}/") or uri)
    if match := _AUTHORITY.fullmatch(uri):
        return asset(match[1], match[2])
    head, slash, tail = uri.rpartition("/")
    if slash and tail and "://" in head:  # duckdb:///srv/shop.duckdb/shop.main.orders
        return asset(head, tail)
    return asset(DEFAULT_NAMESPACE, uri)


def airflow_job(dag_id: str, task_id: str = "", namespace: str = "") -> AssetRef:
    """Return the task "dag.task", or the DAG as a pipeline without `task_id`."""
    namespace = namespace or AIRFLOW_NAMESPACE
    if task_id:
        return asset(namespace, f"{dag_id}.{task_id}", "task")
    return asset(namespace, dag_id, "pipeline")


def asset_in(labels: Mapping[str, object]) -> AssetRef | None:
    """Return the asset that labels or details name, None when they name none.

    Looks for a dataset first, then an Airflow task or DAG, then a pipeline, last
    for the address of an Airflow task's log.
    """
    if not labels:
        return None
    if uri := told(labels.get("dataset"), 2048):
        return dataset(uri, told(labels.get("dataset_namespace")))
    namespace = told(labels.get("airflow_namespace"))
    if dag_id := told(labels.get("dag_id")):
        return airflow_job(dag_id, told(labels.get("task_id")), namespace)
    if pipeline := told(labels.get("pipeline")):
        named = told(labels.get("pipeline_namespace")) or DEFAULT_NAMESPACE
        return asset(named, pipeline, "pipeline")
    if match := _AIRFLOW_TASK.search(told(labels.get("log_url"), 2048)):
        return airflow_job(unquote(match[1]), unquote(match[2]), namespace)
    return None
