"""How it goes: clocks, severities and how often the cause was right."""

from datetime import timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest
from incidents.analytics import PERIODS, analyse
from incidents.downtime import downtime


@require_safe
def analytics(request: SignedInRequest) -> HttpResponse:
    """Figures over the last `?days=` days (30 unless 7, 90 or 365 is chosen)."""
    asked = request.GET.get("days", "")
    days = int(asked) if asked in {str(period) for period in PERIODS} else 30
    at = timezone.now()
    figures = analyse(request.user, since=at - timedelta(days=days), until=at)
    context = {
        "figures": figures,
        "downtime": downtime(request.user, since=at - timedelta(days=days), until=at),
        "days": days,
        "periods": PERIODS,
    }
    return render(request, "incidents/analytics.html", context)
