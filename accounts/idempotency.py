"""`Idempotency-Key` for every write of the API. API views have nothing to do.

It works around the view, in a transaction that holds both the write and the record
of its answer. A view's own `transaction.atomic()` becomes a savepoint in it, and its
`on_commit` hooks run when all is committed.
"""

import hashlib
from collections.abc import Callable
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.authentication import BearerTokenAuthentication
from accounts.models import User
from accounts.services import answer_once
from accounts.services.idempotency import Answer
from core.errors import DomainError

PREFIX = "/api/v1/"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
KEY_LIMIT = 255

ViewFunction = Callable[..., HttpResponseBase]


class IdempotencyKeyMiddleware:
    """Gives a repeated write its first answer again, for 24 hours.

    Must be the last of the middlewares, because it calls the view.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: ViewFunction,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        key = request.headers.get("Idempotency-Key")
        if (
            key is None
            or request.method in SAFE_METHODS
            or not request.path.startswith(PREFIX)
        ):
            return None
        if not 0 < len(key) <= KEY_LIMIT:
            wanted = f"Must have 1 to {KEY_LIMIT} characters."
            return JsonResponse({"Idempotency-Key": [wanted]}, status=400)
        user = _signed_in(request)
        if user is None:
            return None  # the view answers 401
        return _answer(request, user, key, lambda: view(request, *args, **kwargs))


def _answer(
    request: HttpRequest, user: User, key: str, call: Callable[[], HttpResponseBase]
) -> HttpResponseBase:
    fresh: list[HttpResponse] = []

    def write() -> Answer:
        response = call()
        if isinstance(response, SimpleTemplateResponse):
            response = response.render()
        assert isinstance(response, HttpResponse)  # the API streams nothing
        fresh.append(response)
        return Answer(
            status=response.status_code,
            content_type=response.headers.get("Content-Type", ""),
            body=response.content.decode(),
        )

    try:
        request_hash = _fingerprint(request)
        answer, is_repeat = answer_once(
            user=user,
            key=key,
            request_hash=request_hash,
            write=write,
            at=timezone.now(),
        )
    except RequestDataTooBig:
        return JsonResponse({"detail": "The body is too large."}, status=413)
    except DomainError as error:
        return JsonResponse({"detail": str(error)}, status=error.status)
    if not is_repeat:
        return fresh[0]
    return HttpResponse(
        answer.body,
        status=answer.status,
        content_type=answer.content_type,
        headers={"Idempotent-Replayed": "true"},
    )


def _signed_in(request: HttpRequest) -> User | None:
    """Whom the view will act for: the bearer of a token, else of the session.

    Without a valid token or session the key is nobody's, and the view refuses.
    """
    try:
        bearer = BearerTokenAuthentication().authenticate(Request(request))
    except AuthenticationFailed:
        return None
    if bearer is not None:
        return bearer[0]
    return request.user if isinstance(request.user, User) else None


def _fingerprint(request: HttpRequest) -> str:
    digest = hashlib.sha256()
    for part in (request.method, request.get_full_path(), request.content_type):
        digest.update(f"{part}\n".encode())
    # A client that sends files again makes up another boundary for the same parts.
    boundary = (request.content_params or {}).get("boundary", "").encode()
    digest.update(request.body.replace(boundary, b"") if boundary else request.body)
    return digest.hexdigest()
