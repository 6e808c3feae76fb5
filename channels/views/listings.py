"""Listings: the list, one listing's page, and what a person does with it besides its mapping."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from channels import availability, parking, rulings, suggesting, tracking
from channels.contract import ChannelError
from channels.filters import ListingFilter
from channels.forms import HoldBackForm
from channels.models import Listing, MappingChange, OrderLine
from channels.standing import standing
from channels.tables import ListingPushTable, ListingTable
from channels.views.answers import back
from channels.views.pushes import with_took
from inventory.models import AuditEntry
from inventory.tables import arrange, list_page
from inventory.views import actor_of, done, form_page

LATEST_PUSHES = 25
LATEST_LINES = 10


@require_GET
def listing_list(request: HttpRequest) -> HttpResponse:
    rows = Listing.objects.select_related("channel", "sku").defer("channel__credentials")
    rows = rows.prefetch_related("variants").order_by("title", "pk")
    listings = ListingFilter(request.GET, rows)
    table = ListingTable(
        listings.qs, order_by="title", empty_text=_("Connect a store and import its catalogue; its products show here.")
    )
    table.empty_url = reverse("channels:channel_list")
    context = {"tabs": tabs("listings"), "attention": Listing.objects.all().needing_attention().count()}
    return list_page(request, "channels/listing_list.html", filterset=listings, table=table, context=context)


def tabs(current: str) -> list[dict[str, Any]]:
    """Return the tabs of the room: all listings, and those that wait for a SKU."""
    waiting = Listing.objects.all().unmapped().count()
    pages = (
        ("listings", _("All listings"), "channels:listing_list", None),
        ("unmapped", _("Unmapped"), "channels:listing_unmapped", waiting),
        ("collisions", _("Collisions"), "channels:listing_collisions", None),
        ("not-pushing", _("Mapped, not pushing"), "channels:listing_not_pushing", None),
        ("pushing-unmapped", _("Pushing, not mapped"), "channels:listing_pushing_unmapped", None),
        ("runs", _("Files and runs"), "channels:mapping_run_list", None),
    )
    return [
        {"label": label, "url": reverse(name), "is_current": code == current, "count": count}
        for code, label, name, count in pages
    ]


def with_all() -> QuerySet[Listing]:
    return Listing.objects.select_related("channel", "sku").prefetch_related("variants")


@require_GET
def listing_detail(request: HttpRequest, pk: int) -> HttpResponse:
    listing = get_object_or_404(with_all(), pk=pk)
    pushes = with_took(listing.pushes.order_by("-pk"))
    table = ListingPushTable(pushes, prefix="push-", empty_text=_("Each change that is written to it shows here."))
    lines = OrderLine.objects.filter(listing=listing).select_related("order", "sku")
    context = {
        "listing": listing,
        "standing": standing(listing),
        "location": listing.channel.locations.filter(ref=listing.location_ref).first()
        if listing.location_ref
        else None,
        "explanation": availability.explain(listing) if listing.sku_id else None,
        "hold_back": availability.hold_backs_for([listing])[listing.pk],
        "pushes": arrange(request, table, page_size=LATEST_PUSHES),
        "lines": list(lines.order_by("-order__placed_at", "-pk")[:LATEST_LINES]),
        "suggestions": [] if listing.sku_id else suggesting.suggest([listing])[listing.pk],
        "mappings": list(
            MappingChange.objects.filter(listing__in=rulings.pools_of([listing]))
            .select_related("before_sku", "after_sku", "run")
            .order_by("-pk")[:20]
        ),
        "changes": list(AuditEntry.objects.filter(subject=f"listing:{listing.pk}").order_by("-pk")[:20]),
    }
    return render(request, "channels/listing_detail.html", context)


@require_GET
def listing_why(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what a published quantity is made of, and why the store may show another one now."""
    listing = get_object_or_404(Listing.objects.select_related("channel", "sku"), pk=pk)
    explanation = availability.explain(listing)
    accounted = listing.accounted or 0
    context = {
        "listing": listing,
        "explanation": explanation,
        "gap": explanation.total - accounted,
        "missing": accounted - explanation.total,
        "open_push": listing.pushes.all().open().exists(),
        "shows": accounted + listing.drift,
    }
    response = render(request, "channels/listing_why.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_POST
def listing_retry(request: HttpRequest, pk: int) -> HttpResponse:
    listing = get_object_or_404(Listing, pk=pk)
    if parking.retry(listing=listing, actor=actor_of(request.user), now=timezone.now()):
        messages.success(request, _("%(listing)s is tried again.") % {"listing": listing})
    return back(request, reverse("channels:listing_detail", args=[pk]))


@require_http_methods(["GET", "POST"])
def listing_track(request: HttpRequest, pk: int) -> HttpResponse:
    """Give an unlimited listing a counted stock, having said beforehand which number is written."""
    listing = get_object_or_404(with_all(), pk=pk)
    problem = ""
    try:
        tracking.check(listing)
        if request.method == "POST":
            seen = request.POST.get("seen", "")
            shown = tracking.start(
                listing=listing,
                seen=int(seen) if seen.isdecimal() and len(seen) < 11 else -1,
                actor=actor_of(request.user),
                now=timezone.now(),
            )
            words = _("%(listing)s is counted now and shows %(units)d.")
            messages.success(request, words % {"listing": listing, "units": shown.quantity or 0})
            return done(request, reverse("channels:listing_detail", args=[pk]))
    except (tracking.CantStart, ChannelError) as error:
        problem = str(error)
    target = availability.targets([listing])[listing.pk] if listing.sku_id else 0
    context = {"listing": listing, "problem": problem, "target": target}
    return render(request, "channels/listing_track.html", context, status=422 if problem and request.POST else 200)


@require_http_methods(["GET", "POST"])
def listing_hold_back(request: HttpRequest, pk: int) -> HttpResponse:
    listing = get_object_or_404(with_all(), pk=pk)
    effective = availability.hold_backs_for([listing])[listing.pk]
    form = HoldBackForm(
        request.POST if request.method == "POST" else None,
        listing=listing,
        inherited=_("Empty: it inherits. Now %(units)d units are kept back, %(origin)s.")
        % {"units": effective.units, "origin": effective.origin}
        if effective.origin
        else _("Empty: it inherits. Now none is set."),
    )
    if request.method == "POST" and form.is_valid():
        words = form.keep(listing.channel, actor=actor_of(request.user), now=timezone.now())
        messages.success(request, words)
        return done(request, reverse("channels:listing_detail", args=[pk]))
    return form_page(request, "channels/listing_hold_back.html", form, {"listing": listing})
