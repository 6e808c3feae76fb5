"""Where the units of one order line are: at which locations, and what became of them there. Pure.

Told by fulfilment orders (what is still to ship), shipments (what has left) and refunds (what came back). A line's own
quantity never shrinks; what is missing from it was taken out of the order.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from channels.contract import BadPayload
from channels.platforms.shopify.values import Json, text, whole

OVER = frozenset({"CLOSED", "CANCELLED"})  # fulfilment orders of which nothing is to ship any more
VOID = frozenset({"CANCELLED", "ERROR", "FAILURE"})  # shipments that did not take place
BACK_ON_SALE = frozenset({"CANCEL", "LEGACY_RESTOCK"})


@dataclass(slots=True, kw_only=True)
class Place:
    """The units of one line at one location. ``total``: all that its fulfilment orders there ever had to ship."""

    total: int = 0
    remaining: int = 0
    waits_again: int = 0  # units in two fulfilment orders: the shipment of the first, which is over, was cancelled
    shipped: int = 0
    returned: int = 0  # shipped, and back on the shelf it came from
    received: int = 0  # shipped from elsewhere, and back on the shelf here
    gone: int = 0  # taken out of the order, and not put back
    dropped: int = 0  # taken out of the order and put back on sale
    restocked: int = 0  # units of the line that Shopify put on sale here

    @property
    def fulfilled(self) -> int:
        return self.shipped - self.returned + self.gone

    @property
    def sold(self) -> int:
        return self.remaining + self.fulfilled

    @property
    def taken(self) -> int:
        """Return what Shopify has taken off this location's available quantity for the line, less what it put back."""
        return self.remaining + self.shipped + self.gone + self.dropped - self.restocked


@dataclass(slots=True, kw_only=True)
class Spread:
    """One line and its units by location."""

    quantity: int
    places: defaultdict[str, Place] = field(default_factory=lambda: defaultdict(Place))

    def missing(self) -> int:
        """Return the units that are neither still to ship nor shipped: they were taken out of the order."""
        accounted = sum(place.remaining + place.shipped for place in self.places.values())
        return max(0, self.quantity - accounted)


def read_shares(spread: Spread, number: str, payload: Mapping[str, Any]) -> None:
    for share in objects(payload, "shares"):
        is_over = text(share.get("status")) in OVER
        for each in objects(share, "lines"):
            if each.get("line") == number:
                place = spread.places[text(share.get("location"))]
                remaining = 0 if is_over else _units(each.get("remaining"))
                place.remaining += remaining
                place.total += max(remaining, _units(each.get("total")))


def read_shipments(spread: Spread, number: str, payload: Mapping[str, Any]) -> None:
    over = {text(share.get("location")) for share in objects(payload, "shares") if text(share.get("status")) in OVER}
    for shipment in objects(payload, "shipments"):
        is_void = text(shipment.get("status")) in VOID
        for each in objects(shipment, "lines"):
            if each.get("line") == number:
                # A shipment that names no place left from where its line stands.
                location = text(shipment.get("location")) or next(iter(spread.places), "")
                units = _units(each.get("quantity"))
                spread.places[location].shipped += 0 if is_void else units
                spread.places[location].waits_again += units if is_void and location in over else 0


def read_refunds(spread: Spread, number: str, payload: Mapping[str, Any], *, unrestocked_is_gone: bool) -> None:
    """Tell what was taken out of the order from what came back, and where.

    Units that were to ship and were taken out went back on sale unless a refund says that they were not restocked; an
    edit may leave no refund behind.
    """
    missing = spread.missing()
    unrestocked, back = 0, defaultdict[str, int](int)
    for refund in objects(payload, "refunds"):
        for each in objects(refund, "lines"):
            if each.get("line") != number:
                continue
            units, kind, location = _units(each.get("quantity")), text(each.get("type")), text(each.get("location"))
            if kind == "RETURN" and each.get("restocked") is not False:
                _bring_back(spread, units, location)
            elif kind in BACK_ON_SALE:
                back[location] += units
            elif kind == "NO_RESTOCK":
                unrestocked += units
    # Of units refunded without restocking, those that had shipped stay with the buyer.
    gone = min(unrestocked, max(0, missing - sum(back.values())))
    # First what a refund tells the place of; then what must not be booked at the wrong one; the rest comes out even.
    told = _put_back(spread, missing - gone, back)
    for location, units in _where_from(spread, gone):
        place = spread.places[location]
        place.gone += units if unrestocked_is_gone else 0
        place.dropped += 0 if unrestocked_is_gone else units
    for location, units in _where_from(spread, missing - gone - told):
        spread.places[location].dropped += units
        spread.places[location].restocked += units


def _bring_back(spread: Spread, units: int, location: str) -> None:
    """Book shipped goods that were restocked: on the shelf they came from, or received at another."""
    home = location or next((ref for ref, place in spread.places.items() if place.shipped), "")
    place = spread.places[home]
    here = min(units, place.shipped - place.returned)
    place.returned += here
    place.received += units - here
    place.restocked += units


def _put_back(spread: Spread, units: int, back: Mapping[str, int]) -> int:
    """Book units that were taken out of the order and that refunds say were put back; return how many they were.

    They came from where they were put back, if the line stands there at all.
    """
    told = 0
    for location, count in sorted(back.items()):
        here = min(count, units - told) if location else 0
        for home, share in [(location, here)] if location in spread.places else _where_from(spread, here):
            spread.places[home].dropped += share
        if here:
            spread.places[location].restocked += here
        told += here
    return told


def _where_from(spread: Spread, units: int) -> list[tuple[str, int]]:
    """Return from which locations units were taken out: where fulfilment orders had more to ship than is left.

    Where Shopify has lowered what they had to ship, one of which nothing is left is the likeliest.
    """
    if not units:
        return []
    found: Counter[str] = Counter()
    left = {ref: place.remaining + place.shipped for ref, place in spread.places.items()}
    order = sorted(left, key=lambda ref: (left[ref] > 0, ref))
    for ref in order:
        place = spread.places[ref]
        share = min(units, max(0, place.total - place.waits_again - left[ref] - place.gone - place.dropped))
        found[ref] += share
        units -= share
    found[order[0] if order else ""] += units
    return [(ref, share) for ref, share in found.items() if share]


def objects(payload: Mapping[str, Any], name: str) -> list[Json]:
    found = payload.get(name)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise BadPayload(f"The order has no list of {name}.")
    return found


def _units(value: object) -> int:
    units = whole(value)
    return units if units is not None and units > 0 else 0
