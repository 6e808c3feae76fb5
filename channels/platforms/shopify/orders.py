"""Shopify's orders as snapshots: what the ledger must hold at each location, and what Shopify took there. Pure.

https://shopify.dev/docs/api/admin-graphql/latest/objects/Order (2026-10). A line's units stand at the locations of its
fulfilment orders; each place is a line of its own, "<line>@<location>". An order takes its units off ``available`` when
it is placed; fulfilling changes nothing there; a refund puts them back, or not, as its restock type says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from channels.contract import (
    BadPayload,
    KnownLine,
    OptionField,
    OrderLineSnapshot,
    OrderSnapshot,
    OrderState,
)
from channels.platforms.shopify.order_payload import STATUS
from channels.platforms.shopify.refs import at, number_of
from channels.platforms.shopify.spread import Place, Spread, objects, read_refunds, read_shares, read_shipments
from channels.platforms.shopify.values import Json, moment, text, whole

NO_PLACE = "Shopify has not told yet which location it ships from."
UNREADABLE = "The line's id or quantity can't be read."

OPTIONS = (
    OptionField(
        name="unrestocked_units",
        label="Units that are cancelled or refunded without restocking",
        help="Shopify takes them off its stock on hand, as damaged or lost. Some sales channels cancel every order so,"
        " though the goods are still there.",
        default="gone",
        choices=(("gone", "Have left the stock, as Shopify counts them"), ("sellable", "Go back on sale")),
    ),
    OptionField(
        name="test_orders_take_stock",
        label="Orders with a test payment lower Shopify's stock",
        help="Test orders never change your own stock. Place one and look, if unsure.",
        default="yes",
        choices=(("yes", "Yes"), ("no", "No")),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopHabits:
    """The options of one shop, read."""

    unrestocked_is_gone: bool = True
    test_orders_take: bool = True

    @classmethod
    def of(cls, options: Mapping[str, str]) -> Self:
        return cls(
            unrestocked_is_gone=options.get("unrestocked_units") != "sellable",
            test_orders_take=options.get("test_orders_take_stock") != "no",
        )


def snapshot(payload: Mapping[str, Any], known: Mapping[str, KnownLine], habits: ShopHabits) -> OrderSnapshot:
    """Return the order as it stands now. Raises BadPayload.

    A test order holds nothing of ours; what Shopify took for it all the same is pushed back by itself.
    """
    lines: list[OrderLineSnapshot] = []
    for line in objects(payload, "lines"):
        lines += _line(line, payload, known, habits)
    return _order(payload, lines, known, state=_state(payload, lines))


def deleted_snapshot(payload: Mapping[str, Any], known: Mapping[str, KnownLine]) -> OrderSnapshot:
    """Return what a deleted order leaves behind: what had left stays sold, and Shopify gives nothing back."""
    lines = []
    for line in objects(payload, "lines"):
        for one in _line(line, payload, known, ShopHabits()):
            before = known.get(one.ref)
            taken = before.taken if before is not None else one.taken
            lines.append(replace(one, ordered=0, sold=one.fulfilled, fulfilled=one.fulfilled, taken=taken))
    return _order(payload, lines, known, state=OrderState.DELETED)


def _order(
    payload: Mapping[str, Any],
    lines: Sequence[OrderLineSnapshot],
    known: Mapping[str, KnownLine],
    *,
    state: OrderState,
) -> OrderSnapshot:
    ref = number_of(payload.get("id"), "Order")
    if not ref:
        raise BadPayload("The order has no usable id.")
    listed = {line.ref for line in lines}
    statuses = [text(payload.get(name)) for name in STATUS]
    shown = " / ".join(each for each in [*statuses, "TEST" if payload.get("test") is True else ""] if each)
    return OrderSnapshot(
        ref=ref,
        number=text(payload.get("name")) or ref,
        state=state,
        status=shown[:100],
        placed_at=moment(payload.get("createdAt")),
        changed_at=moment(payload.get("updatedAt")),
        lines=(*lines, *(_vanished(line, state) for line in known.values() if line.ref not in listed)),
    )


def _state(payload: Mapping[str, Any], lines: Sequence[OrderLineSnapshot]) -> OrderState:
    waiting = any(line.sold > line.fulfilled for line in lines)
    if payload.get("cancelledAt") is not None and not waiting:
        return OrderState.CANCELLED
    if not waiting and any(line.fulfilled for line in lines):
        return OrderState.FULFILLED
    return OrderState.OPEN


def _line(
    line: Json, payload: Mapping[str, Any], known: Mapping[str, KnownLine], habits: ShopHabits
) -> list[OrderLineSnapshot]:
    """Return one snapshot for each location that the line has to do with; one with a problem when it can't be read.

    A line without a variant is a custom one, a tip, or of a product that was deleted since. What is booked of it goes
    on as its fulfilment orders say; of one that was never booked there is nothing to hold.
    """
    number = number_of(line.get("id"), "LineItem")
    quantity, current = whole(line.get("quantity")), whole(line.get("currentQuantity"))
    if not number or quantity is None or quantity < 0 or current is None:
        return _problems(number or "line", line, known, UNREADABLE)
    if not (line.get("variant") and line.get("item")) and not _booked(number, known):
        return [_without_numbers(number, line)]
    spread = Spread(quantity=quantity)
    read_shares(spread, number, payload)
    read_shipments(spread, number, payload)
    to_ship = whole(line.get("unfulfilledQuantity")) or 0
    is_routed = any(place.total or place.shipped for place in spread.places.values())
    if not is_routed and min(current, to_ship) > 0 and payload.get("cancelledAt") is None:
        return _problems(number, line, known, NO_PLACE)
    read_refunds(spread, number, payload, unrestocked_is_gone=habits.unrestocked_is_gone)
    return [_at(number, location, line, place, payload, habits) for location, place in sorted(spread.places.items())]


def _booked(number: str, known: Mapping[str, KnownLine]) -> list[str]:
    """Return under which refs a line is booked: one for each location."""
    return [ref for ref in known if ref.partition("@")[0] == number]


def _at(
    number: str, location: str, line: Json, place: Place, payload: Mapping[str, Any], habits: ShopHabits
) -> OrderLineSnapshot:
    is_test = payload.get("test") is True
    takes = payload.get("confirmed") is not False and (not is_test or habits.test_orders_take)
    return OrderLineSnapshot(
        ref=at(number, location),
        variant_ref=at(text(line.get("variant")), location) if line.get("variant") else "",
        product_ref=text(line.get("item")),
        sku=text(line.get("sku")),
        title=text(line.get("name"))[:500],
        ordered=max(0, place.remaining + place.shipped),
        sold=0 if is_test else max(0, place.sold),
        fulfilled=0 if is_test else max(0, place.fulfilled),
        returned=0 if is_test else place.received,
        taken=place.taken if takes else 0,
        is_held=place.remaining > 0,
    )


def _problems(number: str, line: Json, known: Mapping[str, KnownLine], problem: str) -> list[OrderLineSnapshot]:
    """Say that a line can't be read now; what is booked of it stays so, at every location."""
    refs = _booked(number, known) or [number]
    return [replace(_without_numbers(number, line), ref=ref, problem=problem) for ref in refs]


def _without_numbers(number: str, line: Json) -> OrderLineSnapshot:
    return OrderLineSnapshot(
        ref=number,
        variant_ref=text(line.get("variant")),
        product_ref=text(line.get("item")),
        sku=text(line.get("sku")),
        title=text(line.get("name"))[:500],
        ordered=0,
        sold=0,
        fulfilled=0,
        taken=0,
    )


def _vanished(line: KnownLine, state: OrderState) -> OrderLineSnapshot:
    """A line or a place that the order lacks now: its units moved elsewhere, or were not known to be anywhere."""
    keeps = line.taken if state == OrderState.DELETED else 0
    return replace(_without_numbers(line.ref, {}), taken=keeps)
