"""The pages of incidents."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest
from incidents.models import Incident


@require_safe
def detail(request: SignedInRequest, pk: int) -> HttpResponse:
    visible = Incident.objects.visible_to(request.user).for_list()
    incident = get_object_or_404(visible, pk=pk)
    return render(request, "incidents/detail.html", {"incident": incident})
