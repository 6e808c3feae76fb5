"""The bridge's pages: its stock, its shipments and the events it has sent. They work without script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.desk import Action, View
from sandbox.desk import whole as whole_of_form
from sandbox.frame import Note, clock_text, pill, table
from sandbox.page import Part, button, element, field, form, hidden
from sandbox.switches import webhooks_page
from sandbox.wms.warehouse import Json, Unknown

if TYPE_CHECKING:
    from sandbox.wms.bridge import Bridge


class Pages:
    """What a visitor of the bridge sees and does."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge

    def views(self) -> dict[str, View]:
        return {"/": self._stock_page, "/shipments": self._shipments_page, "/events": self._events_page}

    def actions(self) -> dict[str, Action]:
        return {
            "/ship": self._ship_action,
            "/adjust": self._adjust_action,
            "/shipments/{id}/cancel": self._cancel_action,
            "/webhooks/{id:int}/redeliver": self._redeliver_action,
        }

    def _stock_page(self, query: dict[str, str], note: Note) -> str:
        with self._bridge.lock:
            rows = self._bridge.warehouse.rows()
            places = list(self._bridge.warehouse.locations.values())
        heads = ("SKU", "Place", "On hand", "Found or lost")
        stock = table("Stock", heads, [self._stock_row(row) for row in rows[:200]], numbers={"On hand"})
        ship: Part = form(
            "/ship",
            element("h2", "Ship an order"),
            element("label", "Order", field("order_ref", "", required=True)),
            element("label", "SKU", field("sku", "", type="text", required=True)),
            element("label", "Units", field("quantity", 1, type="number", min=1, required=True)),
            element(
                "label",
                "Place",
                element(
                    "select",
                    *(element("option", place["name"], value=place["id"]) for place in places),
                    name="location",
                ),
            ),
            button("Ship", data_ship=True),
            class_="card ask",
        )
        lead = f"{len(rows)} rows. What is done here is told to Evenkeel as an event."
        return self._bridge.frame.page(path="/", title="Stock", lead=lead, query=query, note=note, body=[ship, stock])

    def _stock_row(self, row: Json) -> Part:
        adjust = form(
            "/adjust",
            hidden("sku", row["sku"]),
            hidden("location", row["location"]),
            field("delta", 1, type="number", required=True, aria_label=f"Change of {row['sku']}"),
            button("Adjust", data_adjust=row["sku"]),
            class_="row",
        )
        return element(
            "tr",
            element("td", row["sku"]),
            element("td", row["location"]),
            element("td", row["on_hand"], class_="num"),
            element("td", adjust),
            data_sku=row["sku"],
            data_on_hand=row["on_hand"],
        )

    def _shipments_page(self, query: dict[str, str], note: Note) -> str:
        with self._bridge.lock:
            shipments = list(reversed(self._bridge.warehouse.shipments.values()))[:100]
        rows = [
            element(
                "tr",
                element("td", clock_text(each.shipped_at.timestamp())),
                element("td", each.id),
                element("td", each.order_ref),
                element("td", ", ".join(f"{line['quantity']} × {line['sku']}" for line in each.lines)),
                element("td", pill("Shipped", "good") if each.status == "confirmed" else pill("Cancelled", "warn")),
                element(
                    "td",
                    form(f"/shipments/{each.id}/cancel", button("Cancel", data_cancel=each.id))
                    if each.status == "confirmed"
                    else None,
                ),
            )
            for each in shipments
        ]
        heads = ("Time (UTC)", "Shipment", "Order", "What", "State", "")
        body: Part = table("Shipments", heads, rows) if rows else element("p", "Nothing has left yet.", class_="muted")
        lead = "What has left. Cancelling one tells that the parcel has stayed."
        return self._bridge.frame.page(
            path="/shipments", title="Shipments", lead=lead, query=query, note=note, body=[body]
        )

    def _events_page(self, query: dict[str, str], note: Note) -> str:
        return webhooks_page(
            self._bridge.frame, self._bridge.deliveries, query, note, where=self._bridge.events_url or "nowhere yet"
        )

    def _ship_action(self, form_: dict[str, str], _: dict[str, str]) -> str:
        sku, location = form_.get("sku", "").strip(), form_.get("location", "")
        if (sku, location) not in self._bridge.warehouse.levels:
            raise Unknown(f"there is no {sku or 'SKU'} at this place")
        line = {"sku": sku, "quantity": whole_of_form(form_, "quantity")}
        shipment = self._bridge.ship(form_.get("order_ref", "").strip(), location, [line])
        return f"{shipment.id} has left."

    def _adjust_action(self, form_: dict[str, str], _: dict[str, str]) -> str:
        self._bridge.adjust(form_.get("sku", ""), form_.get("location", ""), whole_of_form(form_, "delta"))
        return f"{form_.get('sku')} was adjusted."

    def _cancel_action(self, _: dict[str, str], variables: dict[str, str]) -> str:
        self._bridge.cancel(variables["id"])
        return f"{variables['id']} was cancelled."

    def _redeliver_action(self, _: dict[str, str], variables: dict[str, str]) -> str:
        if not self._bridge.redeliver(int(variables["id"])):
            raise Unknown("It can't be sent again: no address is set.")
        return "Sent again."
