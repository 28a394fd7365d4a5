"""Lineage, runs and changes that came in messages, written to the catalog.

The inlet commits the message and answers; this reads it again from its stored bytes,
so a crash between the two loses nothing.
"""

import logging
from datetime import datetime

import msgspec
from django.db import transaction

from alerts.formats.base import AssetRef, ParseContext, Parsed
from alerts.ingest.reading import parser_of
from alerts.models import Event
from catalog.models import Asset, Edge
from catalog.services import (
    RunReport,
    find_or_create_asset,
    record_change,
    record_lineage,
    record_runs,
)
from core.errors import InvalidInputError

logger = logging.getLogger(__name__)

BATCH = 200


@transaction.atomic
def record_catalog_facts(*, at: datetime) -> int:
    """Write what a batch of messages told of; return how many messages were read.

    Claims rows with SKIP LOCKED: safe to run in many processes, and to repeat.
    """
    events = list(
        Event.objects.select_for_update(skip_locked=True, of=["self"])
        .filter(has_catalog_facts=True)
        .select_related("integration")
        .order_by("pk")[:BATCH]
    )
    for event in events:
        _record(event, at=at)
    Event.objects.filter(pk__in=[event.pk for event in events]).update(
        has_catalog_facts=False
    )
    return len(events)


def _record(event: Event, *, at: datetime) -> None:
    """A message that was read once is read again; one that no longer is, after an
    upgrade, is passed over and said in the log."""
    try:
        payload = msgspec.json.decode(bytes(event.body))
        context = ParseContext(received_at=event.received_at)
        parsed = parser_of(event.path, event.integration.format)(payload, context)
    except (InvalidInputError, msgspec.DecodeError) as error:
        logger.warning("event %s told nothing to the catalog: %s", event.pk, error)
        return
    record_lineage(
        assets=parsed.lineage.assets,
        edges=parsed.lineage.edges,
        source=Edge.Source.OPENLINEAGE,
        at=at,
    )
    assets = _assets_of(parsed, at=at)
    record_runs(
        RunReport(
            asset_id=assets[run.asset].pk,
            run_id=run.run_id,
            state=run.state,
            reported_at=run.at,
            error=run.error,
            url=run.url,
        )
        for run in parsed.runs
    )
    for change in parsed.changes:
        record_change(
            asset=assets[change.asset] if change.asset else None,
            title=change.title,
            kind=change.kind,
            url=change.url,
            author=change.author,
            occurred_at=change.occurred_at or event.received_at,
            at=at,
        )


def _assets_of(parsed: Parsed, *, at: datetime) -> dict[AssetRef, Asset]:
    named = [run.asset for run in parsed.runs]
    named += [change.asset for change in parsed.changes if change.asset]
    return {
        ref: find_or_create_asset(
            namespace=ref.namespace, name=ref.name, type=ref.type, at=at
        )
        for ref in dict.fromkeys(named)
    }
