"""WooCommerce's orders as snapshots: what the ledger must hold, and what WooCommerce took. Pure functions, no I/O.

https://woocommerce.github.io/woocommerce-rest-api-docs/#orders (wc/v3). What WooCommerce itself took off for a line is
written on the line: the mark ``_reduced_stock``. No mark, nothing taken: the product is not counted, the order not
paid, or its units were put back. ``_restock_refunded_items`` counts what refunds have put back.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from channels.contract import (
    BadPayload,
    KnownLine,
    OptionField,
    OrderLineSnapshot,
    OrderSnapshot,
    OrderState,
    RawOrder,
)
from channels.platforms.woocommerce.refs import identity, pool_ref, text, whole, whole_of_text

# Whitelists: nothing of the buyer is asked for, and what comes all the same is dropped before it is kept.
_HEAD_FIELDS = (
    *("id", "number", "status", "created_via"),
    *("date_created_gmt", "date_modified_gmt", "date_completed_gmt", "date_paid_gmt"),
)
_LINE_FIELDS = ("id", "product_id", "variation_id", "sku", "name", "quantity")
ORDER_FIELDS = ",".join((*_HEAD_FIELDS, "line_items", "meta_data"))
TRASHED_FROM = "_wp_trash_meta_status"
TAKEN_MARK, RETURNED_MARK = "_reduced_stock", "_restock_refunded_items"
_MARKS = (TAKEN_MARK, RETURNED_MARK)

UNPAID = frozenset({"pending", "checkout-draft", "auto-draft", "draft", "new"})
OVER = frozenset({"cancelled", "failed"})
# Shipment plugins name theirs "shipped" and "delivered".
LEFT = frozenset({"completed", "shipped", "delivered"})
STANDING = frozenset({"processing", "on-hold"})
REFUNDED, TRASH = "refunded", "trash"

OPTIONS = (
    OptionField(
        name="cancelled_after_completed",
        label="Cancelling a completed order",
        help="WooCommerce raises its stock then. Are the goods back, or does a person receive them first?",
        default="stays",
        choices=(
            ("stays", "The units stay sold until a person receives them"),
            ("returns", "The units are back at once, as WooCommerce counts"),
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreHabits:
    """The options of one store, read."""

    cancel_returns: bool = False

    @classmethod
    def of(cls, options: Mapping[str, str]) -> Self:
        return cls(cancel_returns=options.get("cancelled_after_completed") == "returns")


def raw_order(payload: object) -> RawOrder:
    """Return an order as it is kept: trimmed to the fields that ``snapshot`` reads.

    An order without an id gets a ref made from its content, so that it is kept and seen instead of lost.
    """
    trimmed = trim(payload) if isinstance(payload, dict) else {}
    number = identity(trimmed.get("id"))
    ref = str(number) if number is not None else ""
    if not ref:
        digest = hashlib.sha256(json.dumps(trimmed, sort_keys=True).encode()).hexdigest()
        ref = f"unreadable-{digest[:16]}"
    return RawOrder(ref=ref, changed_at=_moment(trimmed, "date_modified_gmt"), payload=trimmed)


def trim(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Keep the known fields only; values of a wrong type stay for ``snapshot`` to judge."""
    kept = {name: payload[name] for name in _HEAD_FIELDS if name in payload}
    kept["meta_data"] = [
        {"key": each["key"], "value": each.get("value")} for each in _meta(payload) if each.get("key") == TRASHED_FROM
    ]
    items = payload.get("line_items")
    kept["line_items"] = [_trim_line(item) for item in items] if isinstance(items, list) else None
    return kept


def _trim_line(item: object) -> object:
    if not isinstance(item, dict):
        return None
    line = {name: item[name] for name in _LINE_FIELDS if name in item}
    # Other meta data may be what a buyer had engraved.
    line["meta_data"] = [
        {"key": each["key"], "value": each.get("value")} for each in _meta(item) if each.get("key") in _MARKS
    ]
    return line


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """The part of an order that decides for all its lines. ``status`` is the last one outside the trash, if told."""

    ref: str
    status: str
    is_deleted: bool
    items: list[Any]
    was_completed: bool
    is_paid: bool
    habits: StoreHabits

    @property
    def has_left(self) -> bool:
        """Whether the goods have left the house, as far as the order says; only a person can say that they are back."""
        if self.status in OVER:
            return self.was_completed and not self.habits.cancel_returns
        return self.status in LEFT or (not self.status and self.was_completed)

    @property
    def state(self) -> OrderState:
        if self.is_deleted:
            return OrderState.DELETED
        if self.status in OVER:
            return OrderState.CANCELLED
        return OrderState.FULFILLED if self.has_left or self.status == REFUNDED else OrderState.OPEN

    def stands(self, taken: int) -> bool:
        """Whether a line is sold and waits to be shipped; ``taken``: what WooCommerce has taken for it.

        A status of a plugin counts when the order is paid for or WooCommerce took stock for it.
        """
        if self.is_deleted or self.status in UNPAID | OVER:
            return False
        return self.status in STANDING or self.is_paid or taken > 0


def snapshot(payload: Mapping[str, Any], known: Mapping[str, KnownLine], habits: StoreHabits) -> OrderSnapshot:
    """Return the order as it stands now. Raises BadPayload.

    ``known`` is needed only for the lines that are gone: WooCommerce puts a removed line's units back by itself.
    """
    head = _head(payload, habits)
    lines: list[OrderLineSnapshot] = []
    seen: Counter[str] = Counter()
    for position, item in enumerate(head.items, start=1):
        line_id = identity(item.get("id")) if isinstance(item, dict) else None
        ref = f"line-{position}" if line_id is None else str(line_id)
        seen[ref] += 1
        if seen[ref] > 1:
            lines.append(_empty(f"{ref}#{seen[ref]}", item, "Another line of the order has the same id."))
        else:
            lines.append(_line(ref, item, head))
    listed = {line.ref for line in lines}
    lines += [_empty(ref, None, "") for ref in known if ref not in listed]
    return _order(payload, head, tuple(lines))


def deleted_snapshot(payload: Mapping[str, Any], known: Mapping[str, KnownLine], habits: StoreHabits) -> OrderSnapshot:
    """Return what an order leaves behind that was deleted for good: WooCommerce gives nothing back for it."""
    head = _head(payload, habits, is_deleted=True)
    lines = tuple(
        _deleted_line(str(item["id"]), item, head, known.get(str(item["id"])))
        for item in head.items
        if isinstance(item, dict) and identity(item.get("id")) is not None
    )
    listed = {line.ref for line in lines}
    gone = tuple(_empty(ref, None, "") for ref in known if ref not in listed)
    return _order(payload, head, lines + gone)


def _head(payload: Mapping[str, Any], habits: StoreHabits, *, is_deleted: bool = False) -> _Head:
    number, status, items = identity(payload.get("id")), payload.get("status"), payload.get("line_items")
    if number is None:
        raise BadPayload("The order has no id.")
    if not isinstance(status, str) or not status:
        raise BadPayload(f"Order {number} has no status.")
    if not isinstance(items, list):
        raise BadPayload(f"Order {number} has no list of lines.")
    if status == TRASH:
        status = next((text(each.get("value")) for each in _meta(payload) if each.get("key") == TRASHED_FROM), "")
        is_deleted = True
    return _Head(
        ref=str(number),
        # WooCommerce keeps statuses under this prefix, and some plugins leave it on.
        status=status[:60].removeprefix("wc-"),
        is_deleted=is_deleted,
        items=items,
        was_completed=bool(payload.get("date_completed_gmt")),
        is_paid=bool(payload.get("date_paid_gmt")),
        habits=habits,
    )


def _order(payload: Mapping[str, Any], head: _Head, lines: tuple[OrderLineSnapshot, ...]) -> OrderSnapshot:
    return OrderSnapshot(
        ref=head.ref,
        number=text(payload.get("number")) or head.ref,
        state=head.state,
        status=TRASH if head.is_deleted else head.status,
        placed_at=_moment(payload, "date_created_gmt"),
        changed_at=_moment(payload, "date_modified_gmt"),
        lines=lines,
    )


def _line(ref: str, item: object, head: _Head) -> OrderLineSnapshot:
    problem = _problem_of(item)
    if problem or not isinstance(item, dict):
        return _empty(ref, item, problem)
    units, taken, returned = item["quantity"], _mark(item, TAKEN_MARK) or 0, _mark(item, RETURNED_MARK) or 0
    kept = max(0, int(units) - returned)
    if head.has_left:
        sold = fulfilled = kept
    elif head.status == REFUNDED:
        # What was refunded and not put back is gone, as far as anyone has said: WooCommerce goes on without it.
        sold = fulfilled = max(0, min(taken, kept))
    else:
        sold, fulfilled = (kept, 0) if head.stands(taken) else (0, 0)
    return OrderLineSnapshot(
        ref=ref,
        variant_ref=_variant_ref(item),
        product_ref=_product_ref(item),
        sku=text(item.get("sku")),
        title=text(item.get("name"))[:500],
        ordered=0 if head.is_deleted else int(units),
        sold=sold,
        fulfilled=fulfilled,
        taken=taken,
        is_held=taken > 0,
    )


def _deleted_line(ref: str, item: Mapping[str, Any], head: _Head, known: KnownLine | None) -> OrderLineSnapshot:
    line = _line(ref, item, head)
    if known is None or line.problem:
        return line
    return OrderLineSnapshot(
        ref=ref,
        variant_ref=line.variant_ref,
        product_ref=line.product_ref,
        sku=line.sku,
        title=line.title,
        ordered=0,
        sold=line.sold,
        fulfilled=line.fulfilled,
        taken=known.taken,
        is_held=known.taken > 0,
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
    for key in _MARKS:
        if _mark(item, key) is None and _has_mark(item, key):
            return f"WooCommerce's mark {key} on the line is not a whole number of units."
    return ""


def _mark(item: Mapping[str, Any], key: str) -> int | None:
    """Return the units of a mark; None without one, or where it is no whole number. May be negative: a refund of more
    than was ordered puts that much back."""
    value = next((each.get("value") for each in _meta(item) if each.get("key") == key), None)
    return whole_of_text(value)


def _has_mark(item: Mapping[str, Any], key: str) -> bool:
    return any(each.get("key") == key and each.get("value") not in (None, "") for each in _meta(item))


def _meta(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    meta = item.get("meta_data")
    return [each for each in meta if isinstance(each, dict)] if isinstance(meta, list) else []


def _variant_ref(item: Mapping[str, Any]) -> str:
    """Return what was sold; "" for a product that is gone.

    Of a variation that is gone the product's own ref is left, which the catalogue of a variable product lacks: such a
    line keeps the listing it was booked on, and a new one waits for a person.
    """
    product_id = identity(item.get("product_id"))
    return "" if product_id is None else pool_ref(product_id, identity(item.get("variation_id")))


def _product_ref(item: Mapping[str, Any]) -> str:
    product_id = identity(item.get("product_id"))
    return "" if product_id is None else str(product_id)


def _empty(ref: str, item: object, problem: str) -> OrderLineSnapshot:
    """A line that holds nothing: it was removed, or it can't be booked for the ``problem``."""
    fields: Mapping[str, Any] = item if isinstance(item, dict) else {}
    return OrderLineSnapshot(
        ref=ref,
        variant_ref=_variant_ref(fields),
        product_ref=_product_ref(fields),
        sku=text(fields.get("sku")),
        title=text(fields.get("name"))[:500],
        ordered=0,
        sold=0,
        fulfilled=0,
        taken=0,
        problem=problem,
    )


def _moment(payload: Mapping[str, Any], name: str) -> datetime | None:
    """Read one of the ``…_gmt`` dates, which are UTC and say no offset; None where there is none."""
    try:
        found = datetime.fromisoformat(text(payload.get(name)))
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):  # the latter: the first or last day of the calendar, in another time zone
        return None
