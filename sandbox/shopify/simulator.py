"""The simulated shop as one object: start it, fill it, buy in it, look at what happened."""

from __future__ import annotations

import copy
from typing import Any
from urllib.parse import unquote

from sandbox.calls import Call, CallLog
from sandbox.catalogue import ProductDescription, StoreDescription
from sandbox.faults import Faults
from sandbox.frame import Frame
from sandbox.page import guarded, stylesheet
from sandbox.server import (
    HttpServer,
    Json,
    NoRoute,
    Request,
    Response,
    Router,
    WrongMethod,
    json_response,
    wait_until,
)
from sandbox.shopify import rest
from sandbox.shopify.access import Access
from sandbox.shopify.api import PATH, Api
from sandbox.shopify.bulk import Bulk
from sandbox.shopify.cart import Wanted
from sandbox.shopify.context import Context
from sandbox.shopify.control import Control
from sandbox.shopify.executable import schema
from sandbox.shopify.fault_kinds import FAULT_KINDS
from sandbox.shopify.filling import fill
from sandbox.shopify.idempotency import Keys
from sandbox.shopify.oauth import OAuth
from sandbox.shopify.options import Options
from sandbox.shopify.orders import Given, Orders
from sandbox.shopify.pages import Pages
from sandbox.shopify.quantities import Quantities
from sandbox.shopify.records import BulkOperation, Level, Location, Order, Product, Variant
from sandbox.shopify.shop import Shop
from sandbox.shopify.webhooks import SHOPIFY_DELIVERY, Webhooks
from sandbox.webhooks import Courier, Delivery


class ShopifySimulator:
    """One Shopify shop on an HTTP port. Every method may be called from any thread.

    ``options`` are the fields of ``Options`` by name.
    """

    def __init__(
        self,
        *,
        domain: str = "north-ridge.myshopify.com",
        name: str = "",
        token: str = "shpat_sandbox",  # noqa: S107 - a token of a simulated shop
        client_id: str = "sandbox-client-id",
        client_secret: str = "sandbox_client_secret",  # noqa: S107 - likewise
        catalogue: StoreDescription | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        **options: Any,
    ) -> None:
        self.domain = domain
        self.client_id = client_id
        self.options = Options(**options)
        self.faults = Faults(FAULT_KINDS, self.options.fault_seed)
        self._address = host, port
        self._description: StoreDescription = copy.deepcopy(catalogue) if catalogue else {}
        self.name = name or self._description.get("name") or domain.partition(".")[0]
        self._calls = CallLog()
        self._courier = Courier(
            SHOPIFY_DELIVERY, self.faults, time_scale=self.options.time_scale, workers=self.options.webhook_workers
        )
        self.webhooks = Webhooks(domain=domain, secret=client_secret, courier=self._courier, options=self.options)
        self.shop = Shop(self.options, self.webhooks.emit)
        self.orders = Orders(self.shop)
        fill(self.shop, self.orders, self._description)
        self.access = Access(token, self.options)
        self.quantities = Quantities(self.shop, self.faults)
        self.bulk = Bulk(self.options, self._bulk_finished)
        self._keys = Keys(self.options.idempotency_seconds, self.options.clock)
        self.api = Api(self.options, self.access, self.faults, self._context)
        self.oauth = OAuth(
            name=self.name,
            domain=domain,
            client_id=client_id,
            client_secret=client_secret,
            access=self.access,
            options=self.options,
        )
        self.frame = Frame(platform="Shopify", name=self.name, number=domain, faults=self.faults)
        self._router = Router([*self.oauth.routes(), *Control(self).routes(), *Pages(self).routes()])
        self._server: HttpServer | None = None
        self._url = ""
        schema()  # built once, before the first call waits for it

    # Life

    def start(self) -> ShopifySimulator:
        """Listen and work in background threads; after ``stop``, on the same port as before. Raises PortTaken."""
        self._server = HttpServer(self._answer, *self._address)
        self._address = self._server.host, self._server.port
        self._url = self._server.url
        self._server.start()
        self._courier.start()
        return self

    def stop(self) -> None:
        """Go down: calls are refused, webhooks wait. The state stays for another ``start``."""
        if self._server is not None:
            self._server.stop()
            self._server = None
        self.bulk.stop()
        self._courier.stop()

    def __enter__(self) -> ShopifySimulator:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def reset(self) -> None:
        """Go back to the description: same ids, same quantities; faults off, logs empty, token working."""
        self.faults.clear()
        self.bulk.clear()
        self._courier.clear()
        self._calls.clear()
        self.api.bucket.resize(self.options.bucket, self.options.restore_rate)
        self.access.expire()
        self.access.renew(same=True)
        with self.shop.lock:
            self._keys.clear()
            self.orders = Orders(self.shop)
            fill(self.shop, self.orders, self._description)

    # Addresses

    @property
    def announcement(self) -> str:
        return f"Simulated Shopify shop “{self.name}” ({self.domain}) at {self.url}/"

    @property
    def url(self) -> str:
        """The root: the shop's page, ``/admin/api/…``, ``/admin/oauth/…`` and ``/_control/…``."""
        if not self._url:
            raise RuntimeError("the simulator was never started")
        return self._url

    @property
    def base_url(self) -> str:
        """Where a client is pointed to instead of ``https://{shop}.myshopify.com``."""
        return self.url

    @property
    def client_secret(self) -> str:
        """The app's secret: it signs webhooks and is asked for when a token is made."""
        return self.webhooks.secret

    @property
    def token(self) -> str:
        return self.access.token

    # Goods and places

    def add_location(self, name: str, **fields: Any) -> Location:
        """Add a location; ``fields`` are those of the record, ``fulfils_online=False`` for one that sells nothing."""
        with self.shop.lock:
            return self.shop.add_location(name, **fields)

    def add_product(self, *, quietly: bool = True, **description: Any) -> Product:
        """Add a product from the keys of ``ProductDescription``, stocked at the first location."""
        described: ProductDescription = {"name": description.get("sku", "A product")}
        described.update(description)  # type: ignore[typeddict-item]
        with self.shop.lock:
            return self.shop.add_product(described, quietly=quietly)

    def delete_product(self, product_id: int) -> None:
        with self.shop.lock:
            self.shop.delete_product(product_id)

    def variant(self, sku: str) -> Variant:
        """Return the variant with a SKU. Raises KeyError."""
        with self.shop.lock:
            return self.shop.find_sku(sku)

    def level(self, sku: str, location_id: int | None = None) -> Level | None:
        """Return the level of a SKU at a location, at the first one by default; None where it was never stocked."""
        with self.shop.lock:
            place = next(iter(self.shop.locations)) if location_id is None else location_id
            return self.shop.levels.get((self.shop.find_sku(sku).item_id, place))

    def stock(self, sku: str, location_id: int, available: int) -> None:
        """Stock a SKU at a location, as the merchant does in the admin."""
        with self.shop.lock:
            self.shop.set_by_hand(self.shop.find_sku(sku).item_id, location_id, available)

    def set_quantity(self, sku: str, available: int, location_id: int | None = None) -> None:
        """Set what is available at a location by hand."""
        with self.shop.lock:
            self.stock(sku, next(iter(self.shop.locations)) if location_id is None else location_id, available)

    def set_tracked(self, sku: str, *, tracked: bool) -> None:
        with self.shop.lock:
            self.shop.set_tracked(self.shop.find_sku(sku).item_id, tracked=tracked)

    def set_active(self, sku: str, location_id: int, *, active: bool) -> None:
        with self.shop.lock:
            self.shop.set_active(self.shop.find_sku(sku).item_id, location_id, active=active)

    def quantity_of(self, sku: str) -> int | None:
        """Return the units for sale online; None when they are not counted. Raises KeyError for an unknown SKU."""
        with self.shop.lock:
            variant = self.shop.find_sku(sku)
            return self.shop.sellable(variant) if self.shop.items[variant.item_id].tracked else None

    # Orders

    def buy(self, sku: str = "", *, quantity: int = 1, lines: list[Wanted] | None = None, **fields: Any) -> Order:
        """Check out one SKU, or several ``lines``; ``fields`` are those of ``Orders.checkout``.

        Raises CannotBuy, OutOfStock, KeyError (unknown SKU).
        """
        with self.shop.lock:
            wanted = lines or [Wanted(variant_id=self.shop.find_sku(sku).id, quantity=quantity)]
            return self.orders.checkout(wanted, **fields)

    def ship(self, order_id: int, units: dict[int, int] | None = None) -> Order:
        with self.shop.lock:
            return self.orders.fulfil(order_id, units)

    def cancel(self, order_id: int, *, restock: bool = True) -> Order:
        with self.shop.lock:
            return self.orders.cancel(order_id, restock=restock)

    def refund(self, order_id: int, *given: Given) -> Order:
        with self.shop.lock:
            return self.orders.refund(order_id, given)

    def edit_line(self, order_id: int, line_id: int, quantity: int, *, restock: bool = True) -> Order:
        with self.shop.lock:
            return self.orders.edit(order_id, line_id, quantity, restock=restock)

    def delete_order(self, order_id: int) -> None:
        with self.shop.lock:
            self.orders.delete(order_id)

    # The app

    def subscribe(self, url: str, *topics: str) -> None:
        """Make webhook subscriptions as the app would. Raises BadWebhookUrl."""
        with self.shop.lock:
            self.webhooks.check_address(url)
            for topic in topics:
                number = self.shop.next_id("WebhookSubscription")
                self.webhooks.create(topic, {"uri": url}, scopes=frozenset(self.options.scopes), number=number)

    def uninstall(self) -> None:
        """Remove the app: its tokens die, ``app/uninstalled`` is sent, its subscriptions go."""
        self.access.uninstall()
        with self.shop.lock:
            self.webhooks.emit("APP_UNINSTALLED", {"id": 61_000_000_001, "domain": self.domain}, self.shop.action())
            self.webhooks.subscriptions.clear()

    # What happened

    @property
    def deliveries(self) -> list[Delivery]:
        """The webhook log, oldest first."""
        return self._courier.deliveries()

    @property
    def requests(self) -> list[Call]:
        """The calls answered, oldest first; ``query`` holds the operation's name and variables."""
        return self._calls.all()

    def redeliver(self, delivery_id: int) -> bool:
        entry = next((each for each in self.deliveries if each.id == delivery_id), None)
        return entry is not None and self._courier.redeliver(delivery_id, entry.url) is not None

    def wait_for_webhooks(self, seconds: float = 5.0) -> bool:
        """Wait until no webhook is on its way or waits for a retry; return whether that came in time."""
        return wait_until(self._courier.idle, seconds)

    # Answering

    def _answer(self, request: Request) -> Response:
        match = PATH.fullmatch(request.path)
        if match is not None:
            response = self._admin(request, match[1], match[2])
            self._log(request, response)
            return response
        if request.path.startswith("/bulk/"):
            return self._bulk_file(request)
        if request.path == "/static/store.css":
            return stylesheet()
        try:
            route, variables = self._router.find(request.method, request.path)
        except NoRoute:
            return json_response({"error": f"nothing at {unquote(request.path)}"}, 404)
        except WrongMethod as wrong:
            response = json_response({"error": "method not allowed"}, 405)
            response.headers["Allow"] = ", ".join(wrong.allowed)
            return response
        return guarded(route.handler(request, variables))

    def _admin(self, request: Request, asked: str, path: str) -> Response:
        version = self.api.served(asked)
        if version is None:
            return json_response({"errors": "Not Found"}, 404)
        slow = self.faults.take("slow")
        response = self.api.in_front(request)
        if response is None and path == "/graphql.json":
            is_post = request.method == "POST"
            response = self.api.graphql(request) if is_post else json_response({"errors": "Method Not Allowed"}, 405)
        elif response is None:
            context = self._context(self.api.scopes_of(request) or frozenset(), self.url)
            response = rest.answer(self.api, context, request, path)
        response.headers["X-Shopify-API-Version"] = version
        response.delay = slow.seconds if slow else 0.0
        return response

    def _context(self, scopes: frozenset[str], base_url: str) -> Context:
        return Context(
            shop=self.shop,
            quantities=self.quantities,
            keys=self._keys,
            webhooks=self.webhooks,
            bulk=self.bulk,
            api=self.api,
            name=self.name,
            domain=self.domain,
            scopes=scopes,
            base_url=base_url or self._url,
        )

    def _bulk_file(self, request: Request) -> Response:
        number = request.path.removeprefix("/bulk/").removesuffix(".jsonl")
        found = self.bulk.operations.get(int(number) if number.isdigit() else 0)
        if found is None or request.query.get("signature") != found.secret:
            return Response(403, b"<Error><Code>AccessDenied</Code></Error>", "application/xml")
        return Response(200, found.rows, "application/jsonl")

    def _bulk_finished(self, made: BulkOperation) -> None:
        body: Json = {
            "admin_graphql_api_id": f"gid://shopify/BulkOperation/{made.id}",
            "status": made.status.lower(),
            "error_code": made.error_code,
            "type": "query",
        }
        with self.shop.lock:
            self.webhooks.emit("BULK_OPERATIONS_FINISH", body, self.shop.action())

    def _log(self, request: Request, response: Response) -> None:
        shown = {name: value for name, value in request.headers.items() if name != "x-shopify-access-token"}
        self._calls.add(
            Call(
                method=request.method,
                path=request.path,
                query=request.query,
                body=request.body,
                status=0 if response.hang_up_after is not None else response.status,
                at=self.options.clock(),
                headers=shown,
            )
        )
