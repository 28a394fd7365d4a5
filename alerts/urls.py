from django.urls import URLPattern, URLResolver, path

from alerts import api, api_expectations, api_heartbeats, rule_urls
from alerts.views import events, expectations, heartbeats, integrations, keys, mapping

app_name = "alerts"
pages: list[URLPattern | URLResolver] = [
    path("integrations/", integrations.index, name="integrations"),
    path("integrations/new/", integrations.create, name="create"),
    path("integrations/<int:pk>/", integrations.detail, name="integration"),
    path("integrations/<int:pk>/state/", integrations.state, name="state"),
    path("integrations/<int:pk>/events/", integrations.tail, name="tail"),
    path("integrations/<int:pk>/edit/", integrations.edit, name="edit"),
    path("integrations/<int:pk>/test/", keys.send_test, name="test"),
    path("integrations/<int:pk>/rotate/", keys.rotate, name="rotate"),
    path("integrations/<int:pk>/old-key/end/", keys.end_old_key, name="end-old-key"),
    path("integrations/<int:pk>/signature/", keys.signature, name="signature"),
    path("integrations/<int:pk>/disable/", keys.disable, name="disable"),
    path("integrations/<int:pk>/enable/", keys.enable, name="enable"),
    path("integrations/<int:pk>/delete/", keys.delete, name="delete"),
    path("integrations/<int:pk>/mapping/", mapping.edit, name="mapping"),
    path("integrations/<int:pk>/mapping/try/", mapping.attempt, name="try-mapping"),
    path(
        "integrations/<int:pk>/mapping/remove/", mapping.remove, name="remove-mapping"
    ),
    path("heartbeats/", heartbeats.index, name="heartbeats"),
    path("heartbeats/new/", heartbeats.create, name="create-heartbeat"),
    path("heartbeats/<int:pk>/", heartbeats.detail, name="heartbeat"),
    path("heartbeats/<int:pk>/edit/", heartbeats.edit, name="edit-heartbeat"),
    path("heartbeats/<int:pk>/pause/", heartbeats.pause, name="pause-heartbeat"),
    path("heartbeats/<int:pk>/resume/", heartbeats.resume, name="resume-heartbeat"),
    path("heartbeats/<int:pk>/delete/", heartbeats.delete, name="delete-heartbeat"),
    path("expectations/", expectations.index, name="expectations"),
    path(
        "expectations/<int:pk>/delete/", expectations.delete, name="delete-expectation"
    ),
    path(
        "assets/<int:pk>/expectations/",
        expectations.of_asset,
        name="asset-expectations",
    ),
    path(
        "assets/<int:pk>/expectations/freshness/",
        expectations.set_freshness,
        name="set-freshness",
    ),
    path(
        "assets/<int:pk>/expectations/volume/",
        expectations.set_volume,
        name="set-volume",
    ),
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
    path(
        "api/v1/heartbeats/",
        api_heartbeats.Heartbeats.as_view(),
        name="api-heartbeats",
    ),
    path(
        "api/v1/heartbeats/<int:pk>/",
        api_heartbeats.HeartbeatDetail.as_view(),
        name="api-heartbeat",
    ),
    path(
        "api/v1/heartbeats/<int:pk>/pause/",
        api_heartbeats.PauseHeartbeat.as_view(),
        name="api-pause-heartbeat",
    ),
    path(
        "api/v1/heartbeats/<int:pk>/resume/",
        api_heartbeats.ResumeHeartbeat.as_view(),
        name="api-resume-heartbeat",
    ),
    path(
        "api/v1/expectations/",
        api_expectations.Expectations.as_view(),
        name="api-expectations",
    ),
    path(
        "api/v1/expectations/<int:pk>/",
        api_expectations.ExpectationDetail.as_view(),
        name="api-expectation",
    ),
    path(
        "api/v1/assets/<int:pk>/expectations/suggestion/",
        api_expectations.SuggestedFreshness.as_view(),
        name="api-suggested-freshness",
    ),
    path("api/v1/alerts/", api.Alerts.as_view(), name="api-alerts"),
    path("api/v1/alerts/<int:pk>/", api.AlertDetail.as_view(), name="api-alert"),
]
urlpatterns = [*pages, *resources, *rule_urls.urlpatterns]
