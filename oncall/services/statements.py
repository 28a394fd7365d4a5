"""The paging engine's SQL where one statement writes another outcome to each row.

Rows are named by (id, attempts): an outcome that comes after its lease was lost, when
somebody else has claimed the row again, changes nothing.
"""

# What there is to do, by the partial indexes alone. Naming every rank and severity
# lets them skip what is not due yet.
PENDING = """
    SELECT
        (SELECT detail FROM oncall_engineheartbeat WHERE duty = %(rules)s),
        (SELECT finished_at FROM oncall_engineheartbeat WHERE duty = %(engine)s),
        EXISTS (SELECT FROM oncall_notification
                WHERE state = 'due' AND rank = ANY(%(ranks)s) AND due_at <= %(at)s)
        OR EXISTS (SELECT FROM oncall_notification
                   WHERE state = 'sending'
                         AND (lease_until <= %(at)s OR lease_until > %(too_late)s)),
        EXISTS (SELECT FROM oncall_page
                WHERE held_until <= %(at)s AND released_at IS NULL
                      AND ended_at IS NULL),
        EXISTS (SELECT FROM oncall_escalation
                WHERE state = 'running' AND severity = ANY(%(severities)s)
                      AND next_step_at <= %(at)s),
        EXISTS (SELECT FROM oncall_escalation WHERE look_at <= %(at)s)
"""

# Nothing where rules of a newer version are in force.
BEAT = """
    INSERT INTO oncall_engineheartbeat (duty, finished_at, detail)
    SELECT %(engine)s, %(at)s, ''
    WHERE NOT EXISTS (SELECT FROM oncall_engineheartbeat
                      WHERE duty = %(rules)s AND detail::int > %(version)s)
    ON CONFLICT (duty) DO UPDATE SET finished_at = EXCLUDED.finished_at
"""

WALKED = """
    UPDATE oncall_escalation AS e SET state = t.state, ended_at = t.ended_at,
        lap = t.lap, step = t.step, next_step_at = t.next_step_at
    FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::smallint[],
                %s::smallint[], %s::timestamptz[])
         AS t(id, state, ended_at, lap, step, next_step_at)
    WHERE e.id = t.id
"""

# `services.claimed.Claimed`, but for the lease.
_CLAIMED = """
    SELECT id, page_id, notice_id, user_id, method_id, subject, channel, address, title,
        body, url, urgent, idempotency_key, attempts + 1,
        (answer_lost OR state = 'sending') AND channel <> ALL(%(know_keys)s)
    FROM oncall_notification
"""

# What matters most first.
DUE = f"""{_CLAIMED}
    WHERE state = 'due' AND due_at <= %(at)s
    ORDER BY rank, due_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
"""

# A lease that ends later than any could was taken by a clock that went wrong.
LOST = f"""{_CLAIMED}
    WHERE state = 'sending' AND (lease_until <= %(at)s OR lease_until > %(too_late)s)
    ORDER BY due_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
"""

# Of what was on its way already we shall never hear whether it arrived.
LEASED = """
    UPDATE oncall_notification SET state = 'sending', lease_until = %(lease_until)s,
        attempts = attempts + 1,
        first_attempt_at = COALESCE(first_attempt_at, %(at)s),
        answer_lost = answer_lost OR state = 'sending',
        possibly_twice =
            (answer_lost OR state = 'sending') AND channel <> ALL(%(know_keys)s)
    WHERE id = ANY(%(ids)s::bigint[])
"""

SENT = """
    UPDATE oncall_notification AS n SET state = 'sent', lease_until = NULL,
        sent_at = t.at, provider_id = t.provider_id, detail = t.detail
    FROM unnest(%s::bigint[], %s::smallint[], %s::timestamptz[], %s::text[],
                %s::text[]) AS t(id, attempts, at, provider_id, detail)
    WHERE n.id = t.id AND n.attempts = t.attempts AND n.state = 'sending'
    RETURNING n.id
"""

# Ready made: most of a batch's record would be Django's work on this one.
NAMES = "SELECT id, name, email FROM accounts_user WHERE id = ANY(%s::bigint[])"

METHODS_WORK = """
    UPDATE oncall_contactmethod SET failing_since = NULL
    WHERE id = ANY(%s) AND failing_since IS NOT NULL
"""

FAILED = """
    UPDATE oncall_notification AS n SET state = 'failed', lease_until = NULL,
        detail = t.detail, answer_lost = n.answer_lost OR t.lost
    FROM unnest(%s::bigint[], %s::smallint[], %s::text[], %s::boolean[])
         AS t(id, attempts, detail, lost)
    WHERE n.id = t.id AND n.attempts = t.attempts AND n.state = 'sending'
    RETURNING n.id
"""

# What was answered, or became private, while it was being sent is not tried again.
AGAIN = """
    UPDATE oncall_notification AS n SET lease_until = NULL, due_at = t.due_at,
        attempts = n.attempts - t.unused, answer_lost = n.answer_lost OR t.lost,
        state = CASE WHEN w.is_over THEN 'cancelled' ELSE 'due' END,
        detail = CASE WHEN NOT w.is_over THEN t.detail
                      WHEN t.lost THEN 'No longer needed; it may have been sent'
                      ELSE 'No longer needed' END
    FROM unnest(%s::bigint[], %s::smallint[], %s::timestamptz[], %s::text[],
                %s::smallint[], %s::boolean[])
         AS t(id, attempts, due_at, detail, unused, lost)
    JOIN (SELECT owed.id, p.ended_at IS NOT NULL
                 OR COALESCE(e.state IN ('acknowledged', 'stopped')
                             OR NOT e.tells_channels, false) AS is_over
          FROM oncall_notification AS owed
          LEFT JOIN oncall_page AS p ON p.id = owed.page_id
          LEFT JOIN oncall_notice AS told ON told.id = owed.notice_id
          LEFT JOIN oncall_escalation AS e ON e.id = told.escalation_id) AS w
      ON w.id = t.id
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

# As NEXT_METHODS, of pages and of bundles, and of those methods only that were not
# tried yet.
UNTRIED_METHODS = """
    UPDATE oncall_notification AS n SET due_at = LEAST(n.due_at, %s)
    FROM (SELECT DISTINCT ON (page_id, subject) id FROM oncall_notification
          WHERE (page_id = ANY(%s) OR (page_id IS NULL AND subject = ANY(%s)))
                AND state = 'due' AND attempts = 0
          ORDER BY page_id, subject, due_at, id) AS following
    WHERE n.id = following.id AND n.state = 'due'
"""
