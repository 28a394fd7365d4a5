"""What went out to one person in one message."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest
from oncall.models import Bundle


@require_safe
def bundle(request: SignedInRequest, pk: int) -> HttpResponse:
    """Only for whom it went to."""
    found = get_object_or_404(Bundle, pk=pk, user=request.user)
    pages = found.pages.select_related("escalation").order_by("escalation__severity")
    return render(request, "oncall/bundle.html", {"bundle": found, "pages": pages})
