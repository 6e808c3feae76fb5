"""The shop front: every variant, what each location has of it, and a way to buy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.frame import Note, icon, pill, stock_pill
from sandbox.page import Element, Part, button, element, field, form, hidden, join
from sandbox.shopify.records import Level, Location, Product, Variant
from sandbox.shopify.views_orders import latest

if TYPE_CHECKING:
    from sandbox.shopify.shop import Shop
    from sandbox.shopify.simulator import ShopifySimulator


def shop_page(simulator: ShopifySimulator, query: dict[str, str], note: Note) -> str:
    """Every product with its present quantities, each with a way to buy and to edit; the latest orders beside."""
    shop = simulator.shop
    with shop.lock:
        cards = [_card(shop, product) for product in shop.products.values()]
        newest = list(reversed(shop.orders.values()))[:6]
        orders = [latest(order) for order in newest]
        places = [_place(place) for place in shop.locations.values()]
        totals = len(shop.products), len(shop.variants), len(shop.locations)
    side = element(
        "aside",
        element("h2", "Latest orders"),
        element("ul", *orders, class_="plain") if orders else element("p", "None yet.", class_="muted"),
        element("p", element("a", "All orders", href="/orders")),
        element("h2", "Locations"),
        element("ul", *places, class_="plain"),
        element("details", element("summary", "Add a location"), element("div", _new_place(), class_="tools")),
        class_="card side",
    )
    grid: Part = element("div", *cards, class_="grid")
    if not cards:
        grid = element("p", "This shop has no products yet.", class_="card empty")
    return simulator.frame.page(
        path="/",
        title="Shop",
        lead=f"{totals[0]} products, {totals[1]} variants, {totals[2]} locations. "
        "Buying here moves units from available to committed, as a sale does.",
        query=query,
        note=note,
        body=[element("div", grid, side, class_="with-side")],
    )


def _place(place: Location) -> Element:
    marks = [
        None if place.is_active else pill("inactive", "off"),
        None if place.fulfils_online else pill("not online", "warn"),
    ]
    return element("li", place.name, " ", *marks, element("br"), element("code", place.id), data_location=place.id)


def _new_place() -> Element:
    choices = element(
        "select",
        element("option", "Fulfils online orders", value="yes"),
        element("option", "Sells at the till only", value="no"),
        name="online",
        aria_label="Whether it fulfils online orders",
    )
    return form("/locations", field("name", "", aria_label="Name", required=True), choices, button("Add"))


def _card(shop: Shop, product: Product) -> Element:
    is_on_sale = product.status == "ACTIVE"
    rows = [_row(shop, product, shop.variants[each]) for each in product.variant_ids]
    return element(
        "article",
        element(
            "header",
            icon(product.category),
            element(
                "div",
                element("h2", product.title, None if is_on_sale else pill("Draft", "off")),
                element("p", product.about, class_="muted"),
            ),
        ),
        *rows,
        class_="card product" if is_on_sale else "card product disabled",
        data_product=product.id,
    )


def _row(shop: Shop, product: Product, variant: Variant) -> Element:
    item = shop.items[variant.item_id]
    sellable = shop.sellable(variant) if item.tracked else None
    label = "" if variant.title == "Default Title" else variant.title
    name = f"{product.title} {label}".strip()
    return element(
        "div",
        element(
            "div",
            element("strong", label) if label else None,
            element("code", variant.sku),
            pill("Sells below zero", "info") if variant.policy == "CONTINUE" else None,
            element("span", f"{variant.price:.2f} {shop.options.currency}", class_="muted price"),
            class_="what",
        ),
        stock_pill(sellable),
        _buy(variant, name) if product.status == "ACTIVE" else None,
        _edit(shop, variant, name),
        class_="pool",
        data_sku=variant.sku,
        data_quantity="untracked" if sellable is None else sellable,
        data_product_id=product.id,
        data_variant_id=variant.id,
        data_item_id=item.id,
    )


def _buy(variant: Variant, name: str) -> Element:
    return form(
        "/buy",
        hidden("variant_id", variant.id),
        field("quantity", 1, type="number", min=1, max=999, required=True, aria_label=f"How many: {name}"),
        button("Buy", class_="primary", data_buy=variant.sku, aria_label=f"Buy {name}"),
        class_="buy",
    )


def _edit(shop: Shop, variant: Variant, name: str) -> Element:
    item = shop.items[variant.item_id]
    other_ways = [
        form("/buy", hidden("variant_id", variant.id), hidden("quantity", 1), hidden("kind", kind), button(label))
        for kind, label in (("later", "Buy 1, pay later"), ("test", "Buy 1 with a test payment"))
    ]
    tracked = form(
        "/tracked",
        hidden("item_id", item.id),
        hidden("tracked", "no" if item.tracked else "yes"),
        button("Stop counting" if item.tracked else "Count stock"),
    )
    places = [_level(place, shop.levels.get((item.id, place.id)), item.id, name) for place in shop.locations.values()]
    return element(
        "details",
        element("summary", "Edit", aria_label=f"Edit {name}"),
        element("div", *places, tracked, *other_ways, class_="tools"),
    )


def _level(place: Location, level: Level | None, item_id: int, name: str) -> Element:
    ids = join([hidden("item_id", item_id), hidden("location_id", place.id)])
    shown = (
        "never stocked" if level is None else f"{level.available} available, {level.quantities['committed']} committed"
    )
    if level is not None and not level.is_active:
        shown += ", not stocked"
    is_active = level is not None and level.is_active
    return element(
        "div",
        element("p", f"{place.name}: {shown}", class_="muted"),
        form(
            "/quantity",
            ids,
            field(
                "quantity",
                level.available if level else 0,
                type="number",
                required=True,
                aria_label=f"Available at {place.name}: {name}",
            ),
            button("Set quantity", data_set_quantity=place.id),
        ),
        form(
            "/active",
            ids,
            hidden("active", "no" if is_active else "yes"),
            button("Stop stocking here" if is_active else "Stock here"),
        ),
        data_level=place.id,
        data_available=level.available if level else None,
    )
