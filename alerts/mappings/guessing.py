"""A first draft of a mapping from a body somebody sends. Pure.

Only to save typing: what it writes is shown, tried and changed before it is saved.
"""

from typing import Any

import msgspec

# Our field, and what others call it, likeliest first.
_NAMES = {
    "title": "title summary headline subject name message text",
    "status": "status state transition",
    "severity": "severity priority level criticality",
    "dedup_key": "dedup_key fingerprint alert_id incident_id id key name",
    "asset_name": "asset dataset table model pipeline job dag_id",
    "description": "description error error_message detail details reason body",
    "run_id": "run_id execution_id job_run_id",
    "url": "url link href web_url",
    "occurred_at": "occurred_at timestamp started_at created_at time date",
}
_LISTS = "alerts events incidents items results data checks failures"


def guess_mapping(body: str) -> dict[str, str]:
    """Return a mapping that reads the body, as far as names alone tell."""
    item, guess = _item(_decoded(body))
    by_name = {str(key).lower(): str(key) for key in item}
    for field, names in _NAMES.items():
        found = next((by_name[n] for n in names.split() if n in by_name), None)
        if found and isinstance(item[found], str | int | float):
            guess[field] = f"@{_step(found)}"
    return {"title": "@.title", "dedup_key": "@.id", **guess} if not item else guess


def _item(payload: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """One alert of the message, and where it stands."""
    if isinstance(payload, list) and payload and isinstance(payload[0], dict):
        return payload[0], {}
    if not isinstance(payload, dict):
        return {}, {}
    lists = [
        key
        for key, value in payload.items()
        if isinstance(value, list) and value and isinstance(value[0], dict)
    ]
    known = [key for key in lists if key.lower() in _LISTS.split()]
    if known or len(lists) == 1:
        key = (known or lists)[0]
        return payload[key][0], {"items": f"${_step(key)}"}
    return payload, {}


def _step(key: str) -> str:
    """The step to a name: `.alerts`, or `["a b"]` where dots cannot write it."""
    if key.isidentifier() and key.isascii():
        return f".{key}"
    return f"[{msgspec.json.encode(key).decode()}]"


def _decoded(body: str) -> Any:
    try:
        return msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return None
