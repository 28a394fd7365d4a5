"""The pages of incidents."""

from incidents.views.acts import (
    acknowledge,
    details,
    escalate,
    judge,
    merge,
    note,
    pin,
    reopen,
    resolve,
    roles,
    root_cause,
    severity,
    situation,
    snooze,
    status,
    times,
    update,
)
from incidents.views.analysis import analytics
from incidents.views.declaring import declare
from incidents.views.detail import detail, edit, part, picture
from incidents.views.finding import search
from incidents.views.listing import home, index

__all__ = [
    "acknowledge",
    "analytics",
    "declare",
    "detail",
    "details",
    "edit",
    "escalate",
    "home",
    "index",
    "judge",
    "merge",
    "note",
    "part",
    "picture",
    "pin",
    "reopen",
    "resolve",
    "roles",
    "root_cause",
    "search",
    "severity",
    "situation",
    "snooze",
    "status",
    "times",
    "update",
]
