"""Pages with 100,000 alerts and 5,000 incidents stored: time to the first byte.

    .venv/bin/python -m bench.pages [alerts]

Compared in the same run with the same pages of an empty installation.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import httpx

from tests.chaos.world import connect
from tests.processes import App

PAGES = ("/", "/incidents/", "/incidents/?status=resolved", "/incidents/{open}/")
REPEATS = 20

FILL = """
    INSERT INTO alerts_integration (name, format, key_hash, key_prefix,
        default_severity, rate_limit, created_at)
    VALUES ('bench', 'generic', 'bench', 'benc', 'SEV3', 0, now());
    INSERT INTO incidents_incident (title, status, severity, severity_is_set_by_hand,
        severity_reason, private, situation, impact_started_at, detected_at,
        triggered_at, resolved_at, last_alert_at, detected_by, causes,
        root_cause_category, root_cause_summary, contributing_factors,
        affected_assets, affected_dashboards, alert_count)
    SELECT 'incident ' || n, CASE WHEN n % 50 = 0 THEN 'triggered' ELSE 'resolved' END,
        'SEV' || 1 + n % 4, false, '', false, '', at, at, at,
        CASE WHEN n % 50 = 0 THEN NULL ELSE at + interval '1 hour' END, at, 'monitor',
        '[]', '', '', '', 0, 0, {per}
    FROM (SELECT n, now() - n * interval '10 minutes' AS at
          FROM generate_series(1, {incidents}) AS n) AS t;
    INSERT INTO alerts_alert (integration_id, dedup_key, status, severity, title,
        description, url, run_id, labels, asset_namespace, asset_name, asset_type,
        pages, count, occurred_at, first_at, last_at, resolved_at, has_changed)
    SELECT i.id, 'key-' || n, 'resolved', 'SEV3', 'alert ' || n, '', '', '', '{{}}', '',
        '', '', true, 1, now(), now(), now(), now(), false
    FROM alerts_integration AS i, generate_series(1, {alerts}) AS n
    WHERE i.name = 'bench';
    INSERT INTO incidents_incidentalert (incident_id, alert_id, added_at, reason,
        status)
    SELECT incidents[1 + (row - 1) / {per}], id, now(), 'bench',
        'resolved'
    FROM (SELECT id, row_number() OVER (ORDER BY id) AS row FROM alerts_alert) AS a,
         (SELECT array_agg(id ORDER BY id) AS incidents FROM incidents_incident) AS i;
    ANALYZE;
"""


def sign_in(app: App) -> httpx.Client:
    """A browser's client of an admin, who is made."""
    app.make_admin()
    return browser(app)


def browser(app: App) -> httpx.Client:
    """A client that is signed in as the admin there is."""
    client = httpx.Client(base_url=app.url, follow_redirects=True, timeout=30)
    client.get("/accounts/login/")
    form = {
        "login": "admin@example.com",
        "password": "a-long-password",
        "csrfmiddlewaretoken": client.cookies["csrftoken"],
    }
    client.post("/accounts/login/", data=form, headers={"Referer": app.url})
    return client


def first_byte(client: httpx.Client, path: str) -> float:
    """Median milliseconds to the first byte of a page."""
    found = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        with client.stream("GET", path) as answer:
            found.append((time.perf_counter() - started) * 1000)
            assert answer.status_code == 200, (path, answer.status_code)
            answer.read()
    return statistics.median(found)


def main() -> None:
    alerts = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        app = App(Path(folder) / "hw").start()
        try:
            client = sign_in(app)
            empty = {path: first_byte(client, path) for path in PAGES[:3]}
            with connect(app) as database:
                per = 20
                database.execute(
                    FILL.format(alerts=alerts, per=per, incidents=alerts // per)
                )
                row = database.execute(
                    "SELECT id FROM incidents_incident WHERE status = 'triggered'"
                    " LIMIT 1"
                ).fetchone()
                assert row is not None
            print(f"| page | empty ms | {alerts:,} alerts ms | ratio |")
            print("| --- | ---: | ---: | ---: |")
            for path in PAGES:
                full = first_byte(client, path.format(open=row[0]))
                before = empty.get(path)
                ratio = f"{full / before:.1f}" if before else "–"
                shown = f"{before:.1f}" if before else "–"
                print(f"| `{path}` | {shown} | {full:.1f} | {ratio} |")
        finally:
            app.stop()


if __name__ == "__main__":
    main()
