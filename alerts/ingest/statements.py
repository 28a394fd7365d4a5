"""The SQL of the inlet: one statement for all rows of a kind, whatever their number."""

from functools import cache

NEXT_EVENT_IDS = """
    SELECT nextval('alerts_event_id_seq') FROM generate_series(1, %s)
"""

INSERT_EVENTS = """
    INSERT INTO alerts_event (id, integration_id, received_at, path, body, problem,
                              has_catalog_facts, alert_ids)
    SELECT e.id, e.integration_id, received_at, path, body, problem,
           has_catalog_facts, COALESCE(found.alert_ids, '{}')
    FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::text[],
                %s::bytea[], %s::text[], %s::boolean[])
         AS e(id, integration_id, received_at, path, body, problem, has_catalog_facts)
    LEFT JOIN (
        SELECT event_id, array_agg(DISTINCT id) AS alert_ids FROM (
            SELECT event_id, written.id
            FROM unnest(%s::bigint[], %s::bigint[], %s::text[])
                 AS l(event_id, integration_id, dedup_key)
            JOIN written USING (integration_id, dedup_key)
            UNION ALL SELECT * FROM unnest(%s::bigint[], %s::bigint[])
        ) AS links GROUP BY event_id
    ) AS found ON found.event_id = e.id
"""

# A repeat wakes correlation only when it says something new. What it leaves blank
# stays as it was; folding does the same within a batch.
FIRE = """
    INSERT INTO alerts_alert AS a (
        integration_id, dedup_key, status, severity, title, description, url, run_id,
        labels, asset_namespace, asset_name, asset_type, pages, count, occurred_at,
        first_at, last_at, first_event_id, last_event_id, severity_is_told,
        parent_run_id, repeats_parts, has_changed)
    SELECT integration_id, dedup_key, 'firing', severity, title, description, url,
           run_id, labels, asset_namespace, asset_name, asset_type, pages, count,
           occurred_at, first_at, last_at, first_event_id, last_event_id,
           severity_is_told, parent_run_id, repeats_parts, true
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[],
                %s::text[], %s::text[], %s::jsonb[], %s::text[], %s::text[],
                %s::text[], %s::boolean[], %s::bigint[], %s::timestamptz[],
                %s::timestamptz[], %s::timestamptz[], %s::bigint[], %s::bigint[],
                %s::boolean[], %s::text[], %s::boolean[])
         AS t(integration_id, dedup_key, severity, title, description, url, run_id,
              labels, asset_namespace, asset_name, asset_type, pages, count,
              occurred_at, first_at, last_at, first_event_id, last_event_id,
              severity_is_told, parent_run_id, repeats_parts)
    ON CONFLICT (integration_id, dedup_key) WHERE status = 'firing' DO UPDATE SET
        count = a.count + EXCLUDED.count,
        last_at = GREATEST(a.last_at, EXCLUDED.last_at),
        last_event_id = EXCLUDED.last_event_id,
        title = EXCLUDED.title,
        description = COALESCE(NULLIF(EXCLUDED.description, ''), a.description),
        url = COALESCE(NULLIF(EXCLUDED.url, ''), a.url),
        run_id = COALESCE(NULLIF(EXCLUDED.run_id, ''), a.run_id),
        labels = COALESCE(NULLIF(EXCLUDED.labels, '{}'), a.labels),
        severity = CASE WHEN EXCLUDED.severity_is_told OR NOT a.severity_is_told
                        THEN EXCLUDED.severity ELSE a.severity END,
        severity_is_told = a.severity_is_told OR EXCLUDED.severity_is_told,
        parent_run_id = COALESCE(NULLIF(EXCLUDED.parent_run_id, ''), a.parent_run_id),
        repeats_parts = EXCLUDED.repeats_parts,
        pages = a.pages OR EXCLUDED.pages,
        has_changed = a.has_changed
            OR (a.severity <> EXCLUDED.severity
                AND (EXCLUDED.severity_is_told OR NOT a.severity_is_told))
            OR (EXCLUDED.pages AND NOT a.pages)
    RETURNING integration_id, dedup_key, id, (xmax = 0) AS is_new
"""

RESOLVE = """
    UPDATE alerts_alert AS a SET status = 'resolved', resolved_at = t.at,
        last_at = GREATEST(a.last_at, t.at), last_event_id = t.event_id,
        has_changed = true
    FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::bigint[])
         AS t(integration_id, dedup_key, at, event_id)
    WHERE a.integration_id = t.integration_id AND a.dedup_key = t.dedup_key
      AND a.status = 'firing'
    RETURNING a.integration_id, a.dedup_key, a.id, false AS is_new
"""

LAST_TOLD = """
    SELECT integration_id, dedup_key, fired_at, resolved_at
    FROM alerts_lasttold
    JOIN unnest(%s::bigint[], %s::text[]) AS t(integration_id, dedup_key)
        USING (integration_id, dedup_key)
"""

KEEP_LAST_TOLD = """
    INSERT INTO alerts_lasttold AS l (integration_id, dedup_key, fired_at, resolved_at)
    SELECT integration_id, dedup_key, fired_at, resolved_at
    FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::timestamptz[])
         AS t(integration_id, dedup_key, fired_at, resolved_at)
    ON CONFLICT (integration_id, dedup_key) DO UPDATE SET
        fired_at = GREATEST(l.fired_at, EXCLUDED.fired_at),
        resolved_at = GREATEST(l.resolved_at, EXCLUDED.resolved_at)
"""

ACKNOWLEDGE = """
    UPDATE alerts_alert AS a SET acknowledge_asked_at = t.at, has_changed = true
    FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[])
         AS t(integration_id, dedup_key, at)
    WHERE a.integration_id = t.integration_id AND a.dedup_key = t.dedup_key
      AND a.status = 'firing'
    RETURNING a.integration_id, a.dedup_key, a.id, false AS is_new
"""

COUNT_REFUSED = """
    INSERT INTO alerts_refusedcount AS r (integration_id, reason, minute, count)
    SELECT t.integration_id, t.reason, date_trunc('minute', now()), t.count
    FROM unnest(%s::bigint[], %s::text[], %s::integer[])
         AS t(integration_id, reason, count)
    JOIN alerts_integration i ON i.id = t.integration_id
    ON CONFLICT (integration_id, minute, reason)
        DO UPDATE SET count = r.count + EXCLUDED.count
"""

ANNOUNCE = """
    SELECT pg_notify(channel, payload)
    FROM unnest(%s::text[], %s::text[]) AS notice (channel, payload)
"""

OF_STATUS = {"firing": FIRE, "resolved": RESOLVE, "acknowledged": ACKNOWLEDGE}
NOTHING_WRITTEN = """
    SELECT 0::bigint AS integration_id, '' AS dedup_key, 0::bigint AS id,
           false AS is_new WHERE false
"""


@cache
def together(
    statuses: tuple[str, ...], *, keeps_told: bool, stores_events: bool
) -> str:
    """Return one statement that writes alerts of these statuses, and returns
    (integration, key, id, whether new) of each.

    Its parts see the same rows, those from before, so no key may stand in two of them.
    Parameters are those of each status, of what was told, of events, in this order.
    """
    parts = [f"{status} AS ({OF_STATUS[status]})" for status in statuses]
    if keeps_told:
        parts.append(f"told AS ({KEEP_LAST_TOLD})")
    written = " UNION ALL ".join(f"SELECT * FROM {status}" for status in statuses)
    parts.append(f"written AS ({written or NOTHING_WRITTEN})")
    if stores_events:
        parts.append(f"events AS ({INSERT_EVENTS})")
    return f"WITH {', '.join(parts)} SELECT * FROM written"
