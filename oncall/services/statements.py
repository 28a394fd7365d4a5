"""The paging engine's SQL where one statement writes another outcome to each row.

Rows are named by (id, attempts): an outcome that comes after its lease was lost, when
somebody else has claimed the row again, changes nothing.
"""

WALKED = """
    UPDATE oncall_escalation AS e SET state = t.state, ended_at = t.ended_at,
        lap = t.lap, step = t.step, next_step_at = t.next_step_at
    FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::smallint[],
                %s::smallint[], %s::timestamptz[])
         AS t(id, state, ended_at, lap, step, next_step_at)
    WHERE e.id = t.id
"""

SENT = """
    UPDATE oncall_notification AS n SET state = 'sent', lease_until = NULL,
        sent_at = t.at, provider_id = t.provider_id, detail = t.detail
    FROM unnest(%s::bigint[], %s::smallint[], %s::timestamptz[], %s::text[],
                %s::text[]) AS t(id, attempts, at, provider_id, detail)
    WHERE n.id = t.id AND n.attempts = t.attempts AND n.state = 'sending'
    RETURNING n.id
"""

FAILED = """
    UPDATE oncall_notification AS n SET state = 'failed', lease_until = NULL,
        detail = t.detail, answer_lost = n.answer_lost OR t.lost
    FROM unnest(%s::bigint[], %s::smallint[], %s::text[], %s::boolean[])
         AS t(id, attempts, detail, lost)
    WHERE n.id = t.id AND n.attempts = t.attempts AND n.state = 'sending'
    RETURNING n.id
"""

# A page that ended while it was being sent is not tried again.
AGAIN = """
    UPDATE oncall_notification AS n SET lease_until = NULL, due_at = t.due_at,
        attempts = n.attempts - t.unused, answer_lost = n.answer_lost OR t.lost,
        state = CASE WHEN p.ended_at IS NULL THEN 'due' ELSE 'cancelled' END,
        detail = CASE WHEN p.ended_at IS NULL THEN t.detail
                      WHEN t.lost THEN 'No longer needed; it may have been sent'
                      ELSE 'No longer needed' END
    FROM unnest(%s::bigint[], %s::smallint[], %s::timestamptz[], %s::text[],
                %s::smallint[], %s::boolean[])
         AS t(id, attempts, due_at, detail, unused, lost)
    JOIN oncall_notification AS owed ON owed.id = t.id
    LEFT JOIN oncall_page AS p ON p.id = owed.page_id
    WHERE n.id = t.id AND n.attempts = t.attempts AND n.state = 'sending'
"""

# The next method of each page is due now, if it is not already.
NEXT_METHODS = """
    UPDATE oncall_notification AS n SET due_at = LEAST(n.due_at, %s)
    FROM (SELECT DISTINCT ON (page_id) id FROM oncall_notification
          WHERE page_id = ANY(%s) AND state = 'due'
          ORDER BY page_id, due_at, id) AS following
    WHERE n.id = following.id AND n.state = 'due'
    RETURNING n.page_id
"""

NEXT_OF_BUNDLES = """
    UPDATE oncall_notification AS n SET due_at = LEAST(n.due_at, %s)
    FROM (SELECT DISTINCT ON (subject) id FROM oncall_notification
          WHERE subject = ANY(%s) AND state = 'due'
          ORDER BY subject, due_at, id) AS following
    WHERE n.id = following.id AND n.state = 'due'
"""

# As NEXT_METHODS, of those methods only that were not tried yet.
UNTRIED_METHODS = """
    UPDATE oncall_notification AS n SET due_at = LEAST(n.due_at, %s)
    FROM (SELECT DISTINCT ON (page_id) id FROM oncall_notification
          WHERE page_id = ANY(%s) AND state = 'due' AND attempts = 0
          ORDER BY page_id, due_at, id) AS following
    WHERE n.id = following.id AND n.state = 'due'
"""
