from django.urls import include, path

from oncall.api import absences as api_absences
from oncall.api import calendars as api_calendars
from oncall.api import exceptions as api_exceptions
from oncall.api import pages as api_pages
from oncall.api import policies as api_policies
from oncall.api import schedules as api_schedules
from oncall.api import urgency as api_urgency
from oncall.views import (
    answer,
    bundles,
    exceptions,
    feeds,
    handoffs,
    importing,
    inbox,
    load,
    me,
    overview,
    paging,
    policies,
    push,
    schedule_editing,
    schedules,
    shifts,
    slack,
    twilio,
    urgency,
)

app_name = "oncall"
public = [
    path("p/<str:token>/", answer.answer, name="answer"),
    path("b/<str:token>/", bundles.answer, name="answer_bundle"),
    path("p/<str:token>/call/", twilio.call, name="answer_call"),
    path("worker.js", push.worker, name="worker"),
    path("manifest.webmanifest", push.manifest, name="manifest"),
    path("slack/actions/", slack.actions, name="slack_actions"),
    path("twilio/sms/", twilio.sms, name="twilio_sms"),
    path("twilio/status/", twilio.status, name="twilio_status"),
    path("calendar/<slug:secret>.ics", feeds.feed, name="feed"),
]
pages = [
    path("on-call/", overview.overview, name="overview"),
    path("on-call/me/", me.me, name="me"),
    path("on-call/me/shifts/", shifts.mine, name="my_shifts"),
    path("on-call/me/cover/", shifts.cover, name="cover_me"),
    path("on-call/me/away/", shifts.add_absence, name="add_absence"),
    path(
        "on-call/me/away/<int:pk>/delete/",
        shifts.delete_absence,
        name="delete_absence",
    ),
    path("on-call/me/away/calendar/", shifts.absence_calendar, name="absence_calendar"),
    path("on-call/me/notices/", shifts.notices, name="shift_notices"),
    path("on-call/people/<int:pk>/", shifts.person, name="person"),
    path("on-call/load/", load.load, name="load"),
    path("on-call/me/browsers/", push.add, name="add_browser"),
    path("on-call/me/methods/", me.add, name="add_method"),
    path("on-call/me/methods/<int:pk>/code/", me.code, name="send_code"),
    path("on-call/me/methods/<int:pk>/verify/", me.verify, name="verify_method"),
    path("on-call/me/methods/<int:pk>/move/", me.move, name="move_method"),
    path("on-call/me/methods/<int:pk>/delay/", me.delay, name="delay_method"),
    path("on-call/me/methods/<int:pk>/delete/", me.delete, name="delete_method"),
    path("on-call/me/methods/<int:pk>/test/", me.test, name="test_method"),
    path("on-call/me/calendar/renew/", me.renew_feed, name="renew_my_feed"),
    path("on-call/schedules/new/", schedule_editing.create, name="create_schedule"),
    path("on-call/schedules/<int:pk>/", schedules.schedule, name="schedule"),
    path(
        "on-call/schedules/<int:pk>/edit/", schedule_editing.edit, name="edit_schedule"
    ),
    path(
        "on-call/schedules/<int:pk>/advanced/",
        schedule_editing.advanced,
        name="advanced_schedule",
    ),
    path(
        "on-call/schedules/<int:pk>/delete/", schedules.delete, name="delete_schedule"
    ),
    path(
        "on-call/schedules/<int:pk>/calendar/renew/", schedules.feed, name="renew_feed"
    ),
    path("on-call/schedules/<int:pk>/handoff/", handoffs.handoff, name="handoff"),
    path(
        "on-call/schedules/<int:pk>/calendars/",
        handoffs.add_calendar,
        name="add_calendar",
    ),
    path(
        "on-call/calendars/<int:pk>/delete/",
        handoffs.delete_calendar,
        name="delete_calendar",
    ),
    path("on-call/schedules/<int:pk>/plan/drop/", handoffs.drop_plan, name="drop_plan"),
    path(
        "on-call/schedules/<int:pk>/overrides/new/", exceptions.add, name="add_override"
    ),
    path(
        "on-call/overrides/<int:pk>/delete/", exceptions.delete, name="delete_override"
    ),
    path("on-call/swaps/<int:pk>/take/", exceptions.take, name="take_swap"),
    path("on-call/swaps/<int:pk>/withdraw/", exceptions.withdraw, name="withdraw_swap"),
    path("on-call/policies/", policies.policies, name="policies"),
    path("on-call/policies/new/", policies.create, name="create_policy"),
    path("on-call/policies/<int:pk>/", policies.policy, name="policy"),
    path("on-call/policies/<int:pk>/edit/", policies.edit, name="edit_policy"),
    path("on-call/policies/<int:pk>/delete/", policies.delete, name="delete_policy"),
    path("on-call/me/urgency/", urgency.mine, name="my_urgency"),
    path("on-call/urgency/", urgency.overview, name="urgency"),
    path("on-call/urgency/teams/<int:pk>/", urgency.change_team, name="team_urgency"),
    path("on-call/urgency/fallback/", urgency.fallback, name="fallback"),
    path("on-call/bundles/<int:pk>/", bundles.bundle, name="bundle"),
    path("on-call/pages/new/", paging.create, name="create_page"),
    path("on-call/pages/<slug:key>/", paging.page, name="page"),
    path(
        "on-call/pages/<slug:key>/acknowledge/",
        paging.acknowledge,
        name="acknowledge_page",
    ),
    path("on-call/pages/<slug:key>/stop/", paging.stop, name="stop_page"),
    path("on-call/imports/", importing.choose, name="imports"),
    path("on-call/imports/<int:pk>/", importing.detail, name="import"),
    path("on-call/imports/<int:pk>/apply/", importing.apply, name="apply_import"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/<int:pk>/", inbox.message, name="inbox_message"),
]
api = [
    path("schedules/", api_schedules.Schedules.as_view(), name="api_schedules"),
    path(
        "schedules/preview/",
        api_schedules.Preview.as_view(),
        name="api_schedule_preview",
    ),
    path(
        "schedules/<int:pk>/",
        api_schedules.ScheduleDetail.as_view(),
        name="api_schedule",
    ),
    path(
        "schedules/<int:pk>/shifts/", api_schedules.Shifts.as_view(), name="api_shifts"
    ),
    path(
        "schedules/<int:pk>/calendars/",
        api_calendars.Calendars.as_view(),
        name="api_calendars",
    ),
    path(
        "schedules/<int:pk>/calendars/<int:calendar>/",
        api_calendars.CalendarDetail.as_view(),
        name="api_calendar",
    ),
    path("oncall/", api_schedules.OnCall.as_view(), name="api_oncall"),
    path("oncall/uncovered/", api_absences.Uncovered.as_view(), name="api_uncovered"),
    path("me/absences/", api_absences.MyAbsences.as_view(), name="api_absences"),
    path("me/absences/<int:pk>/", api_absences.MyAbsence.as_view(), name="api_absence"),
    path(
        "me/absences/calendar/",
        api_absences.MyAbsenceCalendar.as_view(),
        name="api_absence_calendar",
    ),
    path("me/cover/", api_absences.CoverMe.as_view(), name="api_cover_me"),
    path("overrides/", api_exceptions.Overrides.as_view(), name="api_overrides"),
    path(
        "overrides/<int:pk>/",
        api_exceptions.OverrideDetail.as_view(),
        name="api_override",
    ),
    path("swaps/", api_exceptions.Swaps.as_view(), name="api_swaps"),
    path("swaps/<int:pk>/", api_exceptions.SwapDetail.as_view(), name="api_swap"),
    path("swaps/<int:pk>/take/", api_exceptions.TakeSwap.as_view(), name="api_take"),
    path("escalation-policies/", api_policies.Policies.as_view(), name="api_policies"),
    path(
        "escalation-policies/<int:pk>/",
        api_policies.PolicyDetail.as_view(),
        name="api_policy",
    ),
    path(
        "escalation-policies/<int:pk>/simulate/",
        api_policies.Simulate.as_view(),
        name="api_simulate",
    ),
    path("pages/", api_pages.Pages.as_view(), name="api_pages"),
    path("pages/<slug:key>/", api_pages.PageDetail.as_view(), name="api_page"),
    path("me/paging/", api_urgency.MyPaging.as_view(), name="api_my_paging"),
    path(
        "teams/<slug:slug>/paging/",
        api_urgency.TeamPagingDetail.as_view(),
        name="api_team_paging",
    ),
    path("fallback/", api_urgency.FallbackDetail.as_view(), name="api_fallback"),
    path("me/contact-methods/", api_pages.ContactMethods.as_view(), name="api_methods"),
]
urlpatterns = [*public, *pages, path("api/v1/", include(api))]
