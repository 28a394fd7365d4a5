"""Which parser reads a message: its address says, else its integration's format."""

from collections.abc import Callable

from alerts.formats import elementary, opsgenie, pagerduty
from alerts.formats.base import ParseContext, Parsed
from alerts.formats.registry import FORMATS
from catalog.models import Edge

EVENTS_V2 = "/v2/enqueue"
CHANGES_V2 = "/v2/change/enqueue"
LINEAGE = ("/api/v1/lineage", "/api/v1/lineage/batch")
OPSGENIE = "/v2/alerts"
SLACK = "/slack"  # after an integration's own address

Parse = Callable[[object, ParseContext], Parsed]


def parser_of(path: str, format_: str) -> Parse:
    """Return the function that reads what came to `path`."""
    path = path.rstrip("/")
    if path == EVENTS_V2:
        return pagerduty.parse
    if path == CHANGES_V2:
        return pagerduty.parse_change
    if path in LINEAGE:
        return FORMATS["openlineage"].parse
    if path == OPSGENIE:
        return opsgenie.parse
    if path.startswith(f"{OPSGENIE}/"):
        return _opsgenie_action(path)
    if path.startswith("/in/") and path.endswith(SLACK):
        return elementary.parse
    return FORMATS[format_].parse


def lineage_source(path: str, format_: str) -> str:
    """Return who tells of the lineage in such a message, one of `Edge.Source`."""
    parse = parser_of(path, format_)
    is_dbt = parse == FORMATS["dbt"].parse
    return Edge.Source.DBT if is_dbt else Edge.Source.OPENLINEAGE


def _opsgenie_action(path: str) -> Parse:
    """The alias and what to do with it stand in the path; an alias may hold "/"."""
    alias, _, action = path.removeprefix(f"{OPSGENIE}/").rpartition("/")
    return lambda payload, context: opsgenie.parse_action(alias, action)
