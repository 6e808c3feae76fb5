"""Amazon's orders as snapshots: what the ledger must hold, and what Amazon itself took. Pure functions, no I/O.

Orders API 2026-01-01, https://developer-docs.amazon.com/sp-api/docs/orders-api . A listing's quantity falls when an
order is placed, that is, while it is Pending, which lasts from half an hour to three weeks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from channels.contract import BadPayload, KnownLine, OptionField, OrderLineSnapshot, OrderSnapshot, OrderState, RawOrder
from channels.platforms.amazon.values import Json, entries, moment, section, text, whole

# Never BUYER or RECIPIENT: nothing of the buyer is asked for, and what comes all the same is dropped.
INCLUDED = "FULFILLMENT"
PENDING = frozenset({"PENDING_AVAILABILITY", "PENDING"})
OPEN = PENDING | {"UNSHIPPED", "PARTIALLY_SHIPPED"}
SHIPPED, CANCELLED = "SHIPPED", "CANCELLED"
# Amazon ships it, or can't: never the merchant's stock.
_KNOWN = OPEN | {SHIPPED, CANCELLED, "UNFULFILLABLE"}

OPTIONS = (
    OptionField(
        name="gives_back_on_cancel",
        label="Cancelling an order restocks it",
        help="Whether Amazon raises the listing's quantity when an order is cancelled. One cancelled order tells.",
        default="yes",
        choices=(("yes", "Yes"), ("no", "No")),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """The options of one store that decide how orders are read."""

    gives_back_on_cancel: bool = True

    @classmethod
    def of(cls, options: Mapping[str, str]) -> Habits:
        return cls(gives_back_on_cancel=options.get("gives_back_on_cancel") != "no")


def raw_order(payload: object, *, fulfilled_by: str = "") -> RawOrder:
    """Return an order as it is kept: trimmed to what ``snapshot`` reads.

    ``fulfilled_by``: who ships it, where the question told that already and the answer may leave it out. Raises
    BadPayload for what has no id: it can't be an order.
    """
    order = section(payload)
    ref = text(order.get("orderId"))
    if not ref or len(ref) > 120:
        raise BadPayload("Amazon told an order without an id.")
    fulfilment = section(order.get("fulfillment"))
    trimmed = {
        "orderId": ref,
        "createdTime": order.get("createdTime"),
        "lastUpdatedTime": order.get("lastUpdatedTime"),
        "marketplaceId": section(order.get("salesChannel")).get("marketplaceId"),
        "status": fulfilment.get("fulfillmentStatus"),
        "fulfilledBy": fulfilment.get("fulfilledBy") or fulfilled_by,
        "items": [_trimmed(item) for item in entries(order.get("orderItems"))],
    }
    return RawOrder(ref=ref, changed_at=moment(order.get("lastUpdatedTime")), payload=trimmed)


def _trimmed(item: Json) -> dict[str, Any]:
    product, fulfilment = section(item.get("product")), section(item.get("fulfillment"))
    return {
        "id": item.get("orderItemId"),
        "ordered": item.get("quantityOrdered"),
        "shipped": fulfilment.get("quantityFulfilled"),
        "unshipped": fulfilment.get("quantityUnfulfilled"),
        "sku": product.get("sellerSku"),
        "asin": product.get("asin"),
        "title": product.get("title"),
    }


@dataclass(frozen=True, slots=True)
class _Units:
    """Of one line: asked for, still wanted (those shipped included), shipped."""

    ordered: int
    wanted: int
    shipped: int


def snapshot(payload: Mapping[str, Any], known: Mapping[str, KnownLine], habits: Habits) -> OrderSnapshot:
    """Return the order as it stands now. Raises BadPayload.

    An order that Amazon ships from its own warehouses has no lines for us: it sells nothing of the merchant's stock.
    """
    ref, status, by = text(payload.get("orderId")), text(payload.get("status")), text(payload.get("fulfilledBy"))
    items = payload.get("items")
    if status not in _KNOWN:
        raise BadPayload(f"Order {ref[:40]} has the status {status[:40]!r}, which is not one that Amazon has.")
    if not isinstance(items, list):
        raise BadPayload(f"Order {ref[:40]} has no list of items.")
    is_ours = by != "AMAZON" and status != "UNFULFILLABLE"
    lines: list[OrderLineSnapshot] = []
    if is_ours:
        seen: Counter[str] = Counter()
        for position, (item, units) in enumerate(zip(items, _counted(items, status), strict=True), start=1):
            line = _line(item, units, status, by, known, habits, position)
            seen[line.ref] += 1
            if seen[line.ref] > 1:
                line = _twin(line, seen[line.ref])
            lines.append(line)
    listed = {line.ref for line in lines}
    lines += [_removed(line, habits) for name, line in known.items() if name not in listed]
    return OrderSnapshot(
        ref=ref,
        number=ref,
        state=_state(status),
        status=_words(status) if is_ours else f"{_words(status)}, fulfilled by Amazon",
        placed_at=moment(payload.get("createdTime")),
        changed_at=moment(payload.get("lastUpdatedTime")),
        lines=tuple(lines),
    )


def _counted(items: list[Any], status: str) -> list[_Units | str]:
    """Return the units of each line, or a sentence: why they can't be told.

    A pending line may say that nothing waits for shipment, so while an order is pending all that was ordered counts.
    Later what waits and what left are told apart; where they add up to less than was ordered, the rest was cancelled.
    If they add up to nothing for the whole of an open order, nothing has been told yet.
    """
    read = [_units(item, status) for item in items]
    told = [units for units in read if isinstance(units, _Units)]
    if status in OPEN and told and all(units.wanted == 0 for units in told):
        return [
            _Units(units.ordered, units.ordered, units.shipped) if isinstance(units, _Units) else units
            for units in read
        ]
    return read


def _units(item: Any, status: str) -> _Units | str:
    ordered = whole(item.get("ordered"))
    if ordered is None:
        return f"The line's quantity is {str(item.get('ordered'))[:40]}, which is no whole number of units."
    shipped, unshipped = whole(item.get("shipped")), whole(item.get("unshipped"))
    gone = min(shipped or 0, ordered)
    if status == CANCELLED:
        return _Units(ordered, gone, gone)
    if status == SHIPPED:
        # What was not shipped by now never will be.
        done = ordered if shipped is None else gone
        return _Units(ordered, done, done)
    if status in PENDING or shipped is None or unshipped is None:
        return _Units(ordered, ordered, gone)
    return _Units(ordered, min(shipped + unshipped, ordered), gone)


def _line(
    item: Any,
    units: _Units | str,
    status: str,
    by: str,
    known: Mapping[str, KnownLine],
    habits: Habits,
    position: int,
) -> OrderLineSnapshot:
    ref, sku = text(item.get("id"))[:120], text(item.get("sku"))
    problem = units if isinstance(units, str) else ""
    if not ref:
        ref, problem = f"line-{position}", "The line has no id."
    elif not sku or len(sku) > 120:
        problem = (
            problem or f"Amazon does not say which SKU was sold (ASIN {text(item.get('asin'))[:20] or 'unknown'})."
        )
    elif by != "MERCHANT":
        problem = problem or "Amazon does not say who ships it: nothing is booked until it does."
    if problem or isinstance(units, str):
        units = _Units(0, 0, 0)
    is_over = status == CANCELLED
    return OrderLineSnapshot(
        ref=ref,
        variant_ref="" if problem else sku,
        product_ref="" if problem else sku,
        sku=sku,
        title=text(item.get("title"))[:500],
        ordered=0 if is_over else units.wanted,
        sold=units.wanted,
        fulfilled=units.shipped,
        taken=0 if problem else _taken(units, known.get(ref), habits),
        problem=problem,
    )


def _twin(line: OrderLineSnapshot, number: int) -> OrderLineSnapshot:
    """Return a line whose id another line of the order has: which of the two is booked under it can't be told."""
    return replace(
        line,
        ref=f"{line.ref[:110]}#{number}",
        variant_ref="",
        product_ref="",
        ordered=0,
        sold=0,
        fulfilled=0,
        taken=0,
        problem="Another line of the order has the same id.",
    )


def _taken(units: _Units, known: KnownLine | None, habits: Habits) -> int:
    """Return how many units Amazon has taken off its own quantity for a line.

    All that was ordered, at once. Units that are cancelled come back or don't, which the store's option says. A
    cancelled line may show 0 as its quantity: what was booked of it is the better witness.
    """
    if habits.gives_back_on_cancel:
        return units.wanted
    return max(units.ordered, known.taken if known else 0)


def _removed(line: KnownLine, habits: Habits) -> OrderLineSnapshot:
    """A line that an order once had and lacks now: as if it were cancelled."""
    return OrderLineSnapshot(
        ref=line.ref,
        variant_ref="",
        product_ref="",
        sku="",
        title="",
        ordered=0,
        sold=0,
        fulfilled=0,
        taken=0 if habits.gives_back_on_cancel else line.taken,
    )


def _state(status: str) -> OrderState:
    if status == CANCELLED:
        return OrderState.CANCELLED
    return OrderState.OPEN if status in OPEN else OrderState.FULFILLED


def _words(status: str) -> str:
    return status.replace("_", " ").capitalize()
