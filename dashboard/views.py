"""The overview, and the theme switch."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from channels.models import Listing
from dashboard import attention, themes
from dashboard import overview as reads
from dashboard.links import link
from inventory.models import StockLevel, Warehouse


@require_GET
@vary_on_headers("HX-Request")
def overview(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    channels = list(reads.channel_health(now=now))
    if not channels:
        return render(request, "dashboard/first_steps.html", _first_steps())
    context = {
        "concerns": attention.concerns(channels, now=now),
        "figures": reads.figures(now=now),
        "channels": channels,
        "happenings": reads.recent(),
    }
    is_part = bool(getattr(request, "htmx", False))
    return render(request, "dashboard/_overview.html" if is_part else "dashboard/overview.html", context)


def _first_steps() -> dict[str, object]:
    return {
        "has_warehouse": Warehouse.objects.exists(),
        "has_listings": Listing.objects.exists(),
        "has_stock": StockLevel.objects.exists(),
        "connect_url": link("channels:channel_connect") or link("channels:channel_list"),
    }


@login_not_required
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    return themes.choose(request, theme=request.POST.get("theme", ""), back_to=request.POST.get("next", "/"))
