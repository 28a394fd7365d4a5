"""Requests captured from real clients, kept under tests/data/payloads."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "data" / "payloads"


@dataclass(frozen=True, slots=True)
class CapturedRequest:
    """One request as its client sent it. `body` is the decoded JSON."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


def captured(name: str) -> CapturedRequest:
    """Return the request kept as `name`, such as "pagerduty/01"."""
    kept = load(name)
    body = kept["body_json"]
    if body is None:
        body = json.loads(kept["body_raw"])
    return CapturedRequest(kept["method"], kept["path"], dict(kept["headers"]), body)


def load(name: str) -> Any:
    """Return a kept JSON file as it is, such as "dbt/manifest_failed"."""
    return json.loads((FOLDER / f"{name}.json").read_text())
