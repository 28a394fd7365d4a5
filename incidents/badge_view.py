"""GET /badge/<asset id>.svg, .json and .html: how an asset is, where it is looked at.

The same for everybody who asks within a few seconds is asked once (`core.answers`).
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b, sha256
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from accounts.models import User
from alerts.models import Alert
from catalog.models import Asset, KnownIssue
from catalog.services import merged_into
from catalog.services.known_issues import known_issues_of
from core.http import absolute_url
from incidents.badge import OpenTrouble, State, draw, state_of
from incidents.expected import Expected
from incidents.expected import State as DataState
from incidents.services.faults import expected_by_incident, worst_expected
from incidents.troubles import Trouble, trouble_of
from incidents.wording import expectation

MAX_AGE_SECONDS = 15
UTC = ZoneInfo("UTC")
# Readable on any page, dark or light: with a ground of its own.
FRAME_STYLE = (
    "body{margin:0;padding:4px 6px;background:#fff;color:#1c2430;"
    "font:12px/1.4 ui-sans-serif,system-ui,sans-serif}"
    "a{display:block}svg{display:block;max-width:100%}small{font-size:12px}"
    "@media(prefers-color-scheme:dark){body{background:#14181d;color:#d5dae1}}"
)
_STYLE_HASH = b64encode(sha256(FRAME_STYLE.encode()).digest()).decode()
# It is made to stand in a frame of any page, and needs nothing from anywhere.
FRAMED = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors *"
)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a badge says. `since` is when the oldest of what is wrong began;
    `expected` what to expect of the data meanwhile."""

    asset: Asset
    state: State
    since: datetime | None
    known_issue: KnownIssue | None
    expected: Expected | None = None

    @property
    def note(self) -> str:
        """Read out with the badge, and shown beside it in a frame."""
        parts = []
        if self.known_issue is not None:
            is_said = self.state == State.KNOWN_ISSUE
            parts.append(f"{'' if is_said else 'known issue: '}{self.known_issue.text}")
        if self.expected is not None:
            parts.append(expectation(self.expected, UTC))
        return "; ".join(parts)


@require_safe
@login_not_required
@xframe_options_exempt
def badge(request: HttpRequest, asset_id: int, form: str) -> HttpResponse:
    """The asset's badge. Strangers see it only where it was made public; they cannot
    tell an asset that is not from one that does not exist."""
    user = request.user if isinstance(request.user, User) else None
    asset = Asset.objects.filter(pk=asset_id).first()
    if asset is None:  # one that was merged shows what it became part of
        asset = Asset.objects.filter(pk=merged_into(asset_id) or 0).first()
    if user is None and (asset is None or not asset.badge_is_public):
        return redirect_to_login(request.get_full_path())
    asset = asset or get_object_or_404(Asset, pk=asset_id)
    reader = None if asset.badge_is_public else user
    shown = shown_of(asset, user=reader, at=timezone.now())
    response = _FORMS[form](shown)
    response["ETag"] = f'"{blake2b(response.content, digest_size=8).hexdigest()}"'
    if request.headers.get("If-None-Match") == response["ETag"]:
        etag = response["ETag"]
        response = HttpResponse(status=304, headers={"ETag": etag})
    reach = "public" if asset.badge_is_public else "private"
    response["Cache-Control"] = f"{reach}, max-age={MAX_AGE_SECONDS}"
    if asset.badge_is_public:
        response["Access-Control-Allow-Origin"] = "*"
    patch_vary_headers(response, ["Cookie"])
    return response


def shown_of(asset: Asset, *, user: User | None, at: datetime) -> Shown:
    """How the asset is for `user`, None a stranger. At most ten queries."""
    troubles = trouble_of([asset], user=user)[asset.pk]
    expected = expected_by_incident(asset, [t.incident for t in troubles])
    own = [t for t in troubles if t.asset.pk == asset.pk and not t.recovered_at]
    is_broken = bool(own) and not _is_only_late(asset)
    issues = known_issues_of([asset.pk], at=at)
    state = state_of(
        (_open(trouble, asset, expected, is_broken=is_broken) for trouble in troubles),
        has_known_issue=bool(issues),
    )
    since = min((t.incident.impact_started_at for t in troubles), default=None)
    return Shown(
        asset,
        state,
        since,
        issues[0] if issues else None,
        worst_expected(expected.values()),
    )


def _open(
    trouble: Trouble,
    asset: Asset,
    expected: Mapping[int, Expected],
    *,
    is_broken: bool,
) -> OpenTrouble:
    meant = expected.get(trouble.incident.pk)
    is_wrong = meant is not None and meant.state == DataState.WRONG
    return OpenTrouble(
        breaks_it=is_wrong or (is_broken and trouble.asset.pk == asset.pk),
        is_answered=trouble.is_being_fixed,
    )


def _is_only_late(asset: Asset) -> bool:
    """Whether all that fires about the asset is that it is not fresh."""
    firing = Alert.objects.firing().filter(asset=asset)
    labels = firing.values_list("labels", flat=True)
    kinds = {told.get("expectation") for told in labels}
    return kinds == {"freshness"}


def _svg(shown: Shown) -> HttpResponse:
    picture = draw(shown.asset.short_name, shown.state, note=shown.note)
    return HttpResponse(picture, content_type="image/svg+xml")


def _json(shown: Shown) -> HttpResponse:
    issue = shown.known_issue
    return JsonResponse(
        {
            "asset": shown.asset.name,
            "state": shown.state.value.replace(" ", "_"),
            "since": shown.since,
            "data": _data(shown.expected) if shown.expected else None,
            "known_issue": {"text": issue.text, "until": issue.ends_at}
            if issue
            else None,
            "page": absolute_url(shown.asset),
        }
    )


def _data(expected: Expected) -> dict[str, object]:
    known = expected.days
    return {
        "state": expected.state.value,
        "since": expected.since,
        "until": expected.until,
        "days": {"first": known.first, "last": known.last} if known else None,
        "partitions": expected.partitions,
    }


def _html(shown: Shown) -> HttpResponse:
    context = {
        "shown": shown,
        "picture": draw(shown.asset.short_name, shown.state, note=shown.note),
        "page": absolute_url(shown.asset),
        "style": FRAME_STYLE,
    }
    response = HttpResponse(render_to_string("incidents/badge.html", context))
    response["Content-Security-Policy"] = FRAMED
    return response


_FORMS = {"svg": _svg, "json": _json, "html": _html}
