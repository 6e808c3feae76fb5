"""Giving an unlimited listing a counted stock: only when a person chooses to, and the only absolute write there is."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from channels import availability, catalog, publishing
from channels.contract import ReportedListing
from channels.lanes import wake
from channels.models import Channel, Listing
from channels.registry import opened
from inventory import audit


class CantStart(Exception):
    """The listing can't be given a counted stock now; the message says why and what to do."""


def check(listing: Listing) -> None:
    """Raise CantStart unless the listing is unlimited, mapped, and on a channel that quantities go out to."""
    if listing.state != Listing.State.ACTIVE or listing.tracked is not False:
        raise CantStart(_("Its stock is counted already, or it is not on the channel any more."))
    if listing.sku_id is None:
        raise CantStart(_("Link it to a SKU first: its number comes from there."))
    is_live = listing.channel.mode in {Channel.Mode.LIVE, Channel.Mode.PART_LIVE} and not listing.is_observed
    if not is_live or not listing.channel.is_writable:
        raise CantStart(_("Nothing is written to this channel now: go live, or reconnect it, first."))


def start(*, listing: Listing, seen: int, actor: str, now: datetime) -> ReportedListing:
    """Write the listing's target to the channel as its counted stock and return what the channel shows afterwards.

    ``seen`` is the number of units that the person agreed to. The listing then enters publishing like a new one: it
    is read between two polls before anything else is written. Raises CantStart, also when the target is not ``seen``
    any more, and ChannelError.
    """
    check(listing)
    target = availability.targets([listing])[listing.pk]
    if target != seen:
        raise CantStart(
            _("It should show %(target)d now, not %(seen)d. Look again.") % {"target": target, "seen": seen}
        )
    # Written before the call, so that a crash leaves a trace of who did it.
    audit.record(
        actor=actor,
        action="listing.start_tracking",
        subject=f"listing:{listing.pk}",
        before={"tracked": False},
        after={"tracked": True, "quantity": target},
    )
    with opened(listing.channel) as platform:
        shown = platform.start_tracking(listing.ref, target)
        catalog.refresh_products(listing.channel, platform, [listing.product_ref], now=now)
    wake(publishing.lane_of(listing.channel_id))
    return shown
