"""What can be done with integrations and alerts."""

from alerts.services.catalog_facts import record_catalog_facts
from alerts.services.deleting import (
    Losses,
    delete_integration,
    losses_of,
    purge_deleted,
)
from alerts.services.expecting import (
    delete_expectation,
    expect_freshness,
    expect_volume,
)
from alerts.services.freshness import look_for_late, suggestion_for
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
    end_previous_key,
    new_key,
    rotate_key,
    set_mapping,
    set_signature,
)
from alerts.services.pings import Ping, raise_missed, record_ping
from alerts.services.releasing import release_due_alerts
from alerts.services.resolving import resolve_alerts
from alerts.services.retention import forget_keys, remove_old
from alerts.services.settling import Note, Settled, settle
from alerts.services.storing import store_messages
from alerts.services.test_events import send_test_event
from alerts.services.watching import say_inlet_lives

__all__ = [
    "Losses",
    "Note",
    "Ping",
    "Settled",
    "change_heartbeat",
    "change_integration",
    "create_heartbeat",
    "create_integration",
    "delete_expectation",
    "delete_heartbeat",
    "delete_integration",
    "disable_integration",
    "enable_integration",
    "end_previous_key",
    "expect_freshness",
    "expect_volume",
    "forget_keys",
    "look_for_late",
    "losses_of",
    "new_key",
    "pause_heartbeat",
    "purge_deleted",
    "raise_missed",
    "record_catalog_facts",
    "record_ping",
    "release_due_alerts",
    "remove_old",
    "resolve_alerts",
    "resume_heartbeat",
    "rotate_key",
    "say_inlet_lives",
    "send_test_event",
    "set_mapping",
    "set_signature",
    "settle",
    "store_messages",
    "suggestion_for",
]
