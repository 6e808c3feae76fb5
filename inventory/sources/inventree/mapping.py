"""InvenTree's words in ours: pure functions, no I/O. API version 530, docs.inventree.org/en/latest/api/."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from inventory.sources.contract import BadPayload, ReportedLocation, ReportedShipment, ShippedLine, StockRow
from inventory.sources.numbers import BadValue, text_of, units_of

Json = Mapping[str, Any]

NO_LOCATION = "none"  # our ref for stock that lies nowhere

STATUSES = {10: "OK", 50: "Attention", 55: "Damaged", 85: "Returned"}  # those that InvenTree counts as in stock
SELLABLE = (
    ("10", "OK"),
    ("10,50", "OK and Attention"),
    ("10,50,85", "OK, Attention and Returned"),
    ("10,50,55,85", "Everything that InvenTree counts as in stock, damaged goods too"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a list that was asked for with limit and offset."""

    results: tuple[Json, ...]
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    pk: str
    ipn: str
    name: str
    variant_of: str  # the template's pk; empty where it is none
    is_virtual: bool
    is_salable: bool


def page_of(answer: object) -> Page:
    """Return a page of a list. Raises BadPayload."""
    if not isinstance(answer, dict):
        raise BadPayload("InvenTree's answer is no list with a count.")
    results = answer.get("results")
    if not isinstance(results, list) or not all(isinstance(row, dict) for row in results):
        raise BadPayload("InvenTree's answer holds no list named “results”.")
    try:
        return Page(results=tuple(results), count=units_of(answer.get("count"), what="count"))
    except BadValue as problem:
        raise BadPayload(str(problem)) from None


def part_of(row: Json) -> Part:
    """Return a part of ``GET /api/part/``. Raises BadPayload."""
    ipn = row.get("IPN")
    variant_of = row.get("variant_of")
    return Part(
        pk=_pk(row, "pk", "A part"),
        ipn=ipn.strip() if isinstance(ipn, str) else "",
        name=str(row.get("name") or "")[:80],
        variant_of=str(variant_of) if isinstance(variant_of, int) else "",
        is_virtual=row.get("virtual") is True,
        is_salable=row.get("salable") is not False,
    )


def _pk(row: Json, name: str, what: str) -> str:
    value = row.get(name)
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadPayload(f"{what} has no number “{name}”.")
    return str(value)


def location_of(row: Json) -> ReportedLocation:
    """Return a location of ``GET /api/stock/location/``. Raises BadPayload."""
    ref = _pk(row, "pk", "A location")
    parent = row.get("parent")
    notes = [
        words for name, words in (("structural", "holds nothing itself"), ("external", "external")) if row.get(name)
    ]
    name = str(row.get("pathstring") or row.get("name") or ref)
    return ReportedLocation(
        ref=ref,
        name=name[:300],
        parent_ref=str(parent) if isinstance(parent, int) else "",
        note=", ".join(notes),
    )


def tree_of(locations: Sequence[ReportedLocation]) -> list[ReportedLocation]:
    """Return all locations by their paths, and a place for stock that lies nowhere at the end."""
    nowhere = ReportedLocation(ref=NO_LOCATION, name="No location", note="stock that lies nowhere in InvenTree")
    return [*sorted(locations, key=lambda each: (each.name.casefold(), each.ref)), nowhere]


def stock_row_of(row: Json, *, sellable: frozenset[int]) -> StockRow:
    """Return one stock row. Raises BadPayload for a row without number, part or part detail.

    Rows whose status is not sellable count as unsellable; what InvenTree has allocated to orders is reserved.
    """
    pk, part_pk = _pk(row, "pk", "A stock row"), _pk(row, "part", "A stock row")
    detail = row.get("part_detail")
    if not isinstance(detail, dict):
        raise BadPayload("InvenTree did not send the parts beside the stock rows.")
    ipn = detail.get("IPN")
    sku = ipn.strip()[:200] if isinstance(ipn, str) else ""
    location = row.get("location")
    problem, units, allocated = "", 0, 0
    try:
        if not sku:
            raise BadValue(f"The part “{str(detail.get('name'))[:80]}” has no IPN: give it one.")
        units = units_of(row.get("quantity"), what=f"The quantity of {sku}")
        allocated = units_of(row.get("allocated") or 0, what=f"What is allocated of {sku}")
    except BadValue as error:
        problem = str(error)
    is_sellable = row.get("status") in sellable
    return StockRow(
        row_ref=f"stock:{pk}",
        item_ref=part_pk,
        sku=sku,
        location_ref=str(location) if isinstance(location, int) and not isinstance(location, bool) else NO_LOCATION,
        on_hand=units if is_sellable else 0,
        reserved=allocated if is_sellable else 0,
        unsellable=0 if is_sellable else units,
        problem=problem,
    )


def is_nameless_and_not_sold(row: Json) -> bool:
    """Tell whether a stock row is of a part that has no IPN and is not for sale: none of our business."""
    detail = row.get("part_detail")
    return isinstance(detail, dict) and not detail.get("IPN") and detail.get("salable") is False


def zero_row(part: Part, *, location_ref: str) -> StockRow:
    """Return a row that says nothing but that the part is there: it counts as 0 where no stock row is."""
    return StockRow(
        row_ref=f"part:{part.pk}:{location_ref}",
        item_ref=part.pk,
        sku=part.ipn[:200],
        location_ref=location_ref,
        reserved=0,
        unsellable=0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SentOff:
    """A shipment that InvenTree has completed."""

    pk: str
    order_pk: str
    order_ref: str  # empty: the answer did not tell
    shipped_on: date


def sent_off_of(row: Json, *, order_field: str) -> SentOff | None:
    """Return a shipment of ``GET /api/order/so/shipment/``; None while it has not left. Raises BadPayload."""
    if not row.get("shipment_date"):
        return None
    try:
        shipped_on = date.fromisoformat(text_of(row["shipment_date"], what="shipment_date")[:10])
    except ValueError:
        raise BadPayload("InvenTree sent a shipment_date that is no date.") from None
    return SentOff(
        pk=_pk(row, "pk", "A shipment"),
        order_pk=_pk(row, "order", "A shipment"),
        order_ref=order_ref_of(row.get("order_detail"), order_field=order_field),
        shipped_on=shipped_on,
    )


def order_ref_of(order: object, *, order_field: str) -> str:
    """Return what the chosen field of a sales order calls it, else its reference; empty where there is no order."""
    if not isinstance(order, dict):
        return ""
    for name in (order_field, "reference"):
        value = order.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip()[:200]
    return ""


def shipment_of(shipment: SentOff, allocations: Sequence[Json], *, order_ref: str) -> ReportedShipment:
    """Return a shipment with its lines: what was allocated to it. InvenTree has forgotten from where it left."""
    lines = []
    for row in allocations:
        if str(row.get("shipment")) != shipment.pk:
            continue
        ref = _pk(row, "pk", "An allocation")
        detail = row.get("part_detail")
        ipn = detail.get("IPN") if isinstance(detail, dict) else None
        sku = ipn.strip()[:200] if isinstance(ipn, str) else ""
        problem, units = "", 0
        try:
            if not sku:
                raise BadValue("A shipped part has no IPN: give it one.")
            units = units_of(row.get("quantity"), what=f"The quantity of {sku}", minimum=1)
        except BadValue as error:
            problem = str(error)
        lines.append(ShippedLine(line_ref=ref, sku=sku, units=units, problem=problem))
    return ReportedShipment(ref=shipment.pk, order_ref=order_ref, happened_at=None, lines=tuple(lines))
