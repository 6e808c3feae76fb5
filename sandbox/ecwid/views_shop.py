"""The shop front and the orders page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.ecwid.orders import RELEASED
from sandbox.ecwid.records import Line, Order, Pool, Product, Variation, pool_of
from sandbox.frame import Note, clock_text, icon, pill, stock_pill, words
from sandbox.page import Element, Part, button, element, field, form, hidden, join

if TYPE_CHECKING:
    from sandbox.ecwid.simulator import EcwidSimulator

SHOWN_ORDERS = 60


def shop_page(simulator: EcwidSimulator, query: dict[str, str], note: Note) -> str:
    """Every product with its present quantities, each with a way to buy and to edit; the latest orders beside."""
    with simulator.store.lock:
        products = simulator.store.products.all()
        cards = [_card(product, simulator.options.currency) for product in products]
        latest = [_latest(order) for order in simulator.store.orders.all()[:6]]
        pools = sum(len(each.variations) or 1 for each in products)
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
        lead=f"{len(products)} products, {pools} things to buy. Buying here lowers this store's stock, as a sale does.",
        query=query,
        note=note,
        body=[element("div", grid, side, class_="with-side")],
    )


def _card(product: Product, currency: str) -> Element:
    rows = [_row(product, each, currency) for each in product.variations] or [_row(product, None, currency)]
    marks = [
        None if product.enabled else pill("Not on sale", "off"),
        pill("Pre-order", "info") if product.out_of_stock == "ALLOW_PREORDER" else None,
    ]
    shared = bool(product.variations) and all(pool_of(product, each) is product for each in product.variations)
    return element(
        "article",
        element(
            "header",
            icon(product.category),
            element(
                "div",
                element("h2", product.name, *marks),
                element("p", product.description, class_="muted"),
                element("p", "All choices share one stock.", class_="muted") if shared else None,
            ),
        ),
        *rows,
        class_="card product" if product.enabled else "card product disabled",
        data_product=product.id,
    )


def _row(product: Product, variation: Variation | None, currency: str) -> Element:
    pool = pool_of(product, variation)
    sku = (variation.sku if variation else "") or product.sku
    price = product.price if variation is None or variation.price is None else variation.price
    label = ", ".join(variation.options.values()) if variation else ""
    ids = join([hidden("product_id", product.id), hidden("combination_id", variation.id) if variation else None])
    name = f"{product.name} {label}".strip()
    return element(
        "div",
        element(
            "div",
            element("strong", label) if label else None,
            element("code", sku),
            element("span", f"{price:.2f} {currency}", class_="muted price"),
            class_="what",
        ),
        stock_pill(None if pool.unlimited else pool.quantity),
        _buy(ids, sku, name) if product.enabled else None,
        _edit(ids, pool, name, product.enabled),
        class_="pool",
        data_sku=sku,
        data_quantity="unlimited" if pool.unlimited else pool.quantity,
        data_product_id=product.id,
        data_combination_id=variation.id if variation else None,
    )


def _buy(ids: Element, sku: str, name: str) -> Element:
    return form(
        "/buy",
        ids,
        field("quantity", 1, type="number", min=1, max=999, required=True, aria_label=f"How many: {name}"),
        button("Buy", class_="primary", data_buy=sku, aria_label=f"Buy {name}"),
        class_="buy",
    )


def _edit(ids: Element, pool: Pool, name: str, on_sale: bool) -> Element:
    later = form("/buy", ids, hidden("quantity", 1), hidden("payment", "later"), button("Buy 1, pay later"))
    quantity = form(
        "/quantity",
        ids,
        field("quantity", pool.quantity, type="number", required=True, aria_label=f"New quantity: {name}"),
        button("Set quantity", data_set_quantity=True),
    )
    unlimited = form(
        "/unlimited",
        ids,
        hidden("unlimited", "no" if pool.unlimited else "yes"),
        button("Count stock" if pool.unlimited else "Make unlimited"),
    )
    return element(
        "details",
        element("summary", "Edit", aria_label=f"Edit {name}"),
        element("div", None if pool.unlimited else quantity, unlimited, later if on_sale else None, class_="tools"),
    )


def _latest(order: Order) -> Element:
    bought = ", ".join(f"{line.quantity} × {line.sku}" for line in order.lines)
    return element(
        "li",
        element("a", order.id, href=f"/orders#{order.id}"),
        " ",
        _payment_pill(order.payment_status),
        element("br"),
        element("span", bought or "no lines", class_="muted"),
    )


def orders_page(simulator: EcwidSimulator, query: dict[str, str], note: Note) -> str:
    """The newest orders, each with what a merchant can do to it."""
    with simulator.store.lock:
        orders = simulator.store.orders.all()
        cards: list[Part] = [_order(order, simulator.options.currency) for order in orders[:SHOWN_ORDERS]]
    if not cards:
        cards = [element("p", "No orders yet. Buy something in the shop.", class_="card empty")]
    more = f" The newest {SHOWN_ORDERS} are shown." if len(orders) > SHOWN_ORDERS else ""
    return simulator.frame.page(
        path="/orders",
        title="Orders",
        lead=f"{len(orders)} orders. Cancel and refund restock; editing a line does not, as in Ecwid.{more}",
        query=query,
        note=note,
        body=cards,
    )


def _order(order: Order, currency: str) -> Element:
    actions = []
    if order.payment_status in ("AWAITING_PAYMENT", "INCOMPLETE"):
        actions.append(("pay", "Mark as paid"))
    if order.payment_status not in RELEASED:
        if order.fulfilment_status not in ("SHIPPED", "DELIVERED"):
            actions.append(("ship", "Ship"))
        actions += [("cancel", "Cancel"), ("refund", "Refund")]
    buttons = [
        form(f"/orders/{order.id}/{action}", button(label, **{f"data_{action}": order.id})) for action, label in actions
    ]
    return element(
        "article",
        element(
            "header",
            element(
                "div",
                element("h2", order.id),
                element("p", f"{order.buyer} · {clock_text(order.created_at)} UTC", class_="muted"),
            ),
            element(
                "div",
                _payment_pill(order.payment_status),
                pill(words(order.fulfilment_status), "plain"),
                element("strong", f"{order.total:.2f} {currency}"),
                class_="row",
            ),
            class_="spread",
        ),
        *(_line(order, line) for line in order.lines),
        element("div", *buttons, class_="row actions") if buttons else None,
        class_="card order",
        id=order.id,
        data_order=order.id,
        data_payment=order.payment_status,
        data_fulfilment=order.fulfilment_status,
    )


def _line(order: Order, line: Line) -> Element:
    chosen = ", ".join(line.options.values())
    edit = form(
        f"/orders/{order.id}/lines/{line.id}",
        field("quantity", line.quantity, type="number", min=0, required=True, aria_label=f"Quantity of {line.sku}"),
        button("Change", data_edit_line=line.id),
        class_="buy",
    )
    return element(
        "div",
        element(
            "div",
            element("strong", f"{line.quantity} × {line.name}"),
            element("span", f" {chosen}", class_="muted") if chosen else None,
            " ",
            element("code", line.sku),
            pill("Pre-order", "info") if line.is_preorder else None,
            class_="what",
        ),
        edit,
        class_="pool",
        data_line=line.id,
    )


def _payment_pill(status: str) -> Element:
    kind = {"PAID": "good", "AWAITING_PAYMENT": "warn", "INCOMPLETE": "warn"}.get(status, "off")
    return pill(words(status), kind)
