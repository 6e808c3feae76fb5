"""The page of orders, each with what a merchant can do to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.frame import Note, clock_text, pill, words
from sandbox.page import Element, Part, button, element, field, form, hidden
from sandbox.shopify.records import Line, Order

if TYPE_CHECKING:
    from sandbox.shopify.simulator import ShopifySimulator

SHOWN = 60
_KINDS = (
    ("CANCEL", "not shipped, back on the shelf"),
    ("RETURN", "shipped, back on the shelf"),
    ("NO_RESTOCK", "not restocked"),
)


def orders_page(simulator: ShopifySimulator, query: dict[str, str], note: Note) -> str:
    """The newest orders."""
    with simulator.shop.lock:
        orders = list(reversed(simulator.shop.orders.values()))
        places = {place.id: place.name for place in simulator.shop.locations.values()}
        cards: list[Part] = [_order(order, places, simulator.options.currency) for order in orders[:SHOWN]]
    if not cards:
        cards = [element("p", "No orders yet. Buy something in the shop.", class_="card empty")]
    more = f" The newest {SHOWN} are shown." if len(orders) > SHOWN else ""
    return simulator.frame.page(
        path="/orders",
        title="Orders",
        lead=f"{len(orders)} orders. Cancelling and refunding restock or not, as you choose.{more}",
        query=query,
        note=note,
        body=cards,
    )


def latest(order: Order) -> Element:
    """One order in a list beside something else."""
    bought = ", ".join(f"{line.quantity} × {line.sku or line.title}" for line in order.lines)
    return element(
        "li",
        element("a", order.name, href=f"/orders#{order.id}"),
        " ",
        _payment(order),
        element("br"),
        element("span", bought or "no lines", class_="muted"),
    )


def _order(order: Order, places: dict[int, str], currency: str) -> Element:
    waiting = sum(order.remaining(line.id) for line in order.lines)
    actions: list[Part] = []
    if order.financial == "PENDING":
        actions.append(form(f"/orders/{order.id}/pay", button("Mark as paid", data_pay=order.id)))
    if waiting and order.cancelled_at is None:
        actions.append(form(f"/orders/{order.id}/ship", button("Fulfil", data_ship=order.id)))
    if order.cancelled_at is None:
        actions += [
            form(f"/orders/{order.id}/cancel", hidden("restock", restock), button(label, **{f"data_{mark}": order.id}))
            for restock, label, mark in (
                ("yes", "Cancel and restock", "cancel"),
                ("no", "Cancel, don't restock", "cancel_without_restock"),
            )
        ]
    shares = [
        f"{places.get(share.location_id, '?')}: {sum(each.remaining for each in share.lines)} to ship"
        for share in order.fulfilment_orders
        if any(each.remaining for each in share.lines)
    ]
    return element(
        "article",
        element(
            "header",
            element(
                "div",
                element("h2", order.name),
                element("p", f"{order.buyer} · {clock_text(order.created_at)} UTC", class_="muted"),
                element("p", "; ".join(shares), class_="muted") if shares else None,
            ),
            element(
                "div",
                pill("Test", "info") if order.test else None,
                pill("Cancelled", "off") if order.cancelled_at is not None else None,
                _payment(order),
                pill(words(order.fulfilment_status), "plain"),
                element("strong", f"{order.total:.2f} {currency}"),
                class_="row",
            ),
            class_="spread",
        ),
        *(_line(order, line) for line in order.lines),
        element("div", *actions, class_="row actions") if actions else None,
        class_="card order",
        id=order.id,
        data_order=order.id,
        data_payment=order.financial,
        data_fulfilment=order.fulfilment_status,
        data_cancelled="yes" if order.cancelled_at is not None else "no",
    )


def _line(order: Order, line: Line) -> Element:
    edit = form(
        f"/orders/{order.id}/lines/{line.id}",
        field("quantity", line.current, type="number", min=0, required=True, aria_label=f"Quantity of {line.sku}"),
        button("Change", data_edit_line=line.id),
        class_="buy",
    )
    kinds = element(
        "select",
        *(element("option", f"{kind}: {meaning}", value=kind) for kind, meaning in _KINDS),
        name="restock_type",
        aria_label=f"Restock type of {line.sku}",
    )
    refund = form(
        f"/orders/{order.id}/lines/{line.id}/refund",
        field("quantity", 1, type="number", min=1, required=True, aria_label=f"Units of {line.sku} to refund"),
        kinds,
        button("Refund", data_refund=line.id),
    )
    return element(
        "div",
        element(
            "div",
            element("strong", f"{line.quantity} × {line.title}"),
            element("span", f" {line.variant_title}", class_="muted") if line.variant_title else None,
            " ",
            element("code", line.sku),
            pill(f"{line.current} left in the order", "info") if line.current != line.quantity else None,
            class_="what",
        ),
        edit,
        element("details", element("summary", "Refund"), element("div", refund, class_="tools"))
        if line.current
        else None,
        class_="pool",
        data_line=line.id,
    )


def _payment(order: Order) -> Element:
    kind = {"PAID": "good", "PENDING": "warn"}.get(order.financial, "off")
    return pill(words(order.financial), kind)
