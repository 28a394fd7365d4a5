"""What machines ask: does it live, is it ready, how is it going."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from accounts.services import use_api_token
from config.celery import app
from config.measures import Measures
from oncall.models import EngineHeartbeat

TICK_TOO_OLD = timedelta(seconds=30)
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
    """200 when alerts can be stored and pages sent, else 503 with the reasons."""
    reasons = _database_problems() or [*_queue_problems(), *_engine_problems()]
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


def _database_problems() -> list[str]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return [f"The database does not answer: {error}"]
    return []


def _queue_problems() -> list[str]:
    try:
        with app.connection_for_write(connect_timeout=1) as broker:
            broker.ensure_connection(max_retries=1, timeout=2)
    except (OperationalError, OSError) as error:
        return [f"The queue does not answer: {error}"]
    return []


def _engine_problems() -> list[str]:
    last = EngineHeartbeat.objects.filter(duty="engine").first()
    if last is None:
        return ["The paging engine has not run yet."]
    age = timezone.now() - last.finished_at
    if age > TICK_TOO_OLD:
        return [f"The paging engine last ran {age.total_seconds():.0f} s ago."]
    return []
