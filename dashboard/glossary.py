"""The words of the ledger, each with what it means: one text for the page of words and for popovers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


@dataclass(frozen=True, slots=True)
class Term:
    word: StrPromise
    meaning: StrPromise


TERMS: dict[str, Term] = {
    "sku": Term(_("SKU"), _("One thing that is counted: a product in one size, colour or pack. Stock is kept by SKU.")),
    "warehouse": Term(_("Warehouse"), _("A place of yours that holds stock: a hall, a shop floor, a shelf abroad.")),
    "location": Term(
        _("Location"), _("A platform's own word for a place that ships. Each is mapped to warehouses of yours.")
    ),
    "on-hand": Term(
        _("On hand"),
        _("Units that stand in the warehouse now and may be sold, promised to someone or not."),
    ),
    "reserved": Term(
        _("Reserved"), _("Units on hand that are promised to orders not shipped yet, or held for a checkout.")
    ),
    "available": Term(
        _("Available"), _("On hand less reserved. Below zero it says how many units were sold that are not there.")
    ),
    "unsellable": Term(
        _("Unsellable"), _("Units that are there and may not be sold: damaged, returned and not yet looked at.")
    ),
    "oversold": Term(_("Oversold"), _("Units promised beyond what is on hand. Someone will wait, or get a no.")),
    "hold-back": Term(
        _("Hold-back"),
        _("Units kept from a channel, so that two buyers of the last one at the same moment both get theirs."),
    ),
    "available-to-sell": Term(
        _("Should show"),
        _("What a channel should show: available in its warehouses less the hold-back, never below zero."),
    ),
    "movement": Term(
        _("Movement"), _("One change of stock and its reason. Movements are only added; every balance is their sum.")
    ),
    "listing": Term(
        _("Listing"), _("A SKU as one channel offers it. A SKU has as many listings as places where it is sold.")
    ),
    "accounted": Term(
        _("Accounted"),
        _("What the channel shows if all that happened there has been heard of. A push changes it by a difference."),
    ),
    "drift": Term(
        _("Drift"),
        _("What the channel really shows less what is accounted: a sale still on its way, or a change by hand."),
    ),
    "discrepancy": Term(
        _("Discrepancy"),
        _("A drift that two readings confirmed and that is beyond the tolerance. A person decides it."),
    ),
    "tolerance": Term(
        _("Tolerance"), _("How far two numbers may differ, in units or percent, before a person is asked.")
    ),
}
