"""Celery: what runs by itself, and how often."""

import gc
import os
from typing import Any

from celery import Celery
from celery.signals import worker_ready
from kombu import Exchange, Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("config")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(related_name="beat")

# Rows by the thousand are made and dropped again, none of them in a ring. Looking
# through all that a process consists of after every 700 was a tenth of its work.
COLLECT_EVERY = (20_000, 10, 10)


@worker_ready.connect
def collect_seldom(**_: Any) -> None:
    """Leave aside what there is from the start when garbage is looked for."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_EVERY)


# Pages are sent from a queue of their own, so that a worker may take that alone: then
# nothing that others do holds up a page. A worker that names no queue takes both.
app.conf.task_queues = [
    Queue(name, Exchange(name), routing_key=name) for name in ("headwater", "paging")
]
app.conf.task_routes = {"oncall.beat.run_engine": {"queue": "paging"}}

# Each tick expires: a queue left over from a dead worker must not make the next one run
# ticks for hours. Those that pages wait for take little when nothing is due, and live
# longer than clocks of machines are apart: a worker whose own is ahead of the beat's
# would take them all for expired.
LIFETIME = 900
app.conf.beat_schedule = {
    # Finds alerts whose hint was lost.
    "correlate": {
        "task": "incidents.beat.correlate_alerts",
        "schedule": 1.0,
        "options": {"expires": LIFETIME},
    },
    # Looks again at alerts that a silence or a routing rule kept back until now.
    "release": {
        "task": "alerts.beat.release_alerts",
        "schedule": 1.0,
        "options": {"expires": LIFETIME},
    },
    # Alerts where a heartbeat's ping did not come in time.
    "heartbeats": {
        "task": "alerts.beat.raise_missed_heartbeats",
        "schedule": 2.0,
        "options": {"expires": LIFETIME},
    },
    # Alerts where an asset's run did not come in time; resolves where it has.
    "freshness": {
        "task": "alerts.beat.look_for_late_runs",
        "schedule": 5.0,
        "options": {"expires": LIFETIME},
    },
    # Takes away what deleted integrations had received.
    "purge-deleted": {
        "task": "alerts.beat.purge_deleted_integrations",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    # Takes away events and alerts that are past their time.
    "forget": {
        "task": "alerts.beat.forget",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    # The same for what is kept of each key; reads all of it, so not every minute.
    "forget-keys": {
        "task": "alerts.beat.forget_old_keys",
        "schedule": 900.0,
        "options": {"expires": 900},
    },
    # Walks due escalation steps and sends due notifications.
    "page": {
        "task": "oncall.beat.run_engine",
        "schedule": 1.0,
        "options": {"expires": LIFETIME},
    },
    # Daily summaries, and word to owners where one was promised and nobody gave it.
    "tell": {
        "task": "incidents.beat.tell_stakeholders",
        "schedule": 20.0,
        "options": {"expires": 20},
    },
    # Owes owners of action items the reminders of the day; eight o'clock comes in
    # every zone at another moment.
    "remind": {
        "task": "postmortems.beat.remind",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
    # Records who is on call; owes notices of shifts, and hand-off notes.
    "schedules": {
        "task": "oncall.beat.keep_schedules",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    # Fetches calendars kept elsewhere; each has its own time.
    "calendars": {
        "task": "oncall.beat.fetch_calendars",
        "schedule": 20.0,
        "options": {"expires": 20},
    },
    # Runs imports whose hint was lost, and says which died.
    "import": {
        "task": "catalog.beat.run_imports",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    # Reads the SQL of jobs and models for the columns they use, a little at a time.
    "sql": {
        "task": "catalog.beat.read_sql",
        "schedule": 4.0,
        "options": {"expires": 4},
    },
}
