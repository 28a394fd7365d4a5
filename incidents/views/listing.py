"""The list of incidents and the home page."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest
from accounts.models import Team
from alerts.models import Severity
from core.text import one_line
from incidents import queries
from incidents.first_steps import first_steps
from incidents.models import Incident, IncidentQuerySet
from incidents.presenting import Row, rows_of
from incidents.signals import home_items
from incidents.summary import data_health, next_shift, offered_shifts

PAGE_SIZE = 50
VIEWS: tuple[tuple[str, dict[str, str]], ...] = (
    ("Open", {"status": queries.OPEN}),
    ("My teams", {"status": queries.OPEN, "mine": "1"}),
    ("Resolved", {"status": queries.RESOLVED}),
    ("All", {}),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of a facet: its word, where it leads, how many, whether it is on."""

    word: str
    query: str
    count: int | None
    is_on: bool


@require_safe
def home(request: SignedInRequest) -> HttpResponse:
    """What waits for this person, then what is open, then their next shift."""
    at = timezone.now()
    found = queries.home(request.user, at=at)
    answers = home_items.send(Incident, user=request.user, at=at)
    items = [
        *offered_shifts(request.user, at=at),
        *(item for _, answer in answers for item in answer or []),
    ]
    elsewhere = "Open elsewhere" if found.mine else "Open now"
    sections = [
        ("Open in your teams", found.mine, found.mine_count),
        (elsewhere, found.others, found.others_count),
    ]
    context = {
        "home": found,
        "needs_you": rows_of(found.needs_you),
        "groups": [
            (heading, rows_of(incidents), count)
            for heading, incidents, count in sections
            if incidents
        ],
        "items": items,
        "shift": next_shift(request.user, at=at),
        "teams": data_health(request.user),
        "first_steps": first_steps(request.user),
        "is_new": not Incident.objects.exists(),
        "may_act": request.user.can_respond,
        "at": at,
    }
    name = "_home" if request.htmx else "home"
    return render(request, f"incidents/{name}.html", context)


@require_safe
def index(request: SignedInRequest) -> HttpResponse:
    """All incidents this person may see, narrowed by what the address says."""
    at = timezone.now()
    asked = {
        name: value
        for name in ("status", "severity", "team", "mine", "q")
        if (value := one_line(request.GET.get(name, ""), 200))
    }
    visible = Incident.objects.visible_to(request.user)
    team = Team.objects.filter(slug=asked.get("team", "")).first()
    chosen = queries.IncidentFilter(
        status=asked.get("status", ""),
        severity=asked.get("severity", ""),
        team=team,
        q=asked.get("q", ""),
        mine="mine" in asked,
    )
    found = chosen.apply(visible, user=request.user).for_list().worst_first()
    if team is None and "team" in asked:
        found = found.none()
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    incidents = list(page.object_list)
    context = {
        "page_obj": page,
        "groups": _groups(incidents, now=at),
        "tabs": [_choice(word, asked, values) for word, values in VIEWS],
        "facets": _facets(visible, asked),
        "asked": asked,
        "at": at,
        "chooses": request.user.can_respond,
    }
    name = "_list" if request.htmx and not request.htmx.boosted else "list"
    return render(request, f"incidents/{name}.html", context)


def _groups(incidents: list[Incident], *, now: datetime) -> list[tuple[str, list[Row]]]:
    """Rows under "Open", "Resolved today" and "Earlier", in that order."""
    today = timezone.localdate(now)
    parts: dict[str, list[Incident]] = {"Open": [], "Resolved today": [], "Earlier": []}
    for incident in incidents:
        if incident.resolved_at is None:
            parts["Open"].append(incident)
        elif timezone.localdate(incident.resolved_at) == today:
            parts["Resolved today"].append(incident)
        else:
            parts["Earlier"].append(incident)
    return [(word, rows_of(part)) for word, part in parts.items() if part]


def _choice(word: str, asked: dict[str, str], values: dict[str, str]) -> Choice:
    narrowing = {k: v for k, v in asked.items() if k in ("status", "mine")}
    return Choice(word, urlencode(values), None, narrowing == values)


def _facets(
    visible: IncidentQuerySet, asked: dict[str, str]
) -> list[tuple[str, list[Choice]]]:
    """Each facet's choices; choosing the one that is on takes it away again."""
    counts = queries.facets(visible)
    teams = {team.pk: team for team in Team.objects.all()}

    def choice(name: str, value: str, word: str, count: int) -> Choice:
        is_on = asked.get(name) == value
        rest = {k: v for k, v in asked.items() if k != name}
        query = urlencode(rest if is_on else {**rest, name: value})
        return Choice(word, query, count, is_on)

    return [
        (
            "Status",
            [
                choice("status", value, word, counts.status.get(value, 0))
                for value, word in [("open", "Open"), *Incident.Status.choices]
            ],
        ),
        (
            "Severity",
            [
                choice("severity", value, value, counts.severity.get(value, 0))
                for value in Severity.values
            ],
        ),
        (
            "Team",
            [
                choice("team", teams[pk].slug, teams[pk].name, count)
                for pk, count in counts.team.items()
                if pk in teams
            ],
        ),
    ]
