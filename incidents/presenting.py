"""Values for templates, prepared once: fifty rows must not cost fifty look-ups."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import groupby

from django.utils import timezone
from django.utils.safestring import SafeString

from accounts.models import User
from catalog.models import Asset
from core.markdown import render_markdown
from incidents.models import CauseVerdict, Incident, RoleAssignment, TimelineEntry
from oncall.models import Notification
from oncall.services import Rung

MOST_UNFOLDED = 4
MOST_PINNED = 20
Kind = TimelineEntry.Kind

# The design system's marks; what is not here is quiet.
MARKS = {Kind.OPENED: "triggered", Kind.TOLD: "notified", Kind.REOPENED: "triggered"}
VERBS = {
    Kind.NOTE: "noted",
    Kind.ACKNOWLEDGED: "acknowledged",
    Kind.STATUS: "changed the status",
    Kind.SEVERITY: "changed the severity",
    Kind.ROLE: "changed the roles",
    Kind.UPDATE: "posted an update",
    Kind.CAUSE: "judged the cause",
    Kind.TIMES: "corrected the times",
    Kind.MERGED: "merged",
    Kind.CHANGED: "edited",
    Kind.RESOLVED: "resolved it",
    Kind.REOPENED: "reopened it",
    Kind.OPENED: "declared it",
    Kind.PAGED: "paged",
    Kind.TOLD: "told",
    Kind.ALERT: "changed the alerts",
}
MARKDOWN_KINDS = {Kind.NOTE, Kind.UPDATE}
# As services/details.py begins it; what follows is Markdown.
SITUATION = "Situation: "
NEXT_ACTS = {
    Incident.Status.INVESTIGATING: (Incident.Status.IDENTIFIED, "Mark identified"),
    Incident.Status.IDENTIFIED: (Incident.Status.MONITORING, "Mark monitoring"),
    Incident.Status.MONITORING: (Incident.Status.RESOLVED, "Resolve"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list of incidents."""

    incident: Incident
    url: str
    commander: str
    cause: str


def rows_of(incidents: Iterable[Incident]) -> list[Row]:
    """Lines for incidents fetched with `for_list()`. No queries."""
    return [
        Row(
            incident=incident,
            url=incident.get_absolute_url(),
            commander=str(commander_of(incident) or incident.acknowledged_by or ""),
            cause=str(incident.suspected_asset or ""),
        )
        for incident in incidents
    ]


def commander_of(incident: Incident) -> User | None:
    for one in incident.roles.all():
        if one.role == RoleAssignment.Role.COMMANDER:
            return one.user
    return None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline; `folded` are further machine entries of its kind."""

    pk: int
    at: datetime
    kind: str
    by: str
    verb: str
    text: str
    html: SafeString | None
    pinned: bool
    is_late: bool
    folded: tuple[Entry, ...] = ()


def timeline_days(
    entries: Iterable[TimelineEntry],
) -> list[tuple[datetime, list[Entry]]]:
    """Entries by day of the reader's zone, oldest first, with runs of alerts folded."""
    shown = [_entry(entry) for entry in entries]
    days = groupby(shown, key=lambda entry: timezone.localtime(entry.at).date())
    return [((day := list(part))[0].at, _fold(day)) for _, part in days]


@lru_cache(maxsize=1_000)
def _written(text: str) -> SafeString:
    """An entry's Markdown as HTML. Entries never change and are shown again at each
    change of the page, and Markdown takes a millisecond."""
    return render_markdown(text)


def pinned_entries(
    incident: Incident, every: Iterable[TimelineEntry] | None = None
) -> list[Entry]:
    """What people pinned, oldest first. One query, unless `every` entry is given, the
    newest first."""
    if every is None:
        rows = incident.timeline.filter(pinned=True).select_related("actor")
        pinned = list(rows.order_by("at", "pk")[:MOST_PINNED])
    else:
        pinned = [entry for entry in every if entry.pinned][::-1][:MOST_PINNED]
    return [_entry(entry) for entry in pinned]


def _entry(entry: TimelineEntry) -> Entry:
    kind = Kind(entry.kind)
    text, written = _parts(kind, entry)
    return Entry(
        pk=entry.pk,
        at=entry.at,
        kind=MARKS.get(kind, str(kind)),
        by=str(entry.actor) if entry.actor else "",
        verb=VERBS[kind],
        text=text,
        html=_written(written) if written else None,
        pinned=entry.pinned,
        is_late=(entry.recorded_at - entry.at).total_seconds() > 60,
    )


def _parts(kind: Kind, entry: TimelineEntry) -> tuple[str, str]:
    """What stands in the line, and what below it as Markdown. What the verb has said
    already is not said again: "Ada resolved it: Resolved." """
    if kind in MARKDOWN_KINDS:
        return "", entry.text
    if kind == Kind.CHANGED and entry.text.startswith(SITUATION):
        return SITUATION.strip(": "), entry.text.removeprefix(SITUATION)
    said = {
        Kind.ACKNOWLEDGED: "Acknowledged.",
        Kind.RESOLVED: "Resolved.",
        Kind.OPENED: f"Declared by {entry.actor}.",
    }
    echo = said.get(kind, "") if entry.actor else ""
    return entry.text.removeprefix(echo).strip(), ""


def _fold(entries: list[Entry]) -> list[Entry]:
    """Many alerts in a row become one line that opens."""
    shown: list[Entry] = []
    for key, part in groupby(entries, key=lambda e: (e.kind, e.by, e.pinned)):
        run = list(part)
        if key[:2] == ("alert", "") and len(run) > MOST_UNFOLDED:
            first = run[0]
            summary = f"{len(run)} entries about alerts"
            shown.append(
                Entry(
                    first.pk,
                    first.at,
                    "alert",
                    "",
                    "",
                    summary,
                    None,
                    pinned=False,
                    is_late=False,
                    folded=tuple(run),
                )
            )
        else:
            shown += run
    return shown


@dataclass(frozen=True, slots=True)
class ShownCause:
    """A suspect with its asset, ready to show. `verdict` is "", confirmed, rejected;
    `reasons` are (words, address), most without an address."""

    asset: Asset
    score: float
    failing: bool
    reasons: tuple[tuple[str, str], ...]
    verdict: str


def causes_of(incident: Incident, verdicts: Iterable[CauseVerdict]) -> list[ShownCause]:
    """The ranked suspects, with what people said of them. One query."""
    assets = Asset.objects.select_related("team").in_bulk(
        [cause["asset"] for cause in incident.causes]
    )
    said = {one.asset_id: one.verdict for one in verdicts}
    return [
        ShownCause(
            asset=assets[cause["asset"]],
            score=cause["score"],
            failing=cause["failing"],
            reasons=tuple(
                (reason, cause.get("links", {}).get(reason, ""))
                for reason in cause["reasons"]
            ),
            verdict=said.get(cause["asset"], ""),
        )
        for cause in incident.causes
        if cause["asset"] in assets
    ]


RUNG_STATES = {
    "paged": "now",
    "held": "held",
    "acknowledged": "acknowledged",
    "ended": "past",
    "told": "past",
    "planned": "future",
}


@dataclass(frozen=True, slots=True)
class LadderRow:
    """One rung as it is shown: people who are planned for one step share a row.

    `state` is what the design system's ladder knows; `who` (name, id) and `rooms`, the
    channels that are told, are empty where a step reaches nobody, and `because` says
    why.
    """

    step: int
    lap: int
    at: datetime
    who: list[tuple[str, int | None]]
    state: str
    notifications: tuple[Notification, ...]
    held_until: datetime | None = None
    because: str = ""
    bundled: int = 0
    rooms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ladder:
    """`rows` up to the end of the present lap; `later` are the laps after it."""

    rows: list[LadderRow]
    later: list[LadderRow]


def ladder_of(rungs: Iterable[Rung]) -> Ladder:
    """Rungs as rows, in time order."""
    rows = []
    for _, part in groupby(rungs, key=_row_key):
        group = list(part)
        rows.append(
            LadderRow(
                step=group[0].step,
                lap=group[0].lap,
                at=group[0].at,
                who=[(rung.user, rung.user_id) for rung in group if rung.user],
                state=RUNG_STATES[group[0].state],
                notifications=group[0].notifications,
                held_until=group[0].held_until,
                because=group[0].because,
                bundled=group[0].bundled,
                rooms=tuple(rung.room for rung in group if rung.room),
            )
        )
    ahead = [row.lap for row in rows if row.state == "future"]
    present = ahead[0] if ahead else 0
    later = [row for row in rows if row.state == "future" and row.lap > present]
    return Ladder(rows[: len(rows) - len(later)], later)


def _row_key(rung: Rung) -> tuple[object, ...]:
    """Planned rungs of a step belong together; what has happened stands alone, and so
    does who is told later than the others."""
    is_told = rung.state == "planned" and not rung.held_until
    alone = "" if is_told else f"{rung.user_id} {rung.room}"
    return rung.walk, rung.lap, rung.step, alone
