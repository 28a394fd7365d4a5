"""The use cases of incidents."""

from incidents.services.calling import (
    page_more,
    reassign_incident,
    still_on_it,
    switch_to_changed_policy,
)
from incidents.services.causes import judge_cause, withdraw_verdict
from incidents.services.correlate import (
    correlate_changed_alerts,
    retry_set_aside_alerts,
)
from incidents.services.declaring import NOBODY, PageTargets, declare_incident
from incidents.services.details import (
    add_note,
    assign_role,
    change_severity,
    fill_role,
    pin_entry,
    record_root_cause,
    remove_role,
    rename_incident,
    set_situation,
    set_team,
    set_times,
)
from incidents.services.digest import keep_promises, send_summaries
from incidents.services.grouping import merge_incidents, split_incident
from incidents.services.impact import AffectedDashboard, Impact, impact_of
from incidents.services.lifecycle import (
    acknowledge_incident,
    change_status,
    end_snoozes,
    escalate_incident,
    reopen_incident,
    resolve_incident,
    snooze_incident,
)
from incidents.services.preferences import (
    resume_telling,
    save_preferences,
    stop_telling,
    subscribe,
    unsubscribe,
)
from incidents.services.privacy import set_private
from incidents.services.recurrence import link_recurrence
from incidents.services.regrouping import move_alerts, undo_regrouping
from incidents.services.updates import post_update

__all__ = [
    "keep_promises",
    "resume_telling",
    "save_preferences",
    "send_summaries",
    "stop_telling",
    "subscribe",
    "unsubscribe",
    "NOBODY",
    "AffectedDashboard",
    "Impact",
    "PageTargets",
    "acknowledge_incident",
    "add_note",
    "assign_role",
    "change_severity",
    "change_status",
    "correlate_changed_alerts",
    "declare_incident",
    "end_snoozes",
    "escalate_incident",
    "fill_role",
    "impact_of",
    "judge_cause",
    "link_recurrence",
    "merge_incidents",
    "move_alerts",
    "pin_entry",
    "post_update",
    "record_root_cause",
    "remove_role",
    "rename_incident",
    "reopen_incident",
    "resolve_incident",
    "retry_set_aside_alerts",
    "set_private",
    "set_situation",
    "set_team",
    "set_times",
    "snooze_incident",
    "split_incident",
    "undo_regrouping",
    "withdraw_verdict",
    "page_more",
    "reassign_incident",
    "still_on_it",
    "switch_to_changed_policy",
]
