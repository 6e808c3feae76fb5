"""How a listing stands, in one word and one sentence with its way forward."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from channels.models import Channel, Listing


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """``code`` names the look; ``sentence`` says what it means and what to do."""

    code: str
    label: str
    sentence: str


def standing(listing: Listing) -> Standing:
    """Return what a person has to know about a listing first. Reads ``listing.channel``, so have it selected."""
    return _apart(listing) or _troubled(listing) or _at_work(listing)


def _apart(listing: Listing) -> Standing | None:
    """Tell why nothing is ever written to a listing that does not take part."""
    if listing.state == Listing.State.GONE:
        return Standing(
            code="gone",
            label=_("Gone"),
            sentence=_("The store does not offer it any more. Nothing is written to it; its history stays."),
        )
    if listing.mapping == Listing.Mapping.IGNORED:
        return Standing(
            code="ignored",
            label=_("Never linked"),
            sentence=_("You have taken it out of the queue: nothing is written and its sales don't touch the ledger."),
        )
    if listing.mapping == Listing.Mapping.UNMAPPED:
        return Standing(
            code="unmapped",
            label=_("Unmapped"),
            sentence=listing.mapping_reason
            or _("No SKU is linked: nothing is written, and its sales wait until one is."),
        )
    if listing.tracked is False:
        return Standing(
            code="untracked",
            label=_("Unlimited"),
            sentence=_("Its stock is unlimited in the store: nothing is written and its sales don't touch the ledger."),
        )
    if listing.tracked is None:
        return Standing(
            code="untracked",
            label=_("Not told"),
            sentence=_("The store has not told whether it counts this stock. Import the catalogue to ask again."),
        )
    if listing.unwritable_reason:
        return Standing(code="unwritable", label=_("Read only"), sentence=listing.unwritable_reason)
    return None


def _troubled(listing: Listing) -> Standing | None:
    if listing.parked_at is not None:
        return Standing(
            code="parked",
            label=_("Parked"),
            sentence=_("The store refused its quantity: “%(words)s” Mend that, then retry.")
            % {"words": listing.parked_reason},
        )
    if listing.drift:
        return Standing(code="drift", label=_("Differs"), sentence=_drift_sentence(listing))
    return None


def _drift_sentence(listing: Listing) -> str:
    units = abs(listing.drift)
    if listing.drift > 0:
        words = ngettext(
            "The store shows %(units)d unit more than we account for.",
            "The store shows %(units)d units more than we account for.",
            units,
        )
    else:
        words = ngettext(
            "The store shows %(units)d unit fewer than we account for.",
            "The store shows %(units)d units fewer than we account for.",
            units,
        )
    return f"{words % {'units': units}} {_('No push overwrites that: decide whose number is right.')}"


def _at_work(listing: Listing) -> Standing:
    channel: Channel = listing.channel
    if listing.accounted is None:
        return Standing(
            code="due",
            label=_("Not read yet"),
            sentence=_("Its quantity has not been read yet; nothing is written before that."),
        )
    if listing.due_at is not None:
        if channel.is_writable or listing.is_observed:
            return Standing(code="due", label=_("Due"), sentence=_("A change waits to be looked at by the worker."))
        return Standing(
            code="due",
            label=_("Due"),
            sentence=_("A change waits until the channel is connected and not paused."),
        )
    if listing.is_observed:
        return Standing(
            code="observe",
            label=_("Observed"),
            sentence=_("It is observed: what would be written is only logged."),
        )
    return Standing(code="in-step", label=_("In step"), sentence=_("Nothing is left to write."))
