"""How somebody wants to see a large picture, and the links above it: how to gather, how
large, how far, and what to find. All of it is in the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import QueryDict

from catalog.collapsing import Fold
from core.text import one_line

GATHER = {"": "As much as fits", "layer": "By layer", "health": "By health"}
ZOOM = {
    "fit": "Fit",
    "half": "50 %",
    "": "100 %",
    "larger": "150 %",
    "double": "200 %",
}
FAR = {"1": "1 step", "": "2 steps", "4": "4 steps", "all": "All"}
OUT, IN = "-", "+"
SCALES = {"fit": 1.0, "half": 0.5, "": 1.0, "larger": 1.5, "double": 2.0}
HOPS: dict[str, int | None] = {"1": 1, "": 2, "4": 4, "all": None}
FOLDS: dict[str, Fold] = {"layer": "layer", "health": "health"}


@dataclass(frozen=True, slots=True)
class Look:
    """What was asked for. `find` is part of a name; `far` counts steps each way from
    an asset and means nothing elsewhere."""

    is_large: bool = False
    fold: Fold = ""
    scale: str = ""
    find: str = ""
    far: str = ""

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> Look:
        """From the query of an address. What is not known is as if not asked."""
        scale, far = asked.get("zoom", ""), asked.get("far", "")
        return cls(
            is_large="large" in asked,
            fold=FOLDS.get(asked.get("gather", ""), ""),
            scale=scale if scale in SCALES else "",
            find=one_line(asked.get("find", ""), 200),
            far=far if far in HOPS else "",
        )

    @property
    def size(self) -> float:
        return SCALES[self.scale]

    @property
    def hops(self) -> int | None:
        """Steps each way; None is however many."""
        return HOPS[self.far]

    def finds(self, name: str) -> bool:
        return bool(self.find) and self.find.lower() in name.lower()


@dataclass(frozen=True, slots=True)
class Choice:
    """One link. `key` is what to press for it, on some."""

    label: str
    query: str
    is_chosen: bool
    key: str = ""


def choices_of(asked: QueryDict) -> dict[str, list[Choice]]:
    """{"gather": links, "zoom": links, "far": links}, each keeping the rest of the
    address."""
    zooms = list(ZOOM)
    zoom = asked.get("zoom", "")
    now = zooms.index(zoom) if zoom in ZOOM else zooms.index("")
    keys = {
        zooms[place]: key
        for place, key in ((now - 1, OUT), (now + 1, IN))
        if 1 <= place < len(zooms)
    }
    return {
        "gather": _links(asked, "gather", GATHER),
        "zoom": _links(asked, "zoom", ZOOM, keys),
        "far": _links(asked, "far", FAR),
    }


def _links(
    asked: QueryDict,
    name: str,
    labels: Mapping[str, str],
    keys: Mapping[str, str] | None = None,
) -> list[Choice]:
    chosen = asked.get(name, "")
    chosen = chosen if chosen in labels else ""
    pressed = keys or {}
    return [
        Choice(
            label, _with(asked, name, value), value == chosen, pressed.get(value, "")
        )
        for value, label in labels.items()
    ]


def _with(asked: QueryDict, name: str, value: str) -> str:
    address = asked.copy()
    address.pop("large", None)
    address.pop(name, None)
    if value:
        address[name] = value
    return address.urlencode()
