"""The overview, and the theme switch."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from dashboard import attention, setup, themes
from dashboard import overview as reads


@require_GET
@vary_on_headers("HX-Request")
def overview(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    channels = list(reads.channel_health(now=now))
    if not channels:
        return render(request, "dashboard/setup.html", {"setup": setup.look(request.user)})
    context = {
        "concerns": attention.concerns(channels, now=now),
        "figures": reads.figures(now=now),
        "channels": channels,
        "happenings": reads.recent(),
    }
    is_part = bool(getattr(request, "htmx", False))
    if not is_part:
        context["setup"] = setup.look(request.user)
    return render(request, "dashboard/_overview.html" if is_part else "dashboard/overview.html", context)


@login_not_required
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    return themes.choose(request, theme=request.POST.get("theme", ""), back_to=request.POST.get("next", "/"))
