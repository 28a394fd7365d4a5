"""Addresses of the incident pages, their live parts and the acts on them."""

from django.urls import path

from incidents import views
from incidents.views import messages, told

urlpatterns = [
    path("incidents/", views.index, name="list"),
    path("incidents/declare/", views.declare, name="declare"),
    path("incidents/declare/assets/", views.suggest_assets, name="suggest_assets"),
    path("incidents/acknowledge/", views.acknowledge_many, name="acknowledge_many"),
    path("incidents/<int:pk>/", views.detail, name="detail"),
    path("incidents/<int:pk>/parts/<slug:name>/", views.part, name="part"),
    path("incidents/<int:pk>/picture/", views.picture, name="picture"),
    path("incidents/<int:pk>/edit/", views.edit, name="edit"),
    path("incidents/<int:pk>/edit/<slug:name>/", views.edit, name="edit_section"),
    path("incidents/<int:pk>/acknowledge/", views.acknowledge, name="acknowledge"),
    path("incidents/<int:pk>/status/", views.status, name="status"),
    path("incidents/<int:pk>/resolve/", views.resolve, name="resolve"),
    path("incidents/<int:pk>/repairs/", views.repairs, name="repairs"),
    path("incidents/<int:pk>/reopen/", views.reopen, name="reopen"),
    path("incidents/<int:pk>/escalate/", views.escalate, name="escalate"),
    path("incidents/<int:pk>/page/", views.page_more, name="page_more"),
    path("incidents/<int:pk>/reassign/", views.reassign, name="reassign"),
    path("incidents/<int:pk>/switch-policy/", views.switch, name="switch_policy"),
    path("incidents/<int:pk>/still-on-it/", views.still_on_it, name="still_on_it"),
    path("incidents/<int:pk>/silence/", views.silence, name="silence"),
    path("incidents/<int:pk>/snooze/", views.snooze, name="snooze"),
    path("incidents/<int:pk>/severity/", views.severity, name="severity"),
    path("incidents/<int:pk>/details/", views.details, name="details"),
    path("incidents/<int:pk>/situation/", views.situation, name="situation"),
    path("incidents/<int:pk>/roles/", views.roles, name="roles"),
    path("incidents/<int:pk>/notes/", views.note, name="note"),
    path("incidents/<int:pk>/notes/<int:entry>/pin/", views.pin, name="pin"),
    path("incidents/<int:pk>/times/", views.times, name="times"),
    path("incidents/<int:pk>/root-cause/", views.root_cause, name="root_cause"),
    path("incidents/<int:pk>/causes/", views.choose_cause, name="choose_cause"),
    path("incidents/<int:pk>/causes/<int:asset>/", views.judge, name="judge"),
    path("incidents/<int:pk>/updates/", views.update, name="update"),
    path("incidents/<int:pk>/merge/", views.merge, name="merge"),
    path("incidents/<int:pk>/split/", views.split, name="split"),
    path("incidents/<int:pk>/undo/<slug:what>/<slug:value>/", views.undo, name="undo"),
    path("told/<str:token>/", told.told, name="told"),
    path("settings/messages/", messages.messages, name="messages"),
    *(
        path(f"{folder}/<int:pk>/{act}/", view, {"act": act}, name=f"{act}_{kind}")
        for folder, kind, view in (
            ("assets", "asset", messages.asset),
            ("settings/teams", "team", messages.team),
        )
        for act in ("subscribe", "unsubscribe")
    ),
    path("analytics/", views.analytics, name="analytics"),
]
