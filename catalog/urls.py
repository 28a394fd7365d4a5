from django.urls import URLPattern, URLResolver, path

from catalog import api, api_imports

app_name = "catalog"
urlpatterns: list[URLPattern | URLResolver] = [
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
