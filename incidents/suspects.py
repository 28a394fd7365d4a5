"""What a person looks at to check a suspect: its last changes and runs, and links."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from catalog.models import Asset
from incidents.models import Incident

MOST_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Happening:
    """A change or a run, in words. `kind` is change or run."""

    at: datetime
    kind: str
    state: str
    text: str
    url: str


def happenings_of(asset: Asset, *, before: datetime) -> list[Happening]:
    """The last changes and runs of the asset up to a moment, newest first, in one
    list. Two queries."""
    changes = asset.changes.filter(occurred_at__lte=before)[:MOST_SHOWN]
    runs = asset.runs.filter(updated_at__lte=before)[:MOST_SHOWN]
    found = [
        Happening(c.occurred_at, "change", c.get_kind_display(), c.title, c.url)
        for c in changes
    ]
    found += [
        Happening(
            run.ended_at or run.started_at or run.updated_at,
            "run",
            run.get_state_display(),
            run.error.strip().splitlines()[0][:160] if run.error.strip() else "",
            run.url,
        )
        for run in runs
    ]
    return sorted(found, key=lambda one: one.at, reverse=True)[:MOST_SHOWN]


def checks_of(asset: Asset, incident: Incident) -> list[tuple[str, str]]:
    """(what, address) where one can see now how a suspect that said nothing is."""
    links = [("its page in its own tool", asset.url)] if asset.url else []
    run = asset.runs.exclude(url="").first()
    if run is not None:
        links.append(("its last run", run.url))
    mine = incident.members.filter(alert__asset=asset).exclude(alert__url="").first()
    if mine is not None:
        links.append(("its last alert", mine.alert.url))
    links = [(what, url) for what, url in links if url.startswith(("http:", "https:"))]
    return [*links, ("its runs, changes and health here", asset.get_absolute_url())]
