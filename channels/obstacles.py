"""Why a mapped listing is not written to, and why an unmapped one sells all the same: each with its way out."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels.models import Channel, Listing

# The codes that ListingQuerySet.with_obstacle annotates, in its order
OBSTACLES = (
    ("disconnected", gettext_lazy("Channel disconnected")),
    ("connection", gettext_lazy("Channel needs you")),
    ("unlimited", gettext_lazy("Unlimited in the store")),
    ("not-told", gettext_lazy("Stock not told")),
    ("read-only", gettext_lazy("Read only")),
    ("parked", gettext_lazy("Parked")),
    ("observe", gettext_lazy("Observed")),
    ("paused", gettext_lazy("Channel paused")),
    ("halted", gettext_lazy("Channel stopped")),
    ("no-warehouse", gettext_lazy("No warehouse")),
    ("unread", gettext_lazy("Not read yet")),
)
# Those of ListingQuerySet.pushing_unmapped
GROUNDS = (
    ("written", gettext_lazy("Written once")),
    ("waiting", gettext_lazy("Orders wait")),
    ("offered", gettext_lazy("Offers units")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """What is the matter, in one sentence, and the verb that mends it; without one where nothing needs mending."""

    sentence: str
    verb: str = ""
    url: str = ""


def remark_on(listing: Listing, obstacle: str) -> Remark:
    """Return what keeps quantities from a mapped listing; reads ``listing.channel``."""
    channel = listing.channel
    page, own = (reverse(name, args=[channel.uuid]) for name in ("channels:channel_detail", "channels:channel_mode"))
    names = {"channel": channel.name}
    if obstacle == "parked":
        words = _("The store refused its quantity: “%(words)s”") % {"words": listing.parked_reason}
        return Remark(sentence=words, verb=_("Look"), url=reverse("channels:listing_detail", args=[listing.pk]))
    if obstacle == "read-only":
        return Remark(sentence=listing.unwritable_reason)
    if obstacle == "connection":
        words = channel.connection_problem or _("%(channel)s does not let us in.") % names
        return Remark(
            sentence=words, verb=_("Reconnect"), url=reverse("channels:channel_reconnect", args=[channel.uuid])
        )
    if obstacle == "unlimited":
        words = _("The store sells it without counting.")
        return Remark(sentence=words, verb=_("Count it"), url=reverse("channels:listing_track", args=[listing.pk]))
    if obstacle == "no-warehouse":
        words = (
            _("No warehouse stands for its location.")
            if listing.location_ref
            else _("No warehouse feeds %(channel)s.") % names
        )
        settings = reverse("channels:channel_settings", args=[channel.uuid])
        return Remark(sentence=words, verb=_("Choose"), url=settings)
    if obstacle == "observe":
        is_part = channel.mode == Channel.Mode.PART_LIVE
        words = (
            _("%(channel)s is live for other listings; this one is observed.")
            if is_part
            else _("%(channel)s observes: nothing is written.")
        )
        share = reverse("channels:channel_observe", args=[channel.uuid])
        return Remark(sentence=words % names, verb=_("Go live"), url=share if is_part else own)
    if obstacle == "paused":
        return Remark(sentence=_("%(channel)s is paused.") % names, verb=_("Change"), url=own)
    sentences = {
        "disconnected": _("%(channel)s is disconnected.") % names,
        "not-told": _("The store has not told whether it counts this stock."),
        "halted": channel.halted_reason or _("Pushing to %(channel)s has stopped.") % names,
        "unread": _("Its number is read before anything is written; that happens within minutes of the mapping."),
    }
    return Remark(sentence=sentences[obstacle], verb=_("Channel"), url=page)


def remark_on_unmapped(listing: Listing, ground: str) -> Remark:
    """Return what shows that an unmapped listing sells, with the way to a SKU."""
    sentences = {
        "written": _("We wrote its number until it was unlinked. It stands still since, whatever sells elsewhere."),
        "waiting": _("Orders of it wait: their units are not reserved."),
        "offered": _("It offers units that no stock of yours covers."),
    }
    find = reverse("channels:listing_find", args=[listing.pk])
    return Remark(sentence=sentences[ground], verb=_("Find SKU"), url=find)
