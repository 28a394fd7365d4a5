"""Notifications on this device: the service worker, the web app, subscribing."""

from pathlib import Path

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from accounts.http import SignedInRequest
from core.errors import InvalidInputError
from oncall.services.methods import add_browser

WORKER = Path(settings.BASE_DIR) / "static" / "js" / "worker.js"


@login_not_required
@require_safe
@cache_control(no_cache=True)
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker, at the root so that it serves all pages."""
    return HttpResponse(WORKER.read_bytes(), content_type="text/javascript")


@login_not_required
@require_safe
@cache_control(max_age=3600)
def manifest(request: HttpRequest) -> HttpResponse:
    """What makes Headwater an app that a phone can install.

    https://www.w3.org/TR/appmanifest/
    """
    icon = {"src": static("favicon.svg"), "sizes": "any", "type": "image/svg+xml"}
    app = {
        "id": "/",
        "name": "Headwater",
        "short_name": "Headwater",
        "start_url": "/",
        "display": "standalone",
        "icons": [icon],
    }
    return JsonResponse(app, content_type="application/manifest+json")


@require_POST
def add(request: SignedInRequest) -> HttpResponse:
    """Take the browser's subscription into use."""
    parts = [
        request.POST.get(name, "").strip() for name in ("endpoint", "p256dh", "auth")
    ]
    try:
        add_browser(address=" ".join(parts), by=request.user, at=timezone.now())
    except InvalidInputError as error:
        messages.error(request, " ".join(error.errors["address"]))
    else:
        messages.success(request, "This device is added. Send it a test page.")
    return redirect("oncall:me")
