"""WooCommerce as the core sees it: REST API wc/v3. The parts are in this folder's other modules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

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
    Store,
    SubscriptionReport,
    WriteMode,
)
from channels.platforms.woocommerce import catalog_scan, connection, order_feed, orders, subscriptions, webhooks, writes
from channels.platforms.woocommerce.client import BURST, CALLS_PER_SECOND, PAGE, WooClient, site_address
from channels.platforms.woocommerce.orders import OPTIONS, StoreHabits


class WooCommercePlatform(Platform):
    """One WooCommerce store."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        platform="woocommerce",
        name="WooCommerce",
        write_mode=WriteMode.GUARDED_SET,
        max_batch=PAGE,
        default_base_url="",
        # An order's marks may be written a moment after its time was; what a webhook lost is found by this.
        poll_overlap_seconds=3_600,
        calls_per_second=CALLS_PER_SECOND,
        burst=BURST,
        credentials=(
            CredentialField(
                name="consumer_key",
                label="Consumer key",
                help="Begins with ck_. Shown once, when the key is made.",
                is_secret=True,
                is_asked_again=True,
            ),
            CredentialField(
                name="consumer_secret",
                label="Consumer secret",
                help="Begins with cs_. Shown once, beside the key.",
                is_secret=True,
                is_asked_again=True,
            ),
        ),
        options=OPTIONS,
        manages_subscriptions=True,
        tells_deleted_orders=False,
        default_poll_seconds=120,
        address_label="Shop address",
        address_help="The address of the shop's front page, with https://.",
        where_to_find=(
            "In WordPress, open WooCommerce → Settings → Advanced → REST API and choose “Add key”.",
            "Describe it as Evenkeel, pick a user who is an administrator or shop manager, and set the permissions to"
            " Read/Write.",
            "Choose “Generate API key” and copy the consumer key and the consumer secret: they are shown only once.",
            "In WordPress, Settings → Permalinks must be anything but “Plain”.",
        ),
        app_may=(
            "read products, variations and their quantities",
            "write quantities of products whose stock is counted",
            "read orders: their lines, states and times",
            "make and mend its own webhooks, and see whether stock management is on",
        ),
        app_may_not=(
            "change prices, texts or pictures",
            "touch a product whose stock is not counted, unless a person asks for it to be",
            "create, change or cancel an order, or keep a buyer's name, address or e-mail",
        ),
        reads="100 products a page with their variations; quantities of single products directly",
        hears_of_sales="signed webhooks that are sent once, and a poll of orders every two minutes",
    )

    def __init__(self, store: Store) -> None:
        self._store = store
        self._habits = StoreHabits.of(store.options)
        self._client = WooClient(base_url=store.base_url, credentials=store.credentials)

    def close(self) -> None:
        self._client.close()

    def budget_keys(self) -> Sequence[str]:
        return (self._client.budget_key,)

    # The connection ---------------------------------------------------------------------------------------------
    @staticmethod
    def canonical_address(base_url: str) -> str:
        return site_address(base_url)

    @staticmethod
    def completed(credentials: Mapping[str, str], kept: Mapping[str, str]) -> Mapping[str, str]:
        """Add the secret that webhooks will be signed with: the one they have, or a new one."""
        own = credentials.get("webhook_secret") or kept.get("webhook_secret") or subscriptions.new_secret()
        return {**credentials, "webhook_secret": own}

    def check_connection(self) -> ConnectionReport:
        """Ask the store who it is and what we may do, and keep how it wants to be called."""
        store = self._store
        found = connection.check_connection(
            base_url=store.base_url, account_ref=store.account_ref, credentials=store.credentials
        )
        if found.into(store.credentials) != dict(store.credentials):
            self._store = replace(store, credentials=store.keeper.renewed(store.credentials, found.into))
            self._client.close()
            self._client = WooClient(base_url=store.base_url, credentials=self._store.credentials)
        return found.report

    def check_subscriptions(self, *, webhook_url: str, last_event_at: datetime | None) -> SubscriptionReport:
        return subscriptions.check_subscriptions(
            self._client,
            webhook_url=webhook_url,
            secret=self.webhook_secret(self._store.credentials),
            last_event_at=last_event_at,
        )

    # The catalogue ----------------------------------------------------------------------------------------------
    def catalog_page(self, cursor: str) -> CatalogPage:
        return catalog_scan.catalog_page(self._client, cursor)

    def read_products(self, product_refs: Iterable[str]) -> Iterator[tuple[str, Sequence[ReportedListing]]]:
        return catalog_scan.read_products(self._client, product_refs)

    # Quantities -------------------------------------------------------------------------------------------------
    def change_quantities(self, changes: Sequence[QuantityChange]) -> Sequence[Outcome]:
        return writes.change_quantities(self._client, changes)

    def has_writes_under_way(self) -> bool:
        return False

    def start_tracking(self, ref: str, quantity: int) -> ReportedListing:
        """Give an untracked listing a counted stock and return what the store shows then; see ``writes``."""
        return writes.start_tracking(self._client, ref, quantity)

    # Orders -----------------------------------------------------------------------------------------------------
    def order_pages(self, *, since: datetime, until: datetime | None = None) -> Iterator[Sequence[RawOrder]]:
        return order_feed.order_pages(self._client, since=since, until=until)

    def deleted_orders(self, *, since: datetime) -> Iterator[str]:
        """Yield nothing: orders in the trash come with the others, and WooCommerce keeps no trace of the rest."""
        return iter(())

    def fetch_orders(self, refs: Sequence[str]) -> Mapping[str, RawOrder | None]:
        return order_feed.fetch_orders(self._client, refs)

    def order_ref(self, event_ref: str) -> str:
        return event_ref

    def snapshot(self, payload: Mapping[str, Any], known: Mapping[str, KnownLine]) -> OrderSnapshot:
        return orders.snapshot(payload, known, self._habits)

    def deleted_snapshot(self, payload: Mapping[str, Any], known: Mapping[str, KnownLine]) -> OrderSnapshot:
        return orders.deleted_snapshot(payload, known, self._habits)

    @staticmethod
    def order_url(store: Store, ref: str) -> str:
        """Return the post's editor; a store that keeps orders in tables of their own leads on from there."""
        return f"{store.base_url.rstrip('/')}/wp-admin/post.php?post={ref}&action=edit" if ref.isdecimal() else ""

    # Webhooks ---------------------------------------------------------------------------------------------------
    @staticmethod
    def webhook_secret(credentials: Mapping[str, str]) -> str:
        return credentials.get("webhook_secret", "")

    @staticmethod
    def read_delivery(headers: Mapping[str, str], body: bytes) -> Delivery:
        return webhooks.read_delivery(headers, body)

    def check_signature(self, headers: Mapping[str, str], body: bytes) -> None:
        webhooks.check_signature(headers, body, self.webhook_secret(self._store.credentials))

    @staticmethod
    def kept_body(topic: str, body: bytes) -> bytes:
        return webhooks.kept_body(body)

    def parse_events(self, topic: str, body: bytes) -> Sequence[ChannelEvent]:
        return webhooks.parse_events(topic, body)
