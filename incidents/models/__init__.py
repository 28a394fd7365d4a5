"""What people respond to, and the record of how they did."""

from incidents.models.causes import CauseVerdict
from incidents.models.incident import FOLLOWS, Incident
from incidents.models.incident_queryset import IncidentQuerySet
from incidents.models.members import (
    FailingAsset,
    IncidentAlert,
    MergeOffer,
    UncorrelatedAlert,
)
from incidents.models.people import RoleAssignment, Stakeholder, StatusUpdate
from incidents.models.regrouping import AssetHabit, EdgeHabit, Regrouping
from incidents.models.telling import (
    Loudness,
    NextWord,
    Subscription,
    TellingPreference,
)
from incidents.models.timeline import TimelineEntry

__all__ = [
    "FOLLOWS",
    "AssetHabit",
    "CauseVerdict",
    "EdgeHabit",
    "FailingAsset",
    "Incident",
    "IncidentAlert",
    "IncidentQuerySet",
    "Loudness",
    "MergeOffer",
    "NextWord",
    "Regrouping",
    "RoleAssignment",
    "Stakeholder",
    "StatusUpdate",
    "Subscription",
    "TellingPreference",
    "TimelineEntry",
    "UncorrelatedAlert",
]
