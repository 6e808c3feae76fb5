"""Ecwid's orders as snapshots: what the ledger must hold, and what Ecwid itself took. Pure functions, no I/O.

https://docs.ecwid.com/api-reference/rest-api/orders/get-order (REST API v3)
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from channels.contract import BadPayload, KnownLine, OrderLineSnapshot, OrderSnapshot, OrderState, RawOrder
from channels.platforms.ecwid.mapping import options_text
from channels.platforms.ecwid.refs import identity, order_ref, pool_ref, text, whole
from channels.platforms.ecwid.stock import ABANDONED, RELEASED, Holding, StoreHabits, holding_of

# Whitelists: nothing of the buyer is asked for, and what comes all the same is dropped before it is kept.
_LINE_FIELDS = ("id", "productId", "combinationId", "sku", "name", "quantity", "isPreorder", "compositeComponents")
_HEAD_FIELDS = (
    *("id", "internalId", "orderNumber", "vendorOrderNumber", "paymentStatus", "fulfillmentStatus"),
    *("createTimestamp", "updateTimestamp", "createDate", "updateDate"),
)
ORDER_FIELDS = f"{','.join(_HEAD_FIELDS)},items({','.join(_LINE_FIELDS)},selectedOptions(name,type,value))"
PAGE_FIELDS = f"total,count,offset,limit,items({ORDER_FIELDS})"
# Free text and files that a buyer entered may name a person; a choice from the merchant's list does not.
_CHOICE_TYPES = frozenset({"CHOICE", "CHOICES", "SIZE"})

LONGEST_REF = 120  # of what the core keeps

# RETURNED counts as left: nothing comes back that had not gone, and a person receives the return.
LEFT = frozenset({"SHIPPED", "DELIVERED", "OUT_FOR_DELIVERY", "RETURNED"})


def raw_order(payload: object) -> RawOrder:
    """Return an order as it is kept: trimmed to the fields that ``snapshot`` reads.

    An order without a usable id gets a ref made from its content, so that it is kept and seen instead of lost.
    """
    trimmed = trim(payload) if isinstance(payload, dict) else {}
    ref = order_ref(text(trimmed.get("id")))
    if not 0 < len(ref) <= LONGEST_REF:
        digest = hashlib.sha256(json.dumps(trimmed, sort_keys=True).encode()).hexdigest()
        ref = f"unreadable-{digest[:16]}"
    return RawOrder(ref=ref, changed_at=_moment(trimmed, "update"), payload=trimmed)


def trim(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Keep the known fields only; values of a wrong type stay for ``snapshot`` to judge."""
    kept = {name: payload[name] for name in _HEAD_FIELDS if name in payload}
    items = payload.get("items")
    kept["items"] = [_trim_line(item) for item in items] if isinstance(items, list) else None
    return kept


def _trim_line(item: object) -> object:
    if not isinstance(item, dict):
        return None
    line = {name: item[name] for name in _LINE_FIELDS if name in item}
    options = item.get("selectedOptions")
    if isinstance(options, list):
        line["selectedOptions"] = [
            {name: text(each.get(name)) for name in ("name", "type", "value")}
            for each in options
            if isinstance(each, dict) and text(each.get("type")) in _CHOICE_TYPES
        ]
    return line


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """The part of an order that decides for all its lines."""

    ref: str
    payment: str
    fulfilment: str
    items: list[Any]
    is_deleted: bool = False

    @property
    def has_left(self) -> bool:
        return self.fulfilment in LEFT and self.payment != ABANDONED

    @property
    def stands(self) -> bool:
        return not self.is_deleted and self.payment not in RELEASED and self.payment != ABANDONED

    @property
    def state(self) -> OrderState:
        if self.is_deleted:
            return OrderState.DELETED
        if not self.stands:
            return OrderState.CANCELLED
        return OrderState.FULFILLED if self.has_left else OrderState.OPEN


def snapshot(payload: Mapping[str, Any], known: Mapping[str, KnownLine], habits: StoreHabits) -> OrderSnapshot:
    """Return the order as it stands now. Raises BadPayload.

    An order that was cancelled or refunded after it left keeps its units sold and fulfilled, although Ecwid puts
    them back on its own number: only a person can say that the goods are back.
    """
    head = _head(payload)
    holding = holding_of(payment=head.payment, fulfilment=head.fulfilment, known=known, habits=habits)
    return _snapshot(payload, head, known, holding)


def deleted_snapshot(payload: Mapping[str, Any], known: Mapping[str, KnownLine], habits: StoreHabits) -> OrderSnapshot:
    """Return what a deleted order leaves behind: nothing asked for, and nothing sold unless it had left."""
    head = _head(payload, is_deleted=True)
    before = any(line.is_held for line in known.values())
    gives_back = habits.gives_back_on_delete
    holding = Holding(before=before, now=before and not gives_back, moves=gives_back)
    return _snapshot(payload, head, known, holding)


def _snapshot(
    payload: Mapping[str, Any], head: _Head, known: Mapping[str, KnownLine], holding: Holding
) -> OrderSnapshot:
    lines = []
    seen: Counter[str] = Counter()
    for position, item in enumerate(head.items, start=1):
        line_id = identity(item.get("id")) if isinstance(item, dict) else None
        ref = f"line-{position}" if line_id is None else str(line_id)
        seen[ref] += 1
        if seen[ref] > 1:
            lines.append(
                _problem_line(f"{ref}#{seen[ref]}", item, holding, "Another line of the order has the same id.")
            )
            continue
        lines.append(_line(ref, item, head, holding, known.get(ref)))
    listed = {line.ref for line in lines}
    lines += [_removed_line(line, holding) for ref, line in known.items() if ref not in listed]
    return OrderSnapshot(
        ref=head.ref,
        number=text(payload.get("vendorOrderNumber")) or text(payload.get("id")),
        state=head.state,
        status=f"{head.payment} / {head.fulfilment}" if head.fulfilment else head.payment,
        placed_at=_moment(payload, "create"),
        changed_at=_moment(payload, "update"),
        lines=tuple(lines),
    )


def _head(payload: Mapping[str, Any], *, is_deleted: bool = False) -> _Head:
    order_id, payment, items = payload.get("id"), payload.get("paymentStatus"), payload.get("items")
    if not isinstance(order_id, str) or not order_id:
        raise BadPayload("The order has no id.")
    if not isinstance(payment, str) or not payment:
        raise BadPayload(f"Order {order_id[:40]} has no payment status.")
    if not isinstance(items, list):
        raise BadPayload(f"Order {order_id[:40]} has no list of lines.")
    return _Head(
        ref=order_ref(order_id),
        payment=payment[:40],
        fulfilment=text(payload.get("fulfillmentStatus"))[:40],
        items=items,
        is_deleted=is_deleted,
    )


def _line(ref: str, item: object, head: _Head, holding: Holding, known: KnownLine | None) -> OrderLineSnapshot:
    problem = _problem_of(item)
    if problem or not isinstance(item, dict):
        return _problem_line(ref, item, holding, problem)
    units = item["quantity"]
    sold = units if head.has_left or head.stands else 0
    return OrderLineSnapshot(
        ref=ref,
        variant_ref=pool_ref(item["productId"], item.get("combinationId") or None),
        product_ref=str(item["productId"]),
        sku=text(item.get("sku")),
        title=_title(item),
        ordered=0 if head.is_deleted or head.payment == ABANDONED else units,
        sold=sold,
        fulfilled=sold if head.has_left else 0,
        taken=holding.taken(known, units),
        is_held=holding.now,
    )


def _problem_of(item: object) -> str:
    """Return why a line can't be booked; empty when it can."""
    if not isinstance(item, dict):
        return "The line is not readable."
    if identity(item.get("id")) is None:
        return "The line has no usable id."
    quantity = whole(item.get("quantity"))
    if quantity is None or quantity < 0:
        return f"The line's quantity is {str(item.get('quantity'))[:40]}, which is not a whole number of units."
    if identity(item.get("productId")) is None:
        return "The line names no product of the store; Ecwid moves no stock for it."
    # Ecwid writes 0 where there is no variation, as in defaultCombinationId.
    combination_id = item.get("combinationId")
    if combination_id is not None and combination_id != 0 and identity(combination_id) is None:
        return "The line's variation has no usable id."
    if item.get("compositeComponents"):
        # Undocumented: whether the counts inside are for one bundle or for all, and what Ecwid takes where.
        return "A bundle: take its components' units off by hand, Ecwid does not say how many it took."
    return ""


def _problem_line(ref: str, item: object, holding: Holding, problem: str) -> OrderLineSnapshot:
    fields: Mapping[str, Any] = item if isinstance(item, dict) else {}
    product_id = identity(fields.get("productId"))
    combination_id = identity(fields.get("combinationId"))
    return OrderLineSnapshot(
        ref=ref,
        variant_ref=pool_ref(product_id, combination_id) if product_id is not None else "",
        product_ref=str(product_id) if product_id is not None else "",
        sku=text(fields.get("sku")),
        title=_title(fields),
        ordered=0,
        sold=0,
        fulfilled=0,
        taken=0,
        is_held=holding.now,
        problem=problem,
    )


def _removed_line(line: KnownLine, holding: Holding) -> OrderLineSnapshot:
    """A line that an edit removed: Ecwid does not put it back, now or when the order is cancelled later."""
    return replace(_problem_line(line.ref, None, holding, ""), taken=line.taken)


def _title(item: Mapping[str, Any]) -> str:
    options = options_text(item.get("selectedOptions"))
    name = text(item.get("name"))
    return (f"{name} — {options}" if options else name)[:500]


def _moment(payload: Mapping[str, Any], name: str) -> datetime | None:
    """Read ``createTimestamp`` (seconds), else ``createDate`` ("2024-09-04 07:22:09 +0000"); None when neither is."""
    seconds = payload.get(f"{name}Timestamp")
    try:
        if isinstance(seconds, int) and not isinstance(seconds, bool) and seconds > 0:
            return datetime.fromtimestamp(seconds, UTC)
        return datetime.strptime(text(payload.get(f"{name}Date")), "%Y-%m-%d %H:%M:%S %z").astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
