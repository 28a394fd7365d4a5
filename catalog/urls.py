from django.urls import URLPattern, URLResolver, path

from catalog import (
    api,
    api_backfills,
    api_imports,
    api_jobs,
    api_known_issues,
    api_merging,
    backfill_views,
    import_views,
    known_issue_views,
    naming_views,
    views,
)

app_name = "catalog"
urlpatterns: list[URLPattern | URLResolver] = [
    path("assets/", views.index, name="list"),
    path("assets/connect/", views.connect, name="connect"),
    path("assets/imports/", import_views.index, name="imports"),
    path("assets/imports/<int:pk>/", import_views.detail, name="import-job"),
    path("assets/imports/<int:pk>/cancel/", import_views.cancel, name="cancel-import"),
    path("assets/imports/<int:pk>/start/", import_views.start, name="start-import"),
    path("assets/backfills/", backfill_views.index, name="backfills"),
    path("assets/backfills/new/", backfill_views.create, name="create-backfill"),
    path("assets/backfills/<int:pk>/", backfill_views.detail, name="backfill"),
    path(
        "assets/backfills/<int:pk>/<slug:state>/",
        backfill_views.move,
        name="move-backfill",
    ),
    path("assets/<int:pk>/", views.detail, name="detail"),
    path("assets/<int:pk>/picture/", views.picture, name="picture"),
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
    path("assets/<int:pk>/known-issues/", known_issue_views.index, name="known-issues"),
    path(
        "assets/<int:pk>/known-issues/add/",
        known_issue_views.add,
        name="add-known-issue",
    ),
    path(
        "assets/<int:pk>/known-issues/<int:issue>/end/",
        known_issue_views.end,
        name="end-known-issue",
    ),
    path("assets/<int:pk>/names/", naming_views.names, name="names"),
    path("assets/<int:pk>/names/add/", naming_views.add_name, name="add-name"),
    path(
        "assets/<int:pk>/names/<int:alias>/remove/",
        naming_views.remove_name,
        name="remove-name",
    ),
    path("assets/<int:pk>/merge/<int:into>/", naming_views.merge, name="merge"),
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
    path(
        "api/v1/catalog/airflow/",
        api_imports.AirflowImport.as_view(),
        name="import-airflow",
    ),
    path("api/v1/imports/", api_jobs.ImportJobs.as_view(), name="api-imports"),
    path(
        "api/v1/imports/<int:pk>/",
        api_jobs.ImportJobDetail.as_view(),
        name="api-import",
    ),
    path(
        "api/v1/imports/<int:pk>/cancel/",
        api_jobs.CancelImport.as_view(),
        name="api-cancel-import",
    ),
    path(
        "api/v1/imports/<int:pk>/apply/",
        api_jobs.ApplyImport.as_view(),
        name="api-apply-import",
    ),
    path("api/v1/edges/", api_jobs.Edges.as_view(), name="api-edges"),
    path("api/v1/edges/<int:pk>/", api_jobs.EdgeDetail.as_view(), name="api-edge"),
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
    path(
        "api/v1/assets/<int:pk>/aliases/",
        api_merging.Aliases.as_view(),
        name="api-aliases",
    ),
    path(
        "api/v1/assets/<int:pk>/aliases/<int:alias>/",
        api_merging.Alias.as_view(),
        name="api-alias",
    ),
    path(
        "api/v1/assets/<int:pk>/merge/", api_merging.Merge.as_view(), name="api-merge"
    ),
    path("api/v1/backfills/", api_backfills.Backfills.as_view(), name="api-backfills"),
    path(
        "api/v1/backfills/<int:pk>/",
        api_backfills.BackfillDetail.as_view(),
        name="api-backfill",
    ),
    path(
        "api/v1/known-issues/",
        api_known_issues.KnownIssues.as_view(),
        name="api-known-issues",
    ),
    path(
        "api/v1/known-issues/<int:pk>/end/",
        api_known_issues.EndKnownIssue.as_view(),
        name="api-end-known-issue",
    ),
    path("api/v1/changes/", api.Changes.as_view(), name="api-changes"),
]
