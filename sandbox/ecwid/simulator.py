"""The simulated store as one object: start it, fill it, buy in it, look at what happened."""

from __future__ import annotations

import copy
from typing import Any

from sandbox import desk
from sandbox.calls import Call, CallLog
from sandbox.catalogue import ProductDescription, StoreDescription
from sandbox.ecwid.access import Access
from sandbox.ecwid.api import Api
from sandbox.ecwid.api_catalogue import CatalogueApi
from sandbox.ecwid.api_orders import OrdersApi
from sandbox.ecwid.api_profile import ProfileApi
from sandbox.ecwid.batch import BatchApi
from sandbox.ecwid.control import Control
from sandbox.ecwid.events import ECWID_DELIVERY, Webhooks, check_webhook_url
from sandbox.ecwid.fault_kinds import FAULT_KINDS
from sandbox.ecwid.oauth import OAuth
from sandbox.ecwid.options import Options
from sandbox.ecwid.orders import Wanted
from sandbox.ecwid.pages import Pages
from sandbox.ecwid.records import FULFILMENT_STATUSES, PAYMENT_STATUSES, Order, Product, Refund, pool_of
from sandbox.ecwid.store import Store
from sandbox.ecwid.wire import order_json, product_json
from sandbox.faults import Faults
from sandbox.frame import Frame
from sandbox.server import HttpServer, Json, Request, Response, Router, wait_until
from sandbox.webhooks import Courier, Delivery


class EcwidSimulator:
    """One Ecwid store on an HTTP port. Every method may be called from any thread.

    ``options`` are the fields of ``Options`` by name.
    """

    def __init__(
        self,
        *,
        store_id: int = 1003,
        name: str = "",
        token: str = "secret_sandbox",  # noqa: S107 - a token of a simulated store
        client_id: str = "",
        client_secret: str = "sandbox_client_secret",  # noqa: S107 - likewise
        webhook_url: str = "",
        catalogue: StoreDescription | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        **options: Any,
    ) -> None:
        self.store_id = store_id
        self.client_id = client_id or f"custom-app-{store_id}-1"
        self.options = Options(**options)
        self.faults = Faults(FAULT_KINDS, self.options.fault_seed)
        self._address = host, port
        self._description: StoreDescription = copy.deepcopy(catalogue) if catalogue else {}
        self._calls = CallLog()
        self._courier = Courier(
            ECWID_DELIVERY,
            self.faults,
            time_scale=self.options.time_scale,
            workers=self.options.webhook_workers,
        )
        self.webhooks = Webhooks(
            store_id=store_id,
            client_secret=client_secret,
            url="",
            courier=self._courier,
            options=self.options,
        )
        if webhook_url:
            self.set_webhook(webhook_url)
        self.name = name or self._description.get("name") or f"Store {store_id}"
        self.store = Store(store_id, self.name, self.options, self.webhooks.emit)
        self.store.fill(self._description)
        self.access = Access(token, self.options)
        self._batches = BatchApi(self.options)
        catalogue_api, orders_api = CatalogueApi(self.store, self.faults), OrdersApi(self.store)
        routes = [*ProfileApi(self.store).routes(), *catalogue_api.routes(), *orders_api.routes()]
        self._api = Api(self.store, self.access, self.faults, [*routes, *self._batches.routes()], self._log)
        self._oauth = OAuth(
            store_id=store_id,
            name=self.name,
            client_id=self.client_id,
            client_secret=client_secret,
            access=self.access,
            options=self.options,
        )
        self.frame = Frame(platform="Ecwid", name=self.name, number=f"no. {store_id}", faults=self.faults)
        own = [*self._oauth.routes(), *Control(self).routes(), *Pages(self).routes()]
        self._router = Router(own)
        self._server: HttpServer | None = None
        self._url = ""

    # Life

    def start(self) -> EcwidSimulator:
        """Listen and work in background threads; after ``stop``, on the same port as before. Raises PortTaken."""
        self._server = HttpServer(self._answer, *self._address)
        self._address = self._server.host, self._server.port
        self._url = self._server.url
        self._server.start()
        self._courier.start()
        self._batches.start(self._api)
        return self

    def stop(self) -> None:
        """Go down: calls are refused, webhooks and batches wait. The state stays for another ``start``."""
        if self._server is not None:
            self._server.stop()
            self._server = None
        self._batches.stop()
        self._courier.stop()

    def __enter__(self) -> EcwidSimulator:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def reset(self) -> None:
        """Go back to the description: same ids, same quantities; faults off, logs empty, token working."""
        self.faults.clear()
        self._batches.clear()
        self._courier.clear()
        self._calls.clear()
        self.access.window.clear()
        self.access.expire()
        self.access.renew(same=True)
        self.store.fill(self._description)

    # Addresses

    @property
    def announcement(self) -> str:
        return f"Simulated Ecwid store “{self.name}” ({self.store_id}) at {self.url}/"

    @property
    def url(self) -> str:
        """The root: the store's page, ``/_control/…`` and ``/api/oauth/…``."""
        if not self._url:
            raise RuntimeError("the simulator was never started")
        return self._url

    @property
    def base_url(self) -> str:
        """The API's root without the store id, as in ``https://app.ecwid.com/api/v3``."""
        return f"{self.url}/api/v3"

    @property
    def client_secret(self) -> str:
        """The app's secret: it signs webhooks and is asked for in the OAuth exchange."""
        return self.webhooks.client_secret

    @property
    def token(self) -> str:
        return self.access.token

    def set_webhook(self, url: str, client_secret: str | None = None) -> None:
        """Set where webhooks go (empty: nowhere) and, if given, what signs them. Raises BadWebhookUrl."""
        if url:
            check_webhook_url(url)
        self.webhooks.url = url
        if client_secret:
            self.webhooks.client_secret = client_secret
            self._oauth.client_secret = client_secret

    # Catalogue

    def add_product(self, *, quietly: bool = True, **description: Any) -> Product:
        """Add a product from the keys of ``ProductDescription``; ``quietly`` sends no event and has no lag."""
        described: ProductDescription = {"name": description.get("sku", "A product")}
        described.update(description)  # type: ignore[typeddict-item]
        with self.store.lock:
            return self.store.add_product(described, quietly=quietly)

    def delete_product(self, product_id: int) -> None:
        with self.store.lock:
            self.store.products.delete(product_id)

    def recreate_variation(self, product_id: int, combination_id: int) -> int:
        """Replace a variation by an equal one; return its new id."""
        with self.store.lock:
            return self.store.products.recreate_variation(product_id, combination_id).id

    def set_quantity(self, product_id: int, combination_id: int | None = None, *, quantity: int) -> None:
        """Set a pool by hand, as in the admin; sends product.updated."""
        with self.store.lock:
            self.store.products.set_by_hand(product_id, combination_id, quantity=quantity)

    def set_unlimited(self, product_id: int, combination_id: int | None = None, *, unlimited: bool) -> None:
        with self.store.lock:
            self.store.products.set_by_hand(product_id, combination_id, unlimited=unlimited)

    def quantity(self, product_id: int, combination_id: int | None = None) -> int | None:
        """Return the units of the pool behind a product or variation; None when unlimited."""
        with self.store.lock:
            product = self.store.products.find(product_id)
            if combination_id is None:
                return None if product.unlimited else product.quantity
            _, variation = self.store.products.find_variation(product_id, combination_id)
            pool = pool_of(product, variation)
            return None if pool.unlimited else pool.quantity

    def quantity_of(self, sku: str) -> int | None:
        """Return the units shown for a SKU; None when unlimited. Raises KeyError for an unknown one."""
        with self.store.lock:
            product, variation = self.store.find_sku(sku)
            return self.quantity(product.id, None if variation is None else variation.id)

    # Orders

    def buy(
        self,
        product_id: int | None = None,
        combination_id: int | None = None,
        *,
        quantity: int = 1,
        sku: str = "",
        lines: list[Wanted] | None = None,
        payment_status: str = "PAID",
        buyer: str = "Jamie Visitor",
        email: str = "jamie@example.com",
    ) -> Order:
        """Check out one product, by id or by SKU, or several ``lines``.

        ``payment_status`` may be PAID, AWAITING_PAYMENT, or INCOMPLETE for an abandoned cart.
        Raises CannotBuy, OutOfStock, KeyError (unknown SKU).
        """
        with self.store.lock:
            if sku:
                product, variation = self.store.find_sku(sku)
                product_id, combination_id = product.id, variation.id if variation is not None else None
            if product_id is not None:
                lines = [Wanted(product_id=product_id, combination_id=combination_id, quantity=quantity)]
            return self.store.orders.checkout(lines or [], payment_status=payment_status, buyer=buyer, email=email)

    def order(self, order_id: str) -> Order:
        """Return an order by its text id. Raises ApiError 404."""
        with self.store.lock:
            return self.store.orders.find(order_id)

    def orders(self) -> list[Order]:
        """Return all orders, newest first."""
        with self.store.lock:
            return self.store.orders.all()

    def set_status(self, order_id: str, *, payment: str | None = None, fulfilment: str | None = None) -> Order:
        """Change statuses by Ecwid's words, as the merchant does in the admin. Raises ValueError, ApiError 404."""
        if payment is not None and payment not in PAYMENT_STATUSES:
            raise ValueError(f"payment must be one of {', '.join(PAYMENT_STATUSES)}")
        if fulfilment is not None and fulfilment not in FULFILMENT_STATUSES:
            raise ValueError(f"fulfilment must be one of {', '.join(FULFILMENT_STATUSES)}")
        with self.store.lock:
            order = self.store.orders.find(order_id)
            self.store.orders.update(order, payment_status=payment, fulfilment_status=fulfilment)
            return order

    def cancel(self, order_id: str) -> Order:
        return self.set_status(order_id, payment="CANCELLED")

    def pay(self, order_id: str) -> Order:
        return self.set_status(order_id, payment="PAID")

    def ship(self, order_id: str) -> Order:
        return self.set_status(order_id, fulfilment="SHIPPED")

    def refund(self, order_id: str, *, amount: float | None = None) -> Order:
        """Refund an order: in full, which restocks, or ``amount`` of money, which does not."""
        with self.store.lock:
            order = self.store.orders.find(order_id)
            left = round(order.total - sum(refund.amount for refund in order.refunds), 2)
            partial = amount is not None and amount < left
            given = left if amount is None or not partial else amount
            self.store.orders.update(
                order,
                payment_status="PARTIALLY_REFUNDED" if partial else "REFUNDED",
                refund=Refund(at=self.options.clock(), amount=given, reason="Refunded by hand", source="CP"),
            )
            return order

    def edit_line(self, order_id: str, line_id: int, quantity: int) -> Order:
        """Change a line's quantity, or remove it with 0. Stock does not move: Ecwid leaves that to the merchant.

        Raises KeyError for an unknown line, ValueError for a quantity below zero.
        """
        if quantity < 0:
            raise ValueError("the quantity must be 0 or more")
        with self.store.lock:
            order = self.store.orders.find(order_id)
            line = next((each for each in order.lines if each.id == line_id), None)
            if line is None:
                raise KeyError(line_id)
            line.quantity = quantity or line.quantity
            kept = [each for each in order.lines if quantity or each is not line]
            self.store.orders.update(order, lines=kept)
            return order

    def delete_order(self, order_id: str) -> None:
        with self.store.lock:
            self.store.orders.delete(self.store.orders.find(order_id))

    # The app

    def uninstall(self) -> None:
        """Remove the app from the store: its tokens die and application.uninstalled is sent."""
        self.access.expire()
        self.webhooks.emit("application.uninstalled", str(self.store_id))

    def install(self) -> str:
        """Install the app again: application.installed is sent; return its new token."""
        token = self.access.renew()
        self.webhooks.emit("application.installed", str(self.store_id))
        return token

    # What happened

    @property
    def deliveries(self) -> list[Delivery]:
        """The webhook log, oldest first."""
        return self._courier.deliveries()

    @property
    def requests(self) -> list[Call]:
        """The API calls answered, oldest first; entries of batches have ``batched`` set."""
        return self._calls.all()

    def redeliver(self, delivery_id: int) -> bool:
        """Send a logged webhook again to today's address; False when it is unknown or no address is set."""
        entry = next((each for each in self.deliveries if each.id == delivery_id), None)
        if entry is None:
            return False
        return self._courier.redeliver(delivery_id, self.webhooks.address_for(entry.event_type)) is not None

    def wait_for_webhooks(self, seconds: float = 5.0) -> bool:
        """Wait until no webhook is on its way or waits for a retry; return whether that came in time."""
        return wait_until(self._courier.idle, seconds)

    def state(self) -> Json:
        """Return a summary: addresses, token, webhook, pools, orders."""
        with self.store.lock:
            return {
                "store_id": self.store_id,
                "name": self.name,
                "api_url": self.base_url,
                "token": self.token,
                "client_id": self.client_id,
                "client_secret": self.client_secret,
                "webhook_url": self.webhooks.url,
                "rate_limit": self.access.window.calls,
                "search_lag_seconds": self.options.search_lag_seconds,
                "products": [product_json(each) for each in self.store.products.all()],
                "orders": [order_json(each) for each in self.store.orders.all()],
            }

    def _answer(self, request: Request) -> Response:
        if request.path.startswith("/api/v3/"):
            return self._api.handle(request)
        return desk.answer(self._router, request)

    def _log(self, request: Request, response: Response, batched: bool) -> None:
        shown = {name: value for name, value in request.headers.items() if name != "authorization"}
        self._calls.add(
            Call(
                method=request.method,
                path=request.path.removeprefix(f"/api/v3/{self.store_id}"),
                query={name: value for name, value in request.query.items() if name != "token"},
                body=request.body,
                status=0 if response.hang_up_after is not None else response.status,
                at=self.options.clock(),
                batched=batched,
                headers=shown,
            )
        )
