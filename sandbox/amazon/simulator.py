"""The simulated seller account as one object: start it, fill it, buy in it, look at what happened."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any
from urllib.parse import unquote

from sandbox.amazon.access import TOKEN_PATH, Access
from sandbox.amazon.api import PREFIXES, Api
from sandbox.amazon.api_fba import FbaApi
from sandbox.amazon.api_feeds import FeedsApi
from sandbox.amazon.api_listings import ListingsApi
from sandbox.amazon.api_notifications import NotificationsApi
from sandbox.amazon.api_orders import OrdersApi
from sandbox.amazon.api_reports import ReportsApi
from sandbox.amazon.api_sellers import SellersApi
from sandbox.amazon.control import Control
from sandbox.amazon.documents import PATH as DOCUMENTS_PATH
from sandbox.amazon.documents import Documents
from sandbox.amazon.fault_kinds import FAULT_KINDS
from sandbox.amazon.notifications import Notifications
from sandbox.amazon.options import Options
from sandbox.amazon.orders import Wanted
from sandbox.amazon.pages import Pages
from sandbox.amazon.queue import Queue
from sandbox.amazon.quotas import Quotas
from sandbox.amazon.records import Item, Order
from sandbox.amazon.store import Store
from sandbox.amazon.wire import item_json, order_json
from sandbox.calls import Call, CallLog
from sandbox.catalogue import StoreDescription
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
from sandbox.webhooks import Delivery

_SECRETS = frozenset({"x-amz-access-token", "authorization"})
_QUEUE_REGIONS = {"na": "us-east-1", "eu": "eu-west-1", "fe": "us-west-2"}
_TABS = (("/", "Shop"), ("/orders", "Orders"), ("/webhooks", "Notifications"), ("/faults", "Faults"))


class AmazonSimulator:
    """One seller account of one region on an HTTP port. Every method may be called from any thread.

    ``held``: SKU → units of what lies in Amazon's warehouses. ``options`` are the fields of ``Options`` by name.
    """

    def __init__(
        self,
        *,
        seller_id: str = "A3TH9S8BH6GOGM",
        name: str = "",
        client_id: str = "amzn1.application-oa2-client.sandbox",
        client_secret: str = "amzn1.oa2-cs.v1.sandbox",  # noqa: S107 - of a simulated app
        refresh_token: str = "Atzr|sandbox",  # noqa: S107 - of a simulated seller
        queue_name: str = "evenkeel",
        catalogue: StoreDescription | None = None,
        held: Mapping[str, int] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        **options: Any,
    ) -> None:
        self.seller_id = seller_id
        self.options = Options(**options)
        self._at_first = replace(self.options)
        self.faults = Faults(FAULT_KINDS, self.options.fault_seed)
        self._address = host, port
        self._description: StoreDescription = copy.deepcopy(catalogue) if catalogue else {}
        self._held = dict(held or {})
        self._calls = CallLog()
        self.name = name or self._description.get("name") or f"Seller {seller_id}"
        self.queue = Queue(
            queue_name,
            _QUEUE_REGIONS[self.options.region],
            visibility_seconds=self.options.visibility_seconds,
            max_receives=self.options.max_receives,
            key=self.options.queue_key,
        )
        self.notifications = Notifications(
            app_id="amzn1.sellerapps.app.sandbox",
            seller_id=seller_id,
            queue=self.queue,
            options=self.options,
            faults=self.faults,
        )
        self.store = Store(seller_id, self.options, self.faults, self.notifications.tell)
        self.store.fill(self._description, self._held)
        self.access = Access(
            client_id=client_id, client_secret=client_secret, refresh_token=refresh_token, options=self.options
        )
        self.quotas = Quotas(self.options)
        self.documents = Documents(self.options)
        self.frame = Frame(
            platform="Amazon", name=self.name, number=f"seller {seller_id}", faults=self.faults, tabs=_TABS
        )
        self._wire_up()
        self._server: HttpServer | None = None
        self._url = ""

    def _wire_up(self) -> None:
        parts = self.store, self.documents, self.notifications, self.faults
        self.feeds, self.reports = FeedsApi(*parts, lambda: self.url), ReportsApi(*parts, lambda: self.url)
        routes = [
            *SellersApi(self.name, self.options).routes(),
            *ListingsApi(self.store, self.faults).routes(),
            *OrdersApi(self.store).routes(),
            *FbaApi(self.store).routes(),
            *NotificationsApi(self.notifications, self.options).routes(),
            *self.feeds.routes(),
            *self.reports.routes(),
        ]
        self._api = Api(self.store, self.access, self.quotas, self.faults, routes, self._log)
        own = [*self.access.routes(), *self.documents.routes(), *Control(self).routes(), *Pages(self).routes()]
        self._router = Router(own)

    # Life

    def start(self) -> AmazonSimulator:
        """Listen and work in background threads; after ``stop``, on the same port as before. Raises PortTaken."""
        self._server = HttpServer(self._answer, *self._address)
        self._address = self._server.host, self._server.port
        self._url = self._server.url
        self._server.start()
        self.notifications.courier.start()
        self.store.schedule.start()
        return self

    def stop(self) -> None:
        """Go down: calls are refused, what was to come waits. The state stays for another ``start``."""
        if self._server is not None:
            self._server.stop()
            self._server = None
        self.store.schedule.stop()
        self.notifications.courier.stop()

    def __enter__(self) -> AmazonSimulator:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def reset(self) -> None:
        """Go back to the start: same SKUs and quantities, first settings, no faults, no subscriptions, empty logs."""
        for each in fields(Options):
            setattr(self.options, each.name, getattr(self._at_first, each.name))
        self.faults.clear()
        self.notifications.clear()
        self._calls.clear()
        self.quotas.clear()
        self.documents.clear()
        self.feeds.clear()
        self.reports.clear()
        self.access.reset()
        self.store.fill(self._description, self._held)

    # Addresses

    @property
    def announcement(self) -> str:
        return f"Simulated Amazon seller account “{self.name}” ({self.seller_id}) at {self.url}/"

    @property
    def url(self) -> str:
        """The root: of the API, of Login with Amazon, of the queue, of the page and of ``/_control``."""
        if not self._url:
            raise RuntimeError("the simulator was never started")
        return self._url

    base_url = url

    @property
    def queue_url(self) -> str:
        """The URL of the simulator's own queue."""
        return self.queue.url(self.url)

    @property
    def credentials(self) -> dict[str, str]:
        """What a client needs to connect, the own queue included."""
        return {
            "seller_id": self.seller_id,
            "client_id": self.access.client_id,
            "client_secret": self.access.client_secret,
            "refresh_token": self.access.refresh_token,
            "marketplace": self.options.marketplaces[0],
            "queue_url": self.queue_url,
            "aws_region": self.queue.region,
            "aws_access_key_id": self.options.queue_key,
            "aws_secret_access_key": self.options.queue_key,
        }

    # Catalogue

    def add_item(self, sku: str, **details: Any) -> Item:
        """List a SKU; see ``Items.add``."""
        with self.store.lock:
            return self.store.items.add(sku, **details)

    def delete_item(self, sku: str) -> None:
        with self.store.lock:
            self.store.items.delete(sku)

    def item(self, sku: str) -> Item:
        """Return a listing. Raises NotSold."""
        with self.store.lock:
            self.store.schedule.run_due()
            return self.store.items.find(sku)

    def set_quantity(self, sku: str, quantity: int) -> None:
        """Set a quantity by hand, as in Seller Central: live at once."""
        with self.store.lock:
            self.store.items.set_by_hand(sku, quantity)

    def convert(self, sku: str, *, to_amazon: bool, units: int = 0) -> None:
        """Hand a listing over to Amazon's warehouses, or take it back."""
        with self.store.lock:
            self.store.items.convert(sku, to_amazon=to_amazon, units=units)

    def quantity_of(self, sku: str) -> int | None:
        """Return what the merchant's channel of a SKU shows; None where it shows nothing."""
        return self.item(sku).quantity

    def settle(self, seconds: float = 5.0) -> bool:
        """Wait until nothing that was accepted or placed is still to come; return whether that came in time."""
        return wait_until(lambda: self.store.schedule.waiting == 0, seconds)

    # Orders

    def buy(
        self,
        sku: str = "",
        quantity: int = 1,
        *,
        lines: Sequence[Wanted] = (),
        marketplace: str = "",
        buyer: str = "Jamie Visitor",
    ) -> Order:
        """Check out one SKU or several ``lines``. Raises NotSold, CannotBuy, OutOfStock."""
        wanted = list(lines) or [Wanted(sku=sku, quantity=quantity)]
        with self.store.lock:
            self.store.schedule.run_due()
            return self.store.orders.checkout(wanted, marketplace=marketplace, buyer=buyer)

    def order(self, order_id: str) -> Order:
        """Raises NoSuchOrder."""
        with self.store.lock:
            return self.store.orders.find(order_id)

    def confirm(self, order_id: str) -> Order:
        """Let the payment of a pending order be authorised."""
        with self.store.lock:
            order = self.store.orders.find(order_id)
            self.store.orders.confirm(order)
            return order

    def ship(self, order_id: str, units: Mapping[str, int] | None = None) -> Order:
        """Ship all of an order, or ``units`` by order item id."""
        with self.store.lock:
            order = self.store.orders.find(order_id)
            self.store.orders.ship(order, units)
            return order

    def cancel(self, order_id: str, line_ids: Sequence[str] = ()) -> Order:
        """Cancel what was not shipped of an order, or of some of its lines."""
        with self.store.lock:
            order = self.store.orders.find(order_id)
            self.store.orders.cancel(order, line_ids)
            return order

    def request_cancel(self, order_id: str) -> Order:
        """Let the buyer ask for a cancellation."""
        with self.store.lock:
            order = self.store.orders.find(order_id)
            self.store.orders.request_cancel(order)
            return order

    # What happened

    @property
    def deliveries(self) -> list[Delivery]:
        """The log of notifications, oldest first."""
        return self.notifications.courier.deliveries()

    @property
    def requests(self) -> list[Call]:
        """The API calls answered, oldest first, each with its answer."""
        return self._calls.all()

    def redeliver(self, delivery_id: int) -> bool:
        """Send a logged notification again; False when it is unknown or went nowhere."""
        entry = next((each for each in self.deliveries if each.id == delivery_id), None)
        return entry is not None and self.notifications.courier.redeliver(delivery_id, entry.url) is not None

    def wait_for_notifications(self, seconds: float = 5.0) -> bool:
        """Wait until no notification is on its way; return whether that came in time."""
        return wait_until(self.notifications.courier.idle, seconds)

    def state(self) -> Json:
        """Return a summary: addresses, credentials, listings, orders, queue."""
        waiting, in_flight, dead = self.queue.counts()
        everything = frozenset({"summaries", "attributes", "fulfillmentAvailability"})
        with self.store.lock:
            self.store.schedule.run_due()
            place = self.options.marketplaces[0]
            return {
                "seller_id": self.seller_id,
                "name": self.name,
                "api_url": self.url,
                "credentials": self.credentials,
                "queue": {"arn": self.queue.arn, "waiting": waiting, "in_flight": in_flight, "dead": dead},
                "roles": list(self.access.roles),
                "items": [item_json(each, place, everything) for each in self.store.items.all()],
                "orders": [
                    order_json(each, frozenset({"FULFILLMENT"}), self.options) for each in self.store.orders.all()
                ],
            }

    def _answer(self, request: Request) -> Response:
        if request.path.startswith(PREFIXES):
            return self._api.handle(request)
        if request.path == "/static/store.css":
            return stylesheet()
        if self.queue.is_meant(request):
            return self.queue.answer(request, self.url)
        if request.path == TOKEN_PATH and self.faults.take("token_error"):
            return json_response({"error": "server_error", "error_description": "Internal error"}, 500)
        try:
            route, variables = self._router.find(request.method, request.path)
        except NoRoute:
            return json_response({"error": f"nothing at {unquote(request.path)}"}, 404)
        except WrongMethod as wrong:
            response = json_response({"error": "method not allowed"}, 405)
            response.headers["Allow"] = ", ".join(wrong.allowed)
            return response
        response = route.handler(request, variables)
        return response if request.path.startswith((TOKEN_PATH, DOCUMENTS_PATH)) else guarded(response)

    def _log(self, request: Request, response: Response) -> None:
        self._calls.add(
            Call(
                method=request.method,
                path=request.path,
                query=dict(request.query),
                body=request.body,
                status=0 if response.hang_up_after is not None else response.status,
                at=self.options.clock(),
                headers={name: value for name, value in request.headers.items() if name not in _SECRETS},
                answer=response.body,
            )
        )
