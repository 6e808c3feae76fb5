"""Amazon as the core sees it: one seller in one region. The parts are in this folder's other modules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

from channels.contract import (
    BadPayload,
    BadSignature,
    Capabilities,
    CatalogPage,
    ChannelError,
    ChannelEvent,
    ConnectionReport,
    Delivery,
    HeldStock,
    KnownLine,
    OrderSnapshot,
    Outcome,
    OutcomeKind,
    Platform,
    QuantityChange,
    QueueMessage,
    RawOrder,
    Rejected,
    ReportedListing,
    Store,
    SubscriptionReport,
)
from channels.platforms.amazon import connection, feeds, held, items, notifications, order_feed, orders, writes
from channels.platforms.amazon import subscriptions as subscribing
from channels.platforms.amazon.catalogue import Catalogue
from channels.platforms.amazon.client import AmazonClient
from channels.platforms.amazon.describe import CAPABILITIES, LIVE_SECONDS
from channels.platforms.amazon.queue import Queue
from channels.platforms.amazon.regions import api_root

URGENT_AT_ONCE = 20  # changes to zero of a wave that go before its feed: a sale may not wait for that
NO_WEBHOOKS = "Amazon sends no webhooks: it puts notifications into a queue."


class AmazonPlatform(Platform):
    """One Amazon seller account in one region."""

    capabilities: ClassVar[Capabilities] = CAPABILITIES

    def __init__(self, store: Store) -> None:
        self._store = store
        self._habits = orders.Habits.of(store.options)
        self._client = AmazonClient(store)
        self._catalogue = Catalogue(self._client)
        self._is_simulated = store.options.get("pace") == "simulator"

    def close(self) -> None:
        self._client.close()

    # The connection ---------------------------------------------------------------------------------------------
    @staticmethod
    def canonical_address(base_url: str) -> str:
        return api_root(base_url)

    def budget_keys(self) -> Sequence[str]:
        return self._client.budget_keys()

    def check_connection(self) -> ConnectionReport:
        return connection.check_connection(self._client, self._store)

    def check_subscriptions(self, *, webhook_url: str, last_event_at: datetime | None) -> SubscriptionReport:
        return subscribing.check_subscriptions(self._client, self._store)

    # The catalogue ----------------------------------------------------------------------------------------------
    def catalog_page(self, cursor: str) -> CatalogPage:
        return self._catalogue.page(cursor)

    def read_products(self, product_refs: Iterable[str]) -> Iterator[tuple[str, Sequence[ReportedListing]]]:
        return items.read_products(self._client, product_refs)

    def held_stock(self) -> Iterator[HeldStock]:
        return iter(held.held_stock(self._client))

    # Quantities -------------------------------------------------------------------------------------------------
    def change_quantities(self, changes: Sequence[QuantityChange]) -> Sequence[Outcome]:
        """Patch a few, hand many over as one feed; what goes to zero goes first, and never waits for a feed."""
        threshold = self._store.options.get("feed_from", "500")
        if not threshold.isdigit() or len(changes) < int(threshold):
            return writes.change_one_by_one(self._client, changes)
        urgent = [change for change in changes if change.target == 0][:URGENT_AT_ONCE]
        outcomes = {each.ref: each for each in writes.change_one_by_one(self._client, urgent)} if urgent else {}
        rest = [change for change in changes if change.ref not in outcomes]
        try:
            outcomes |= {each.ref: each for each in feeds.change_by_feed(self._client, rest)}
        except ChannelError as error:
            if not any(each.kind is not OutcomeKind.NOT_APPLIED for each in outcomes.values()):
                raise
            # Some were made before the feed failed: that is known of each.
            outcomes |= {each.ref: each for each in writes.not_sent(rest, str(error))}
        return [outcomes[change.ref] for change in changes]

    def start_tracking(self, ref: str, quantity: int) -> ReportedListing:
        raise Rejected("Amazon counts the stock of every offer that you ship yourself; there is nothing to switch on.")

    def has_writes_under_way(self) -> bool:
        return False  # what nobody answered for is waited for: see writes_settle_seconds

    def writes_settle_seconds(self) -> float:
        return super().writes_settle_seconds() if self._is_simulated else LIVE_SECONDS

    def ticket_outcomes(self, ticket: str) -> Sequence[Outcome] | None:
        return feeds.outcomes_of(self._client, ticket)

    # Orders -----------------------------------------------------------------------------------------------------
    def order_pages(self, *, since: datetime, until: datetime | None = None) -> Iterator[Sequence[RawOrder]]:
        return order_feed.order_pages(self._client, since=since, until=until)

    def deleted_orders(self, *, since: datetime) -> Iterator[str]:
        return iter(())  # Amazon deletes none

    def orders_settle_seconds(self) -> int:
        return 0 if self._is_simulated else self.capabilities.orders_settle_seconds

    def fetch_orders(self, refs: Sequence[str]) -> Mapping[str, RawOrder | None]:
        return order_feed.fetch_orders(self._client, refs)

    def order_ref(self, event_ref: str) -> str:
        return event_ref

    def snapshot(self, payload: Mapping[str, Any], known: Mapping[str, KnownLine]) -> OrderSnapshot:
        return orders.snapshot(payload, known, self._habits)

    def deleted_snapshot(self, payload: Mapping[str, Any], known: Mapping[str, KnownLine]) -> OrderSnapshot:
        return orders.snapshot({**payload, "status": orders.CANCELLED}, known, self._habits)

    @staticmethod
    def order_url(store: Store, ref: str) -> str:
        """Return Seller Central's page of the order, in the region that the API's address names."""
        homes = {
            "na": "sellercentral.amazon.com",
            "eu": "sellercentral-europe.amazon.com",
            "fe": "sellercentral.amazon.co.jp",
        }
        region = (
            (urlsplit(store.base_url).hostname or "").removeprefix("sellingpartnerapi-").removesuffix(".amazon.com")
        )
        return f"https://{homes[region]}/orders-v3/order/{quote(ref)}" if region in homes else ""

    # Webhooks ---------------------------------------------------------------------------------------------------
    @staticmethod
    def webhook_secret(credentials: Mapping[str, str]) -> str:
        return ""

    @staticmethod
    def read_delivery(headers: Mapping[str, str], body: bytes) -> Delivery:
        raise BadPayload(NO_WEBHOOKS)

    def check_signature(self, headers: Mapping[str, str], body: bytes) -> None:
        raise BadSignature(NO_WEBHOOKS)

    def parse_events(self, topic: str, body: bytes) -> Sequence[ChannelEvent]:
        return notifications.parse_events(body, self._client.seller_id)

    # Messages of the queue --------------------------------------------------------------------------------------
    def receive(self) -> Sequence[QueueMessage]:
        return self._queue.receive() if self._queue else ()

    def forget(self, handles: Sequence[str]) -> None:
        if self._queue:
            self._queue.forget(handles)

    def dead_letters(self) -> int | None:
        return self._queue.dead_letters() if self._queue else None

    @property
    def _queue(self) -> Queue | None:
        return Queue(self._store.credentials) if self._store.credentials.get("queue_url") else None
