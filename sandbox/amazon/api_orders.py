"""Orders 2026-01-01: search and read. https://developer-docs.amazon.com/sp-api/docs/orders-api"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sandbox.amazon.errors import invalid_input, not_found
from sandbox.amazon.orders import OLD_STATUS
from sandbox.amazon.parameters import listed, moment, page_size
from sandbox.amazon.records import Order
from sandbox.amazon.store import Store
from sandbox.amazon.wire import iso, order_json
from sandbox.server import Json, Request, Response, Route, json_response

ROOT = "/orders/2026-01-01/orders"
DATA_SETS = (
    *("BUYER", "RECIPIENT", "PROCEEDS", "EXPENSE", "PROMOTION", "CANCELLATION", "FULFILLMENT", "PACKAGES", "TAX"),
    *("PAYMENT", "FULFILLMENT_ORDERS"),
)
TOKEN_SECONDS = 86_400.0
LARGEST_PAGE = 100


@dataclass(frozen=True, slots=True)
class _Rest:
    """The orders that further pages hold, and what was asked for them."""

    asked: tuple[tuple[str, str], ...]
    ids: tuple[str, ...]
    until: str
    made_at: float


class OrdersApi:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._rests: dict[str, _Rest] = {}

    def routes(self) -> list[Route]:
        return [
            Route("GET", ROOT, self._search, "searchOrders"),
            Route("GET", f"{ROOT}/{{order_id}}", self._read, "getOrder"),
        ]

    def _read(self, request: Request, variables: dict[str, str]) -> Response:
        included = frozenset(listed(request, "includedData", DATA_SETS))
        order = self._store.orders.get(variables["order_id"])
        if order is None:
            raise not_found(f"Order {variables['order_id']} was not found")
        return json_response({"order": order_json(order, included, self._store.options)})

    def _search(self, request: Request, _: dict[str, str]) -> Response:
        included = frozenset(listed(request, "includedData", DATA_SETS))
        size = page_size(request, "maxResultsPerPage", LARGEST_PAGE, LARGEST_PAGE)
        token = request.query.get("paginationToken", "")
        rest = self._continued(request, token) if token else self._begun(request)
        here = [order for ref in rest.ids[:size] if (order := self._store.orders.get(ref)) is not None]
        answer: Json = {"orders": [order_json(order, included, self._store.options) for order in here]}
        name = "lastUpdatedBefore" if "lastUpdatedAfter" in request.query else "createdBefore"
        answer[name] = rest.until
        if rest.ids[size:]:
            following = secrets.token_urlsafe(24)
            self._rests[following] = _Rest(rest.asked, rest.ids[size:], rest.until, rest.made_at)
            answer["pagination"] = {"nextToken": following}
        return json_response(answer)

    def _begun(self, request: Request) -> _Rest:
        by_update = "lastUpdatedAfter" in request.query
        if by_update == ("createdAfter" in request.query):
            raise invalid_input("Give exactly one of createdAfter and lastUpdatedAfter")
        kind, other = ("lastUpdated", "created") if by_update else ("created", "lastUpdated")
        if f"{other}Before" in request.query:
            raise invalid_input(f"{other}Before does not go with {kind}After")
        since, until = moment(request, f"{kind}After") or 0.0, moment(request, f"{kind}Before")
        now = self._store.options.clock()
        latest = now - self._store.options.orders_told_after
        if until is not None and (until > latest or until < since):
            raise invalid_input(f"{kind}Before must lie after {kind}After and two minutes before now")
        until = latest if until is None else until
        orders = [
            order
            for order in self._store.orders.all()
            if since <= (order.updated_at if by_update else order.created_at) <= until and self._wanted(request, order)
        ]
        orders.sort(key=lambda order: order.updated_at if by_update else order.created_at)
        return _Rest(_asked(request), tuple(order.id for order in orders), iso(until), now)

    def _wanted(self, request: Request, order: Order) -> bool:
        places = listed(request, "marketplaceIds", most=50)
        by = listed(request, "fulfilledBy", ("MERCHANT", "AMAZON"))
        statuses = listed(request, "fulfillmentStatuses", OLD_STATUS)
        return (
            (not places or order.marketplace in places)
            and (not by or ("AMAZON" if order.by_amazon else "MERCHANT") in by)
            and (not statuses or order.status in statuses)
        )

    def _continued(self, request: Request, token: str) -> _Rest:
        rest = self._rests.get(token)
        if rest is None or rest.asked != _asked(request):
            raise invalid_input("The paginationToken is not valid, or the other parameters have changed")
        if self._store.options.clock() - rest.made_at > TOKEN_SECONDS:
            raise invalid_input("The paginationToken has expired")
        return rest


def _asked(request: Request) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, value) for name, value in request.query.items() if name != "paginationToken"))
