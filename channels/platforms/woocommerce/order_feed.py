"""Reading orders: the poll, the trash, and single ones by their ids.

https://woocommerce.github.io/woocommerce-rest-api-docs/#list-all-orders (wc/v3). A failed webhook is never sent again,
so the poll carries the promise that no sale is missed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from channels.contract import BadPayload, NotListed, RawOrder
from channels.platforms.woocommerce.client import PAGE, WooClient
from channels.platforms.woocommerce.orders import ORDER_FIELDS, TRASH, raw_order
from channels.platforms.woocommerce.refs import identity_of

MANY = 3  # from so many orders on, one list is cheaper than single reads


def order_pages(client: WooClient, *, since: datetime, until: datetime | None = None) -> Iterator[list[RawOrder]]:
    """Yield all orders that changed from ``since`` to ``until``, those that were moved to the trash behind the others.

    The list of all statuses leaves the trash out. Bounds are strict and stamps have whole seconds; the dates are told
    to be UTC, or WooCommerce would read them as store time.
    """
    params: dict[str, str | int] = {
        "modified_after": _stamp(since - timedelta(seconds=1)),
        "dates_are_gmt": "true",
        "_fields": ORDER_FIELDS,
    }
    if until is not None:
        params["modified_before"] = _stamp(until + timedelta(seconds=1))
    for status in ("any", TRASH):
        seen: set[tuple[str, datetime | None]] = set()
        for items in client.walk("/orders", {**params, "status": status}):
            page = []
            for order in (raw_order(item) for item in items):
                # Changed again since its first page: both states are wanted, in that order.
                if (order.ref, order.changed_at) not in seen:
                    seen.add((order.ref, order.changed_at))
                    page.append(order)
            if page:
                yield page


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def fetch_orders(client: WooClient, refs: Sequence[str]) -> dict[str, RawOrder | None]:
    """Return each order as it is now by the ref it was asked for, the trash included; None where there is none."""
    found: dict[str, RawOrder | None] = {}
    numbers = [ref for ref in dict.fromkeys(refs) if identity_of(ref) is not None]
    if len(numbers) >= MANY:
        for start in range(0, len(numbers), PAGE):
            include = ",".join(numbers[start : start + PAGE])
            params: dict[str, str | int] = {"include": include, "per_page": PAGE, "_fields": ORDER_FIELDS}
            for item in client.get_page("/orders", params).items:
                order = raw_order(item)
                found[order.ref] = order
    for ref in refs:
        if ref not in found:
            found[ref] = _read(client, ref)
    return {ref: found[ref] for ref in refs}


def _read(client: WooClient, ref: str) -> RawOrder | None:
    number = identity_of(ref)
    if number is None:
        return None
    try:
        order = raw_order(client.get(f"/orders/{number}", {"_fields": ORDER_FIELDS}))
    except NotListed:
        return None
    if order.ref != str(number):
        raise BadPayload(f"WooCommerce answered with something else than order {number}.")
    return order
