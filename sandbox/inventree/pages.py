"""The server's pages: its stock and its sales orders, from which shipments are sent off. They work without script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.desk import Action, View
from sandbox.desk import whole as whole_of_form
from sandbox.frame import Note, pill, table
from sandbox.inventree.store import SalesOrder, StockItem, Unknown
from sandbox.page import Part, button, element, field, form

if TYPE_CHECKING:
    from sandbox.inventree.server import InvenTree

SHOWN = 200


class Pages:
    """What a visitor of the server sees and does."""

    def __init__(self, server: InvenTree) -> None:
        self._server = server

    def views(self) -> dict[str, View]:
        return {"/": self._stock_page, "/orders": self._orders_page}

    def actions(self) -> dict[str, Action]:
        return {"/ship": self._ship_action, "/orders": self._order_action, "/shipments/{pk:int}": self._send_action}

    def _stock_page(self, query: dict[str, str], note: Note) -> str:
        store = self._server.store
        with self._server.lock:
            items = [each for each in store.items.values() if each.in_stock]
            items.sort(key=lambda each: (store.parts[each.part].ipn, each.pk))
            rows = [
                element(
                    "tr",
                    element("td", store.parts[each.part].ipn),
                    element("td", store.parts[each.part].name),
                    element("td", self._place(each)),
                    element("td", f"{each.quantity:g}", class_="num"),
                    element("td", f"{store.allocated(each):g}", class_="num"),
                    data_ipn=store.parts[each.part].ipn,
                    data_quantity=f"{each.quantity:g}",
                )
                for each in items[:SHOWN]
            ]
        heads = ("IPN", "Part", "Location", "Quantity", "Allocated")
        stock = table("Stock", heads, rows, numbers={"Quantity", "Allocated"})
        lead = f"{len(items)} rows in stock. InvenTree sends no events: Evenkeel reads it."
        body: list[Part] = [self._form("/ship", "Ship a sales order", "Ship"), stock]
        return self._server.frame.page(path="/", title="Stock", lead=lead, query=query, note=note, body=body)

    def _orders_page(self, query: dict[str, str], note: Note) -> str:
        with self._server.lock:
            orders = list(reversed(self._server.store.orders.values()))[:SHOWN]
            rows = [self._order_row(each) for each in orders]
        body: list[Part] = [self._form("/orders", "Enter a sales order", "Enter")]
        if rows:
            body.append(table("Sales orders", ("Order", "Customer reference", "Parts", "State", ""), rows))
        lead = "What is entered here is allocated; it leaves when its shipment is completed."
        return self._server.frame.page(
            path="/orders", title="Sales orders", lead=lead, query=query, note=note, body=body
        )

    def _order_row(self, order: SalesOrder) -> Part:
        store = self._server.store
        shipments = [each for each in store.shipments.values() if each.order == order.pk]
        done = all(each.shipment_date for each in shipments)
        send = [
            form(f"/shipments/{each.pk}", button("Ship", data_send=order.customer_reference))
            for each in shipments
            if not each.shipment_date
        ]
        goods = ", ".join(f"{quantity:g} × {store.parts[part].ipn}" for _line, part, quantity in order.lines)
        return element(
            "tr",
            element("td", order.reference),
            element("td", order.customer_reference or "–"),
            element("td", goods),
            element("td", pill("Shipped", "good") if done else pill("Allocated", "info")),
            element("td", *send),
        )

    def _form(self, target: str, title: str, verb: str) -> Part:
        return form(
            target,
            element("h2", title),
            element("label", "Customer reference", field("customer_reference", "", required=True)),
            element("label", "IPN", field("ipn", "", required=True)),
            element("label", "Units", field("quantity", 1, type="number", min=1, required=True)),
            button(verb, data_ship=True),
            class_="card ask",
        )

    def _place(self, item: StockItem) -> str:
        store = self._server.store
        return store.path(store.locations[item.location]) if item.location in store.locations else "–"

    def _order_action(self, form_: dict[str, str], _: dict[str, str]) -> str:
        line = (form_.get("ipn", ""), float(whole_of_form(form_, "quantity")))
        self._server.place_order(form_.get("customer_reference", ""), [line])
        return "It is allocated."

    def _ship_action(self, form_: dict[str, str], _: dict[str, str]) -> str:
        line = (form_.get("ipn", ""), float(whole_of_form(form_, "quantity")))
        shipment = self._server.place_order(form_.get("customer_reference", ""), [line])
        self._server.ship(shipment)
        return "It has left." if shipment.shipment_date else "It waits for the background worker."

    def _send_action(self, _: dict[str, str], variables: dict[str, str]) -> str:
        shipment = self._server.store.shipments.get(int(variables["pk"]))
        if shipment is None:
            raise Unknown("no such shipment")
        if not shipment.shipment_date:
            self._server.ship(shipment)
        return "It has left." if shipment.shipment_date else "It waits for the background worker."
