"""https://docs.getdbt.com/reference/artifacts/sources-json

dbt's sources.json, v3: how fresh each source is.
"""

from collections.abc import Mapping
from typing import Any

from alerts.formats.base import (
    KEY_LENGTH,
    TITLE_LENGTH,
    AssetRef,
    IncomingAlert,
    Status,
)
from alerts.formats.text import labels_of, lines
from catalog.importers.base import FoundAsset
from catalog.importers.dbt import NodeResult, read_results
from core.text import identifier, items, mapping, one_line, text_of, told

STATUSES: dict[str, Status] = {
    "pass": "resolved",
    "warn": "firing",
    "error": "firing",
    "runtime error": "firing",
}
VERBS = {
    "pass": "is fresh",
    "warn": "is getting stale",
    "error": "is stale",
    "runtime error": "could not be checked for freshness",
}
MESSAGE_LENGTH = 4096
LONGEST_SECONDS = 1e12

Result = Mapping[str, Any]


def is_one(artifact: Mapping[str, Any]) -> bool:
    """Whether it says that it is sources.json."""
    schema = told(mapping(artifact.get("metadata")).get("dbt_schema_version"))
    return "/dbt/sources/" in schema


def alerts(sources: object, manifest: object) -> tuple[IncomingAlert, ...]:
    """Return an alert for each source that was checked; a warning pages nobody.

    With `manifest` they know their table. Raises InvalidInputError.
    """
    read = read_results(sources, manifest)
    told_by_id = {
        told(mapping(one).get("unique_id")): mapping(one)
        for one in items(mapping(sources).get("results"))
    }
    return tuple(
        _alert(one, told_by_id.get(one.unique_id, {}))
        for one in read
        if one.status in STATUSES
    )


def ref(about: FoundAsset) -> AssetRef:
    """Return the name all tell a dbt table by, with and without a manifest.

    Where a warehouse is, a manifest does not say, so that its namespace is only made
    of the adapter; dbt-ol knows it. Both know the project.
    """
    if about.namespace != "bigquery":
        for alias in about.aliases:
            if alias.namespace.startswith("dbt://"):
                return AssetRef(*alias)
    return AssetRef(about.namespace, about.name)


def _alert(one: NodeResult, result: Result) -> IncomingAlert:
    name = ".".join(one.unique_id.split(".")[2:]) or one.name
    return IncomingAlert(
        title=one_line(f"dbt source {name} {VERBS[one.status]}", TITLE_LENGTH),
        # A source has no other results, but dbt may give it some.
        dedup_key=identifier(f"{one.unique_id} freshness", KEY_LENGTH),
        status=STATUSES[one.status],
        severity="warning" if one.status == "warn" else None,
        asset=ref(one.about) if one.about else None,
        description=_description(result) if one.status != "pass" else "",
        run_id=one.run_id,
        labels=labels_of(
            [
                ("unique_id", one.unique_id),
                ("max_loaded_at", told(result.get("max_loaded_at"))),
                ("dbt_status", one.status),
            ]
        ),
        occurred_at=one.completed_at,
        has_event_time=True,
        pages=one.status != "warn",
    )


def _description(result: Result) -> str:
    loaded_at = told(result.get("max_loaded_at"))
    seconds = result.get("max_loaded_at_time_ago_in_s")
    hours = ""
    if isinstance(seconds, int | float) and 0 <= seconds < LONGEST_SECONDS:
        hours = f", {seconds / 3600:.1f} hours before"
    limits = [
        f"{word} after {count} {told(limit.get('period'))}"
        for word in ("warn", "error")
        if (limit := mapping(mapping(result.get("criteria")).get(f"{word}_after")))
        and (count := text_of(limit.get("count")))
    ]
    return lines(
        f"Last loaded at {loaded_at}{hours}." if loaded_at else "",
        f"Limits: {', '.join(limits)}." if limits else "",
        told(result.get("error"), MESSAGE_LENGTH),
    )
