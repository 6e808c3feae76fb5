"""Whether a channel is ready to go live: what speaks for it and what has to be done first, each with its way there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from channels import opening
from channels.models import CatalogImport, Channel, ChannelWarehouse, Listing, Location, OrderLine
from channels.observing import Agreement

ENOUGH_PERCENT = 95  # of the listings; below it, the ledger is more likely wrong than the store
MISSED_POLLS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at. ``is_needed``: a person should not go live before it is well."""

    is_well: bool
    sentence: str
    is_needed: bool = True
    verb: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    checks: tuple[Check, ...]

    @property
    def is_ready(self) -> bool:
        return not self.missing

    @property
    def missing(self) -> list[Check]:
        return [check for check in self.checks if check.is_needed and not check.is_well]


def of(channel: Channel, found: Agreement, *, now: datetime) -> Readiness:
    """Return what was looked at, in the order in which a person mends it; a fixed number of queries."""
    listings = Listing.objects.filter(channel=channel, state=Listing.State.ACTIVE)
    return Readiness(
        checks=(
            _connected(channel, now),
            _imported(channel),
            _placed(channel),
            _matched(channel, listings),
            _stocked(channel),
            _booked(channel),
            _agreeing(channel, found),
        )
    )


def _connected(channel: Channel, now: datetime) -> Check:
    page = reverse("channels:channel_detail", args=[channel.uuid])
    if channel.connection != Channel.Connection.OK:
        words = channel.connection_problem or _("The store does not let us in.")
        return Check(
            is_well=False,
            sentence=words,
            verb=_("Reconnect"),
            url=reverse("channels:channel_reconnect", args=[channel.uuid]),
        )
    late = now - (channel.orders_polled_to or channel.created_at) > MISSED_POLLS * timedelta(
        seconds=max(60, channel.poll_seconds)
    )
    if channel.orders_polled_to is None or late:
        return Check(is_well=False, sentence=_("Its orders have not been read lately."), verb=_("Check"), url=page)
    return Check(is_well=True, sentence=_("The store answers, and its orders are read."))


def _imported(channel: Channel) -> Check:
    page = reverse("channels:channel_detail", args=[channel.uuid])
    last = CatalogImport.objects.filter(channel=channel).order_by("-pk").first()
    if last is None:
        return Check(is_well=False, sentence=_("Its catalogue has not been read."), verb=_("Import"), url=page)
    if last.state == CatalogImport.State.FAILED:
        return Check(is_well=False, sentence=_("Reading its catalogue has failed."), verb=_("See why"), url=page)
    if last.state == CatalogImport.State.RUNNING:
        return Check(is_well=False, sentence=_("Its catalogue is being read."), verb=_("Watch"), url=page)
    return Check(is_well=True, sentence=_("Its catalogue is read."))


def _placed(channel: Channel) -> Check:
    settings = reverse("channels:channel_settings", args=[channel.uuid]) + "#warehouses"
    bare = unfed_locations(channel)
    if bare:
        names = ", ".join(place.name for place in bare[:3])
        words = _("No warehouse stands for %(locations)s.") % {"locations": names}
        return Check(is_well=False, sentence=words, verb=_("Choose"), url=settings)
    if not channel.feeds.exists():
        return Check(is_well=False, sentence=_("It sells from no warehouse."), verb=_("Choose"), url=settings)
    return Check(is_well=True, sentence=_("Its warehouses are chosen."))


def unfed_locations(channel: Channel) -> list[Location]:
    """Return the usable locations that have listings and no warehouse that stands for them."""
    fed = ChannelWarehouse.objects.filter(channel=channel, location_ref=OuterRef("ref"))
    listed = Listing.objects.filter(channel=channel, state=Listing.State.ACTIVE, location_ref=OuterRef("ref"))
    rows = channel.locations.filter(Exists(listed), ~Exists(fed), is_usable=True)
    return list(rows.order_by("name", "pk"))


def _matched(channel: Channel, listings: QuerySet[Listing]) -> Check:
    queue = f"{reverse('channels:listing_unmapped')}?channel={channel.pk}"
    unmapped = listings.filter(mapping=Listing.Mapping.UNMAPPED).count()
    if not listings.filter(mapping=Listing.Mapping.MAPPED).exists():
        return Check(is_well=False, sentence=_("None of its listings has a SKU."), verb=_("Match"), url=queue)
    if unmapped:
        words = ngettext(
            "%(n)d listing has no SKU: it is left alone, and its sales wait.",
            "%(n)d listings have no SKU: they are left alone, and their sales wait.",
            unmapped,
        )
        return Check(is_well=False, is_needed=False, sentence=words % {"n": unmapped}, verb=_("Match"), url=queue)
    return Check(is_well=True, sentence=_("Every listing has its SKU."))


def _stocked(channel: Channel) -> Check:
    without = opening.rows([channel.pk]).count()
    if without:
        words = ngettext(
            "%(n)d SKU was never counted, though the store has it in stock: it would go to 0.",
            "%(n)d SKUs were never counted, though the store has them in stock: they would go to 0.",
            without,
        )
        return Check(
            is_well=False,
            sentence=words % {"n": without},
            verb=_("Copy or count"),
            url=reverse("channels:channel_opening", args=[channel.uuid]),
        )
    return Check(is_well=True, sentence=_("What it has in stock is counted here."))


def _booked(channel: Channel) -> Check:
    waiting = OrderLine.objects.waiting().filter(order__channel=channel).count()
    if waiting:
        words = ngettext("%(n)d order line is not booked.", "%(n)d order lines are not booked.", waiting)
        url = f"{reverse('channels:order_list')}?channel={channel.pk}&lines=waiting"
        return Check(is_well=False, is_needed=False, sentence=words % {"n": waiting}, verb=_("Resolve"), url=url)
    return Check(is_well=True, sentence=_("Every sale there is booked here."))


def _agreeing(channel: Channel, found: Agreement) -> Check:
    differing = f"{reverse('channels:channel_observe', args=[channel.uuid])}?show=differs"
    if found.percent is None:
        return Check(is_well=False, sentence=_("No quantity is known on both sides yet."), verb="", url="")
    facts = {"percent": found.percent, "listings": found.listings, "differing": found.differing}
    if found.percent < ENOUGH_PERCENT:
        words = _("Only %(percent)d %% of %(listings)d listings show what they would be told.")
        return Check(is_well=False, sentence=words % facts, verb=_("See them"), url=differing)
    if found.differing:
        words = _("%(percent)d %% of %(listings)d listings agree; %(differing)d would change.")
        return Check(is_well=True, sentence=words % facts, verb=_("See them"), url=differing)
    words = ngettext("Its %(listings)d listing agrees.", "All %(listings)d listings agree.", found.listings)
    return Check(is_well=True, sentence=words % facts)
