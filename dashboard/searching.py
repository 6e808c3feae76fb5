"""Search over everything a person may look for: SKUs, listings, orders, channels and pages.

Each kind is asked for its few best rows by reads that an index answers at any size: what is called so first, then what
begins so, then what holds the words. Fewer than three letters only find beginnings: no index knows where else they
stand. A listing is found by its store's code, by its SKU and by its title.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from access.roles import may
from access.routes import verb_of
from channels.models import Channel, Listing, ListingVariant, Order
from channels.registry import capabilities_of
from inventory.models import FormerCode, Sku, Warehouse, match_key

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

OF_EACH = 6  # hits of each kind
LONGEST = 200
ENOUGH_TO_HOLD = 3  # letters from which on words may stand anywhere
TITLES_READ = 50  # things with a title that holds the words, some of which are no longer offered


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One thing that was found. ``sub`` says more of it, ``icon`` is one of ``dashboard.icons``."""

    title: str
    url: str
    icon: str
    sub: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The hits of one kind, with the list that has all of them."""

    label: str
    hits: tuple[Hit, ...]
    all_url: str = ""


# Pages that no room leads to at once, and the words that people look for them by besides their names.
_PAGES: tuple[tuple[StrPromise, str, str, str], ...] = (
    (gettext_lazy("Overview"), "overview", "dashboard:overview", "home start"),
    (gettext_lazy("The last week"), "clock", "dashboard:overview_week", "latency drift velocity speed"),
    (gettext_lazy("Oversold"), "alert", "dashboard:oversold", "short missing backorder"),
    (gettext_lazy("What runs out"), "clock", "dashboard:stock_risk", "risk low velocity days reorder"),
    (gettext_lazy("Emergency stop"), "stop", "channels:channel_stop", "panic pause halt sell-down"),
    (gettext_lazy("SKUs"), "sku", "dashboard:sku_list", "products stock"),
    (gettext_lazy("New SKU"), "plus", "dashboard:sku_new", "add create product"),
    (gettext_lazy("Listings"), "listing", "channels:listing_list", "products variants"),
    (gettext_lazy("Unmapped listings"), "link", "channels:listing_unmapped", "mapping match queue"),
    (gettext_lazy("Mapping files and runs"), "link", "channels:mapping_run_list", "csv xlsx import undo"),
    (gettext_lazy("Orders"), "order", "channels:order_list", "sales"),
    (gettext_lazy("What disagrees"), "compare", "reconciliation:queue", "reconciliation discrepancies review"),
    (gettext_lazy("Runs"), "compare", "reconciliation:run_list", "reconciliation compare nightly"),
    (gettext_lazy("Channels"), "channel", "channels:channel_list", "stores shops platforms"),
    (
        gettext_lazy("Connect a store"),
        "plus",
        "channels:channel_connect",
        "add channel ecwid shopify woocommerce amazon",
    ),
    (gettext_lazy("Activity"), "activity", "channels:activity", "webhooks inbox events"),
    (gettext_lazy("Pushes"), "push", "channels:push_list", "quantities written outgoing"),
    (gettext_lazy("Set aside"), "stop", "dashboard:parked_first", "parked retry failed again"),
    (gettext_lazy("Changes by people"), "history", "channels:activity_changes", "audit trail who"),
    (gettext_lazy("Warehouses"), "warehouse", "inventory:warehouse_list", "places locations"),
    (gettext_lazy("Stock sources"), "source", "sources:source_list", "wms csv inventree"),
    (gettext_lazy("Shops"), "barcode", "dashboard:shop", "till sell pos"),
    (gettext_lazy("Developers"), "code", "developers:endpoint_list", "api tokens webhooks"),
    (gettext_lazy("Set up"), "check-circle", "dashboard:setup", "checklist onboarding first"),
)


def plain(text: str) -> str:
    """Return what was typed without spaces at its ends and controls, which no index and no database takes."""
    return " ".join("".join(letter for letter in text if letter.isprintable()).split())[:LONGEST]


def search(words: str, request: HttpRequest) -> list[Group]:
    """Return what ``words`` find, kind by kind, without what is empty. A fixed number of queries."""
    words = plain(words)
    if not words:
        return []
    skus = _found_skus(words)
    groups = [
        Group(label=_("SKUs"), hits=tuple(_skus(skus)), all_url=_list("dashboard:sku_list", words)),
        Group(label=_("Orders"), hits=tuple(_orders(words)), all_url=_list("channels:order_list", words)),
        Group(label=_("Listings"), hits=tuple(_listings(words, skus)), all_url=_list("channels:listing_list", words)),
        Group(label=_("Channels and warehouses"), hits=tuple(_places(words))),
        Group(label=_("Pages"), hits=tuple(_pages(words, request))),
    ]
    found = [group for group in groups if group.hits]
    # Who types a page's or a store's name wants that, and not all that has the word in its title.
    found.sort(key=lambda group: not any(hit.title.casefold() == words.casefold() for hit in group.hits))
    return found


def _list(name: str, words: str) -> str:
    return f"{reverse(name)}?{urlencode({'q': words})}"


def _first(reads: Sequence[QuerySet[Any]]) -> list[Any]:
    """Return the first rows that these reads give, each row once; a later read is only made while there is room."""
    found: dict[int, Any] = {}
    for rows in reads:
        if len(found) < OF_EACH:
            found |= {row.pk: row for row in rows[:OF_EACH] if row.pk not in found}
    return list(found.values())[:OF_EACH]


def _found_skus(words: str) -> list[Sku]:
    rows = Sku.objects.filter(archived_at=None)
    former = FormerCode.objects.filter(code=words).values("sku")
    key = match_key(words)
    reads = [rows.filter(Q(code=words) | Q(barcode=words) | Q(pk__in=former)).order_by("code")]
    if key:
        reads.append(rows.filter(match_key__startswith=key).order_by("match_key"))
    if len(words) >= ENOUGH_TO_HOLD:
        # In no order: whatever the index meets first, or a word that all names hold would be sorted as a whole.
        reads.append(rows.filter(Q(name__icontains=words) | Q(code__icontains=words)).order_by())
    return _first(reads)


def _skus(skus: Sequence[Sku]) -> Iterator[Hit]:
    for sku in skus:
        yield Hit(title=sku.code, sub=sku.name, icon="sku", url=reverse("dashboard:sku_detail", args=[sku.pk]))


def _listings(words: str, skus: Sequence[Sku]) -> Iterator[Hit]:
    """Listings by the store's own code, by the SKUs that were found, by title; unmapped ones by their barcode too."""
    rows = Listing.objects.filter(state=Listing.State.ACTIVE).select_related("channel").defer("channel__credentials")
    rows = rows.order_by()
    reads = [
        rows.filter(external_sku__in=[words, words.upper(), words.lower()]),
        *(rows.filter(external_sku__startswith=each) for each in dict.fromkeys([words, words.upper()])),
    ]
    if skus:
        reads.append(rows.filter(sku__in=skus).order_by("sku", "pk"))
    if len(words) >= ENOUGH_TO_HOLD:
        reads.append(rows.filter(mapping=Listing.Mapping.UNMAPPED).filter(Q(title__icontains=words) | Q(barcode=words)))
        titled = ListingVariant.objects.filter(title__icontains=words).order_by().values("listing")
        reads.append(rows.filter(pk__in=titled[:TITLES_READ]))
    for listing in _first(reads):
        sub = " · ".join(filter(None, (listing.channel.name, listing.external_sku)))
        yield Hit(
            title=str(listing), sub=sub, icon="listing", url=reverse("channels:listing_detail", args=[listing.pk])
        )


def _orders(words: str) -> Iterator[Hit]:
    rows = Order.objects.select_related("channel").defer("channel__credentials", "payload")
    number = words.lstrip("#")
    channels = Channel.objects.order_by().values_list("pk", flat=True)
    reads = [
        rows.filter(number__in=[words, number, f"#{number}"]).order_by("-placed_at", "-pk"),
        rows.filter(channel__in=list(channels), ref=number),
    ]
    if len(number) >= ENOUGH_TO_HOLD:
        reads.append(rows.filter(Q(number__startswith=number) | Q(number__startswith=f"#{number}")).order_by())
    for order in _first(reads):
        sub = " · ".join((order.channel.name, str(order.get_state_display())))
        yield Hit(title=str(order), sub=sub, icon="order", url=reverse("channels:order_detail", args=[order.pk]))


def _places(words: str) -> Iterator[Hit]:
    channels = Channel.objects.filter(Q(name__icontains=words) | Q(tags__icontains=words)).order_by("name")
    for channel in channels.only("name", "uuid", "platform", "mode")[:OF_EACH]:
        sub = " · ".join((capabilities_of(channel).name, str(channel.get_mode_display())))
        yield Hit(
            title=channel.name, sub=sub, icon="channel", url=reverse("channels:channel_detail", args=[channel.uuid])
        )
    for warehouse in Warehouse.objects.filter(Q(name__icontains=words) | Q(code__iexact=words)).order_by("name")[
        :OF_EACH
    ]:
        url = reverse("inventory:warehouse_detail", args=[warehouse.pk])
        yield Hit(title=warehouse.name, sub=warehouse.code, icon="warehouse", url=url)


def _pages(words: str, request: HttpRequest) -> Iterator[Hit]:
    wanted = words.casefold()
    for label, icon, name, others in _PAGES:
        title = str(label)
        is_meant = wanted in title.casefold() or any(other.startswith(wanted) for other in others.split())
        if is_meant and may(request.user, verb_of(name, "GET")):
            yield Hit(title=title, icon=icon, url=reverse(name))
