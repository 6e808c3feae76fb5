"""The WMS contract v1 in our words: pure functions, no I/O. static/wms-v1.openapi.json is its published form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from inventory.sources.contract import (
    AdjustmentEvent,
    BadPayload,
    CountEvent,
    Event,
    NoEvent,
    ReportedLocation,
    ReportedShipment,
    ReturnEvent,
    ReturnLine,
    ShipmentEvent,
    ShipmentKind,
    ShippedLine,
    StockPage,
    StockRow,
)
from inventory.sources.numbers import BadValue, in_our_clock, moment_of, text_of, units_of

Json = Mapping[str, Any]
"""One JSON object as it came over the wire."""

EVENTS = (
    "shipment.confirmed",
    "shipment.cancelled",
    "pick.confirmed",
    "stock.adjusted",
    "stock.counted",
    "return.received",
)


def items_of(answer: object, *, what: str) -> list[Json]:
    """Return the ``items`` of a list answer. Raises BadPayload."""
    items = answer.get("items") if isinstance(answer, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise BadPayload(f"{what} must answer with an object whose “items” is a list of objects.")
    return items


def locations_of(answer: object) -> Iterator[ReportedLocation]:
    """Yield the locations of ``GET /v1/locations``. Raises BadPayload."""
    seen: set[str] = set()
    for item in items_of(answer, what="/v1/locations"):
        try:
            ref = text_of(item.get("id"), what="A location's id")
            name = text_of(item.get("name"), what=f"The name of location {ref}", longest=300)
        except BadValue as problem:
            raise BadPayload(str(problem)) from None
        if ref in seen:
            raise BadPayload(f"The location {ref} is listed twice.")
        seen.add(ref)
        kind = item.get("type")
        yield ReportedLocation(ref=ref, name=name, note=kind[:200] if isinstance(kind, str) else "")


def stock_page_of(answer: object, *, skew_seconds: float | None, page: str) -> StockPage:
    """Return a page of ``GET /v1/stock``; ``page`` makes the rows' refs unique. Raises BadPayload.

    A row that can't be used spoils its SKU, not the page; a page that says ``complete: false`` spoils the reading.
    """
    items = items_of(answer, what="/v1/stock")
    assert isinstance(answer, dict)  # noqa: S101 - items_of has looked
    if answer.get("complete") is not True:
        raise BadPayload("The bridge says that its list of stock is not complete. Nothing of it is used.")
    try:
        as_of = moment_of(answer.get("as_of"), what="as_of")
        cursor = answer.get("next_cursor")
        next_cursor = "" if cursor is None or cursor == "" else text_of(cursor, what="next_cursor", longest=450)
    except BadValue as problem:
        raise BadPayload(str(problem)) from None
    ours = in_our_clock(as_of, skew_seconds)
    return StockPage(
        rows=tuple(_row(item, ref=f"{page}:{number}", as_of=ours) for number, item in enumerate(items)),
        next_cursor=next_cursor,
        as_of=ours,
        snapshot=as_of.isoformat(),
        skew_seconds=skew_seconds,
    )


def _row(item: Json, *, ref: str, as_of: datetime) -> StockRow:
    sku, location = item.get("sku"), item.get("location")
    code = str(sku).strip()[:200] if isinstance(sku, str | int) and not isinstance(sku, bool) else ""
    place = str(location).strip()[:200] if isinstance(location, str | int) and not isinstance(location, bool) else ""
    problem, numbers = "", {"on_hand": 0, "allocated": None, "unsellable": None}
    try:
        text_of(sku, what="A row's sku")
        text_of(location, what=f"The location of {code}")
        numbers["on_hand"] = units_of(item.get("on_hand"), what=f"on_hand of {code}")
        for name in ("allocated", "unsellable"):
            if item.get(name) is not None:
                numbers[name] = units_of(item[name], what=f"{name} of {code}")
        if item.get("updated_at") is not None:
            moment_of(item["updated_at"], what=f"updated_at of {code}")
    except BadValue as error:
        problem = str(error)
    return StockRow(
        row_ref=ref,
        item_ref=code,
        sku=code,
        location_ref=place,
        on_hand=numbers["on_hand"] or 0,
        reserved=numbers["allocated"],
        unsellable=numbers["unsellable"],
        as_of=as_of,
        problem=problem,
    )


def shipment_of(data: Json, *, kind: ShipmentKind = ShipmentKind.SHIPPED) -> ReportedShipment:
    """Return a confirmation from the data of an event or a row of ``GET /v1/shipments``. Raises BadPayload.

    A line that can't be used carries its problem; the others count.
    """
    picked = kind == ShipmentKind.PICKED
    try:
        ref = text_of(data.get("pick_id" if picked else "shipment_id"), what="pick_id" if picked else "shipment_id")
        is_cancelled = data.get("status") == "cancelled"
        order_ref = "" if data.get("order_ref") in (None, "") else text_of(data["order_ref"], what="order_ref")
        location = "" if data.get("location") in (None, "") else text_of(data["location"], what="location")
        moment = data.get("picked_at" if picked else "shipped_at")
        happened_at = None if moment is None and (picked or is_cancelled) else moment_of(moment, what="shipped_at")
    except BadValue as problem:
        raise BadPayload(str(problem)) from None
    lines = data.get("lines", [] if is_cancelled else None)
    if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
        raise BadPayload(f"The lines of {ref} must be a list of objects.")
    return ReportedShipment(
        ref=ref,
        order_ref=order_ref,
        location_ref=location,
        happened_at=happened_at,
        kind=kind,
        is_cancelled=is_cancelled,
        lines=tuple(_line(line, number) for number, line in enumerate(lines)),
    )


def _line(line: Json, number: int) -> ShippedLine:
    code = str(line.get("sku", "")).strip()[:200]
    try:
        ref = text_of(line.get("line_id", number), what="line_id")
        text_of(line.get("sku"), what="The sku of a line")
        units = units_of(line.get("quantity"), what=f"The quantity of {code}", minimum=1)
    except BadValue as problem:
        return ShippedLine(line_ref=str(line.get("line_id", number))[:200], sku=code, units=0, problem=str(problem))
    return ShippedLine(line_ref=ref, sku=code, units=units)


def event_of(topic: str, body: object) -> Event:
    """Return what an event says. An unknown type is no error: a newer bridge may know more. Raises BadPayload."""
    data = body.get("data") if isinstance(body, dict) else None
    if not isinstance(data, dict):
        raise BadPayload("An event must be an object with “type”, “timestamp” and the object “data”.")
    if topic == "shipment.confirmed":
        return ShipmentEvent(shipment=shipment_of(data))
    if topic == "shipment.cancelled":
        return ShipmentEvent(shipment=shipment_of({**data, "status": "cancelled", "lines": []}))
    if topic == "pick.confirmed":
        return ShipmentEvent(shipment=shipment_of(data, kind=ShipmentKind.PICKED))
    try:
        if topic == "stock.adjusted":
            return _adjustment(data)
        if topic == "stock.counted":
            return _count(data)
        if topic == "return.received":
            return _return(data, body["timestamp"] if isinstance(body, dict) and "timestamp" in body else None)
    except BadValue as problem:
        raise BadPayload(str(problem)) from None
    return NoEvent(why=f"Events of the type {topic or '(none)'} are not known.")


def _adjustment(data: Json) -> AdjustmentEvent:
    delta = units_of(data.get("delta"), what="delta", minimum=-1_000_000_000)
    if delta == 0:
        raise BadValue("delta is 0: nothing was adjusted.")
    return AdjustmentEvent(
        ref=text_of(data.get("adjustment_id"), what="adjustment_id"),
        sku=text_of(data.get("sku"), what="sku"),
        location_ref=text_of(data.get("location"), what="location"),
        delta=delta,
        reason=str(data.get("reason") or "")[:300],
        happened_at=moment_of(data.get("occurred_at"), what="occurred_at"),
    )


def _count(data: Json) -> CountEvent:
    return CountEvent(
        ref=text_of(data.get("count_id"), what="count_id"),
        sku=text_of(data.get("sku"), what="sku"),
        location_ref=text_of(data.get("location"), what="location"),
        on_hand=units_of(data.get("on_hand"), what="on_hand"),
        counted_at=moment_of(data.get("counted_at"), what="counted_at"),
    )


def _return(data: Json, timestamp: object) -> ReturnEvent:
    lines = data.get("lines")
    if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
        raise BadValue("The lines of a return must be a list of objects.")
    read = []
    for line in lines:
        code = str(line.get("sku", "")).strip()[:200]
        try:
            text_of(line.get("sku"), what="The sku of a line")
            units = units_of(line.get("quantity"), what=f"The quantity of {code}", minimum=1)
            if not isinstance(line.get("sellable"), bool):
                raise BadValue(f"Whether {code} is sellable must be true or false.")
            read.append(ReturnLine(sku=code, units=units, is_sellable=line["sellable"]))
        except BadValue as problem:
            read.append(ReturnLine(sku=code, units=0, is_sellable=False, problem=str(problem)))
    location = data.get("location")
    return ReturnEvent(
        ref=text_of(data.get("return_id"), what="return_id"),
        lines=tuple(read),
        location_ref="" if location in (None, "") else text_of(location, what="location"),
        happened_at=moment_of(data.get("received_at") or timestamp, what="received_at"),
    )
