"""Alerts that fire and page nobody because of a rule."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest
from alerts.rule_pages import handling_rows
from alerts.rule_queries import kept_back

PAGE = 50


@require_safe
def index(request: SignedInRequest) -> HttpResponse:
    at = timezone.now()
    page = Paginator(kept_back(), PAGE).get_page(request.GET.get("page"))
    context = {"at": at, "page_obj": page, "rows": handling_rows(page.object_list)}
    return render(request, "alerts/held.html", context)
