"""What machines ask: does it live, is it ready, how is it going."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from accounts.services import use_api_token
from config.measures import Measures
from config.watchdog import queue_problems
from oncall.services.clock import clock
from oncall.services.findings import standing_findings
from oncall.services.health import clock_problems, engine_problems

REGISTRY = CollectorRegistry()
REGISTRY.register(Measures())


@require_safe
@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the process lives."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@login_not_required
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when alerts can be stored and pages sent, else 503 with the reasons.

    With `?without=findings`, what the watchdog found is left out: for whoever starts
    or moves processes, who can put no schedule right.
    """
    reasons = not_ready()
    if not reasons and request.GET.get("without") != "findings":
        reasons = standing_findings(at=timezone.now())
    status = 503 if reasons else 200
    return JsonResponse({"ready": not reasons, "reasons": reasons}, status=status)


@require_safe
@login_not_required
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus metrics. Wants a token unless METRICS_PUBLIC is set."""
    if not (settings.METRICS_PUBLIC or _has_token(request)):
        return JsonResponse(
            {"detail": "Send an API token: Authorization: Bearer <token>."},
            status=401,
            headers={"WWW-Authenticate": "Bearer"},
        )
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)


def _has_token(request: HttpRequest) -> bool:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return False
    return use_api_token(secret=secret.strip(), at=timezone.now()) is not None


def not_ready() -> list[str]:
    """Why this machine cannot store alerts or send pages now, if so."""
    return _database_problems() or [
        one.text
        for one in (
            *queue_problems(),
            *clock_problems(),
            *engine_problems(at=clock.now()),
        )
    ]


def _database_problems() -> list[str]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return [f"The database does not answer: {error}"]
    return []
