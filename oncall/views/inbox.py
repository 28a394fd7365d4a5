"""Mail that was kept here because no mail server is configured.

Admins read all of it. Others read what was sent to themselves, because a mail may
hold a link that signs its reader in.
"""

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest
from accounts.models import User
from oncall.models import InboxMessage

MESSAGES_PER_PAGE = 50


@require_safe
def inbox(request: SignedInRequest) -> HttpResponse:
    at = timezone.now()
    pages = Paginator(_readable(request.user), MESSAGES_PER_PAGE)
    page = pages.get_page(request.GET.get("page"))
    return render(request, "oncall/inbox.html", {"page_obj": page, "at": at})


@require_safe
def message(request: SignedInRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(_readable(request.user), pk=pk)
    return render(request, "oncall/inbox_message.html", {"message": found})


def _readable(user: User) -> QuerySet[InboxMessage]:
    if settings.EMAIL_URL:
        raise Http404("Mail goes to the mail server of this installation.")
    if user.is_admin:
        return InboxMessage.objects.all()
    methods = user.contact_methods.filter(kind="email").exclude(verified_at=None)
    addresses = {user.email, *methods.values_list("address", flat=True)}
    return InboxMessage.objects.filter(recipient__in=addresses)
