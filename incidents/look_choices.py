"""The links above the large picture: how to gather, and how large."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import QueryDict

GATHER = {"": "As much as fits", "layer": "By layer", "health": "By health"}
ZOOM = {"half": "50 %", "": "100 %", "larger": "150 %", "double": "200 %"}
OUT, IN = "-", "+"


@dataclass(frozen=True, slots=True)
class Choice:
    """One link. `key` is what to press for it, on some."""

    label: str
    query: str
    is_chosen: bool
    key: str = ""


def choices_of(asked: QueryDict) -> dict[str, list[Choice]]:
    """{"gather": links, "zoom": links}, each keeping the rest of the address."""
    gather = asked.get("gather", "")
    zooms = list(ZOOM)
    now = zooms.index(asked.get("zoom", "")) if asked.get("zoom", "") in ZOOM else 1
    return {
        "gather": [
            Choice(label, _with(asked, "gather", value), value == gather)
            for value, label in GATHER.items()
        ],
        "zoom": [
            Choice(
                label,
                _with(asked, "zoom", value),
                place == now,
                {now - 1: OUT, now + 1: IN}.get(place, ""),
            )
            for place, (value, label) in enumerate(ZOOM.items())
        ],
    }


def _with(asked: QueryDict, name: str, value: str) -> str:
    address = asked.copy()
    address.pop("large", None)
    address.pop(name, None)
    if value:
        address[name] = value
    return address.urlencode()
