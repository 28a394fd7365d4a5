from django.urls import include, path
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.views import SpectacularAPIView

from config import health
from incidents.views import counts, home, search

# JSON unless YAML is asked for: what reads YAML reads JSON too.
schema = SpectacularAPIView.as_view(
    renderer_classes=[
        OpenApiJsonRenderer,
        OpenApiJsonRenderer2,
        OpenApiYamlRenderer,
        OpenApiYamlRenderer2,
    ]
)

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("api/schema/", schema, name="schema"),
    path("", home, name="home"),
    path("search/", search, name="search"),
    path("counts/", counts, name="counts"),
    path("", include("accounts.urls")),
    path("", include("catalog.urls")),
    path("", include("oncall.urls")),
    path("", include("alerts.urls")),
    path("", include("incidents.urls")),
    path("", include("postmortems.urls")),
    path("accounts/", include("allauth.urls")),
]

handler400 = "core.http.bad_request"
handler404 = "core.http.not_found"
handler500 = "core.http.server_error"
