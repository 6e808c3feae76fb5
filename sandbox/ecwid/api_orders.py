"""The order calls."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.ecwid.api_catalogue import deleted_page
from sandbox.ecwid.errors import wrong_parameter
from sandbox.ecwid.fields import keep_fields, parse_fields
from sandbox.ecwid.parameters import (
    Parameters,
    body_amount,
    body_choice,
    body_text,
    body_whole,
    envelope,
    object_body,
)
from sandbox.ecwid.records import FULFILMENT_STATUSES, PAYMENT_STATUSES, Line, Order, Product, Refund
from sandbox.ecwid.store import Store
from sandbox.ecwid.wire import order_json
from sandbox.server import Json, Request, Response, Route, json_response


class OrdersApi:
    """Handlers for everything under ``/orders``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> list[Route]:
        return [
            Route("GET", "/orders", self.search, "read_orders"),
            Route("POST", "/orders", self.create, "create_orders"),
            Route("GET", "/orders/deleted", self.deleted, "read_orders"),
            Route("GET", "/orders/{order_id}", self.read, "read_orders"),
            Route("PUT", "/orders/{order_id}", self.update, "update_orders"),
            Route("DELETE", "/orders/{order_id}", self.delete, "update_orders"),
        ]

    def search(self, request: Request, _: dict[str, str]) -> Response:
        parameters = Parameters(request.query)
        offset, limit = parameters.page()
        fields = parse_fields(parameters.text("responseFields"))
        passes = _order_filter(parameters)
        found = [order_json(order) for order in self._store.orders.all() if passes(order)]
        return json_response(keep_fields(envelope(found, offset, limit), fields))

    def deleted(self, request: Request, _: dict[str, str]) -> Response:
        return json_response(deleted_page(self._store.orders.deleted, Parameters(request.query)))

    def read(self, request: Request, variables: dict[str, str]) -> Response:
        order = self._store.orders.find(variables["order_id"])
        return json_response(keep_fields(order_json(order), parse_fields(request.query.get("responseFields", ""))))

    def create(self, request: Request, _: dict[str, str]) -> Response:
        body = object_body(request)
        payment, fulfilment = _statuses(body)
        person = body.get("shippingPerson")
        order = self._store.orders.place(
            self._lines(body, None),
            payment_status=payment or "AWAITING_PAYMENT",
            fulfilment_status=fulfilment or "AWAITING_PROCESSING",
            buyer=str(person.get("name", "")) if isinstance(person, dict) else "",
            email=body_text(body, "email") if "email" in body else "",
        )
        return json_response({"id": order.internal_id, "orderid": order.id})

    def update(self, request: Request, variables: dict[str, str]) -> Response:
        order = self._store.orders.find(variables["order_id"])
        body = object_body(request)
        payment, fulfilment = _statuses(body)
        lines = self._lines(body, order) if "items" in body else None
        texts = {
            attribute: body_text(body, name)
            for name, attribute in (
                ("email", "email"),
                ("trackingNumber", "tracking"),
                ("externalOrderId", "external_id"),
                ("privateAdminNotes", "private_notes"),
            )
            if name in body
        }
        refund = _refund(order, body, payment, self._store.options.clock())
        for attribute, value in texts.items():
            setattr(order, attribute, value)
        self._store.orders.update(
            order, payment_status=payment, fulfilment_status=fulfilment, lines=lines, refund=refund
        )
        return json_response({"updateCount": 1})

    def delete(self, _: Request, variables: dict[str, str]) -> Response:
        self._store.orders.delete(self._store.orders.find(variables["order_id"]))
        return json_response({"deleteCount": 1})

    def _lines(self, body: Json, order: Order | None) -> list[Line]:
        """Read ``items``: the whole new list. Lines with a known ``id`` keep it; those left out are gone."""
        sent = body.get("items")
        if not isinstance(sent, list) or not all(isinstance(each, dict) for each in sent):
            raise wrong_parameter("items must be an array of objects")
        known = {line.id: line for line in order.lines} if order is not None else {}
        return [self._line(each, known) for each in sent]

    def _line(self, sent: Json, known: dict[int, Line]) -> Line:
        quantity = body_whole(sent, "quantity")
        if quantity < 1:
            raise wrong_parameter("quantity must be 1 or more")
        old = known.get(sent["id"]) if isinstance(sent.get("id"), int) else None
        line = self._new_line(sent, quantity) if old is None else _copy(old, quantity)
        if "price" in sent:
            line.price = body_amount(sent, "price")
        return line

    def _new_line(self, sent: Json, quantity: int) -> Line:
        options = _chosen_options(sent.get("selectedOptions"))
        if "productId" in sent:
            product_id = body_whole(sent, "productId")
            combination_id = body_whole(sent, "combinationId") if "combinationId" in sent else None
            if self._store.products.pool(product_id, combination_id) is not None:
                product = self._store.products.find(product_id)
                return self._store.orders.line_for(product, combination_id, quantity, options)
        # A line of something the store does not sell is kept as text and moves no stock.
        product = Product(id=0, name=body_text(sent, "name"), sku=str(sent.get("sku", "")), unlimited=True)
        return self._store.orders.line_for(product, None, quantity, options)


def _copy(line: Line, quantity: int) -> Line:
    return Line(
        id=line.id,
        product_id=line.product_id,
        combination_id=line.combination_id,
        name=line.name,
        sku=line.sku,
        quantity=quantity,
        price=line.price,
        in_stock_before=line.in_stock_before,
        track_quantity=line.track_quantity,
        options=dict(line.options),
        is_preorder=line.is_preorder,
    )


def _statuses(body: Json) -> tuple[str | None, str | None]:
    payment = body_choice(body, "paymentStatus", PAYMENT_STATUSES) if "paymentStatus" in body else None
    fulfilment = body_choice(body, "fulfillmentStatus", FULFILMENT_STATUSES) if "fulfillmentStatus" in body else None
    return payment, fulfilment


def _refund(order: Order, body: Json, payment: str | None, now: float) -> Refund | None:
    """Return the refund that an update states, or that a change to REFUNDED implies."""
    before = sum(refund.amount for refund in order.refunds)
    if "refundedAmount" in body:
        amount = body_amount(body, "refundedAmount") - before
    elif payment == "REFUNDED" and order.payment_status != "REFUNDED":
        amount = order.total - before
    else:
        return None
    return Refund(at=now, amount=round(amount, 2), reason="", source="API") if amount > 0 else None


def _chosen_options(sent: object) -> dict[str, str]:
    chosen = [each for each in sent if isinstance(each, dict)] if isinstance(sent, list) else []
    return {str(each.get("name", "")): str(each.get("value", "")) for each in chosen}


def _order_filter(parameters: Parameters) -> Callable[[Order], bool]:
    ids = {part.strip() for part in parameters.text("ids").split(",") if part.strip()}
    payment = parameters.choices("paymentStatus", PAYMENT_STATUSES)
    fulfilment = parameters.choices("fulfillmentStatus", FULFILMENT_STATUSES)
    created = parameters.moment("createdFrom"), parameters.moment("createdTo")
    updated = parameters.moment("updatedFrom"), parameters.moment("updatedTo")
    product_ids = parameters.numbers("productId")
    preorder = parameters.flag("containsPreorderItems")
    email, keywords = parameters.text("email").lower(), parameters.text("keywords").lower()

    def passes(order: Order) -> bool:
        if ids:
            return order.id in ids or str(order.internal_id) in ids
        if order.payment_status not in payment if payment else order.payment_status == "INCOMPLETE":
            return False
        words = " ".join([order.id, order.email, order.buyer, *(line.name + line.sku for line in order.lines)])
        return (
            (not fulfilment or order.fulfilment_status in fulfilment)
            and _within(order.created_at, created)
            and _within(order.updated_at, updated)
            and (not product_ids or any(line.product_id in product_ids for line in order.lines))
            and (preorder is None or any(line.is_preorder for line in order.lines) is preorder)
            and (not email or order.email.lower() == email)
            and keywords in words.lower()
        )

    return passes


def _within(at: float, bounds: tuple[int | None, int | None]) -> bool:
    since, until = bounds
    return (since is None or int(at) >= since) and (until is None or int(at) <= until)
