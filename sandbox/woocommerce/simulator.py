"""The simulated store as one object: start it, fill it, buy in it, look at what happened."""

from __future__ import annotations

import copy
from typing import Any

from sandbox import desk
from sandbox.calls import Call, CallLog
from sandbox.catalogue import ProductDescription, StoreDescription
from sandbox.faults import Faults
from sandbox.frame import Frame
from sandbox.server import HttpServer, Json, Request, Response, Router, tls_context, wait_until
from sandbox.webhooks import Courier, Delivery
from sandbox.woocommerce.access import Access, Key, Permission, new_key
from sandbox.woocommerce.api import Api
from sandbox.woocommerce.api_admin import AdminApi
from sandbox.woocommerce.api_orders import OrdersApi
from sandbox.woocommerce.api_products import ProductsApi
from sandbox.woocommerce.control import Control
from sandbox.woocommerce.errors import WpError, unknown_order, unknown_product
from sandbox.woocommerce.fault_kinds import FAULT_KINDS
from sandbox.woocommerce.options import Options
from sandbox.woocommerce.orders import Wanted
from sandbox.woocommerce.pages import Pages
from sandbox.woocommerce.records import ORDER_STATUSES, Order, Product, RefundLine, Units, Variation
from sandbox.woocommerce.stock import holder_of
from sandbox.woocommerce.store import Store
from sandbox.woocommerce.webhooks import WOO_DELIVERY, Webhooks
from sandbox.woocommerce.wire import Wire


class WooCommerceSimulator:
    """One WooCommerce store on an HTTP port, or an HTTPS one with ``certificate`` (files of chain and key).

    Every method may be called from any thread. ``options`` are the fields of ``Options`` by name.
    """

    def __init__(
        self,
        *,
        name: str = "",
        consumer_key: str = "",
        consumer_secret: str = "",
        catalogue: StoreDescription | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        certificate: tuple[str, str] | None = None,
        **options: Any,
    ) -> None:
        self.options = Options(**options)
        self.faults = Faults(FAULT_KINDS, self.options.fault_seed)
        self._address = host, port
        self._tls = tls_context(*certificate) if certificate else None
        self._description: StoreDescription = copy.deepcopy(catalogue) if catalogue else {}
        self.name = name or self._description.get("name") or "A WooCommerce store"
        self._calls = CallLog()
        self._courier = Courier(
            WOO_DELIVERY, self.faults, time_scale=self.options.time_scale, workers=self.options.webhook_workers
        )
        self.webhooks = Webhooks(self.options, self._courier, self._home, self._resource)
        self.store = Store(self.name, self.options, self.webhooks.emit)
        self.store.fill(self._description)
        self.wire = Wire(self.options, self._home)
        first = new_key()
        first.consumer_key = consumer_key or first.consumer_key
        first.consumer_secret = consumer_secret or first.consumer_secret
        self.access = Access(first, self.options, self._home)
        self._api = Api(
            store=self.store,
            access=self.access,
            wire=self.wire,
            faults=self.faults,
            routes=[
                *ProductsApi(self.store, self.wire, self.faults, self._home).routes(),
                *OrdersApi(self.store, self.wire, self._home).routes(),
                *AdminApi(self.store, self.wire, self.webhooks, self._home).routes(),
            ],
            home=self._home,
            has_tls=self._tls is not None,
            log=self._log,
        )
        self.frame = Frame(platform="WooCommerce", name=self.name, number="wc/v3", faults=self.faults)
        self._router = Router([*Control(self).routes(), *Pages(self).routes()])
        self._server: HttpServer | None = None
        self._url = ""

    # Life

    def start(self) -> WooCommerceSimulator:
        """Listen and work in background threads; after ``stop``, on the same port as before. Raises PortTaken."""
        self._server = HttpServer(self._answer, *self._address, tls=self._tls)
        self._address = self._server.host, self._server.port
        self._url = self._server.url
        self._server.start()
        self._courier.start()
        self.webhooks.start()
        return self

    def stop(self) -> None:
        """Go down: calls are refused, webhooks wait. The state stays for another ``start``."""
        if self._server is not None:
            self._server.stop()
            self._server = None
        self.webhooks.stop()
        self._courier.stop()

    def __enter__(self) -> WooCommerceSimulator:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def reset(self) -> None:
        """Go back to the description: same ids, same quantities; faults off, logs empty, the first key working.

        Webhooks stay, as an owner would have to make them again.
        """
        self.faults.clear()
        self._courier.clear()
        self._calls.clear()
        self._api.window.clear()
        self.access.revive()
        self.store.fill(self._description)

    # Addresses

    @property
    def url(self) -> str:
        """The store's address: what a merchant types to connect it; also its page and ``/_control/…``."""
        if not self._url:
            raise RuntimeError("the simulator was never started")
        return self._url

    @property
    def announcement(self) -> str:
        return f"Simulated WooCommerce store “{self.name}” at {self.url}/"

    @property
    def consumer_key(self) -> str:
        return self.access.first.consumer_key

    @property
    def consumer_secret(self) -> str:
        return self.access.first.consumer_secret

    def add_key(self, permission: Permission = "read_write", *, manages_shop: bool = True) -> Key:
        """Make another API key."""
        return self.access.add(new_key(permission, manages_shop=manages_shop))

    # Catalogue

    def add_product(self, **description: Any) -> Product:
        """Add a product from the keys of ``ProductDescription``, quietly; ``type`` may name another kind."""
        kind = description.pop("type", "")
        described: ProductDescription = {"name": description.get("sku") or "A product"}
        described.update(description)  # type: ignore[typeddict-item]
        with self.store.lock:
            product = self.store.add_product(described)
            product.type = kind or product.type
            return product

    def set_quantity(self, product_id: int, *, quantity: Units) -> None:
        """Set by hand, as in the admin, what holds the stock of a product or variation; product.updated is sent."""
        with self.store.lock:
            product, variation = self._found(product_id)
            holder = holder_of(product, variation)
            if holder is None:
                raise WpError(400, "", "Nothing is counted here: turn tracking on first")
            body: Json = {"stock_quantity": quantity}
            if isinstance(holder, Variation):
                self.store.products.update_variation(product, holder, body)
            else:
                self.store.products.update(product, body)

    def set_tracked(self, product_id: int, *, tracked: bool) -> None:
        """Turn the counting of a product or variation on (at 0 units) or off."""
        with self.store.lock:
            product, variation = self._found(product_id)
            body: Json = {"manage_stock": tracked} | ({"stock_quantity": 0} if tracked else {})
            if variation is not None:
                self.store.products.update_variation(product, variation, body)
            else:
                self.store.products.update(product, body)

    def quantity(self, product_id: int) -> Units | None:
        """Return the units behind a product or variation; None where nothing is counted."""
        with self.store.lock:
            holder = holder_of(*self._found(product_id))
            return None if holder is None else holder.stock_quantity

    def quantity_of(self, sku: str) -> Units | None:
        """Return the units shown for a SKU; None where nothing is counted. Raises KeyError."""
        with self.store.lock:
            product, variation = self.store.products.find_sku(sku)
            return self.quantity(variation.id if variation else product.id)

    def trash_product(self, product_id: int, *, force: bool = False) -> None:
        """Move a product to the trash, or delete it for good."""
        with self.store.lock:
            product, variation = self._found(product_id)
            if variation is not None:
                self.store.products.delete_variation(product, variation)
            elif force:
                self.store.products.delete(product)
            else:
                self.store.products.trash(product)

    # Orders

    def buy(
        self,
        product_id: int | None = None,
        *,
        quantity: int = 1,
        sku: str = "",
        lines: list[Wanted] | None = None,
        status: str = "processing",
        buyer: str = "Jamie Visitor",
        email: str = "jamie@example.com",
    ) -> Order:
        """Check out one product or variation, by id or by SKU, or several ``lines``.

        ``status``: processing (paid), on-hold (will be paid by transfer) or pending (payment under way: the units
        are only held). Raises CannotBuy, OutOfStock, KeyError (unknown SKU).
        """
        with self.store.lock:
            if sku:
                product, variation = self.store.products.find_sku(sku)
                product_id = variation.id if variation else product.id
            if product_id is not None:
                lines = [Wanted(product_id=product_id, quantity=quantity)]
            return self.store.orders.checkout(lines or [], status=status, buyer=buyer, email=email)

    def order(self, order_id: int) -> Order:
        """Return an order. Raises WpError 404."""
        with self.store.lock:
            order = self.store.orders.find(order_id)
            if order is None:
                raise unknown_order(404)
            return order

    def orders(self) -> list[Order]:
        """Return all orders outside the trash, newest first."""
        with self.store.lock:
            return self.store.orders.all()[::-1]

    def set_status(self, order_id: int, status: str) -> Order:
        """Change an order's status, as the merchant does in the admin. Raises ValueError, WpError 404."""
        if status not in ORDER_STATUSES:
            raise ValueError(f"status must be one of {', '.join(ORDER_STATUSES)}")
        with self.store.lock:
            order = self.order(order_id)
            self.store.orders.set_status(order, status)
            return order

    def refund(
        self,
        order_id: int,
        *,
        quantities: dict[int, Units] | None = None,
        restock: bool = True,
        amount: float | None = None,
    ) -> Order:
        """Refund units by line id (all of them when not given), put back unless ``restock`` is off; or an amount."""
        with self.store.lock:
            order = self.order(order_id)
            wanted = {line.id: line.quantity for line in order.lines} if quantities is None else quantities
            lines = [
                RefundLine(
                    line_id=line.id,
                    quantity=wanted[line.id],
                    total=round(line.total / line.quantity * wanted[line.id], 2),
                )
                for line in order.lines
                if line.id in wanted and amount is None
            ]
            given = sum(line.total for line in lines) if amount is None else amount
            self.store.orders.refund(order, amount=given, reason="Refunded by hand", lines=lines, restock=restock)
            return order

    def edit_line(self, order_id: int, line_id: int, quantity: int) -> Order:
        """Change a line's quantity, or remove it with 0; stock follows. Raises KeyError, ValueError."""
        if quantity < 0:
            raise ValueError("the quantity must be 0 or more")
        with self.store.lock:
            order = self.order(order_id)
            if all(line.id != line_id for line in order.lines):
                raise KeyError(line_id)
            self.store.orders.update(order, {"line_items": [{"id": line_id, "quantity": quantity}]})
            return order

    def trash_order(self, order_id: int, *, force: bool = False) -> None:
        """Move an order to the trash, or delete it for good. Neither gives anything back."""
        with self.store.lock:
            order = self.order(order_id)
            if force:
                self.store.orders.delete(order)
            else:
                self.store.orders.trash(order)

    def restore_order(self, order_id: int) -> Order:
        with self.store.lock:
            order = self.order(order_id)
            self.store.orders.restore(order)
            return order

    # What happened

    @property
    def deliveries(self) -> list[Delivery]:
        """The log of webhooks, oldest first; pings are among them."""
        return self._courier.deliveries()

    @property
    def requests(self) -> list[Call]:
        """The API calls answered, oldest first."""
        return self._calls.all()

    def redeliver(self, delivery_id: int) -> bool:
        """Send a logged webhook again to where it went; False when there is no such entry."""
        entry = next((each for each in self.deliveries if each.id == delivery_id), None)
        webhook = self.webhooks.find(int(entry.entity_id)) if entry else None
        return webhook is not None and self._courier.redeliver(delivery_id, webhook.delivery_url) is not None

    def wait_for_webhooks(self, seconds: float = 5.0) -> bool:
        """Wait until no webhook waits or is on its way; return whether that came in time."""
        return wait_until(self.webhooks.idle, seconds)

    def state(self) -> Json:
        """Return a summary: address, key, webhooks, products, orders."""
        with self.store.lock:
            products = self.store.products.all()
            return {
                "name": self.name,
                "url": self.url,
                "consumer_key": self.consumer_key,
                "consumer_secret": self.consumer_secret,
                "webhooks": [self.wire.webhook(each) for each in self.webhooks.all()],
                "products": [self.wire.product(each) for each in products],
                "variations": [self.wire.variation(each, v) for each in products for v in each.variations],
                "orders": [self.wire.order(each, self.store.products) for each in self.store.orders.all()],
            }

    def _found(self, product_id: int) -> tuple[Product, Variation | None]:
        found = self.store.products.find(product_id)
        if found is None:
            raise unknown_product(404)
        return found

    def _home(self) -> str:
        return (self.options.home or self._url).rstrip("/")

    def _resource(self, resource: str, resource_id: int) -> Json:
        with self.store.lock:
            if resource == "order":
                order = self.store.orders.find(resource_id)
                return self.wire.order(order, self.store.products) if order else unknown_order(404).body()
            found = self.store.products.find(resource_id)
            if found is None:
                return unknown_product(404).body()
            product, variation = found
            return self.wire.variation(product, variation) if variation else self.wire.product(product)

    def _answer(self, request: Request) -> Response:
        if self._api.handles(request):
            return self._api.handle(request)
        return desk.answer(self._router, request)

    def _log(self, request: Request, response: Response) -> None:
        secret = ("consumer_key", "consumer_secret", "oauth_consumer_key", "oauth_signature")
        self._calls.add(
            Call(
                method=request.method,
                path=request.path.removeprefix("/wp-json/wc/v3"),
                query={name: value for name, value in request.query.items() if name not in secret},
                body=request.body,
                status=0 if response.hang_up_after is not None else response.status,
                at=self.options.clock(),
                headers={name: value for name, value in request.headers.items() if name != "authorization"},
            )
        )
