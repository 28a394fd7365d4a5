"""What each live part of an incident's page shows. A part's template is
`incidents/_<name>.html`; the whole page includes the same templates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from django.core.paginator import Paginator

from accounts.models import User
from alerts.models import Alert
from catalog.look import Look
from core.markdown import render_markdown
from incidents import queries, surroundings
from incidents.drawing import picture_of
from incidents.forms import SplitForm
from incidents.models import CauseVerdict, Incident, Loudness, StatusUpdate
from incidents.precedents import precedents_of
from incidents.presenting import (
    NEXT_ACTS,
    causes_of,
    commander_of,
    ladder_of,
    pinned_entries,
    timeline_days,
)
from incidents.reach import next_paged
from incidents.repairs import question, tables_of
from incidents.services import Impact, impact_of
from incidents.services.next_word import next_words
from incidents.suspects import checks_of, happenings_of
from oncall.models import Notification
from oncall.services import Rung, ladder
from oncall.services.paging_state import paging_state

MOST_ENTRIES = 200
MOST_OF_ALL_ENTRIES = 5_000
ALERTS_PAGE = 50
MOST_UPDATES = 50
MOST_DASHBOARDS = 6
MOST_FAILING = 8
MOST_NOT_TOLD = 50

Context = dict[str, Any]


class IncidentParts:
    """The parts of one incident for one reader. What several need is looked up once.

    `asked` is the query of the address: `all` shows every entry of the timeline,
    `page` which page of the alerts.
    """

    def __init__(
        self,
        incident: Incident,
        *,
        user: User,
        at: datetime,
        asked: Mapping[str, str] | None = None,
    ) -> None:
        self.incident = incident
        self.user = user
        self.at = at
        self.asked = asked or {}

    @cached_property
    def impact(self) -> Impact:
        return impact_of(self.incident)

    @cached_property
    def rungs(self) -> list[Rung]:
        return ladder(subject=self.incident.subject, at=self.at)

    @cached_property
    def told(self) -> list[Notification]:
        return queries.told_about(self.incident)

    def context(self, *names: str) -> Context:
        """What the templates of these parts need together."""
        context: Context = {
            "incident": self.incident,
            "at": self.at,
            "may_act": self.user.can_respond,
        }
        for name in names:
            context |= PARTS[name](self)
        return context

    def strip(self) -> Context:
        """Who, what, how bad, since when, and the one next step."""
        incident = self.incident
        owners = incident.stakeholders.waiting()
        may_escalate = incident.is_open and self.user.can_respond
        newer, older = surroundings.neighbours(incident, user=self.user)
        return {
            "commander": commander_of(incident) or incident.acknowledged_by,
            "next_act": NEXT_ACTS.get(Incident.Status(incident.status)),
            "hears_of_end": owners.count() if incident.is_open else 0,
            "next_paged": next_paged(incident, self.rungs, at=self.at)
            if may_escalate
            else [],
            "newer": newer,
            "older": older,
        }

    def situation(self) -> Context:
        return {
            "situation": render_markdown(self.incident.situation),
            "offers": surroundings.offers(self.incident, user=self.user),
        }

    def cause(self) -> Context:
        verdicts = surroundings.verdicts_on(self.incident)
        causes = causes_of(self.incident, verdicts)
        first = causes[0] if causes else None
        is_silent = first is not None and not first.failing
        return {
            "cause": first,
            "happenings": happenings_of(first.asset, before=self.at) if first else [],
            "checks": checks_of(first.asset, self.incident)
            if first and is_silent
            else [],
            "others": causes[1:4],
            "rejected": [
                one for one in verdicts if one.verdict == CauseVerdict.Verdict.REJECTED
            ],
        }

    def affected(self) -> Context:
        dashboards = sorted(
            self.impact.dashboards, key=lambda one: (one.asset.tier, one.asset.name)
        )
        tables = tables_of(self.incident, queries.failing_of(self.incident))
        return {
            "impact": self.impact,
            "tables": tables,
            "question": question(tables),
            "shown_dashboards": dashboards[:MOST_DASHBOARDS],
            "told": self.told,
            "told_people": len({one.address for one in self.told}),
            "not_told": self.incident.stakeholders.exclude(
                mode=Loudness.NOW, muted_at=None
            )[:MOST_NOT_TOLD],
            "next_word_at": next_words([self.incident.pk]).get(self.incident.pk),
        }

    def people(self) -> Context:
        return {
            "ladder": ladder_of(self.rungs),
            "paging": paging_state(subject=self.incident.subject),
            "answers": any(
                rung.user_id == self.user.pk and rung.state in ("paged", "held")
                for rung in self.rungs
            ),
        }

    def facts(self) -> Context:
        failing = queries.failing_of(self.incident)
        return {
            "roles": list(self.incident.roles.all()),
            "failing": failing[:MOST_FAILING],
            "failing_count": len(failing),
            "recurs_from": self._recurs_from(),
            "similar": precedents_of(self.incident, user=self.user),
            "links": surroundings.links_of(self.incident),
        }

    def _recurs_from(self) -> Incident | None:
        if self.incident.recurs_from_id is None:
            return None
        visible = Incident.objects.visible_to(self.user)
        return visible.filter(pk=self.incident.recurs_from_id).first()

    def timeline(self) -> Context:
        is_all = "all" in self.asked
        newest = self.incident.timeline.select_related("actor").order_by("-at", "-pk")
        entries = list(newest[: MOST_OF_ALL_ENTRIES if is_all else MOST_ENTRIES])
        is_cut = not is_all and len(entries) == MOST_ENTRIES
        return {
            "days": timeline_days(reversed(entries)),
            "pinned": pinned_entries(self.incident, None if is_cut else entries),
            "entry_count": newest.count() if is_cut else len(entries),
            "shown_count": len(entries),
            "is_all": is_all,
        }

    def alerts(self) -> Context:
        members = Alert.objects.filter(membership__incident=self.incident)
        shown = members.select_related("asset", "integration", "membership")
        page = Paginator(shown.order_by("first_at", "pk"), ALERTS_PAGE)
        return {
            "page_obj": page.get_page(self.asked.get("page")),
            "may_split": self.user.can_respond
            and self.incident.is_open
            and self.incident.alert_count > 1,
            "split_form": SplitForm(incident=self.incident),
            "regroupings": surroundings.regroupings_of(self.incident, user=self.user),
        }

    def updates(self) -> Context:
        posted = StatusUpdate.objects.filter(incident=self.incident)
        shown = posted.select_related("by")[:MOST_UPDATES]
        return {"updates": [(one, render_markdown(one.text)) for one in shown]}

    def picture(self) -> Context:
        look = Look.read(self.asked)
        picture = picture_of(self.incident, self.impact, look)
        return {"picture": picture, "is_large": look.is_large, "look": look}


PARTS: dict[str, Callable[[IncidentParts], Context]] = {
    "strip": IncidentParts.strip,
    "situation": IncidentParts.situation,
    "picture": IncidentParts.picture,
    "cause": IncidentParts.cause,
    "affected": IncidentParts.affected,
    "people": IncidentParts.people,
    "facts": IncidentParts.facts,
    "timeline": IncidentParts.timeline,
    "alerts": IncidentParts.alerts,
    "updates": IncidentParts.updates,
}
ALWAYS = ("strip", "situation", "picture", "cause", "affected", "people", "facts")
TABS = ("timeline", "alerts", "updates")
