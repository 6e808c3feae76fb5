"""What is amiss between mapping and pushing: mapped and not written, written and not mapped, and what is ambiguous."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from channels import collisions
from channels.filters import NotPushingFilter, PushingUnmappedFilter
from channels.mapping_tables import NotPushingTable, PushingUnmappedTable
from channels.models import Listing
from channels.views.listings import tabs
from inventory.tables import list_page


@require_GET
def listing_not_pushing(request: HttpRequest) -> HttpResponse:
    rows = Listing.objects.select_related("channel", "sku").defer("channel__credentials")
    rows = rows.prefetch_related("variants").order_by("title", "pk")
    listings = NotPushingFilter(request.GET, rows.not_pushing())
    table = NotPushingTable(listings.qs, order_by="title", empty_text=_("Every mapped listing is kept up to date."))
    context = {"tabs": tabs("not-pushing")}
    return list_page(request, "channels/listing_not_pushing.html", filterset=listings, table=table, context=context)


@require_GET
def listing_pushing_unmapped(request: HttpRequest) -> HttpResponse:
    rows = Listing.objects.select_related("channel", "sku").defer("channel__credentials")
    rows = rows.prefetch_related("variants").order_by("title", "pk")
    listings = PushingUnmappedFilter(request.GET, rows.pushing_unmapped())
    table = PushingUnmappedTable(
        listings.qs, order_by="title", empty_text=_("Whatever sells in your stores is mapped to a SKU.")
    )
    context = {"tabs": tabs("pushing-unmapped")}
    template = "channels/listing_pushing_unmapped.html"
    return list_page(request, template, filterset=listings, table=table, context=context)


@require_GET
def listing_collisions(request: HttpRequest) -> HttpResponse:
    context = {
        "tabs": tabs("collisions"),
        "shared": collisions.shared_codes(),
        "alike": collisions.alike_skus(),
        "twice": collisions.sold_twice(),
    }
    return render(request, "channels/listing_collisions.html", context)
