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


HOW_TO_GET_IT = (
    "Nothing was changed. An admin can give you the role, under Settings, People."
)
ViewT = TypeVar("ViewT", bound=Callable[..., HttpResponseBase])


def _only_if(may: Callable[[User], bool], otherwise: str) -> Callable[[ViewT], ViewT]:
    def decorator(view: ViewT) -> ViewT:
        @wraps(view)
        def wrapper(
            request: SignedInRequest, *args: Any, **kwargs: Any
        ) -> HttpResponseBase:
            if not may(request.user):
                raise PermissionDenied(otherwise)
            return view(request, *args, **kwargs)

        return cast(ViewT, wrapper)

    return decorator


def responder_required(view: ViewT) -> ViewT:
    """Answer 403 to those who may only look."""
    may_respond = _only_if(
        lambda u: u.can_respond, "This is for responders. " + HOW_TO_GET_IT
    )
    return may_respond(view)


def admin_required(view: ViewT) -> ViewT:
    """Answer 403 to everybody but admins."""
    may_administer = _only_if(
        lambda u: u.is_admin, "This is for admins. " + HOW_TO_GET_IT
    )
    return may_administer(view)
