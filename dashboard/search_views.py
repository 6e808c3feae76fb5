"""The search: a page that works by itself, whose inner part the palette shows as a person types."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET

from dashboard import searching


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    words = searching.plain(request.GET.get("q", ""))
    context = {"words": words, "groups": searching.search(words, request), "few_letters": searching.ENOUGH_TO_HOLD}
    is_part = bool(getattr(request, "htmx", False))
    response = render(request, "dashboard/_hits.html" if is_part else "dashboard/search.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response
