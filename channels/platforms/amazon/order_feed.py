"""Reading orders: the poll, and single ones by id.

Orders API 2026-01-01. The list may be asked for once in three minutes (twenty times at once), and a change is in it
only after two minutes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from channels.contract import BadPayload, NotListed, RawOrder, Rejected
from channels.platforms.amazon import operations
from channels.platforms.amazon.client import AmazonClient
from channels.platforms.amazon.orders import INCLUDED, raw_order
from channels.platforms.amazon.values import iso, section, text

PAGE = 100
OLDEST = timedelta(days=729)  # Amazon tells orders of two years


def order_pages(client: AmazonClient, *, since: datetime, until: datetime | None = None) -> Iterator[list[RawOrder]]:
    """Yield the orders that the merchant ships and that changed from ``since`` to ``until``, to the last page.

    A page is as it was when the first one was asked for: Amazon keeps the list for a day. Raises ChannelError.
    """
    since = max(since, datetime.now(UTC) - OLDEST)
    params: dict[str, str | int] = {
        "lastUpdatedAfter": iso(since),
        "fulfilledBy": "MERCHANT",
        "includedData": INCLUDED,
        "maxResultsPerPage": PAGE,
    }
    if until is not None:
        params["lastUpdatedBefore"] = iso(max(since, until))
    token = ""
    while True:
        found = client.call(
            operations.SEARCH_ORDERS, params={**params, **({"paginationToken": token} if token else {})}
        )
        orders = found.get("orders")
        if not isinstance(orders, list):
            raise BadPayload("Amazon's list of orders has no orders.")
        yield [raw_order(order, fulfilled_by="MERCHANT") for order in orders]
        following = text(section(found.get("pagination")).get("nextToken"))
        if not following:
            return
        if following == token:
            raise BadPayload("Amazon's list of orders repeats a page.")
        token = following


def fetch_orders(client: AmazonClient, refs: Sequence[str]) -> dict[str, RawOrder | None]:
    """Return each order as it is now; None where Amazon has none. Raises ChannelError."""
    found: dict[str, RawOrder | None] = {}
    for ref in refs:
        try:
            answer = client.call(operations.GET_ORDER, order=ref, params={"includedData": INCLUDED})
        except NotListed:
            found[ref] = None
            continue
        except Rejected:
            if _looks_like_an_order(ref):
                raise
            found[ref] = None  # Amazon refuses what is no order id instead of not finding it
            continue
        found[ref] = raw_order(answer.get("order"))
    return found


def _looks_like_an_order(ref: str) -> bool:
    """Tell an id of Amazon's, 303-1234567-1234567, from anything else."""
    parts = ref.split("-")
    return [len(part) for part in parts] == [3, 7, 7] and all(part.isalnum() for part in parts)
