"""What can be done with integrations and alerts."""

from alerts.services.catalog_facts import record_catalog_facts
from alerts.services.heartbeats import (
    change_heartbeat,
    create_heartbeat,
    delete_heartbeat,
    pause_heartbeat,
    resume_heartbeat,
)
from alerts.services.integrations import (
    change_integration,
    create_integration,
    disable_integration,
    enable_integration,
    new_key,
    rotate_key,
)
from alerts.services.pings import Ping, raise_missed, record_ping
from alerts.services.releasing import release_due_alerts
from alerts.services.resolving import resolve_alerts
from alerts.services.settling import Note, Settled, settle
from alerts.services.storing import store_messages
from alerts.services.test_events import send_test_event
from alerts.services.watching import say_inlet_lives

__all__ = [
    "change_integration",
    "create_integration",
    "disable_integration",
    "enable_integration",
    "new_key",
    "record_catalog_facts",
    "resolve_alerts",
    "rotate_key",
    "send_test_event",
    "store_messages",
    "Note",
    "Settled",
    "release_due_alerts",
    "settle",
    "Ping",
    "change_heartbeat",
    "create_heartbeat",
    "delete_heartbeat",
    "pause_heartbeat",
    "raise_missed",
    "record_ping",
    "resume_heartbeat",
    "say_inlet_lives",
]
