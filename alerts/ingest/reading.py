"""Which parser reads a message: its address says, else its integration's format."""

from collections.abc import Callable

from alerts.formats import pagerduty
from alerts.formats.base import ParseContext, Parsed
from alerts.formats.registry import FORMATS

EVENTS_V2 = "/v2/enqueue"
CHANGES_V2 = "/v2/change/enqueue"
LINEAGE = ("/api/v1/lineage", "/api/v1/lineage/batch")


def parser_of(path: str, format_: str) -> Callable[[object, ParseContext], Parsed]:
    """Return the function that reads what came to `path`."""
    path = path.rstrip("/")
    if path == EVENTS_V2:
        return pagerduty.parse
    if path == CHANGES_V2:
        return pagerduty.parse_change
    if path in LINEAGE:
        return FORMATS["openlineage"].parse
    return FORMATS[format_].parse
