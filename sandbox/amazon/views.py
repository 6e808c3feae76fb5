"""The shop front, the orders page and the settings of a simulated Amazon."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.amazon.control import SETTINGS
from sandbox.amazon.marketplaces import MARKETPLACES
from sandbox.amazon.records import Item, Order
from sandbox.frame import Note, clock_text, icon, pill, stock_pill, words
from sandbox.page import Element, Part, button, element, field, form, hidden

if TYPE_CHECKING:
    from sandbox.amazon.simulator import AmazonSimulator

SHOWN_ORDERS = 60
_KINDS = {"PENDING": "warn", "UNSHIPPED": "info", "PARTIALLY_SHIPPED": "info", "SHIPPED": "good", "CANCELLED": "off"}
_LABELS = {
    "accept_seconds": "A change is live after, seconds",
    "feed_seconds": "A feed takes, seconds",
    "report_seconds": "A report takes, seconds",
    "report_cache_seconds": "A report is served again for, seconds",
    "orders_told_after": "Orders are listed after, seconds",
    "pending_seconds": "An order is pending for, seconds",
    "quota_scale": "Quotas, times the documented ones",
}


def shop_page(simulator: AmazonSimulator, query: dict[str, str], note: Note) -> str:
    """Every listing with its present quantity and a way to buy; the latest orders beside."""
    place = simulator.options.marketplaces[0]
    with simulator.store.lock:
        simulator.store.schedule.run_due()
        items = simulator.store.items.all()
        cards = [_card(item, place) for item in items]
        latest = [_latest(order) for order in simulator.store.orders.all()[:6]]
    side = element(
        "aside",
        element("h2", "Latest orders"),
        element("ul", *latest, class_="plain") if latest else element("p", "None yet.", class_="muted"),
        element("p", element("a", "All orders", href="/orders")),
        class_="card side",
    )
    grid: Part = element("div", *cards, class_="grid")
    if not cards:
        grid = element("p", "This seller lists nothing yet.", class_="card empty")
    places = " and ".join(MARKETPLACES[each].name for each in simulator.options.marketplaces)
    return simulator.frame.page(
        path="/",
        title="Shop",
        lead=f"{len(items)} listings at {places}: one quantity for each SKU, whatever the marketplace.",
        query=query,
        note=note,
        body=[element("div", grid, side, class_="with-side")],
    )


def _card(item: Item, place: str) -> Element:
    currency = MARKETPLACES[place].currency
    held = item.is_held_by_amazon
    left = item.held.fulfillable if held else item.quantity
    marks = [
        None if item.enabled else pill("Not on sale", "off"),
        pill("Fulfilled by Amazon", "info") if held else None,
    ]
    buyable = item.enabled and bool(item.records)
    days = item.merchant.lead_time_to_ship_max_days if item.merchant else None
    shipping = "" if days is None else f" · ships in {days} days"
    row = element(
        "div",
        element(
            "div",
            element("code", item.sku),
            element("span", f"{item.price:.2f} {currency}{shipping}", class_="muted price"),
            class_="what",
        ),
        stock_pill(left) if left is not None else pill("No quantity", "off"),
        _buy(item) if buyable else None,
        _edit(item),
        class_="pool",
        data_sku=item.sku,
        data_quantity="" if left is None else left,
        data_channel="amazon" if held else "merchant",
    )
    about = element("p", item.description, class_="muted") if item.description else None
    return element(
        "article",
        element("header", icon(item.category), element("div", element("h2", item.title, *marks), about)),
        row,
        class_="card product" if item.enabled else "card product disabled",
        data_product=item.asin,
    )


def _buy(item: Item) -> Element:
    return form(
        "/buy",
        hidden("sku", item.sku),
        field("quantity", 1, type="number", min=1, max=999, required=True, aria_label=f"How many: {item.title}"),
        button("Buy", class_="primary", data_buy=item.sku, aria_label=f"Buy {item.title}"),
        class_="buy",
    )


def _edit(item: Item) -> Element:
    quantity = form(
        "/quantity",
        hidden("sku", item.sku),
        field(
            "quantity",
            item.quantity or 0,
            type="number",
            min=0,
            required=True,
            aria_label=f"New quantity: {item.title}",
        ),
        button("Set quantity", data_set_quantity=True),
    )
    held = item.is_held_by_amazon
    convert = form(
        "/convert",
        hidden("sku", item.sku),
        hidden("to", "merchant" if held else "amazon"),
        button("Ship it from the merchant" if held else "Send it to Amazon's warehouses", data_convert=item.sku),
    )
    return element(
        "details",
        element("summary", "Edit", aria_label=f"Edit {item.title}"),
        element("div", None if held else quantity, convert, class_="tools"),
    )


def _latest(order: Order) -> Element:
    bought = ", ".join(f"{line.quantity} × {line.sku}" for line in order.items)
    return element(
        "li",
        element("a", order.id, href=f"/orders#{order.id}"),
        " ",
        pill(words(order.status), _KINDS.get(order.status, "plain")),
        element("br"),
        element("span", bought, class_="muted"),
    )


def orders_page(simulator: AmazonSimulator, query: dict[str, str], note: Note) -> str:
    """The newest orders, each with what can happen to it."""
    with simulator.store.lock:
        simulator.store.schedule.run_due()
        orders = simulator.store.orders.all()
        cards: list[Part] = [_order(order) for order in orders[:SHOWN_ORDERS]]
    if not cards:
        cards = [element("p", "No orders yet. Buy something in the shop.", class_="card empty")]
    more = f" The newest {SHOWN_ORDERS} are shown." if len(orders) > SHOWN_ORDERS else ""
    return simulator.frame.page(
        path="/orders",
        title="Orders",
        lead=f"{len(orders)} orders. Stock is taken while an order is still pending.{more}",
        query=query,
        note=note,
        body=cards,
    )


def _order(order: Order) -> Element:
    actions = []
    if order.status == "PENDING":
        actions.append(("confirm", "Authorise the payment"))
    if order.status in ("UNSHIPPED", "PARTIALLY_SHIPPED"):
        actions += [("ship", "Ship"), ("request-cancel", "Buyer asks to cancel")]
    if not order.is_over:
        actions.append(("cancel", "Cancel"))
    buttons = [
        form(f"/orders/{order.id}/{action}", button(label, **{f"data_{action.replace('-', '_')}": order.id}))
        for action, label in actions
    ]
    place = MARKETPLACES[order.marketplace]
    return element(
        "article",
        element(
            "header",
            element(
                "div",
                element("h2", order.id),
                element("p", f"{order.buyer} · {place.name} · {clock_text(order.created_at)} UTC", class_="muted"),
            ),
            element(
                "div",
                pill(words(order.status), _KINDS.get(order.status, "plain")),
                pill("Fulfilled by Amazon", "info") if order.by_amazon else None,
                pill("Buyer asks to cancel", "warn") if order.cancel_requested and not order.is_over else None,
                element("strong", f"{order.total:.2f} {place.currency}"),
                class_="row",
            ),
            class_="spread",
        ),
        *(
            element(
                "div",
                element("strong", f"{line.quantity} × {line.title}"),
                " ",
                element("code", line.sku),
                pill(f"{line.shipped} shipped", "good") if line.shipped else None,
                pill(f"{line.cancelled} cancelled", "off") if line.cancelled else None,
                class_="pool",
                data_line=line.id,
            )
            for line in order.items
        ),
        element("div", *buttons, class_="row actions") if buttons else None,
        class_="card order",
        id=order.id,
        data_order=order.id,
        data_status=order.status,
    )


def settings_section(simulator: AmazonSimulator) -> Element:
    fields = [
        element(
            "label",
            _LABELS[name],
            field(
                name,
                f"{getattr(simulator.options, name):g}",
                type="number",
                min=0,
                max=1_000_000,
                step="any",
                required=True,
            ),
        )
        for name in SETTINGS
    ]
    return element(
        "section",
        element("h2", "How long things take"),
        *(form("/settings", each, button("Set"), class_="switch") for each in fields),
        class_="card",
    )


def access_section(simulator: AmazonSimulator) -> Element:
    return element(
        "section",
        element("h2", "Authorisation"),
        element(
            "p",
            f"The app's roles: {', '.join(simulator.access.roles) or 'none'}. An expired token can be renewed; without "
            "the authorisation none can be had.",
            class_="muted",
        ),
        element(
            "div",
            form("/token/expire", button("Expire every access token", data_expire=True)),
            form("/token/revoke", button("Take the authorisation away", class_="danger", data_revoke=True)),
            form("/token/renew", hidden("same", "yes"), button("Revive the first one", data_revive=True)),
            form("/token/renew", button("Authorise anew", data_renew=True)),
            class_="row actions",
        ),
        class_="card",
    )
