"""The parameters of the inlet's statements: a column for each field of the rows."""

from collections.abc import Mapping, Sequence

from alerts.ingest.columns import (
    Blobs,
    Column,
    Documents,
    Flags,
    Instants,
    Numbers,
    Texts,
)
from alerts.ingest.folding import Key, Write
from alerts.ingest.messages import Message
from alerts.ingest.ordering import Told


def of_fires(writes: Sequence[Write]) -> list[Column]:
    latest = [write.latest for write in writes]
    alerts = [arrival.alert for arrival in latest]
    assets = [alert.asset for alert in alerts]
    return [
        *_keys([write.key for write in writes]),
        Texts([arrival.severity for arrival in latest]),
        Texts([alert.title for alert in alerts]),
        Texts([alert.description for alert in alerts]),
        Texts([alert.url for alert in alerts]),
        Texts([alert.run_id for alert in alerts]),
        Documents([alert.labels for alert in alerts]),
        Texts([asset.namespace if asset else "" for asset in assets]),
        Texts([asset.name if asset else "" for asset in assets]),
        Texts([asset.type if asset else "" for asset in assets]),
        Flags([write.pages for write in writes]),
        Numbers([write.count for write in writes]),
        Instants(
            [
                write.first.alert.occurred_at or write.first.received_at
                for write in writes
            ]
        ),
        Instants([write.first.received_at for write in writes]),
        Instants([arrival.received_at for arrival in latest]),
        Numbers([write.first.event_id for write in writes]),
        Numbers([arrival.event_id for arrival in latest]),
        Flags([alert.severity is not None for alert in alerts]),
        Texts([alert.parent_run_id for alert in alerts]),
        Flags([alert.repeats_parts for alert in alerts]),
    ]


def of_resolves(writes: Sequence[Write]) -> list[Column]:
    return [
        *of_acknowledges(writes),
        Numbers([write.latest.event_id for write in writes]),
    ]


def of_acknowledges(writes: Sequence[Write]) -> list[Column]:
    return [
        *_keys([write.key for write in writes]),
        Instants([write.latest.received_at for write in writes]),
    ]


def of_keys(keys: Sequence[Key]) -> list[Column]:
    return _keys(keys)


def of_told(told: Mapping[Key, Told]) -> list[Column]:
    rows = sorted(told.items(), key=lambda row: row[0])
    return [
        *_keys([key for key, _ in rows]),
        Instants([last.fired_at for _, last in rows]),
        Instants([last.resolved_at for _, last in rows]),
    ]


def of_events(messages: Sequence[Message], event_ids: Sequence[int]) -> list[Column]:
    return [
        Numbers(event_ids),
        Numbers([message.integration_id for message in messages]),
        Instants([message.received_at for message in messages]),
        Texts([message.path for message in messages]),
        Blobs([message.body for message in messages]),
        Texts([message.problem for message in messages]),
        Flags([message.has_catalog_facts for message in messages]),
    ]


def of_links(links: Sequence[tuple[int, Key]]) -> list[Column]:
    """Which event spoke of which key."""
    return [
        Numbers([event_id for event_id, _ in links]),
        *_keys([key for _, key in links]),
    ]


def of_known_links(links: Sequence[tuple[int, int]]) -> list[Column]:
    """Which event spoke of which alert."""
    return [
        Numbers([event_id for event_id, _ in links]),
        Numbers([alert_id for _, alert_id in links]),
    ]


def _keys(keys: Sequence[Key]) -> list[Column]:
    return [
        Numbers([integration_id for integration_id, _ in keys]),
        Texts([dedup_key for _, dedup_key in keys]),
    ]
