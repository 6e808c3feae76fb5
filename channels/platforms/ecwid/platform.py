"""Ecwid (Lightspeed E-Series) as the core sees it: REST API v3. The parts are in this folder's other modules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

from channels.contract import (
    Capabilities,
    CatalogPage,
    ChannelEvent,
    ConnectionReport,
    CredentialField,
    Delivery,
    KnownLine,
    NotListed,
    OrderSnapshot,
    Outcome,
    Platform,
    QuantityChange,
    RawOrder,
    ReportedListing,
    Store,
    SubscriptionReport,
    UnreadableProducts,
    WriteMode,
)
from channels.limiter import budget_key
from channels.platforms.ecwid import batch, catalog_scan, connection, oauth, order_feed, orders, webhooks, writes
from channels.platforms.ecwid.client import BURST, CALLS_PER_SECOND, EcwidClient, api_root
from channels.platforms.ecwid.mapping import UnreadableProduct
from channels.platforms.ecwid.refs import order_ref, read_order_ref
from channels.platforms.ecwid.stock import OPTIONS, StoreHabits

WAVE_FROM = 8  # changes from which one batch beats single calls: below, a batch's first wait alone is longer


class EcwidPlatform(Platform):
    """One Ecwid store."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        platform="ecwid",
        name="Ecwid",
        write_mode=WriteMode.DELTA,
        max_batch=batch.LARGEST_BATCH,
        default_base_url="https://app.ecwid.com/api/v3",
        # Search is an index and may lag; Ecwid promises no delivery of webhooks within a day.
        poll_overlap_seconds=86_400,
        calls_per_second=CALLS_PER_SECOND,
        burst=BURST,
        credentials=(
            CredentialField(
                name="store_id",
                label="Store ID",
                help="The number at the bottom of every page of the Ecwid admin.",
            ),
            CredentialField(
                name="token",
                label="Secret access token",
                help="At my.ecwid.com/#develop-apps, in your custom app, under “Access tokens”. Not the public one.",
                is_secret=True,
                is_asked_again=True,
            ),
            CredentialField(
                name="client_secret",
                label="Client secret",
                help="On the same page of the app. Webhooks are checked with it.",
                is_secret=True,
                for_consent=True,
            ),
            CredentialField(
                name="client_id",
                label="Client ID",
                help="On the same page of the app.",
                for_token=False,
                for_consent=True,
            ),
        ),
        options=OPTIONS,
        required_scopes=oauth.REQUIRED_SCOPES,
        has_oauth=True,
        shares_webhook_url=True,
        manages_subscriptions=False,
        where_to_find=(
            "Open my.ecwid.com/#develop-apps and create a custom app for your store.",
            "Give it the scopes read_store_profile, read_catalog, update_catalog and read_orders.",
            "Copy the store ID, the secret access token and the client secret from the app's page.",
            "After connecting, enter the channel's webhook address as the app's webhook URL there.",
        ),
        app_may=(
            "read products, variations and their quantities",
            "change quantities by a difference",
            "read orders: their lines, states and times",
        ),
        app_may_not=(
            "change prices, texts or pictures",
            "touch a product whose stock is unlimited, unless a person asks for it to be counted",
            "create, change or cancel an order, or keep a buyer's name, address or e-mail",
        ),
        reads="100 products a page; quantities of single products directly",
        hears_of_sales="signed webhooks, repeated for a day",
    )

    authorise_url = staticmethod(oauth.authorise_url)
    exchange_code = staticmethod(oauth.exchange_code)

    def __init__(self, store: Store) -> None:
        self._store = store
        self._habits = StoreHabits.of(store.options)
        self._client = EcwidClient(
            base_url=store.base_url,
            store_id=store.credentials.get("store_id") or store.account_ref,
            token=store.credentials.get("token", ""),
        )

    def close(self) -> None:
        self._client.close()

    def budget_keys(self) -> Sequence[str]:
        return (budget_key(self._store.credentials.get("token", "")),)

    # The connection ---------------------------------------------------------------------------------------------
    @staticmethod
    def canonical_address(base_url: str) -> str:
        return api_root(base_url)

    def check_connection(self) -> ConnectionReport:
        return connection.check_connection(self._client, self._store)

    def check_subscriptions(self, *, webhook_url: str, last_event_at: datetime | None) -> SubscriptionReport:
        return connection.check_subscriptions(
            webhook_url=webhook_url, last_event_at=last_event_at, now=datetime.now(UTC)
        )

    # The catalogue ----------------------------------------------------------------------------------------------
    def catalog_page(self, cursor: str) -> CatalogPage:
        return catalog_scan.catalog_page(self._client, cursor)

    def read_products(self, product_refs: Iterable[str]) -> Iterator[tuple[str, Sequence[ReportedListing]]]:
        problems: dict[str, str] = {}
        for ref in product_refs:
            try:
                pools = writes.read_product(self._client, quote(ref, safe=""))
            except NotListed:
                pools = ()
            except UnreadableProduct as error:
                problems[ref] = str(error)
                continue
            yield ref, pools
        if problems:
            raise UnreadableProducts(problems)

    # Quantities -------------------------------------------------------------------------------------------------
    def change_quantities(self, changes: Sequence[QuantityChange]) -> Sequence[Outcome]:
        if len(changes) < WAVE_FROM:
            return writes.change_one_by_one(self._client, changes)
        return batch.BatchRunner(client=self._client).run(changes)

    def has_writes_under_way(self) -> bool:
        return batch.has_batches_under_way(self._client)

    def start_tracking(self, ref: str, quantity: int) -> ReportedListing:
        """Give an untracked listing a counted stock and return what the store shows then; see ``writes``."""
        return writes.start_tracking(self._client, ref, quantity)

    # Orders -----------------------------------------------------------------------------------------------------
    def order_pages(self, *, since: datetime, until: datetime | None = None) -> Iterator[Sequence[RawOrder]]:
        return order_feed.order_pages(self._client, since=since, until=until)

    def deleted_orders(self, *, since: datetime) -> Iterator[str]:
        return order_feed.deleted_orders(self._client, since=since)

    def fetch_orders(self, refs: Sequence[str]) -> Mapping[str, RawOrder | None]:
        return order_feed.fetch_orders(self._client, refs)

    def order_ref(self, event_ref: str) -> str:
        """Return the text id in an event's ref; an event that tells only the internal id names no order of ours."""
        return order_ref(read_order_ref(event_ref).text_id) or event_ref

    def snapshot(self, payload: Mapping[str, Any], known: Mapping[str, KnownLine]) -> OrderSnapshot:
        return orders.snapshot(payload, known, self._habits)

    def deleted_snapshot(self, payload: Mapping[str, Any], known: Mapping[str, KnownLine]) -> OrderSnapshot:
        return orders.deleted_snapshot(payload, known, self._habits)

    @staticmethod
    def order_url(store: Store, ref: str) -> str:
        """Return the control panel's orders: a single one has no address that is documented."""
        is_real = (urlsplit(store.base_url).hostname or "").endswith("ecwid.com")
        return f"https://my.ecwid.com/store/{quote(store.account_ref)}#orders" if is_real else ""

    # Webhooks ---------------------------------------------------------------------------------------------------
    @staticmethod
    def webhook_secret(credentials: Mapping[str, str]) -> str:
        return credentials.get("client_secret", "")

    @staticmethod
    def read_delivery(headers: Mapping[str, str], body: bytes) -> Delivery:
        return webhooks.read_delivery(body)

    def check_signature(self, headers: Mapping[str, str], body: bytes) -> None:
        webhooks.check_signature(headers, body, self._store.credentials.get("client_secret", ""))

    def parse_events(self, topic: str, body: bytes) -> Sequence[ChannelEvent]:
        return webhooks.parse_events(topic, body)
