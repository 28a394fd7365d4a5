"""Lineage, runs and changes that came in messages, written to the catalog.

The inlet commits the message and answers; this reads it again from its stored bytes,
so a crash between the two loses nothing.
"""

import logging
from datetime import datetime

import msgspec
from django.db import IntegrityError, OperationalError, transaction

from alerts.formats.base import AssetRef, ParseContext, Parsed
from alerts.ingest.reading import lineage_source, parser_of
from alerts.models import Event
from alerts.services.volume import judge_loads
from catalog.importers.base import FoundAsset
from catalog.models import Asset
from catalog.services import (
    LoadReport,
    RunReport,
    find_or_create_asset,
    record_change,
    record_found,
    record_loads,
    record_runs,
)

logger = logging.getLogger(__name__)

BATCH = 100
TRIES = 3


def record_catalog_facts(*, at: datetime) -> int:
    """Write what a batch of messages told of; return how many messages were read.

    Each message is a transaction of its own, so one that cannot be written is logged
    and passed over. Claims rows with SKIP LOCKED: safe to run in many processes, and
    to repeat. Raises OperationalError when the database is at fault; the message is
    read again then.
    """
    done = 0
    while done < BATCH and _record_next_or_again(at=at):
        done += 1
    return done


def _record_next_or_again(*, at: datetime) -> bool:
    """An asset that is merged with another between its finding and the commit makes
    the commit fail, as its row is gone; read again, the message finds the other."""
    for _ in range(TRIES - 1):
        try:
            return _record_next(at=at)
        except IntegrityError as error:
            logger.info("a message is read again: %s", error)
    return _record_next(at=at)


@transaction.atomic
def _record_next(*, at: datetime) -> bool:
    event = (
        Event.objects.select_for_update(skip_locked=True, of=["self"])
        .filter(has_catalog_facts=True)
        .select_related("integration")
        .order_by("pk")
        .first()
    )
    if event is None:
        return False
    try:
        with transaction.atomic():
            _record(event, at=at)
    except OperationalError:  # a deadlock, a lost connection: not the message's fault
        raise
    except Exception:
        logger.exception("event %s told nothing to the catalog", event.pk)
    Event.objects.filter(pk=event.pk).update(has_catalog_facts=False)
    return True


def _record(event: Event, *, at: datetime) -> None:
    """A message that was read once is read again; after an upgrade it may no longer
    be understood."""
    payload = msgspec.json.decode(bytes(event.body))
    context = ParseContext(received_at=event.received_at)
    format_ = event.integration.format
    parsed = parser_of(event.path, format_)(payload, context)
    record_found(
        parsed.lineage,
        source=lineage_source(event.path, format_),
        also=[FoundAsset(ref.namespace, ref.name, ref.type) for ref in _named(parsed)],
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
    judge_loads(
        record_loads(
            LoadReport(assets[one.asset].pk, one.run_id, one.rows, one.at)
            for one in parsed.loads
        ),
        at=at,
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
    return {
        ref: find_or_create_asset(
            namespace=ref.namespace, name=ref.name, type=ref.type, at=at
        )
        for ref in _named(parsed)
    }


def _named(parsed: Parsed) -> list[AssetRef]:
    """The assets that runs, loads and changes are about, each once."""
    named = [run.asset for run in parsed.runs]
    named += [load.asset for load in parsed.loads]
    named += [change.asset for change in parsed.changes if change.asset]
    return list(dict.fromkeys(named))
