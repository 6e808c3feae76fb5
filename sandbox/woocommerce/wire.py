"""Records as WooCommerce's JSON, field by field as a real store answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sandbox.server import Json
from sandbox.woocommerce.options import Options
from sandbox.woocommerce.products import Products
from sandbox.woocommerce.records import Line, Order, Product, Refund, Stocked, Units, Variation, Webhook
from sandbox.woocommerce.stock import shown_manage_stock

_ADDRESS = ("first_name", "last_name", "company", "address_1", "address_2", "city", "state", "postcode", "country")
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class Wire:
    """Writes JSON for one store. ``home`` returns the site's address, without a closing slash."""

    def __init__(self, options: Options, home: Callable[[], str]) -> None:
        self._options = options
        self._home = home
        self._zone = ZoneInfo(options.time_zone)

    def product(self, product: Product) -> Json:
        """Return a product; its variations appear by their ids."""
        found: Json = {
            "id": product.id,
            "name": product.name,
            "slug": product.slug,
            "permalink": self._permalink(product),
            **self._dates("created", product.created_at),
            **self._dates("modified", product.modified_at),
            "type": product.type,
            "status": product.status,
            "catalog_visibility": "visible",
            "description": product.description,
            "short_description": "",
            "sku": product.sku,
            "price": product.price or next((each.price for each in product.variations if each.price), ""),
            "regular_price": product.price,
            "on_sale": False,
            "purchasable": bool(product.price or product.variations),
            "total_sales": product.total_sales,
            "virtual": False,
            "downloadable": False,
            **self._stock(product, shown_manage_stock(product, None)),
            "weight": product.weight,
            "parent_id": 0,
            "attributes": [
                {"id": 0, "name": name, "slug": name, "visible": True, "variation": True, "options": options}
                for name, options in product.attributes.items()
            ],
            "variations": [each.id for each in product.variations],
            "grouped_products": [],
            "meta_data": [],
            "stock_status": product.stock_status,
            "has_options": bool(product.variations),
            "global_unique_id": product.gtin,
        }
        return found | self._links(f"products/{product.id}", "products")

    def variation(self, product: Product, variation: Variation) -> Json:
        """Return a variation; without stock of its own it shows its product's, "parent"."""
        manage = shown_manage_stock(product, variation)
        holder: Stocked = product if manage == "parent" else variation
        address = f"products/{product.id}/variations"
        return {
            "id": variation.id,
            "type": "variation",
            **self._dates("created", variation.created_at),
            **self._dates("modified", variation.modified_at),
            "description": "",
            "permalink": self._permalink(product),
            "sku": variation.sku or product.sku,
            "global_unique_id": variation.gtin,
            "price": variation.price or product.price,
            "regular_price": variation.price,
            "on_sale": False,
            "status": variation.status,
            "purchasable": True,
            **self._stock(holder, manage),
            "stock_status": holder.stock_status,
            "weight": "",
            "attributes": [
                {"id": 0, "name": name, "slug": name.lower(), "option": option}
                for name, option in variation.attributes.items()
            ],
            "menu_order": 0,
            "meta_data": [],
            "name": variation.label,
            "parent_id": product.id,
            **self._links(f"{address}/{variation.id}", address, up=f"products/{product.id}"),
        }

    def order(self, order: Order, products: Products) -> Json:
        """Return an order; SKUs in its lines are looked up now."""
        first, _, last = order.buyer.partition(" ")
        address = dict.fromkeys(_ADDRESS, "") | {"first_name": first, "last_name": last}
        found: Json = {
            "id": order.id,
            "parent_id": 0,
            "status": order.status,
            "currency": self._options.currency,
            "version": self._options.version,
            **self._dates("created", order.created_at),
            **self._dates("modified", order.modified_at),
            "total": f"{order.total:.2f}",
            "customer_id": 0,
            "order_key": f"wc_order_{order.id}",
            "billing": address | {"email": order.email, "phone": ""},
            "shipping": address | {"phone": ""},
            "payment_method": order.payment_method,
            "created_via": order.created_via,
            "customer_note": "",
            **self._dates("completed", order.completed_at),
            **self._dates("paid", order.paid_at),
            "number": str(order.id),
            "meta_data": [],
            "line_items": [self._line(line, products) for line in order.lines],
            "tax_lines": [],
            "shipping_lines": [],
            "fee_lines": [],
            "coupon_lines": [],
            "refunds": [
                {"id": each.id, "reason": each.reason, "total": f"-{each.amount:.2f}", "total_tax": "0.00"}
                for each in order.refunds
            ],
        }
        if order.trashed_from:
            found["meta_data"] = [
                {"id": order.id * 2, "key": "_wp_trash_meta_status", "value": f"wc-{order.trashed_from}"},
                {"id": order.id * 2 + 1, "key": "_wp_trash_meta_time", "value": str(int(order.trashed_at))},
            ]
        return found | self._links(f"orders/{order.id}", "orders")

    def refund(self, order: Order, refund: Refund, products: Products) -> Json:
        """Return a refund; its quantities are negative."""
        lines = {line.id: line for line in order.lines}
        items = []
        for each in refund.lines:
            line = lines.get(each.line_id)
            if line is None:
                continue
            item = self._line(line, products)
            meta = {"id": line.id, "key": "_refunded_item_id", "value": str(line.id)}
            items.append(item | {"quantity": -each.quantity, "total": f"-{each.total:.2f}", "meta_data": [meta]})
        return {
            "id": refund.id,
            **self._dates("created", refund.at),
            "amount": f"{refund.amount:.2f}",
            "reason": refund.reason,
            "refunded_by": 1,
            "refunded_payment": False,
            "meta_data": [],
            "line_items": items,
            **self._links(f"orders/{order.id}/refunds/{refund.id}", f"orders/{order.id}/refunds"),
        }

    def webhook(self, webhook: Webhook) -> Json:
        """Return a webhook; the secret is never told."""
        return {
            "id": webhook.id,
            "name": webhook.name,
            "status": webhook.status,
            "topic": webhook.topic,
            "resource": webhook.resource,
            "event": webhook.event,
            "hooks": [],
            "delivery_url": webhook.delivery_url,
            **self._dates("created", webhook.created_at),
            **self._dates("modified", webhook.modified_at),
            **self._links(f"webhooks/{webhook.id}", "webhooks"),
        }

    def moment(self, text: str, *, is_gmt: bool) -> int:
        """Return UNIX seconds of a date as callers write it: store time unless told otherwise. Raises ValueError."""
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            found = found.replace(tzinfo=UTC if is_gmt else self._zone)
        return int(found.timestamp())

    def gmt_offset(self) -> float:
        """Return the hours that the store's clock is ahead of UTC now."""
        offset = datetime.fromtimestamp(self._options.clock(), self._zone).utcoffset()
        return offset.total_seconds() / 3600 if offset else 0.0

    def _line(self, line: Line, products: Products) -> Json:
        # A variation that is gone leaves the product behind, a product that is gone nothing.
        of_variation = products.find(line.variation_id) if line.variation_id else None
        product, variation = of_variation or products.find(line.product_id) or (None, None)
        meta = [
            {"id": line.id * 10 + number, "key": name.lower(), "value": value, "display_key": name}
            for number, (name, value) in enumerate(line.attributes.items())
        ]
        if line.reduced is not None:
            meta.append(_private(line.id * 10 + 8, "_reduced_stock", line.reduced))
        if line.restocked:
            meta.append(_private(line.id * 10 + 9, "_restock_refunded_items", line.restocked))
        return {
            "id": line.id,
            "name": line.name,
            "product_id": line.product_id if product is not None else 0,
            "variation_id": line.variation_id if of_variation else 0,
            "quantity": line.quantity,
            "subtotal": f"{line.subtotal:.2f}",
            "total": f"{line.total:.2f}",
            "taxes": [],
            "meta_data": meta,
            "sku": ((variation.sku if variation else "") or product.sku) if product is not None else None,
            "global_unique_id": "",
            "price": round(line.total / line.quantity, 4) if line.quantity else 0,
            "image": {"id": "", "src": ""},
            "parent_name": line.parent_name,
        }

    def _stock(self, stocked: Stocked, manage: bool | str) -> Json:
        # The store-wide switch hides that stock is counted, and goes on showing the old number.
        return {
            "manage_stock": manage if self._options.manage_stock else False,
            "stock_quantity": stocked.stock_quantity,
            "backorders": stocked.backorders,
            "backorders_allowed": stocked.backorders != "no",
            "backordered": stocked.stock_status == "onbackorder",
            "low_stock_amount": stocked.low_stock_amount if manage != "parent" else None,
        }

    def _dates(self, name: str, seconds: float | None) -> Json:
        if seconds is None:
            return {f"date_{name}": None, f"date_{name}_gmt": None}
        at = datetime.fromtimestamp(int(seconds), UTC)
        shape = "%Y-%m-%dT%H:%M:%S"
        return {
            f"date_{name}": at.astimezone(self._zone).strftime(shape),
            f"date_{name}_gmt": at.strftime(shape),
        }

    def _permalink(self, product: Product) -> str:
        return f"{self._home()}/product/{product.slug}/"

    def _links(self, own: str, collection: str, up: str = "") -> Json:
        root = f"{self._home()}/wp-json/wc/v3"
        links: Json = {
            "self": [{"href": f"{root}/{own}", "targetHints": {"allow": _METHODS}}],
            "collection": [{"href": f"{root}/{collection}"}],
        }
        if up:
            links["up"] = [{"href": f"{root}/{up}"}]
        return {"_links": links}


def _private(meta_id: int, key: str, value: Units) -> Json:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return {"id": meta_id, "key": key, "value": text, "display_key": key, "display_value": text}
