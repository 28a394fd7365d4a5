from django.urls import URLPattern, URLResolver, path

from alerts import api
from alerts.views import events, integrations

app_name = "alerts"
pages: list[URLPattern | URLResolver] = [
    path("integrations/", integrations.index, name="integrations"),
    path("integrations/new/", integrations.create, name="create"),
    path("integrations/<int:pk>/", integrations.detail, name="integration"),
    path("integrations/<int:pk>/state/", integrations.state, name="state"),
    path("integrations/<int:pk>/events/", integrations.tail, name="tail"),
    path("integrations/<int:pk>/edit/", integrations.edit, name="edit"),
    path("integrations/<int:pk>/test/", integrations.send_test, name="test"),
    path("integrations/<int:pk>/rotate/", integrations.rotate, name="rotate"),
    path("integrations/<int:pk>/disable/", integrations.disable, name="disable"),
    path("integrations/<int:pk>/enable/", integrations.enable, name="enable"),
    path("events/<int:pk>/", events.event, name="event"),
    path("events/<int:pk>/raw/", events.raw, name="raw"),
    path("alerts/<int:pk>/", events.alert, name="alert"),
]
resources: list[URLPattern | URLResolver] = [
    path("api/v1/integrations/", api.Integrations.as_view(), name="api-integrations"),
    path(
        "api/v1/integrations/<int:pk>/",
        api.IntegrationDetail.as_view(),
        name="api-integration",
    ),
    path(
        "api/v1/integrations/<int:pk>/rotate/",
        api.RotateKey.as_view(),
        name="api-rotate",
    ),
    path("api/v1/alerts/", api.Alerts.as_view(), name="api-alerts"),
    path("api/v1/alerts/<int:pk>/", api.AlertDetail.as_view(), name="api-alert"),
]
urlpatterns = [*pages, *resources]
