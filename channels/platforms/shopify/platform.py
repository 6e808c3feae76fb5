"""Shopify as the core sees it: GraphQL Admin API. The parts are in this folder's other modules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlsplit

from channels.contract import (
    Capabilities,
    CatalogPage,
    ChannelEvent,
    ConnectionReport,
    CredentialField,
    Delivery,
    KnownLine,
    OrderSnapshot,
    Outcome,
    Platform,
    QuantityChange,
    RawOrder,
    ReportedListing,
    ReportedLocation,
    Store,
    SubscriptionReport,
    UnreadableProducts,
    WriteMode,
)
from channels.platforms.shopify import (
    auth,
    bulk,
    catalog_scan,
    connection,
    order_feed,
    orders,
    subscriptions,
    tracking,
    webhooks,
    writes,
)
from channels.platforms.shopify.client import BUCKET, POINTS_PER_SECOND, ShopifyClient
from channels.platforms.shopify.mapping import UnreadableItem, pools_of
from channels.platforms.shopify.orders import ShopHabits


class ShopifyPlatform(Platform):
    """One Shopify shop."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        platform="shopify",
        name="Shopify",
        write_mode=WriteMode.CAS,
        max_batch=writes.MAX_BATCH,
        default_base_url="",
        poll_overlap_seconds=900,
        calls_per_second=POINTS_PER_SECOND,
        burst=int(BUCKET),
        credentials=(
            CredentialField(
                name="client_id",
                label="Client ID",
                help="In the dev dashboard, in your app, under Settings. With it and the secret the app makes its own"
                " access tokens.",
                is_required=False,
                for_consent=True,
            ),
            CredentialField(
                name="client_secret",
                label="Client secret",
                help="On the same page; for an app made in the shop's admin, the “API secret key”. Webhooks are checked"
                " with it.",
                is_secret=True,
                for_consent=True,
            ),
            CredentialField(
                name="access_token",
                label="Admin API access token",
                help="Only for an app that was made in the shop's admin: it begins with shpat_ and was shown once."
                " Leave it empty otherwise.",
                is_secret=True,
                is_required=False,
                is_asked_again=True,
            ),
        ),
        options=orders.OPTIONS,
        required_scopes=auth.REQUIRED_SCOPES,
        has_oauth=True,
        shares_webhook_url=True,
        manages_subscriptions=True,
        has_locations=True,
        default_poll_seconds=120,
        address_label="Shop domain",
        address_help="The one that ends in .myshopify.com: in the Shopify admin under Settings, Domains.",
        where_to_find=(
            "Open dev.shopify.com, the dev dashboard of your organization, and create an app there.",
            f"Give it these Admin API access scopes and release the version: {', '.join(auth.REQUIRED_SCOPES)}.",
            "Install the app in your shop, and copy its client ID and its client secret from its settings.",
            "For a shop of another organization connect by consent in the browser, with the same client ID and secret.",
        ),
        app_may=(
            "read products, variants, locations and their quantities",
            "set what is available of an item at a location, and stock an item at a location you have mapped",
            "read orders: their lines, shipments, refunds and times",
            "make and mend its own webhooks",
        ),
        app_may_not=(
            "change prices, texts or pictures",
            "change the quantity on hand, or one at a location that does not fulfil online orders",
            "create, change or cancel an order, or keep a buyer's name, address or e-mail",
        ),
        reads="50 items a page, above 5,000 variants as one bulk operation; quantities of single items directly",
        hears_of_sales="signed webhooks, repeated for four hours, and a poll of orders every two minutes",
    )

    authorise_url = staticmethod(auth.authorise_url)
    exchange_code = staticmethod(auth.exchange_code)

    def __init__(self, store: Store) -> None:
        self._store = store
        self._habits = ShopHabits.of(store.options)
        self._client = ShopifyClient(store)
        self._locations: dict[str, ReportedLocation] | None = None

    def close(self) -> None:
        self._client.close()

    def budget_keys(self) -> Sequence[str]:
        return (self._client.budget_key,)

    # The connection ---------------------------------------------------------------------------------------------
    @staticmethod
    def canonical_address(base_url: str) -> str:
        return auth.shop_address(base_url)

    def check_connection(self) -> ConnectionReport:
        return connection.check_connection(self._client, self._store)

    def check_subscriptions(self, *, webhook_url: str, last_event_at: datetime | None) -> SubscriptionReport:
        return subscriptions.check_subscriptions(self._client, webhook_url=webhook_url, last_event_at=last_event_at)

    # The catalogue ----------------------------------------------------------------------------------------------
    def locations(self) -> Sequence[ReportedLocation]:
        self._locations = catalog_scan.locations(self._client)
        return tuple(self._locations.values())

    def catalog_page(self, cursor: str) -> CatalogPage:
        """Return a page of items. A large catalogue is read by a bulk operation, whose cursor names it."""
        total = None
        if not cursor:
            total = catalog_scan.count_variants(self._client)
            if total is not None and total > catalog_scan.MOST_BY_PAGES:
                cursor = bulk.FIRST
        places = self._places()
        if not bulk.is_cursor(cursor):
            return catalog_scan.page(self._client, cursor, places, total=total)
        items, next_cursor, wait_seconds = bulk.page(self._client, cursor)
        return catalog_scan.folded(items, places, next_cursor=next_cursor, total=total, wait_seconds=wait_seconds)

    def read_products(self, product_refs: Iterable[str]) -> Iterator[tuple[str, Sequence[ReportedListing]]]:
        problems: dict[str, str] = {}
        places = self._places()
        for ref, item in catalog_scan.read_items(self._client, product_refs):
            try:
                pools = () if item is None else pools_of(item, places)
            except UnreadableItem as error:
                problems[ref] = str(error)
                continue
            yield ref, pools
        if problems:
            raise UnreadableProducts(problems)

    def _places(self) -> Mapping[str, ReportedLocation]:
        """Return the locations, read once in the life of this object: it lives for one round of work."""
        if self._locations is None:
            self._locations = catalog_scan.locations(self._client)
        return self._locations

    # Quantities -------------------------------------------------------------------------------------------------
    def change_quantities(self, changes: Sequence[QuantityChange]) -> Sequence[Outcome]:
        return writes.Writer(client=self._client).write(changes)

    def has_writes_under_way(self) -> bool:
        return False  # an answer comes when it is done, and a lost one is repeated under its key

    def start_tracking(self, ref: str, quantity: int) -> ReportedListing:
        """Give an untracked item a counted stock at a location; see ``tracking``."""
        return tracking.start_tracking(self._client, ref, quantity, self._places())

    # Orders -----------------------------------------------------------------------------------------------------
    def order_pages(self, *, since: datetime, until: datetime | None = None) -> Iterator[Sequence[RawOrder]]:
        return order_feed.order_pages(self._client, since=since, until=until)

    def deleted_orders(self, *, since: datetime) -> Iterator[str]:
        """Shopify has no list of deleted orders; their webhook tells of them."""
        return iter(())

    def fetch_orders(self, refs: Sequence[str]) -> Mapping[str, RawOrder | None]:
        return order_feed.fetch_orders(self._client, refs)

    def order_ref(self, event_ref: str) -> str:
        return event_ref

    def snapshot(self, payload: Mapping[str, Any], known: Mapping[str, KnownLine]) -> OrderSnapshot:
        return orders.snapshot(payload, known, self._habits)

    def deleted_snapshot(self, payload: Mapping[str, Any], known: Mapping[str, KnownLine]) -> OrderSnapshot:
        return orders.deleted_snapshot(payload, known)

    @staticmethod
    def order_url(store: Store, ref: str) -> str:
        number = ref.rsplit("/", 1)[-1]
        is_real = store.account_ref.endswith(".myshopify.com") and urlsplit(store.base_url).scheme == "https"
        return f"https://{store.account_ref}/admin/orders/{number}" if is_real and number.isdecimal() else ""

    # Webhooks ---------------------------------------------------------------------------------------------------
    @staticmethod
    def webhook_secret(credentials: Mapping[str, str]) -> str:
        return credentials.get("client_secret", "")

    @staticmethod
    def read_delivery(headers: Mapping[str, str], body: bytes) -> Delivery:
        return webhooks.read_delivery(headers, body)

    def check_signature(self, headers: Mapping[str, str], body: bytes) -> None:
        webhooks.check_signature(headers, body, self._store.credentials.get("client_secret", ""))

    def parse_events(self, topic: str, body: bytes) -> Sequence[ChannelEvent]:
        return webhooks.parse_events(topic, body)
