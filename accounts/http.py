"""Who may see a page: the decorators of views, and the request behind them."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django_htmx.middleware import HtmxDetails

from accounts.models import User


class SignedInRequest(HttpRequest):
    """A request that LoginRequiredMiddleware let through, with django-htmx's `htmx`."""

    user: User
    htmx: HtmxDetails


REFUSAL = (
    "This is for {}. Nothing was changed. An admin can give you the role it needs, "
    "under Settings, People."
)
ViewT = TypeVar("ViewT", bound=Callable[..., HttpResponseBase])


def _only_if(may: Callable[[User], bool], whom: str) -> Callable[[ViewT], ViewT]:
    def decorator(view: ViewT) -> ViewT:
        @wraps(view)
        def wrapper(
            request: SignedInRequest, *args: Any, **kwargs: Any
        ) -> HttpResponseBase:
            if not may(request.user):
                raise PermissionDenied(REFUSAL.format(whom))
            return view(request, *args, **kwargs)

        return cast(ViewT, wrapper)

    return decorator


def responder_required(view: ViewT) -> ViewT:
    """Answer 403 to those who may only look."""
    may_respond = _only_if(lambda u: u.can_respond, "responders")
    return may_respond(view)


def admin_required(view: ViewT) -> ViewT:
    """Answer 403 to everybody but admins."""
    may_administer = _only_if(lambda u: u.is_admin, "admins")
    return may_administer(view)
