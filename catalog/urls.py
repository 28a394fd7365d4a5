from django.urls import URLPattern, URLResolver, path

from catalog import api, api_imports, views

app_name = "catalog"
urlpatterns: list[URLPattern | URLResolver] = [
    path("assets/", views.index, name="list"),
    path("assets/connect/", views.connect, name="connect"),
    path("assets/<int:pk>/", views.detail, name="detail"),
    path("assets/<int:pk>/edit/", views.edit, name="edit"),
    path("assets/<int:pk>/edges/", views.edges, name="edges"),
    path(
        "assets/<int:pk>/edges/<int:upstream>/<int:downstream>/add/",
        views.change_edge,
        {"act": "add"},
        name="add-edge",
    ),
    path(
        "assets/<int:pk>/edges/<int:upstream>/<int:downstream>/remove/",
        views.change_edge,
        {"act": "remove"},
        name="remove-edge",
    ),
    path(
        "assets/<int:pk>/upstream/",
        views.relatives,
        {"direction": "upstream"},
        name="upstream",
    ),
    path(
        "assets/<int:pk>/downstream/",
        views.relatives,
        {"direction": "downstream"},
        name="downstream",
    ),
    path("api/v1/catalog/import/", api_imports.CatalogImport.as_view(), name="import"),
    path("api/v1/catalog/dbt/", api_imports.DbtImport.as_view(), name="import-dbt"),
    path("api/v1/assets/", api.AssetList.as_view(), name="api-list"),
    path("api/v1/assets/<int:pk>/", api.AssetDetail.as_view(), name="api-detail"),
    path(
        "api/v1/assets/<int:pk>/downstream/",
        api.Relatives.as_view(direction="downstream"),
        name="api-downstream",
    ),
    path(
        "api/v1/assets/<int:pk>/upstream/",
        api.Relatives.as_view(direction="upstream"),
        name="api-upstream",
    ),
    path("api/v1/assets/<int:pk>/path/", api.Path.as_view(), name="api-path"),
    path("api/v1/changes/", api.Changes.as_view(), name="api-changes"),
]
