"""Media assets: results to look at, to fetch, to delete."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from dashboard.access import load, needs
from dashboard.views.jobs import asset_links, cover_at
from editing.errors import EditingError
from editing.models import MediaAsset
from editing.models.roles import Verb
from editing.services import links, media
from editing.services.paging import KeyPaginator

_ROWS = MediaAsset.objects.select_related("bucket", "cover_bucket", "job")


@needs(Verb.SEE)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    page = KeyPaginator(_ROWS.visible_to(request.user), 24).get_page(request.GET.get("page"))
    cards = [(asset, links.file_url(asset.bucket, asset.poster) if asset.poster else "") for asset in page]
    return render(request, "assets/assets.html", {"page": page, "cards": cards})


@needs(Verb.SEE)
@require_safe
def detail(request: HttpRequest, asset_id: str) -> HttpResponse:
    asset = load(_ROWS, request, pk=asset_id)
    context = {"asset": asset, "url": asset.bucket.url(asset.key), **asset_links(asset)}
    if asset.cover_bucket:
        context["cover_place"] = f"{asset.cover_bucket} / {asset.cover_key}"
    if asset.job:
        context["cover_at"] = cover_at(asset.job)
    return render(request, "assets/asset.html", {**context, **_stills(asset)})


@needs(Verb.SEE)
@require_safe
def stills(request: HttpRequest, asset_id: str) -> HttpResponse:
    """The pictures spread over it; asked for again until they are made."""
    asset = load(_ROWS, request, pk=asset_id)
    return render(request, "assets/_stills.html", {"asset": asset, **asset_links(asset), **_stills(asset)})


@needs(Verb.EDIT)
@require_POST
def delete(request: HttpRequest, asset_id: str) -> HttpResponse:
    try:
        media.delete(load(_ROWS, request, pk=asset_id))
    except EditingError as error:
        messages.error(request, error.message)
        return redirect("asset", asset_id)
    return redirect("assets")


def _stills(asset: MediaAsset) -> dict[str, Any]:
    """Their times (µs) and addresses, and whether they are still to come."""
    coming = bool(asset.stills_wanted) and asset.state == MediaAsset.State.NORMAL
    shown = [(at, links.file_url(asset.bucket, key)) for at, key in asset.snapshots]
    return {"stills": shown, "stills_coming": coming}
