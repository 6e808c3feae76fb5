"""The protocol that each platform implements."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Protocol

from channels.contract.capabilities import Capabilities, ConnectionReport, Store, SubscriptionReport
from channels.contract.errors import NotListed
from channels.contract.events import ChannelEvent, Delivery, QueueMessage
from channels.contract.listings import CatalogPage, HeldStock, ReportedListing, ReportedLocation
from channels.contract.orders import KnownLine, OrderSnapshot, RawOrder
from channels.contract.writes import Outcome, QuantityChange


class Platform(Protocol):
    """One store of one platform. Made per channel by the registry; closed after use."""

    capabilities: ClassVar[Capabilities]

    def __init__(self, store: Store) -> None: ...

    def close(self) -> None: ...

    def budget_keys(self) -> Sequence[str]:
        """Return the keys of the limiter's budgets that this store's calls spend from."""
        return ()

    # The connection ---------------------------------------------------------------------------------------------
    @staticmethod
    def canonical_address(base_url: str) -> str:
        """Return the one way to write this API address: two ways must not make two channels of one store."""

    def check_connection(self) -> ConnectionReport:
        """Ask the store who it is and what we may do. Raises ChannelError."""

    def check_subscriptions(self, *, webhook_url: str, last_event_at: datetime | None) -> SubscriptionReport:
        """See that webhooks will come; make missing ones where the platform lets us."""

    @staticmethod
    def completed(credentials: Mapping[str, str], kept: Mapping[str, str]) -> Mapping[str, str]:
        """Fill in what nobody needs to type, for example a secret of our own that webhooks will be signed with.

        ``kept``: the credentials of the channel that is being reconnected; empty at the first connect.
        """
        return credentials

    # The catalogue ----------------------------------------------------------------------------------------------
    def catalog_page(self, cursor: str) -> CatalogPage:
        """Return the page at ``cursor`` ("" = the first), in an order that does not shift while it is read."""

    def read_products(self, product_refs: Iterable[str]) -> Iterator[tuple[str, Sequence[ReportedListing]]]:
        """Yield each product's pools as they are now, read directly and not from an index; none = it is gone.

        Raises UnreadableProducts after all that could be read.
        """

    def locations(self) -> Sequence[ReportedLocation]:
        """Return the places where the store keeps quantities, all of them; none where it keeps one number."""
        return ()

    def held_stock(self) -> Iterator[HeldStock]:
        """Yield all stock that the platform holds for the merchant. Raises ChannelError rather than tell a part."""
        return iter(())

    # Quantities -------------------------------------------------------------------------------------------------
    def change_quantities(self, changes: Sequence[QuantityChange]) -> Sequence[Outcome]:
        """Write up to ``max_batch`` changes; return one outcome per change, in the same order.

        Raises RateLimited, BadCredentials, StoreRefused or Unreachable(may_have_applied=False) only when nothing
        at all was applied; whatever is known or unknown of single changes comes back as outcomes.
        """

    def start_tracking(self, ref: str, quantity: int) -> ReportedListing:
        """Give an untracked listing a counted stock of ``quantity`` units and return what it shows afterwards.

        The only absolute write. Raises Rejected for one that is tracked already or must not be written.
        """

    def has_writes_under_way(self) -> bool:
        """Tell whether writes that were handed over earlier may still take effect."""

    def writes_settle_seconds(self) -> float:
        """Return how long a write that nobody answered for may still take to show: until then no reading decides."""
        return 5.0

    def ticket_outcomes(self, ticket: str) -> Sequence[Outcome] | None:
        """Return what became of each change handed over under ``ticket``; None: it is still being worked on.

        ACCEPTED with ``expected``: the listing will show it. Raises NotListed when the platform knows no such ticket.
        """
        raise NotListed("This platform hands out no tickets.")

    # Orders -----------------------------------------------------------------------------------------------------
    def order_pages(self, *, since: datetime, until: datetime | None = None) -> Iterator[Sequence[RawOrder]]:
        """Yield all orders that changed at or after ``since``, page by page, to the last page.

        ``until``: only those that changed no later; at least ``orders_settle_seconds`` ago.
        """

    def deleted_orders(self, *, since: datetime) -> Iterator[str]:
        """Yield the refs of the orders deleted at or after ``since``, to the last page."""

    def orders_settle_seconds(self) -> int:
        """Return how long a change of an order may be missing from ``order_pages`` of this store."""
        return self.capabilities.orders_settle_seconds

    def fetch_orders(self, refs: Sequence[str]) -> Mapping[str, RawOrder | None]:
        """Return each order as it is now by the ref it was asked for; None where the platform has none."""

    def order_ref(self, event_ref: str) -> str:
        """Return the ``RawOrder.ref`` of the order that an event's ref names, as far as it tells."""

    def snapshot(self, payload: Mapping[str, Any], known: Mapping[str, KnownLine]) -> OrderSnapshot:
        """Read an order's payload. ``known`` holds what is booked of it, by line. Raises BadPayload."""

    def deleted_snapshot(self, payload: Mapping[str, Any], known: Mapping[str, KnownLine]) -> OrderSnapshot:
        """Say what an order that was deleted on the platform leaves behind; ``payload`` is its last known one."""

    @staticmethod
    def order_url(store: Store, ref: str) -> str:
        """Return where a person finds the order in the store's own administration; "" where that is not known."""
        return ""

    # Webhooks ---------------------------------------------------------------------------------------------------
    @staticmethod
    def webhook_secret(credentials: Mapping[str, str]) -> str:
        """Return what the platform signs webhooks with; the one secret that is shown, when a store is connected."""

    @staticmethod
    def read_delivery(headers: Mapping[str, str], body: bytes) -> Delivery:
        """Return the envelope, believing nothing. Raises BadPayload when it is not one."""

    def check_signature(self, headers: Mapping[str, str], body: bytes) -> None:
        """Verify on raw bytes in constant time. Raises BadSignature; an absent header is a bad one."""

    @staticmethod
    def kept_body(topic: str, body: bytes) -> bytes:
        """Return what of a verified body is stored and later parsed: it must not tell who bought what."""
        return body

    def parse_events(self, topic: str, body: bytes) -> Sequence[ChannelEvent]:
        """Return what a stored webhook hints at; an unknown topic gives one OTHER event. Raises BadPayload."""

    # Messages of a queue ----------------------------------------------------------------------------------------
    def receive(self) -> Sequence[QueueMessage]:
        """Return some dozens of messages at most, having waited a second at most; none: there are none for now."""
        return ()

    def forget(self, handles: Sequence[str]) -> None:
        """Take messages off the queue: what they said is committed."""
        return None

    def dead_letters(self) -> int | None:
        """Return how many messages were given up on; None where there is no such place."""
        return None


class OAuthPlatform(Platform, Protocol):
    """A platform whose stores may be connected by consent in the browser."""

    @staticmethod
    def authorise_url(*, base_url: str, credentials: Mapping[str, str], redirect_uri: str, state: str) -> str:
        """Return where to send the person."""

    @staticmethod
    def exchange_code(
        *, base_url: str, credentials: Mapping[str, str], answer: Mapping[str, str], redirect_uri: str
    ) -> Mapping[str, str]:
        """Exchange the code in the platform's answer, once, for the credentials of a store.

        ``answer`` is the whole query that the person came back with; its ``state`` has been checked. Raises
        ChannelError.
        """
