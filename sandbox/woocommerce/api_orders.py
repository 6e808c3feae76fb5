"""Addresses of orders and their refunds."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.server import Json, Request, Response, Route
from sandbox.woocommerce import schema
from sandbox.woocommerce.errors import WpError, unknown_order
from sandbox.woocommerce.lists import filtered
from sandbox.woocommerce.orders import no_gateway, refund_lines
from sandbox.woocommerce.records import Order, Refund
from sandbox.woocommerce.rest import answer, answer_page, asked_for, body_of
from sandbox.woocommerce.store import Store
from sandbox.woocommerce.wire import Wire

_OWN = "/orders/{order_id:int}"
_REFUNDS = f"{_OWN}/refunds"


class OrdersApi:
    """Handlers below /orders. ``home`` returns the site's address."""

    def __init__(self, store: Store, wire: Wire, home: Callable[[], str]) -> None:
        self._store = store
        self._wire = wire
        self._home = home

    def routes(self) -> list[Route]:
        return [
            Route("GET", "/orders", self.list_orders),
            Route("POST", "/orders", self.create),
            Route("GET", _OWN, self.read),
            *(Route(method, _OWN, self.update) for method in ("POST", "PUT", "PATCH")),
            Route("DELETE", _OWN, self.delete),
            Route("GET", f"{_OWN}/notes", self.notes),
            Route("GET", _REFUNDS, self.list_refunds),
            Route("POST", _REFUNDS, self.refund),
            Route("DELETE", f"{_REFUNDS}/{{refund_id:int}}", self.delete_refund),
            Route("GET", "/refunds", self.all_refunds),
        ]

    def list_orders(self, request: Request, _: dict[str, str]) -> Response:
        """List orders of any status but the trash, which has to be asked for."""
        schema.check_list(request.query, schema.LIST_ENUMS, self._wire)
        with self._store.lock:
            orders = self._store.orders
            wanted = orders.trashed() if request.query.get("status") == "trash" else orders.all()
            found = [self._json(each) for each in wanted]
        return answer_page(request, filtered(found, request, self._wire), f"{self._home()}/wp-json/wc/v3/orders")

    def create(self, request: Request, _: dict[str, str]) -> Response:
        body = body_of(request)
        schema.check_order(body)
        with self._store.lock:
            return answer(request, self._json(self._store.orders.create(body)), 201)

    def read(self, request: Request, variables: dict[str, str]) -> Response:
        with self._store.lock:
            return answer(request, self._json(self._order(variables, 404)))

    def update(self, request: Request, variables: dict[str, str]) -> Response:
        body = body_of(request)
        schema.check_order(body)
        with self._store.lock:
            order = self._order(variables, 400)
            self._store.orders.update(order, body)
            return answer(request, self._json(order))

    def delete(self, request: Request, variables: dict[str, str]) -> Response:
        """Move to the trash, or delete for good with ``force``; the answer shows the order before."""
        with self._store.lock:
            order = self._order(variables, 404)
            before = self._json(order)
            if asked_for(request, "force"):
                self._store.orders.delete(order)
            elif order.status == "trash":
                raise WpError(410, "woocommerce_rest_already_trashed", "The order has already been deleted.")
            else:
                self._store.orders.trash(order)
            return answer(request, before)

    def notes(self, request: Request, variables: dict[str, str]) -> Response:
        with self._store.lock:
            self._order(variables, 404)
        return answer_page(request, [], self._home())

    def list_refunds(self, request: Request, variables: dict[str, str]) -> Response:
        with self._store.lock:
            order = self._order(variables, 404)
            found = [self._refund_json(order, each) for each in order.refunds]
        return answer_page(request, found, f"{self._home()}/wp-json/wc/v3/orders/{order.id}/refunds")

    def all_refunds(self, request: Request, _: dict[str, str]) -> Response:
        with self._store.lock:
            found = [
                self._refund_json(order, each) | {"parent_id": order.id}
                for order in [*self._store.orders.all(), *self._store.orders.trashed()]
                for each in order.refunds
            ]
        return answer_page(request, found, f"{self._home()}/wp-json/wc/v3/refunds")

    def refund(self, request: Request, variables: dict[str, str]) -> Response:
        """Refund money; ``api_refund`` wants a gateway, ``api_restock`` puts the units of the lines back."""
        body = body_of(request)
        with self._store.lock:
            order = self._order(variables, 404)
            if body.get("api_refund", True) is not False:
                raise no_gateway()
            lines = refund_lines(body.get("line_items"))
            amount = float(body.get("amount") or sum(line.total for line in lines))
            if amount > round(order.total - order.refunded, 2):
                words = "Invalid refund amount."
                raise WpError(500, "woocommerce_rest_cannot_create_order_refund", words, bare_status=True)
            refund = self._store.orders.refund(
                order,
                amount=amount,
                reason=str(body.get("reason") or ""),
                lines=lines,
                restock=body.get("api_restock", True) is not False,
            )
            return answer(request, self._refund_json(order, refund), 201)

    def delete_refund(self, request: Request, variables: dict[str, str]) -> Response:
        """Delete a refund; the units do not leave again."""
        with self._store.lock:
            order = self._order(variables, 404)
            refund = next((each for each in order.refunds if each.id == int(variables["refund_id"])), None)
            if refund is None:
                raise WpError(404, "woocommerce_rest_invalid_order_refund_id", "Invalid order refund ID.")
            order.refunds.remove(refund)
            return answer(request, self._refund_json(order, refund))

    def _order(self, variables: dict[str, str], status: int) -> Order:
        order = self._store.orders.find(int(variables["order_id"]))
        if order is None:
            raise unknown_order(status)
        return order

    def _json(self, order: Order) -> Json:
        return self._wire.order(order, self._store.products)

    def _refund_json(self, order: Order, refund: Refund) -> Json:
        return self._wire.refund(order, refund, self._store.products)
