"""Warehouses, and how every form of the product answers once it is done."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django_htmx.http import HttpResponseClientRedirect


def done(request: HttpRequest, url: str) -> HttpResponse:
    """Go to ``url``: by a redirect, or from the dialog by having htmx load it as a page."""
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(url)
    return redirect(url)
