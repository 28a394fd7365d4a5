"""The pages of assets."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.http import SignedInRequest, responder_required
from catalog import graph
from catalog.asset_picture import picture_of_asset
from catalog.conditions import HEALTHY, conditions_of
from catalog.forms import AssetForm
from catalog.look import Look, choices_of
from catalog.models import Asset
from catalog.pages import asset_page, facets, with_conditions
from catalog.search import AssetFilter
from catalog.services import add_edge, edit_asset, merged_into, remove_edge
from catalog.standing import edges_of, standing_of
from core.http import absolute_url
from core.text import one_line

PAGE_SIZE = 50
MATCHES_SHOWN = 10


@require_safe
def index(request: SignedInRequest) -> HttpResponse:
    chosen = AssetFilter.read(request.GET)
    found = chosen.apply(Asset.objects.for_list()).failing_first()
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "chosen": chosen,
        "facets": facets(chosen, request.GET),
        "page_obj": page,
        "listed": with_conditions(page.object_list, user=request.user),
        "public_url": settings.PUBLIC_URL,
    }
    if not chosen and not page:
        return render(request, "catalog/welcome.html", context)
    return render(request, "catalog/list.html", context)


@require_safe
def connect(request: SignedInRequest) -> HttpResponse:
    context = {"public_url": settings.PUBLIC_URL}
    return render(request, "catalog/welcome.html", context)


@require_safe
def detail(request: SignedInRequest, pk: int) -> HttpResponse:
    asset = Asset.objects.for_list().filter(pk=pk).first()
    if asset is None:
        return _where_it_went(pk)
    context = asset_page(asset, request=request, at=timezone.now())
    context["badge_url"] = absolute_url(f"/badge/{asset.pk}.svg")
    context["page_url"] = absolute_url(asset)
    return render(request, "catalog/detail.html", context)


def _where_it_went(pk: int) -> HttpResponse:
    """To the asset this one became part of, if it did. Raises Http404."""
    into = merged_into(pk)
    if into is None:
        raise Http404
    return redirect("catalog:detail", into, permanent=True)


@require_safe
def relatives(request: SignedInRequest, pk: int, direction: str) -> HttpResponse:
    """All that is upstream or downstream, however far."""
    asset = get_object_or_404(Asset, pk=pk)
    lineage = graph.snapshot(fresh=True)
    walk = lineage.ancestors if direction == "upstream" else lineage.descendants
    distances = walk(asset.pk)
    page = Paginator(list(distances), PAGE_SIZE).get_page(request.GET.get("page"))
    assets = Asset.objects.for_list().in_bulk(page.object_list)
    conditions = conditions_of(assets, lineage, user=request.user)
    context = {
        "asset": asset,
        "direction": direction,
        "page_obj": page,
        "relatives": [
            {
                "asset": assets[found],
                "distance": distances[found],
                "condition": conditions.get(found, HEALTHY),
            }
            for found in page.object_list
            if found in assets
        ],
    }
    return render(request, "catalog/relatives.html", context)


@require_safe
def picture(request: SignedInRequest, pk: int) -> HttpResponse:
    """The picture on a page of its own, as far as asked, with the same as a list."""
    asset = get_object_or_404(Asset, pk=pk)
    lineage = graph.snapshot(fresh=True)
    above, below = lineage.ancestors(pk), lineage.descendants(pk)
    look = Look.read({**request.GET.dict(), "large": "1"})
    conditions = conditions_of({pk, *above, *below}, lineage, user=request.user)
    context = {
        "asset": asset,
        "look": look,
        "choices": choices_of(request.GET),
        "picture": picture_of_asset(
            asset, above, below, lineage, look, conditions=conditions
        ),
        "standing": standing_of(asset, above.keys(), below.keys()),
    }
    return render(request, "catalog/picture.html", context)


@responder_required
def edit(request: SignedInRequest, pk: int) -> HttpResponse:
    asset = get_object_or_404(Asset.objects.for_list(), pk=pk)
    form = AssetForm(request.POST) if request.method == "POST" else AssetForm.of(asset)
    if not form.is_bound or not form.is_valid():
        context = {"asset": asset, "form": form}
        return render(
            request, "catalog/edit.html", context, status=400 if form.is_bound else 200
        )
    edit_asset(
        asset_id=pk,
        changes=form.changes(),
        owners=form.cleaned_data["owners"],
        by=request.user,
        at=timezone.now(),
    )
    messages.success(request, "Saved.")
    return redirect(asset)


@require_safe
@responder_required
def edges(request: SignedInRequest, pk: int) -> HttpResponse:
    """Where lineage is corrected by hand."""
    asset = get_object_or_404(Asset, pk=pk)
    text = one_line(request.GET.get("find", ""), 200)
    found = Asset.objects.matching(text) if text else Asset.objects.none()
    context = {
        "asset": asset,
        "find": text,
        **edges_of(asset),
        "matches": found.exclude(pk=pk)[:MATCHES_SHOWN],
    }
    return render(request, "catalog/edges.html", context)


@require_POST
@responder_required
def change_edge(
    request: SignedInRequest, pk: int, upstream: int, downstream: int, act: str
) -> HttpResponse:
    if pk not in (upstream, downstream):
        raise Http404
    up = get_object_or_404(Asset, pk=upstream)
    down = get_object_or_404(Asset, pk=downstream)
    change = add_edge if act == "add" else remove_edge
    change(upstream=up, downstream=down, by=request.user, at=timezone.now())
    path = f"/assets/{pk}/edges/{upstream}/{downstream}"
    done, undo = (
        ("Added", f"{path}/remove/") if act == "add" else ("Removed", f"{path}/add/")
    )
    messages.success(
        request,
        f"{done}: {up.short_name} feeds {down.short_name}.",
        extra_tags=f"undo={undo}",
    )
    return redirect("catalog:edges", pk)
