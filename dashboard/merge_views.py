"""Merging a SKU into another: find the other, see what would come of it, do it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods
from django.views.decorators.vary import vary_on_headers

from inventory.merging import CannotMerge
from inventory.models import Sku
from inventory.querysets import SkuQuerySet
from inventory.searches import typed
from inventory.views import actor_of
from reconciliation import merging

MATCHES = 12  # SKUs that a search offers at once


@require_GET
@vary_on_headers("HX-Request")
def sku_merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Search the SKU that stays; for htmx only the matches, or the page for the dialog."""
    sku = get_object_or_404(Sku, pk=pk)
    text = typed(request.GET.get("q"))
    others = Sku.objects.active().filter(is_sandbox=sku.is_sandbox, is_bundle=sku.is_bundle).exclude(pk=pk)
    found = others.search(text) if text else _alike(sku, others)
    htmx: Any = getattr(request, "htmx", None)
    is_part = bool(htmx) and htmx.target == "matches"
    context = {"sku": sku, "q": text, "matches": list(found.with_stock().order_by("code")[:MATCHES])}
    return render(request, "dashboard/_merge_matches.html" if is_part else "dashboard/sku_merge.html", context)


def _alike(sku: Sku, others: SkuQuerySet) -> SkuQuerySet:
    """Return those whose code differs in spelling only, or that have the same barcode."""
    same = Q(match_key=sku.match_key)
    if sku.barcode:
        same |= Q(barcode=sku.barcode)
    return others.filter(same)


@require_http_methods(["GET", "POST"])
def sku_merge_preview(request: HttpRequest, pk: int, into_pk: int) -> HttpResponse:
    sku, into = get_object_or_404(Sku, pk=pk), get_object_or_404(Sku, pk=into_pk)
    if request.method == "POST":
        try:
            merging.merge(sku=sku, into=into, actor=actor_of(request.user), now=timezone.now())
        except CannotMerge:
            pass  # the page says why
        else:
            words = _("%(sku)s is merged into %(into)s. Its code means this SKU from now on.")
            messages.success(request, words % {"sku": sku.code, "into": into.code})
            return redirect(reverse("dashboard:sku_detail", args=[into.pk]))
    context = {"preview": merging.preview(sku, into), "sku": sku, "into": into}
    status = 409 if request.method == "POST" else 200
    return render(request, "dashboard/sku_merge_preview.html", context, status=status)
