"""The pages of incidents."""

from incidents.views.acts import (
    acknowledge,
    acknowledge_many,
    choose_cause,
    escalate,
    judge,
    pin,
    reopen,
    resolve,
    status,
    still_on_it,
    switch,
    undo,
)
from incidents.views.analysis import analytics
from incidents.views.declaring import declare, suggest_assets
from incidents.views.detail import detail, part, picture
from incidents.views.editing import edit
from incidents.views.finding import counts, search
from incidents.views.listing import home, index
from incidents.views.repairing import repairs
from incidents.views.silencing import silence
from incidents.views.writing import (
    details,
    merge,
    note,
    page_more,
    reassign,
    roles,
    root_cause,
    severity,
    situation,
    snooze,
    split,
    times,
    update,
)

__all__ = [
    "acknowledge",
    "acknowledge_many",
    "choose_cause",
    "analytics",
    "declare",
    "detail",
    "details",
    "edit",
    "escalate",
    "page_more",
    "reassign",
    "still_on_it",
    "switch",
    "home",
    "index",
    "judge",
    "merge",
    "note",
    "part",
    "picture",
    "pin",
    "reopen",
    "repairs",
    "resolve",
    "roles",
    "root_cause",
    "counts",
    "search",
    "severity",
    "silence",
    "situation",
    "snooze",
    "split",
    "status",
    "suggest_assets",
    "times",
    "undo",
    "update",
]
