"""Who is on call, whom to page in what order, and every page that is owed.

A page that is owed is a row. Three tables carry it: an `Escalation` walks down a
frozen policy; each step writes a `Page` for each person it reaches; each page
writes a `Notification` for each of the person's contact methods.
"""

from oncall.models.calendars import ImportedCalendar, Vacation
from oncall.models.contact import ContactMethod
from oncall.models.escalation import (
    ANSWERED,
    SEVERITIES,
    Escalation,
    EscalationQuerySet,
    Notice,
    Page,
)
from oncall.models.habits import (
    BUNDLE_PREFIX,
    Bundle,
    Fallback,
    PagingHabits,
    TeamPaging,
)
from oncall.models.handoff import HandoffNote, ShiftNotices
from oncall.models.heartbeat import EngineHeartbeat, Finding, RestingProvider
from oncall.models.imports import OnCallImport
from oncall.models.inbox import InboxMessage
from oncall.models.notification import Notification, NotificationQuerySet
from oncall.models.policy import (
    EscalationPolicy,
    EscalationStep,
    RoundRobin,
    StepTarget,
)
from oncall.models.record import PlannedChange, RecordedShift
from oncall.models.schedule import (
    SCHEDULE_NAME_LENGTH,
    Override,
    PersonalFeed,
    Schedule,
    Swap,
)

__all__ = [
    "BUNDLE_PREFIX",
    "SCHEDULE_NAME_LENGTH",
    "ANSWERED",
    "SEVERITIES",
    "Bundle",
    "ContactMethod",
    "EngineHeartbeat",
    "Escalation",
    "EscalationPolicy",
    "EscalationQuerySet",
    "EscalationStep",
    "Fallback",
    "Finding",
    "HandoffNote",
    "ImportedCalendar",
    "InboxMessage",
    "Notice",
    "Notification",
    "NotificationQuerySet",
    "OnCallImport",
    "Override",
    "Page",
    "PagingHabits",
    "PersonalFeed",
    "PlannedChange",
    "RecordedShift",
    "RestingProvider",
    "RoundRobin",
    "Schedule",
    "ShiftNotices",
    "StepTarget",
    "Swap",
    "TeamPaging",
    "Vacation",
]
