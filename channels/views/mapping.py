"""The unmapped queue, and the verbs that say which SKU a listing sells."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from channels import mapping, mapping_runs, suggesting
from channels.filters import QueueFilter
from channels.models import Channel, Listing, MappingChange
from channels.tables import QueueTable
from channels.views.answers import back
from channels.views.listings import tabs, with_all
from inventory.bundle_forms import BundleForm
from inventory.models import Sku
from inventory.searches import typed
from inventory.tables import arrange, list_page
from inventory.views import actor_of

MATCHES = 12  # SKUs that a search offers at once
ANSWERS_WITHIN = 1.0  # seconds that a request works on a run before it leaves the rest to the worker


@require_GET
def listing_unmapped(request: HttpRequest) -> HttpResponse:
    # What has a sure suggestion first: it takes a key, the others take thought.
    rows = with_all().unmapped().order_by("-mapping_confidence", "pk")  # type: ignore[attr-defined]
    queue = QueueFilter(request.GET, rows)
    table = QueueTable(queue.qs, empty_text=_("New products of your stores come here when their SKU is nobody's yet."))
    waiting = Listing.objects.all().unmapped().order_by().values("channel").distinct()
    channels = Channel.objects.filter(pk__in=waiting).order_by("name", "pk")
    beside = Listing.objects.all().unmapped().beside_variations().count()
    context = {"tabs": tabs("unmapped"), "channels": channels, "beside": beside, "left": rows.count()}
    return list_page(request, "channels/listing_unmapped.html", filterset=queue, table=table, context=context)


@require_GET
def listing_keys(request: HttpRequest) -> HttpResponse:
    """The queue's keys, as a page or for the dialog."""
    return render(request, "channels/listing_keys.html")


@require_GET
@vary_on_headers("HX-Request")
def listing_link_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Search the SKU that a listing sells; for htmx only the matches, or the page for the dialog."""
    listing = get_object_or_404(with_all(), pk=pk)
    text = typed(request.GET.get("q"))
    apart = Sku.objects.active().filter(is_sandbox=listing.channel.is_sandbox)
    found = apart.search(text).with_stock().order_by("code")[:MATCHES] if text else Sku.objects.none()
    htmx: Any = getattr(request, "htmx", None)
    # A dialog leads back to the page that opened it.
    opener = htmx.current_url_abs_path if htmx else ""
    context = {
        "listing": listing,
        "q": text,
        "matches": list(found),
        "suggestions": suggesting.suggest([listing])[listing.pk],
        "next": request.GET.get("next", "") or opener or "",
        # In the queue the row's place is taken by what was done, and the next row has the focus.
        "row": bool(htmx) and opener is not None and opener.startswith(reverse("channels:listing_unmapped")),
    }
    is_part = bool(htmx) and htmx.target == "matches"
    return render(request, "channels/_matches.html" if is_part else "channels/listing_link.html", context)


@require_POST
def listing_link(request: HttpRequest, pk: int) -> HttpResponse:
    listing = get_object_or_404(with_all(), pk=pk)
    number = request.POST.get("sku", "")
    apart = Sku.objects.active().filter(is_sandbox=listing.channel.is_sandbox)
    sku = get_object_or_404(apart, pk=int(number) if number.isdecimal() and len(number) < 19 else 0)
    mapping.link(listing=listing, sku=sku, actor=actor_of(request.user), now=timezone.now())
    return _answer(request, listing, _("%(listing)s sells %(sku)s now.") % {"listing": listing, "sku": sku.code})


@require_POST
def listing_unlink(request: HttpRequest, pk: int) -> HttpResponse:
    listing = get_object_or_404(with_all(), pk=pk)
    mapping.unlink(listing=listing, actor=actor_of(request.user), now=timezone.now())
    words = _("%(listing)s is unlinked: nothing is written to it, and its new sales wait.") % {"listing": listing}
    return _answer(request, listing, words)


@require_POST
def listing_ignore(request: HttpRequest, pk: int) -> HttpResponse:
    listing = get_object_or_404(with_all(), pk=pk)
    mapping.ignore(listing=listing, actor=actor_of(request.user), now=timezone.now())
    return _answer(request, listing, _("%(listing)s leaves the queue for good.") % {"listing": listing})


@require_POST
def listing_take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo the last thing that was decided about the listing, unless something else was decided since."""
    listing = get_object_or_404(with_all(), pk=pk)
    number = request.POST.get("change", "")
    number = number if number.isdecimal() and len(number) < 19 else "0"
    change = get_object_or_404(MappingChange.objects.filter(listing=listing), pk=int(number))
    try:
        mapping.take_back(change=change, actor=actor_of(request.user), now=timezone.now())
    except mapping.ChangedSince as error:
        return _answer(request, listing, str(error), is_refused=True)
    listing.refresh_from_db()
    words = _("%(listing)s is as it was before.") % {"listing": listing}
    if getattr(request, "htmx", False) and listing.mapping == Listing.Mapping.UNMAPPED:
        table = arrange(request, QueueTable(with_all().filter(pk=pk)))
        context = {"table": table, "words": words, "left": Listing.objects.all().unmapped().count()}
        return render(request, "channels/_queue_row_again.html", context)
    return _answer(request, listing, words, is_undone=True)


@require_POST
def listing_create_sku(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a SKU from what the store calls the listing; where its code can't be one, say why."""
    listing = get_object_or_404(with_all(), pk=pk)
    if listing.mapping == Listing.Mapping.MAPPED:
        return _answer(request, listing, _("%(listing)s is linked already.") % {"listing": listing})
    try:
        sku = mapping.create_sku(listing=listing, actor=actor_of(request.user), now=timezone.now())
    except ValidationError as error:
        words = _("No SKU can be made of it: %(why)s Give it a SKU in the store and import, or link it to one.") % {
            "why": " ".join(error.messages)
        }
        return _answer(request, listing, words, is_refused=True)
    return _answer(request, listing, _("%(sku)s is made and linked.") % {"sku": sku.code})


@require_http_methods(["GET", "POST"])
def listing_bundle(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what a waiting listing is made of: its SKU is made as a bundle, and linked."""
    waiting = Listing.objects.all().unmapped().exclude(external_sku="").select_related("channel")
    listing = get_object_or_404(waiting, pk=pk)
    form = BundleForm(request.POST or None, bundle=Sku(is_sandbox=listing.channel.is_sandbox))
    if request.method == "POST" and form.is_valid():
        if not form.components:
            form.add_error(None, _("Name one component or more."))
        else:
            try:
                sku = mapping.create_sku(
                    listing=listing, actor=actor_of(request.user), now=timezone.now(), components=form.components
                )
            except ValidationError as error:
                form.add_error(None, error)
            else:
                messages.success(request, _("%(sku)s is made and linked.") % {"sku": sku.code})
                return redirect("channels:listing_unmapped")
    status = 422 if form.errors else 200
    return render(request, "channels/listing_bundle.html", {"listing": listing, "form": form}, status=status)


@require_POST
def listing_match_again(request: HttpRequest) -> HttpResponse:
    """Look anew for the SKUs of what waits: SKUs may have come or changed since the import."""
    waiting = mapping_runs.match_again()
    left = Listing.objects.all().unmapped().count()
    if mapping_runs.has_due(timezone.now()):
        messages.info(request, _("They are being matched. You can leave this page."))
    else:
        words = ngettext("%(n)d listing was linked.", "%(n)d listings were linked.", waiting - left)
        messages.success(request, words % {"n": waiting - left})
    return redirect("channels:listing_unmapped")


def _answer(
    request: HttpRequest, listing: Listing, words: str, *, is_refused: bool = False, is_undone: bool = False
) -> HttpResponse:
    """Say what was done: in the queue by a row that takes the listing's place, else on the page it came from."""
    if getattr(request, "htmx", False):
        listing.refresh_from_db()
        context = {
            "listing": listing,
            "words": words,
            "is_refused": is_refused,
            "change": None
            if is_refused or is_undone
            else MappingChange.objects.filter(listing=listing).order_by("-pk").first(),
            "left": Listing.objects.all().unmapped().count(),
        }
        return render(request, "channels/_queue_row.html", context, status=422 if is_refused else 200)
    (messages.error if is_refused else messages.success)(request, words)
    return back(request, reverse("channels:listing_detail", args=[listing.pk]))


@require_http_methods(["GET", "POST"])
def listing_create_missing(request: HttpRequest, pk: int) -> HttpResponse:
    """Make SKUs of all unmapped listings of a channel whose code is free; the count stands there beforehand."""
    channel = get_object_or_404(Channel, pk=pk)
    if request.method == "POST":
        run = mapping_runs.create_missing_skus(channel=channel, actor=actor_of(request.user), now=timezone.now())
        mapping_runs.work_for(ANSWERS_WITHIN)
        return redirect("channels:mapping_run", run.pk)
    waiting = Listing.objects.filter(channel=channel).unmapped().count()
    count = suggesting.creatable(channel)
    context = {"channel": channel, "count": count, "left": waiting - count}
    return render(request, "channels/listing_create_missing.html", context)


@require_http_methods(["GET", "POST"])
def listing_ignore_beside(request: HttpRequest) -> HttpResponse:
    """Never link the products whose variations are all listings of their own; they are named beforehand."""
    rows = with_all().unmapped().beside_variations().order_by("channel__name", "title", "pk")  # type: ignore[attr-defined]
    if request.method == "POST":
        left = 0
        for channel in Channel.objects.filter(pk__in=rows.order_by().values("channel")):
            left += mapping.ignore_beside_variations(channel=channel, actor=actor_of(request.user), now=timezone.now())
        words = ngettext("%(left)d product left the queue.", "%(left)d products left the queue.", left)
        messages.success(request, words % {"left": left})
        return redirect("channels:listing_unmapped")
    return render(request, "channels/listing_ignore_beside.html", {"listings": rows[:50], "count": rows.count()})
