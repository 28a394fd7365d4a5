"""What was recorded of an incident, as plain values: what a draft is made from.

All times are aware; any that is None is unknown. Free text is as people wrote it.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

DetectedBy = Literal["monitor", "person", ""]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who took part: the role they appear by, and what to replace by it.

    `names` are full name, short name, e-mail address, mention: all that free
    text may call them.
    """

    role: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """One entry of the timeline. `actor` is a role label, "" for the system."""

    at: datetime
    text: str
    actor: str = ""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """An affected dashboard or data product, and how many people own it."""

    name: str
    owners: int = 0


@dataclass(frozen=True, slots=True)
class Suspicion:
    """The asset the incident is suspected to come from, with the reasons in words."""

    asset: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RootCause:
    """What people recorded as the cause; each part may be empty."""

    category: str = ""
    asset: str = ""
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A deploy, schema change, ... that touched an asset shortly before."""

    title: str
    at: datetime
    kind: str = ""
    asset: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One page to one person. `step` counts from 1, `to` is a role label."""

    at: datetime
    step: int = 1
    to: str = ""
    acknowledged_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FirstAlert:
    """The first alert of the incident."""

    title: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ActionItem:
    """Something agreed to be done. `owner` is a role or a team."""

    title: str
    kind: str = ""
    owner: str = ""
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class IncidentFacts:
    """All that is known of a resolved incident.

    `assets` and `dashboards` may name fewer than `asset_count` and
    `dashboard_count` count; a count of None is unknown. `reached` says what people
    use of them by kind: "3 dashboards and 1 ML model".
    """

    number: int
    title: str
    severity: str
    url: str = ""
    impact_started_at: datetime | None = None
    detected_at: datetime | None = None
    acknowledged_at: datetime | None = None
    mitigated_at: datetime | None = None
    resolved_at: datetime | None = None
    detected_by: DetectedBy = ""
    people: tuple[Person, ...] = ()
    timeline: tuple[Moment, ...] = ()
    assets: tuple[str, ...] = ()
    asset_count: int | None = None
    dashboards: tuple[Dashboard, ...] = ()
    dashboard_count: int | None = None
    reached: str = ""
    people_told: int = 0
    suspicion: Suspicion | None = None
    root_cause: RootCause | None = None
    contributing_factors: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    alert_count: int = 0
    first_alert: FirstAlert | None = None
    pages: tuple[Page, ...] = ()
    recurs_from: int | None = None
    action_items: tuple[ActionItem, ...] = ()
