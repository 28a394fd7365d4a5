from django.urls import URLPattern, URLResolver, include, path

from incidents.api.urls import routes
from incidents.badge_view import badge

app_name = "incidents"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("incidents.page_urls")),
    path("badge/<int:asset_id>.svg", badge, {"form": "svg"}, name="badge"),
    path("badge/<int:asset_id>.json", badge, {"form": "json"}, name="badge-json"),
    path("badge/<int:asset_id>.html", badge, {"form": "html"}, name="badge-html"),
    path("api/v1/", include(routes)),
]
