"""Amazon's listings items as stock pools. Pure functions, no I/O.

A pool is a seller's SKU in a region: its quantity is one number, whatever the marketplaces. Listings Items API
2021-08-01, https://developer-docs.amazon.com/sp-api/docs/listings-items-api
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from channels.contract import ReportedListing, ReportedVariant
from channels.platforms.amazon.regions import product_url
from channels.platforms.amazon.values import LARGEST_QUANTITY, Json, entries, text, whole

MERCHANT = "DEFAULT"
LONGEST_REF = 120
# What a listing is read with; and what is enough to write its quantity.
DATA_SETS = "summaries,attributes,offers,fulfillmentAvailability"
STOCK_ONLY = "summaries,fulfillmentAvailability"

BY_AMAZON = "Fulfilled by Amazon: the stock lies in Amazon's warehouses, and a quantity of ours would break the offer."
BOTH_WAYS = "Fulfilled by Amazon and by you under one SKU: Amazon can't be told the quantity of one without the other."
PER_SOURCE = "Its stock is kept for each of your locations at Amazon (multi-location inventory)."
NO_CHANNEL = "Amazon names no fulfilment channel for it: a parent of variations, or an offer that is not complete."

_BARCODES = frozenset({"ean", "upc", "gtin", "isbn"})


class UnreadableItem(Exception):
    """A listing whose numbers must not be guessed; the message is a sentence for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """What is live: the merchant's quantity (None: not told), and why it must not be written (empty: it may)."""

    quantity: int | None
    unwritable_reason: str


def stock_of(item: Json) -> Stock:
    """Read the live availability. Anything but one merchant's record alone is never written.

    ``fulfillmentAvailability`` is what buyers see; the attribute of nearly the same name is what was submitted, for
    each marketplace, and goes stale. Raises UnreadableItem.
    """
    records = entries(item.get("fulfillmentAvailability"))
    codes = {text(record.get("fulfillmentChannelCode")) for record in records}
    own = [record for record in records if record.get("fulfillmentChannelCode") == MERCHANT]
    if not codes or codes == {""}:
        return Stock(quantity=None, unwritable_reason=NO_CHANNEL)
    if MERCHANT not in codes:
        by_amazon = any(code.startswith("AMAZON") for code in codes)
        return Stock(quantity=None, unwritable_reason=BY_AMAZON if by_amazon else PER_SOURCE)
    quantity = _quantity(own[0])
    if len(codes) > 1:
        reason = BOTH_WAYS if any(code.startswith("AMAZON") for code in codes) else PER_SOURCE
        return Stock(quantity=quantity, unwritable_reason=reason)
    return Stock(quantity=quantity, unwritable_reason="")


def _quantity(record: Json) -> int | None:
    told = record.get("quantity")
    if told is None:
        return None
    units = whole(told)
    if units is None:
        raise UnreadableItem(f"its quantity is {str(told)[:40]}, which is no whole number from 0 to {LARGEST_QUANTITY}")
    return units


def listing_of(item: Json, marketplace: str) -> ReportedListing:
    """Return a listing as one marketplace shows it. Raises UnreadableItem."""
    sku = sku_of(item)
    try:
        stock = stock_of(item)
    except UnreadableItem as error:
        raise UnreadableItem(f"SKU {sku}: {error}.") from None
    summary = next((each for each in entries(item.get("summaries")) if _is_of(each, marketplace)), {})
    status = summary.get("status")
    return ReportedListing(
        ref=sku,
        product_ref=sku,
        title=text(summary.get("itemName"))[:500] or sku,
        sku=sku,
        barcode=_barcode(item),
        tracked=None if stock.quantity is None else True,
        quantity=stock.quantity,
        unwritable_reason=stock.unwritable_reason,
        # Sold out is only not buyable; what Amazon has switched off is not discoverable either.
        enabled=bool(status) if isinstance(status, list) else True,
        price=_price(item, marketplace),
        url=product_url(marketplace, text(summary.get("asin"))),
        variants=(ReportedVariant(ref=sku, sku=sku),),
    )


def sku_of(item: Json) -> str:
    """Return the SKU exactly as Amazon has it. Raises UnreadableItem."""
    sku = text(item.get("sku"))
    if not sku or len(sku) > LONGEST_REF:
        raise UnreadableItem(f"A listing has no usable SKU ({sku[:40]!r}).")
    return sku


def is_listed_in(item: Json, marketplace: str) -> bool:
    """Tell whether an item that was read with its summaries stands in a marketplace."""
    return any(_is_of(each, marketplace) for each in entries(item.get("summaries")))


def _is_of(summary: Json, marketplace: str) -> bool:
    return summary.get("marketplaceId") == marketplace


def _price(item: Json, marketplace: str) -> Decimal | None:
    for offer in entries(item.get("offers")):
        if _is_of(offer, marketplace) and offer.get("offerType") == "B2C":
            amount = offer["price"].get("amount") if isinstance(offer.get("price"), dict) else None
            try:
                price = Decimal(text(amount))
            except InvalidOperation:
                return None
            return price.quantize(Decimal("0.0001")) if price.is_finite() and 0 <= price < 10**10 else None
    return None


def _barcode(item: Json) -> str:
    attributes = item.get("attributes")
    if not isinstance(attributes, dict):
        return ""
    for each in entries(attributes.get("externally_assigned_product_identifier")):
        code = text(each.get("value")).strip()
        if text(each.get("type")).lower() in _BARCODES and 0 < len(code) <= 64:
            return code
    return ""


def folded(items: Sequence[object], marketplace: str) -> tuple[list[ReportedListing], list[str]]:
    """Return (the listings, a sentence on each item that could not be read) of a search's page."""
    listings: list[ReportedListing] = []
    problems: list[str] = []
    for item in items:
        try:
            listings.append(listing_of(item if isinstance(item, dict) else {}, marketplace))
        except UnreadableItem as error:
            problems.append(str(error))
    return listings, problems
