"""Reading orders: the poll, the deleted ones, and single ones by the ids that an event tells.

https://docs.ecwid.com/api-reference/rest-api/orders/search-orders (REST API v3)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from channels.contract import BadPayload, NotListed, RawOrder, Unreachable
from channels.platforms.ecwid.client import EcwidClient
from channels.platforms.ecwid.orders import ORDER_FIELDS, PAGE_FIELDS, raw_order
from channels.platforms.ecwid.refs import OrderRef, identity, order_ref, read_order_ref, text, whole

PAGE = 100
MANY = 3  # from so many orders on, one search is cheaper than single reads
LARGEST_STEP_BACK = 5  # times that one poll goes back for orders that slipped to an earlier page


def order_pages(client: EcwidClient, *, since: datetime, until: datetime | None = None) -> Iterator[list[RawOrder]]:
    """Yield all orders that changed at or after ``since`` and, if it is given, not after ``until``, each once.

    The list shifts while it is read: new orders push others to later pages, where they come twice and are left out;
    an order that leaves the list pulls others to earlier pages, where they would be missed. So each page begins with
    the last order of the page before; when that one is not there, a whole page is read again.
    """
    params: dict[str, str | int] = {"updatedFrom": int(since.timestamp()), "responseFields": PAGE_FIELDS}
    if until is not None:
        params["updatedTo"] = int(until.timestamp()) + 1
    seen: set[tuple[str, datetime | None]] = set()
    for items in _overlapping_pages(client, "/orders", params):
        page = []
        for order in (raw_order(item) for item in items):
            # Changed again since its first page: both states are wanted, in that order.
            if (order.ref, order.changed_at) not in seen:
                seen.add((order.ref, order.changed_at))
                page.append(order)
        if page:
            yield page


def deleted_orders(client: EcwidClient, *, since: datetime) -> Iterator[str]:
    """Yield the refs of orders deleted at or after ``since``, as RawOrder has them.

    The official client knows a text id beside the internal one; an entry without it comes as "#516483487".
    """
    params: dict[str, str | int] = {"from_date": int(since.timestamp())}
    seen: set[str] = set()
    for items in _overlapping_pages(client, "/orders/deleted", params):
        for item in items:
            ref = _deleted_ref(item)
            if ref and ref not in seen:
                seen.add(ref)
                yield ref


def _deleted_ref(item: object) -> str:
    if not isinstance(item, dict):
        return ""
    number, text_id = item.get("id"), text(item.get("orderId"))
    if isinstance(number, str):
        text_id = text_id or number
    return order_ref(text_id) or order_ref("", identity(number))


def _overlapping_pages(client: EcwidClient, path: str, params: Mapping[str, str | int]) -> Iterator[list[Any]]:
    """Yield the items page by page; see ``order_pages``. Raises Unreachable when the list ends before its total."""
    offset, anchor, steps_back = 0, None, 0
    while True:
        payload = client.get(path, {**params, "limit": PAGE, "offset": offset})
        items, total = payload.get("items"), whole(payload.get("total"))
        if not isinstance(items, list) or total is None:
            raise BadPayload("Ecwid's list of orders has no items or no total.")
        yield items
        slipped = anchor is not None and anchor not in [_key(item) for item in items]
        if slipped and steps_back < LARGEST_STEP_BACK:
            steps_back += 1
            offset = max(0, offset + 1 - PAGE)
            anchor = None
            continue
        if offset + len(items) >= total:
            return
        if not items or (len(items) == 1 and anchor is not None):
            raise Unreachable("Ecwid's list of orders ended before its total; it is read again later.")
        offset += len(items) - 1
        anchor = _key(items[-1])


def _key(item: object) -> object:
    return item.get("id") if isinstance(item, dict) else None


def fetch_orders(client: EcwidClient, refs: Sequence[str]) -> dict[str, RawOrder | None]:
    """Return each order as it is now by the ref it was asked for; None where Ecwid has none.

    A search takes internal ids only, and lags: what it does not find is read directly by its text id.
    """
    wanted = {ref: read_order_ref(ref) for ref in refs}
    numbered = {each.internal_id: ref for ref, each in wanted.items() if each.internal_id is not None}
    found: dict[str, RawOrder | None] = {}
    if len(numbered) >= MANY:
        numbers = list(numbered)
        for start in range(0, len(numbers), PAGE):
            for number, order in _search(client, numbers[start : start + PAGE]).items():
                if number in numbered:
                    found[numbered[number]] = order
    for ref, each in wanted.items():
        if ref not in found:
            found[ref] = _read(client, each)
    return found


def _search(client: EcwidClient, numbers: Sequence[int]) -> dict[int, RawOrder]:
    ids = ",".join(str(number) for number in numbers)
    payload = client.get("/orders", {"ids": ids, "limit": PAGE, "offset": 0, "responseFields": PAGE_FIELDS})
    items = payload.get("items")
    if not isinstance(items, list):
        raise BadPayload("Ecwid's list of orders has no items.")
    found: dict[int, RawOrder] = {}
    for item in items:
        number = identity(item.get("internalId")) if isinstance(item, dict) else None
        if number is not None:
            found[number] = raw_order(item)
    return found


def _read(client: EcwidClient, ref: OrderRef) -> RawOrder | None:
    if ref.text_id:
        try:
            path = f"/orders/{quote(ref.text_id, safe='')}"
            payload = client.get(path, {"responseFields": ORDER_FIELDS})
        except NotListed:
            return None
        if not text(payload.get("id")):
            raise BadPayload(f"Ecwid answered with something else than order {ref.text_id}.")
        return raw_order(payload)
    return None if ref.internal_id is None else _search(client, [ref.internal_id]).get(ref.internal_id)
