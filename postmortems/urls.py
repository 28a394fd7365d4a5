"""Addresses of the pages of postmortems and of their API."""

from django.urls import URLPattern, URLResolver, path

from postmortems import api, views

app_name = "postmortems"
_ONE = "postmortems/<int:pk>/"
_ITEM = "action-items/<int:pk>/"
_API = "api/v1/postmortems/"
_API_ONE = "api/v1/postmortems/<int:pk>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("postmortems/", views.index, name="list"),
    path("postmortems/", views.index, name="create"),
    path(_ONE, views.detail, name="detail"),
    path(f"{_ONE}edit/", views.edit, name="edit"),
    path(f"{_ONE}preview/", views.preview, name="preview"),
    path(f"{_ONE}reword/", views.reword, name="reword"),
    path(f"{_ONE}put-in/", views.put_in, name="put_in"),
    path(f"{_ONE}news/", views.news, name="news"),
    path(f"{_ONE}versions/", views.history, name="history"),
    path(f"{_ONE}versions/<int:number>/", views.version, name="version"),
    path(f"{_ONE}versions/<int:number>/restore/", views.restore, name="restore"),
    path(f"{_ONE}submit/", views.submit, name="submit"),
    path(f"{_ONE}approve/", views.approve, name="approve"),
    path(f"{_ONE}publish/", views.publish, name="publish"),
    path(f"{_ONE}return/", views.send_back, name="return"),
    path(f"{_ONE}export/", views.export, name="export"),
    path(f"{_ONE}action-items/", views.add_action, name="add_action"),
    path("action-items/", views.actions, name="actions"),
    path(_ITEM, views.action, name="action"),
    path(f"{_ITEM}done/", views.done, name="action_done"),
    path(f"{_ITEM}reopen/", views.reopen, name="action_reopen"),
    path(_API, api.Postmortems.as_view(), name="api-list"),
    path(f"{_API}check/", api.Check.as_view(), name="api-check"),
    path(_API_ONE, api.OnePostmortem.as_view(), name="api-detail"),
    path(f"{_API_ONE}submit/", api.Submit.as_view(), name="api-submit"),
    path(f"{_API_ONE}approve/", api.Approve.as_view(), name="api-approve"),
    path(f"{_API_ONE}publish/", api.Publish.as_view(), name="api-publish"),
    path(f"{_API_ONE}return/", api.Return.as_view(), name="api-return"),
    path(f"{_API_ONE}export/", api.Export.as_view(), name="api-export"),
    path("api/v1/action-items/", api.ActionItems.as_view(), name="api-actions"),
    path(
        "api/v1/action-items/<int:pk>/",
        api.OneActionItem.as_view(),
        name="api-action",
    ),
]
