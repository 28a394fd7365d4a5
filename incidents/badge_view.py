"""GET /badge/<asset id>.svg"""

from hashlib import blake2b

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from accounts.models import User
from catalog.models import Asset
from catalog.services import merged_into
from incidents.badge import OpenTrouble, draw, state_of
from incidents.queries import trouble_of

MAX_AGE_SECONDS = 15


@require_safe
@login_not_required
def badge(request: HttpRequest, asset_id: int) -> HttpResponse:
    """The asset's badge. Strangers see it only where it was made public; they cannot
    tell an asset that is not from one that does not exist."""
    user = request.user if isinstance(request.user, User) else None
    asset = Asset.objects.filter(pk=asset_id).first()
    if asset is None:  # one that was merged shows what it became part of
        asset = Asset.objects.filter(pk=merged_into(asset_id)).first()
    if user is None and (asset is None or not asset.badge_is_public):
        return redirect_to_login(request.get_full_path())
    asset = asset or get_object_or_404(Asset, pk=asset_id)
    troubles = trouble_of([asset], user=None if asset.badge_is_public else user)
    state = state_of(
        OpenTrouble(
            is_own=trouble.asset.pk == asset.pk,
            is_answered=trouble.incident.acknowledged_at is not None,
        )
        for trouble in troubles[asset.pk]
    )
    picture = draw(asset.short_name, state)
    etag = f'"{blake2b(picture.encode(), digest_size=8).hexdigest()}"'
    if request.headers.get("If-None-Match") == etag:
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(picture, content_type="image/svg+xml")
    reach = "public" if asset.badge_is_public else "private"
    response["ETag"] = etag
    response["Cache-Control"] = f"{reach}, max-age={MAX_AGE_SECONDS}"
    patch_vary_headers(response, ["Cookie"])
    return response
