"""Silences, routing rules and what they keep back."""

from django.urls import URLPattern, URLResolver, path

from alerts import api_routes, api_silences
from alerts.views import held, routing, silences

pages: list[URLPattern | URLResolver] = [
    path("silences/", silences.index, name="silences"),
    path("silences/new/", silences.create, name="new_silence"),
    path("silences/assets/", silences.suggest_assets, name="suggest_assets"),
    path("silences/<int:pk>/", silences.detail, name="silence"),
    path("silences/<int:pk>/edit/", silences.edit, name="edit_silence"),
    path("silences/<int:pk>/end/", silences.end, name="end_silence"),
    path("silences/<int:pk>/extend/", silences.extend, name="extend_silence"),
    path("held/", held.index, name="held"),
    path("routing/", routing.index, name="routing"),
    path("routing/new/", routing.create, name="new_route"),
    path("routing/default/", routing.default, name="default_route"),
    path("routing/order/", routing.order, name="order_routes"),
    path("routing/<int:pk>/", routing.edit, name="edit_route"),
    path("routing/<int:pk>/move/", routing.move, name="move_route"),
    path("routing/<int:pk>/delete/", routing.delete, name="delete_route"),
    path("integrations/<int:pk>/quiet/", routing.inlet, name="inlet_quiet"),
]
resources: list[URLPattern | URLResolver] = [
    path("api/v1/silences/", api_silences.Silences.as_view(), name="api-silences"),
    path(
        "api/v1/silences/preview/",
        api_silences.PreviewSilence.as_view(),
        name="api-try-silence",
    ),
    path(
        "api/v1/silences/<int:pk>/",
        api_silences.SilenceDetail.as_view(),
        name="api-silence",
    ),
    path(
        "api/v1/silences/<int:pk>/alerts/",
        api_silences.HiddenAlerts.as_view(),
        name="api-hidden-alerts",
    ),
    path(
        "api/v1/silences/<int:pk>/end/",
        api_silences.EndSilence.as_view(),
        name="api-end-silence",
    ),
    path(
        "api/v1/silences/<int:pk>/extend/",
        api_silences.ExtendSilence.as_view(),
        name="api-extend-silence",
    ),
    path(
        "api/v1/routing-rules/", api_routes.Routes.as_view(), name="api-routing-rules"
    ),
    path(
        "api/v1/routing-rules/order/",
        api_routes.OrderRoutes.as_view(),
        name="api-order-rules",
    ),
    path(
        "api/v1/routing-rules/test/",
        api_routes.TestRoutes.as_view(),
        name="api-test-rules",
    ),
    path(
        "api/v1/routing-rules/<int:pk>/",
        api_routes.RouteDetail.as_view(),
        name="api-routing-rule",
    ),
    path(
        "api/v1/integrations/<int:pk>/quiet/",
        api_routes.IntegrationQuiet.as_view(),
        name="api-integration-quiet",
    ),
]
urlpatterns = [*pages, *resources]
