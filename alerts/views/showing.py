"""Finding an integration, and carrying its new key over a redirect."""

from __future__ import annotations

from cryptography.fernet import InvalidToken
from django.shortcuts import get_object_or_404

from accounts.http import SignedInRequest
from accounts.sealing import seal, unseal
from alerts.models import Integration


def find_integration(pk: int, *, or_deleted: bool = False) -> Integration:
    """The integration with what its page names. Raises Http404."""
    found = Integration.objects.all() if or_deleted else Integration.objects.kept()
    related = found.select_related("team", "escalation_policy", "created_by")
    return get_object_or_404(related, pk=pk)


def keep_for_showing(
    request: SignedInRequest, integration: Integration, key: str
) -> None:
    """Carry a new key over the redirect, sealed, so that loading the page again
    neither shows it again nor makes another."""
    request.session[f"new_key_{integration.pk}"] = seal(key)


def key_to_show(request: SignedInRequest, integration: Integration) -> str:
    sealed = request.session.pop(f"new_key_{integration.pk}", "")
    try:
        return unseal(sealed) if sealed else ""
    except InvalidToken:  # SECRET_KEY has changed meanwhile
        return ""
