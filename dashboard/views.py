"""The overview, and the theme switch."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from dashboard import themes


@require_GET
@vary_on_headers("HX-Request")
def overview(request: HttpRequest) -> HttpResponse:
    return render(request, "dashboard/overview.html")


@login_not_required
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    return themes.choose(request, theme=request.POST.get("theme", ""), back_to=request.POST.get("next", "/"))
