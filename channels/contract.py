"""What every platform offers the core, in our words. A platform folder speaks HTTP; the core sees only this.

Quantities are whole units. Times are aware and UTC. No method opens a transaction or touches the database, except
that every call passes the shared limiter. ``snapshot``, ``check_signature`` and ``parse_events`` do no I/O at all.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Protocol


class ChannelError(Exception):
    """A platform call failed; ``retryable`` says whether the same call may work later.

    The message is a sentence for people and may quote the platform's words, never a secret.
    """

    retryable: ClassVar[bool] = False


class RateLimited(ChannelError):
    """The platform asked us to wait ``wait_seconds``."""

    retryable = True

    def __init__(self, message: str, *, wait_seconds: float) -> None:
        super().__init__(message)
        self.wait_seconds = wait_seconds


class Unreachable(ChannelError):
    """No usable answer: the network, a time-out, a 5xx, HTML or an empty body where JSON was due.

    ``may_have_applied`` is false only when it is certain that the platform did not act on the request.
    """

    retryable = True

    def __init__(self, message: str, *, may_have_applied: bool = True) -> None:
        super().__init__(message)
        self.may_have_applied = may_have_applied


class Rejected(ChannelError):
    """The platform understood and refused; the same call will be refused again."""


class NotListed(Rejected):
    """The thing asked for does not exist (any more) on the platform."""


class BadCredentials(ChannelError):
    """The token is dead, revoked or lacks a scope: every call must stop until a person reconnects."""


class StoreRefused(ChannelError):
    """The store as a whole is refused: its plan, a suspension. Calls stop until a person has acted."""


class BadSignature(Exception):
    """A webhook is not signed with this channel's secret."""


class BadPayload(ChannelError):
    """The platform sent something that is not what its documentation promises."""


class UnreadableProducts(BadPayload):
    """Some products could not be read, the others could. ``problems``: a sentence for people by product ref."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = problems


class WriteMode(enum.StrEnum):
    """How a change of quantity is written: see docs/adr/0003."""

    DELTA = "delta"


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialField:
    """One thing that the connect page asks for."""

    name: str
    label: str
    help: str
    is_secret: bool = False
    is_required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionField:
    """One fact about a store that its documentation leaves open; booleans only have two sentences."""

    name: str
    label: str
    help: str
    default: str
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What the core may expect of a platform; also shown on the connect page and in the docs."""

    platform: str
    name: str
    write_mode: WriteMode
    max_batch: int  # changes in one call of change_quantities
    default_base_url: str
    poll_overlap_seconds: int  # how far an order poll looks back behind its cursor
    calls_per_second: float  # what our limiter allows per token
    burst: int  # calls that may go out at once after a rest
    credentials: tuple[CredentialField, ...]
    options: tuple[OptionField, ...] = ()
    required_scopes: tuple[str, ...] = ()
    has_oauth: bool = False
    shares_webhook_url: bool = False  # one URL may serve many stores
    manages_subscriptions: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """What a platform client needs to know of a channel."""

    base_url: str
    account_ref: str
    credentials: Mapping[str, str] = field(repr=False)  # a client that is printed tells no secret
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionReport:
    """What a connection test found."""

    account_ref: str
    account_name: str
    plan: str
    scopes: tuple[str, ...]  # empty: the platform does not tell
    missing_scopes: tuple[str, ...]
    warnings: tuple[str, ...]  # sentences for people; none blocks


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionReport:
    """Whether the platform will tell us of sales, and what was mended."""

    is_healthy: bool
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedVariant:
    """Something a buyer can choose that sells from the pool of the listing it stands in."""

    ref: str
    number: int | None = None  # the platform's row number of a variation; never an address
    sku: str = ""
    options: str = ""  # for people: "Size: M, Colour: Black"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedListing:
    """One stock pool as the platform shows it now."""

    ref: str
    product_ref: str
    title: str
    sku: str
    barcode: str = ""
    tracked: bool | None  # False: unlimited; None: the answer did not tell
    quantity: int | None  # None exactly when not tracked or not told; may be negative
    unwritable_reason: str = ""  # why its quantity must never be written; empty: it may
    enabled: bool = True
    price: Decimal | None = None
    url: str = ""
    variants: tuple[ReportedVariant, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogPage:
    """One page of the catalogue: whole products, each folded into its pools."""

    listings: tuple[ReportedListing, ...]
    products: int  # how many products the page held
    total: int | None  # products in the store, where the platform tells
    next_cursor: str  # empty: this was the last page
    problems: tuple[str, ...] = ()  # sentences on products that could not be read


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantityChange:
    """Apply ``delta`` to whatever quantity the listing shows."""

    ref: str  # ReportedListing.ref
    accounted: int
    target: int  # >= 0
    key: str  # idempotency key, the same on every try

    @property
    def delta(self) -> int:
        return self.target - self.accounted


class OutcomeKind(enum.StrEnum):
    APPLIED = "applied"
    NOT_APPLIED = "not-applied"  # certain; may be tried again
    REJECTED = "rejected"  # certain; trying again is pointless
    GONE = "gone"  # the listing does not exist any more
    UNKNOWN = "unknown"  # only a reading can tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one change."""

    ref: str
    kind: OutcomeKind
    receipt: str = ""  # the platform's own words, in short


@dataclass(frozen=True, slots=True, kw_only=True)
class RawOrder:
    """An order as the platform told it, without the buyer's data."""

    ref: str
    changed_at: datetime | None
    payload: Mapping[str, Any]  # JSON; only the fields that ``snapshot`` reads


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLine:
    """What is booked of an order line so far: some platforms' stock can only be told from its history."""

    ref: str
    ordered: int
    sold: int
    taken: int
    is_held: bool = False  # as the last snapshot said it


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLineSnapshot:
    """One line of an order as it stands now."""

    ref: str
    variant_ref: str  # what was sold; a ReportedVariant.ref, or unknown to the catalogue
    product_ref: str
    sku: str
    title: str
    ordered: int  # units asked for now; 0 for a line that was removed
    sold: int  # units the ledger must hold for it, those shipped included
    fulfilled: int  # units of them that have left the warehouse
    taken: int  # units the platform has taken off its own quantity
    is_held: bool = False  # the platform keeps units aside for it now; a change of it moves ``taken``
    problem: str = ""  # a sentence: the line can't be booked; its numbers are then all 0


class OrderState(enum.StrEnum):
    OPEN = "open"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSnapshot:
    """An order as it stands now. Lines that it once had and lacks now are there with ``ordered=0``."""

    ref: str
    number: str
    state: OrderState
    status: str  # the platform's own words
    placed_at: datetime | None
    changed_at: datetime | None
    lines: tuple[OrderLineSnapshot, ...]


class EventKind(enum.StrEnum):
    ORDER = "order"
    ORDER_DELETED = "order-deleted"
    PRODUCT = "product"
    PRODUCT_DELETED = "product-deleted"
    DISCONNECTED = "disconnected"  # the store removed the app
    OTHER = "other"  # nothing to do; kept for the record


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelEvent:
    """What a webhook hints at."""

    kind: EventKind
    ref: str  # of the order or the product, as fetch_orders and read_products take it
    description: str = ""  # for people


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The envelope of a webhook, told before its body is believed."""

    delivery_id: str
    topic: str
    account_ref: str  # the store it says it is about; empty: it does not say


class Platform(Protocol):
    """One store of one platform. Made per channel by the registry; closed after use."""

    capabilities: ClassVar[Capabilities]

    def __init__(self, store: Store) -> None: ...

    def close(self) -> None: ...

    # The connection ---------------------------------------------------------------------------------------------
    @staticmethod
    def canonical_address(base_url: str) -> str:
        """Return the one way to write this API address: two ways must not make two channels of one store."""

    def check_connection(self) -> ConnectionReport:
        """Ask the store who it is and what we may do. Raises ChannelError."""

    def check_subscriptions(self, *, webhook_url: str, last_event_at: datetime | None) -> SubscriptionReport:
        """See that webhooks will come; make missing ones where the platform lets us."""

    # The catalogue ----------------------------------------------------------------------------------------------
    def catalog_page(self, cursor: str) -> CatalogPage:
        """Return the page at ``cursor`` ("" = the first), in an order that does not shift while it is read."""

    def read_products(self, product_refs: Iterable[str]) -> Iterator[tuple[str, Sequence[ReportedListing]]]:
        """Yield each product's pools as they are now, read directly and not from an index; none = it is gone.

        Raises UnreadableProducts after all that could be read.
        """

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

    # Orders -----------------------------------------------------------------------------------------------------
    def order_pages(self, *, since: datetime) -> Iterator[Sequence[RawOrder]]:
        """Yield all orders that changed at or after ``since``, page by page, to the last page."""

    def deleted_orders(self, *, since: datetime) -> Iterator[str]:
        """Yield the refs of the orders deleted at or after ``since``, to the last page."""

    def fetch_orders(self, refs: Sequence[str]) -> Mapping[str, RawOrder | None]:
        """Return each order as it is now by the ref it was asked for; None where the platform has none."""

    def order_ref(self, event_ref: str) -> str:
        """Return the ``RawOrder.ref`` of the order that an event's ref names, as far as it tells."""

    def snapshot(self, payload: Mapping[str, Any], known: Mapping[str, KnownLine]) -> OrderSnapshot:
        """Read an order's payload. ``known`` holds what is booked of it, by line. Raises BadPayload."""

    def deleted_snapshot(self, payload: Mapping[str, Any], known: Mapping[str, KnownLine]) -> OrderSnapshot:
        """Say what an order that was deleted on the platform leaves behind; ``payload`` is its last known one."""

    # Webhooks ---------------------------------------------------------------------------------------------------
    @staticmethod
    def webhook_secret(credentials: Mapping[str, str]) -> str:
        """Return what the platform signs webhooks with; the one secret that is shown, when a store is connected."""

    @staticmethod
    def read_delivery(headers: Mapping[str, str], body: bytes) -> Delivery:
        """Return the envelope, believing nothing. Raises BadPayload when it is not one."""

    def check_signature(self, headers: Mapping[str, str], body: bytes) -> None:
        """Verify on raw bytes in constant time. Raises BadSignature; an absent header is a bad one."""

    def parse_events(self, topic: str, body: bytes) -> Sequence[ChannelEvent]:
        """Return what a stored webhook hints at; an unknown topic gives one OTHER event. Raises BadPayload."""


class OAuthPlatform(Platform, Protocol):
    """A platform whose stores may be connected by consent in the browser."""

    @staticmethod
    def authorise_url(*, base_url: str, credentials: Mapping[str, str], redirect_uri: str, state: str) -> str:
        """Return where to send the person."""

    @staticmethod
    def exchange_code(
        *, base_url: str, credentials: Mapping[str, str], code: str, redirect_uri: str
    ) -> Mapping[str, str]:
        """Exchange a code, once, for the credentials of a store. Raises ChannelError."""
