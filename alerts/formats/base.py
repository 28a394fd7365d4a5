"""What a format turns a message into. Plain values; no Django, no database.

A format is one file, a module that fits `Format` below. Its `parse` takes the
decoded JSON body, raises `InvalidInputError` when the message as a whole cannot be
understood (the sender gets a 400 naming the field), and lists single bad items of a
batch in `Parsed.rejected`. Whatever the body, it raises nothing else, and every text
it gives back is fit for PostgreSQL and within the lengths below.

What there is one of for each alert is a `Struct`: made in a tenth of the time that a
frozen dataclass takes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from msgspec import Struct, field

from catalog.importers.base import FoundLineage

TITLE_LENGTH = 1024
KEY_LENGTH = 255
RUN_ID_LENGTH = 255
DESCRIPTION_LENGTH = 8192
LABEL_COUNT = 100
LABEL_KEY_LENGTH = 128
LABEL_VALUE_LENGTH = 1024

NO_LINEAGE = FoundLineage()

Status = Literal["firing", "resolved", "acknowledged"]
SeverityWord = Literal["critical", "error", "warning", "info"]
RunState = Literal["running", "success", "failed", "skipped"]


class AssetRef(Struct, frozen=True):
    """Names an asset as OpenLineage does; `type` is used if it must be created."""

    namespace: str
    name: str
    type: str = "dataset"


class IncomingAlert(Struct, frozen=True):
    """One signal read out of a message.

    `status` "acknowledged" acknowledges the alert's incident and neither opens nor
    repeats an alert. `severity` None means: the integration's default.
    A repeat with None keeps what the alert has. `asset` None means the sender named
    none. `occurred_at` is aware UTC, None when the sender gave none. An alert with
    `pages` False is recorded and pages nobody (a failed try with tries left).

    `has_event_time`: `occurred_at` is when just this came to be, so that of two
    messages it tells the newer, and one that comes late changes nothing. It is not
    where a sender repeats since when something fires: one that fires on after a false
    end would be silenced.

    `parent_run_id` is the run that `run_id` is a part of. Both may be the same, where
    a sender tells parts only by the run of their whole. `repeats_parts` marks a whole
    that failed for no reason but that a part of it has: it joins the part's incident,
    and pages only if no part was told of.
    """

    title: str
    dedup_key: str
    status: Status = "firing"
    severity: SeverityWord | None = None
    asset: AssetRef | None = None
    description: str = ""
    url: str = ""
    run_id: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    occurred_at: datetime | None = None
    pages: bool = True
    parent_run_id: str = ""
    repeats_parts: bool = False
    has_event_time: bool = False


@dataclass(frozen=True, slots=True)
class IncomingChange:
    """A deploy, schema change or the like, told by a machine."""

    title: str
    kind: str = "other"
    asset: AssetRef | None = None
    url: str = ""
    author: str = ""
    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class IncomingRun:
    """One run of an asset's job, as far as the message tells."""

    asset: AssetRef
    run_id: str
    state: RunState
    at: datetime
    error: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class IncomingLoad:
    """How many rows a run wrote into a dataset."""

    asset: AssetRef
    run_id: str
    rows: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Rejected:
    """An item of a batch that was not understood. `index` counts from 0."""

    index: int
    errors: Mapping[str, list[str]]


class Parsed(Struct, frozen=True):
    """Everything one message said. `lineage` is for the catalog's importer."""

    alerts: tuple[IncomingAlert, ...] = ()
    changes: tuple[IncomingChange, ...] = ()
    runs: tuple[IncomingRun, ...] = ()
    loads: tuple[IncomingLoad, ...] = ()
    lineage: FoundLineage = NO_LINEAGE
    rejected: tuple[Rejected, ...] = ()


class ParseContext(Struct, frozen=True):
    """What a format may know besides the body. Header names are lower case."""

    received_at: datetime
    headers: Mapping[str, str] = field(default_factory=dict)


class Format(Protocol):
    """The shape of a format's module. Register it in `alerts/formats/registry.py`."""

    LABEL: str
    ABOUT: str  # which tool, and what of it, in one line

    def parse(self, payload: object, context: ParseContext) -> Parsed: ...

    def snippet(self, url: str, key: str) -> str:
        """Return lines to paste into the sender. `url` is "<public url>/in/<key>"."""

    def sample(self, key: str, at: datetime) -> object:
        """Return the JSON body of a harmless test event, sent at `at` (aware UTC)."""
