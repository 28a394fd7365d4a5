"""Which alerts an incident has been assessed with lately, as one worker remembers it.

Of a hundred alerts about one asset each may raise the severity, and the first has
settled whether it does. A further one that says the same is not worth reckoning cause
and effect anew, until something else may have changed. What is forgotten, or was
assessed by another worker, is only assessed once more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from django.db import transaction

from alerts.models import Alert
from incidents.services.failures import Failure, failure_told

# Runs, changes and habits may say something new by then.
LASTS = timedelta(minutes=1)
MOST_INCIDENTS = 10_000


class Said(NamedTuple):
    """All of an alert that an assessment hangs on."""

    asset_id: int | None
    severity: str
    pages: bool
    failure: Failure


@dataclass(frozen=True, slots=True)
class _Assessment:
    at: datetime
    lineage: int
    said: frozenset[Said]


_known: dict[int, _Assessment] = {}


def said_by(alerts: Iterable[Alert]) -> frozenset[Said]:
    return frozenset(
        Said(a.asset_id, a.severity, a.pages, failure_told(a)) for a in alerts
    )


def says_nothing_new(
    incident_id: int, alerts: Iterable[Alert], *, lineage: int, at: datetime
) -> bool:
    """Whether the incident was assessed with alerts that said all this, just now and
    over this version of the lineage."""
    known = _known.get(incident_id)
    if known is None or known.lineage != lineage or at - known.at >= LASTS:
        return False
    return said_by(alerts) <= known.said


def remember(
    assessed: Mapping[int, Iterable[Alert]], *, lineage: int, at: datetime
) -> None:
    """{incident: alerts it is assessed with}; counts once that is committed."""
    said = {pk: said_by(alerts) for pk, alerts in assessed.items()}
    transaction.on_commit(partial(_keep, said, lineage=lineage, at=at))


def _keep(said: Mapping[int, frozenset[Said]], *, lineage: int, at: datetime) -> None:
    if len(_known) > MOST_INCIDENTS:
        _known.clear()
    for pk, new in said.items():
        known = _known.get(pk)
        is_fresh = known is not None and known.lineage == lineage
        if known is not None and is_fresh and at - known.at < LASTS:
            new |= known.said
            _known[pk] = _Assessment(known.at, lineage, known.said | new)
        else:
            _known[pk] = _Assessment(at, lineage, new)
