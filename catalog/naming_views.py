"""The names of an asset, and merging it with another."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from accounts.http import SignedInRequest, responder_required
from catalog.importers.base import NAME_LENGTH, NAMESPACE_LENGTH
from catalog.models import Asset
from catalog.services import add_alias, merge_assets, remove_alias
from catalog.services.merging import doubt_of, preview_merge
from core.errors import DomainError, InvalidInputError
from core.text import one_line

MATCHES_SHOWN = 10
NAMES_SHOWN = 200


@require_safe
@responder_required
def names(request: SignedInRequest, pk: int) -> HttpResponse:
    """Its other names, and which asset it may be the same as."""
    asset = get_object_or_404(Asset, pk=pk)
    return _names_page(request, asset)


@require_POST
@responder_required
def add_name(request: SignedInRequest, pk: int) -> HttpResponse:
    asset = get_object_or_404(Asset, pk=pk)
    given = {
        "namespace": one_line(request.POST.get("namespace", ""), NAMESPACE_LENGTH),
        "name": one_line(request.POST.get("name", ""), NAME_LENGTH),
    }
    try:
        add_alias(asset=asset, **given, by=request.user, at=timezone.now())
    except InvalidInputError:
        return _names_page(request, asset, given, problem="Give both parts.")
    except DomainError as error:
        return _names_page(request, asset, given, problem=str(error))
    messages.success(request, "It goes by this name too.")
    return redirect("catalog:names", pk)


@require_POST
@responder_required
def remove_name(request: SignedInRequest, pk: int, alias: int) -> HttpResponse:
    found = get_object_or_404(get_object_or_404(Asset, pk=pk).aliases, pk=alias)
    remove_alias(alias=found, by=request.user, at=timezone.now())
    messages.success(request, f"It is no longer {found}.")
    return redirect("catalog:names", pk)


@require_http_methods(["GET", "HEAD", "POST"])
@responder_required
def merge(request: SignedInRequest, pk: int, into: int) -> HttpResponse:
    """What would move; moving it."""
    old, kept = get_object_or_404(Asset, pk=pk), get_object_or_404(Asset, pk=into)
    if request.method == "POST":
        merged = merge_assets(
            old_id=pk, into_id=into, by=request.user, at=timezone.now()
        )
        messages.success(request, f"{old.name} is part of this asset now.")
        return redirect(merged)
    context = {
        "old": old,
        "into": kept,
        "is_same": pk == into,
        "preview": preview_merge(old, kept),
        "doubt": doubt_of(old, kept),
    }
    return render(request, "catalog/merge.html", context)


def _names_page(
    request: SignedInRequest,
    asset: Asset,
    given: dict[str, str] | None = None,
    *,
    problem: str = "",
) -> HttpResponse:
    text = one_line(request.GET.get("find", ""), 200)
    found = Asset.objects.matching(text) if text else Asset.objects.none()
    context = {
        "asset": asset,
        "aliases": asset.aliases.order_by("namespace", "name")[:NAMES_SHOWN],
        "given": given or {"namespace": asset.namespace, "name": ""},
        "problem": problem,
        "find": text,
        "matches": found.exclude(pk=asset.pk)[:MATCHES_SHOWN],
    }
    status = 400 if problem else 200
    return render(request, "catalog/names.html", context, status=status)
