"""The shop front and the orders page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.frame import Note, clock_text, icon, pill, stock_pill, words
from sandbox.page import Element, Part, button, element, field, form, hidden
from sandbox.woocommerce.orders import REDUCING
from sandbox.woocommerce.records import Line, Order, Product, Stocked, Variation
from sandbox.woocommerce.stock import holder_of

if TYPE_CHECKING:
    from sandbox.woocommerce.simulator import WooCommerceSimulator

SHOWN_ORDERS = 60
_STATUS_KIND = {"processing": "good", "completed": "good", "on-hold": "warn", "pending": "warn"}
_NEXT = {
    "pending": (("processing", "Mark as paid"), ("cancelled", "Cancel")),
    "on-hold": (("processing", "Mark as paid"), ("cancelled", "Cancel")),
    "processing": (("completed", "Complete"), ("cancelled", "Cancel")),
    "completed": (("cancelled", "Cancel"),),
    "cancelled": (("processing", "Reopen"),),
    "failed": (("processing", "Mark as paid"),),
}


def shop_page(simulator: WooCommerceSimulator, query: dict[str, str], note: Note) -> str:
    """Every product with its present quantities, each with a way to buy and to edit; the latest orders beside."""
    with simulator.store.lock:
        products = simulator.store.products.all()
        cards = [_card(product, simulator.options.currency) for product in products]
        latest = [_latest(order) for order in simulator.store.orders.all()[:-7:-1]]
        choices = sum(len(each.variations) or 1 for each in products)
    side = element(
        "aside",
        element("h2", "Latest orders"),
        element("ul", *latest, class_="plain") if latest else element("p", "None yet.", class_="muted"),
        element("p", element("a", "All orders", href="/orders")),
        class_="card side",
    )
    grid: Part = element("div", *cards, class_="grid")
    if not cards:
        grid = element("p", "This store has no products yet.", class_="card empty")
    return simulator.frame.page(
        path="/",
        title="Shop",
        lead=f"{len(products)} products, {choices} things to buy. Buying here lowers this store's stock.",
        query=query,
        note=note,
        body=[element("div", grid, side, class_="with-side")],
    )


def _card(product: Product, currency: str) -> Element:
    rows = [_row(product, each, currency) for each in product.variations] or [_row(product, None, currency)]
    on_sale = product.status == "publish"
    shared = bool(product.variations) and all(holder_of(product, each) is product for each in product.variations)
    return element(
        "article",
        element(
            "header",
            icon(product.category),
            element(
                "div",
                element("h2", product.name, None if on_sale else pill("Not on sale", "off")),
                element("p", product.description, class_="muted"),
                element("p", "All choices share one stock.", class_="muted") if shared else None,
            ),
        ),
        *rows,
        class_="card product" if on_sale else "card product disabled",
        data_product=product.id,
    )


def _row(product: Product, variation: Variation | None, currency: str) -> Element:
    own: Stocked = variation or product
    holder = holder_of(product, variation)
    left = None if holder is None else int(holder.stock_quantity or 0)
    sku = own.sku or product.sku
    label = variation.label if variation else ""
    name = f"{product.name} {label}".strip()
    return element(
        "div",
        element(
            "div",
            element("strong", label) if label else None,
            element("code", sku),
            element("span", f"{own.price or product.price or '–'} {currency}", class_="muted price"),
            pill("Backorders", "info") if holder is not None and holder.backorders != "no" else None,
            class_="what",
        ),
        stock_pill(left),
        _buy(own.id, sku, name) if product.status == "publish" else None,
        _edit(own.id, left, name, product.status == "publish"),
        class_="pool",
        data_sku=sku,
        data_quantity="unlimited" if left is None else left,
        data_product_id=own.id,
    )


def _buy(product_id: int, sku: str, name: str) -> Element:
    return form(
        "/buy",
        hidden("product_id", product_id),
        field("quantity", 1, type="number", min=1, max=999, required=True, aria_label=f"How many: {name}"),
        button("Buy", class_="primary", data_buy=sku, aria_label=f"Buy {name}"),
        class_="buy",
    )


def _edit(product_id: int, left: int | None, name: str, on_sale: bool) -> Element:
    own = hidden("product_id", product_id)
    later = form("/buy", own, hidden("quantity", 1), hidden("payment", "later"), button("Buy 1, pay by transfer"))
    quantity = form(
        "/quantity",
        own,
        field("quantity", left or 0, type="number", required=True, aria_label=f"New quantity: {name}"),
        button("Set quantity", data_set_quantity=True),
    )
    tracked = form(
        "/tracked",
        own,
        hidden("tracked", "yes" if left is None else "no"),
        button("Count stock" if left is None else "Stop counting"),
    )
    return element(
        "details",
        element("summary", "Edit", aria_label=f"Edit {name}"),
        element("div", None if left is None else quantity, tracked, later if on_sale else None, class_="tools"),
    )


def _latest(order: Order) -> Element:
    bought = ", ".join(f"{line.quantity} × {line.name}" for line in order.lines)
    return element(
        "li",
        element("a", order.id, href=f"/orders#{order.id}"),
        " ",
        _status_pill(order.status),
        element("br"),
        element("span", bought or "no lines", class_="muted"),
    )


def orders_page(simulator: WooCommerceSimulator, query: dict[str, str], note: Note) -> str:
    """The newest orders, each with what a merchant can do to it."""
    with simulator.store.lock:
        orders = simulator.store.orders.all()[::-1]
        cards: list[Part] = [_order(order, simulator.options.currency) for order in orders[:SHOWN_ORDERS]]
    if not cards:
        cards = [element("p", "No orders yet. Buy something in the shop.", class_="card empty")]
    more = f" The newest {SHOWN_ORDERS} are shown." if len(orders) > SHOWN_ORDERS else ""
    return simulator.frame.page(
        path="/orders",
        title="Orders",
        lead=f"{len(orders)} orders. Cancel gives stock back, the trash does not, as in WooCommerce.{more}",
        query=query,
        note=note,
        body=cards,
    )


def _order(order: Order, currency: str) -> Element:
    own = f"/orders/{order.id}"
    buttons = [
        form(f"{own}/status", hidden("status", status), button(label, data_status=f"{order.id}-{status}"))
        for status, label in _NEXT.get(order.status, ())
    ]
    if order.status in REDUCING:
        for restock, label in (("yes", "Refund and restock"), ("no", "Refund only")):
            buttons.append(
                form(f"{own}/refund", hidden("restock", restock), button(label, data_refund=f"{order.id}-{restock}"))
            )
    buttons.append(form(f"{own}/trash", button("Trash", class_="danger", data_trash=order.id)))
    return element(
        "article",
        element(
            "header",
            element(
                "div",
                element("h2", f"#{order.id}"),
                element("p", f"{order.buyer} · {clock_text(order.created_at)} UTC", class_="muted"),
            ),
            element(
                "div",
                _status_pill(order.status),
                element("strong", f"{order.total:.2f} {currency}"),
                class_="row",
            ),
            class_="spread",
        ),
        *(_line(order, line) for line in order.lines),
        element("div", *buttons, class_="row actions"),
        class_="card order",
        id=order.id,
        data_order=order.id,
        data_status=order.status,
    )


def _line(order: Order, line: Line) -> Element:
    edit = form(
        f"/orders/{order.id}/lines/{line.id}",
        field("quantity", int(line.quantity), type="number", min=0, required=True, aria_label=f"Units of {line.name}"),
        button("Change", data_edit_line=line.id),
        class_="buy",
    )
    return element(
        "div",
        element(
            "div",
            element(
                "div",
                element("strong", f"{line.quantity} × {line.name} "),
                pill(f"{line.reduced:g} taken from stock", "plain") if line.reduced else None,
            ),
            class_="what",
        ),
        edit,
        class_="pool",
        data_line=line.id,
    )


def _status_pill(status: str) -> Element:
    return pill(words(status.replace("-", "_")), _STATUS_KIND.get(status, "off"))
