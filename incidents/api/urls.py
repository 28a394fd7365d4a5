"""Routes of the API, in the order of docs/api.md."""

from django.urls import URLPattern, URLResolver, path

from incidents.api import health, incidents, likeness, parts
from incidents.models import CauseVerdict

_ONE = "incidents/<int:pk>/"
_CAUSE = f"{_ONE}causes/<int:asset_id>/"

routes: list[URLPattern | URLResolver] = [
    path("assets/health/", health.AssetHealth.as_view(), name="api-health"),
    path("incidents/", incidents.Incidents.as_view(), name="api-list"),
    path(_ONE, incidents.OneIncident.as_view(), name="api-detail"),
    path(
        f"{_ONE}acknowledge/",
        incidents.Acknowledge.as_view(),
        name="api-acknowledge",
    ),
    path(f"{_ONE}resolve/", incidents.Resolve.as_view(), name="api-resolve"),
    path(f"{_ONE}reopen/", incidents.Reopen.as_view(), name="api-reopen"),
    path(f"{_ONE}snooze/", incidents.Snooze.as_view(), name="api-snooze"),
    path(f"{_ONE}escalate/", incidents.Escalate.as_view(), name="api-escalate"),
    path(f"{_ONE}page/", incidents.PageMore.as_view(), name="api-page-more"),
    path(f"{_ONE}reassign/", incidents.Reassign.as_view(), name="api-reassign"),
    path(
        f"{_ONE}switch-policy/",
        incidents.SwitchPolicy.as_view(),
        name="api-switch-policy",
    ),
    path(f"{_ONE}still-on-it/", incidents.StillOnIt.as_view(), name="api-still-on-it"),
    path(f"{_ONE}merge/", incidents.Merge.as_view(), name="api-merge"),
    path(f"{_ONE}split/", incidents.Split.as_view(), name="api-split"),
    path(f"{_ONE}move/", incidents.Move.as_view(), name="api-move"),
    path(f"{_ONE}timeline/", parts.Timeline.as_view(), name="api-timeline"),
    path(f"{_ONE}alerts/", parts.Alerts.as_view(), name="api-alerts"),
    path(f"{_ONE}causes/", parts.Causes.as_view(), name="api-causes"),
    path(f"{_ONE}impact/", parts.ImpactView.as_view(), name="api-impact"),
    path(
        f"{_CAUSE}confirm/",
        parts.JudgeCause.as_view(verdict=CauseVerdict.Verdict.CONFIRMED),
        name="api-confirm-cause",
    ),
    path(
        f"{_CAUSE}reject/",
        parts.JudgeCause.as_view(verdict=CauseVerdict.Verdict.REJECTED),
        name="api-reject-cause",
    ),
    path(f"{_ONE}similar/", likeness.Similar.as_view(), name="api-similar"),
    path(f"{_ONE}regroupings/", likeness.Regroupings.as_view(), name="api-regroupings"),
    path(
        f"{_ONE}regroupings/<int:regrouping_id>/undo/",
        likeness.UndoRegrouping.as_view(),
        name="api-undo-regrouping",
    ),
    path(f"{_ONE}updates/", parts.Updates.as_view(), name="api-updates"),
    path(f"{_ONE}pages/", parts.Pages.as_view(), name="api-pages"),
]
