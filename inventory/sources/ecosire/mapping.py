"""ECOSIRE's words in ours: pure functions, no I/O. https://docs.ecosire.com/api/inventory"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from inventory.sources.contract import (
    BadPayload,
    BadSignature,
    Event,
    HintEvent,
    NoEvent,
    ReportedLocation,
    StockRow,
)
from inventory.sources.numbers import BadValue, text_of, units_of

Json = Mapping[str, Any]

ALL = "all"  # our ref for the stock of all locations together, which is what the list of products tells


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductPage:
    products: tuple[Json, ...]
    total: int
    is_last: bool


def page_of(answer: object, *, page: int) -> ProductPage:
    """Return a page of a list. Raises BadPayload: without ``meta`` nobody can tell whether pages are missing."""
    data = answer.get("data") if isinstance(answer, dict) else None
    meta = answer.get("meta") if isinstance(answer, dict) else None
    if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
        raise BadPayload("ECOSIRE's answer holds no list named “data”.")
    if not isinstance(meta, dict):
        raise BadPayload("ECOSIRE's answer does not say how many pages there are. Nothing of it is used.")
    try:
        total = units_of(meta.get("total"), what="meta.total")
        pages = units_of(meta.get("totalPages"), what="meta.totalPages")
        told = units_of(meta.get("page", page), what="meta.page")
    except BadValue as problem:
        raise BadPayload(str(problem)) from None
    if told != page:
        raise BadPayload(f"Page {page} was asked for and page {told} came. Nothing of it is used.")
    return ProductPage(products=tuple(data), total=total, is_last=page >= pages)


def row_of(product: Json, *, location_ref: str) -> StockRow:
    """Return a product's stock. A doubtful number spoils the row; a sum that does not fit is noted."""
    raw_ref, raw_sku = product.get("productId"), product.get("sku")
    ref = str(raw_ref) if isinstance(raw_ref, str | int) else ""
    name = str(product.get("productName") or ref)[:80]
    sku = raw_sku.strip()[:200] if isinstance(raw_sku, str) else ""
    problem, note, on_hand, reserved = "", "", 0, 0
    try:
        text_of(raw_ref, what="A product's productId")
        if not sku:
            raise BadValue(f"The product “{name}” has no SKU: give it one in ECOSIRE.")
        on_hand = units_of(product.get("onHand"), what=f"onHand of {sku}")
        reserved = units_of(product.get("reserved"), what=f"reserved of {sku}")
        note = _note(product, sku, on_hand - reserved)
    except BadValue as error:
        problem = str(error)
    return StockRow(
        row_ref=f"{location_ref}:{ref}",
        item_ref=ref,
        sku=sku,
        location_ref=location_ref,
        on_hand=on_hand,
        reserved=reserved,
        problem=problem,
        note=note,
    )


def _note(product: Json, sku: str, available: int) -> str:
    try:
        told = units_of(product.get("available"), what="available", minimum=-1_000_000_000)
    except BadValue as problem:
        return f"{sku}: {problem} On hand less reserved is taken instead: {available}."
    if told == available:
        return ""
    return f"{sku}: ECOSIRE calls {told} available, on hand less reserved is {available}. The latter is taken."


def locations_of(answer: object) -> list[ReportedLocation]:
    """Return the locations, the sum of all first. Raises BadPayload."""
    rows = answer.get("data") if isinstance(answer, dict) else answer
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadPayload("ECOSIRE's answer holds no list of locations.")
    found = [ReportedLocation(ref=ALL, name="All locations together", note="Enough for a single warehouse.")]
    for row in rows:
        try:
            ref = text_of(row.get("id") or row.get("locationId"), what="A location's id")
            name = text_of(row.get("name") or row.get("locationName") or ref, what="A location's name", longest=300)
        except BadValue as problem:
            raise BadPayload(str(problem)) from None
        found.append(ReportedLocation(ref=ref, name=name))
    return found


def check_signature(secret: str, signature: str, body: bytes) -> None:
    """Verify HMAC-SHA256 over the raw body, in hex or base64, with or without ``sha256=``. Raises BadSignature.

    ECOSIRE does not document its signature, so whatever else comes is refused: an event is only a hint anyway.
    """
    if not secret:
        raise BadSignature("No webhook secret was entered for this source, so no event can be believed.")
    if not signature:
        raise BadSignature("The header X-Ecosire-Signature is missing.")
    wanted = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    given = signature.strip().removeprefix("sha256=")
    candidates = []
    with suppress(ValueError):
        candidates.append(bytes.fromhex(given))
    with suppress(binascii.Error, ValueError):
        candidates.append(base64.b64decode(given, validate=True))
    # Each is compared, so that the time does not tell which form was right.
    if not any([hmac.compare_digest(candidate, wanted) for candidate in candidates]):  # noqa: C419
        raise BadSignature("X-Ecosire-Signature does not fit the body: is the secret the one of this webhook?")


def event_of(topic: str, body: Json) -> Event:
    """Return what a webhook hints at: quantities are never taken from it."""
    if topic == "charge.refunded":
        return HintEvent(item_refs=())
    if topic != "checkout.completed":
        return NoEvent(why=f"“{topic}” says nothing about stock.")
    data = body.get("data")
    lines = data.get("lineItems") if isinstance(data, dict) else None
    found = [line.get("productId") for line in lines if isinstance(line, dict)] if isinstance(lines, list) else []
    return HintEvent(item_refs=tuple(dict.fromkeys(ref for ref in found if isinstance(ref, str) and ref)))
