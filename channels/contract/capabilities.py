"""What a platform can do, and what it needs to know of a store. Also shown on the connect page and in the docs."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol


class WriteMode(enum.StrEnum):
    """How *apply target − accounted to whatever is there* is written: see docs/adr/0003."""

    DELTA = "delta"  # the platform adds and subtracts by itself
    CAS = "cas"  # set the target where the quantity still is the accounted one; stale: read R, set R + delta where R
    GUARDED_SET = "guarded-set"  # read R, then set max(0, R + delta); the window in between is one round trip
    READ_ONLY = "read-only"


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialField:
    """One thing that the connect page asks for."""

    name: str
    label: str
    help: str
    is_secret: bool = False
    is_required: bool = True
    for_token: bool = True  # asked for where credentials are pasted
    for_consent: bool = False  # asked for before the store's owner is sent to the consent page
    is_asked_again: bool = False  # a reconnect is about this one: the old one is dead
    is_address: bool = False  # a URL that we are going to call: it must not lead into our own network
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionField:
    """One fact about a store that its documentation leaves open; booleans only have two sentences."""

    name: str
    label: str
    help: str
    default: str
    choices: tuple[tuple[str, str], ...]
    is_for_simulators: bool = False  # offered only where stores may lie in private networks


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
    has_webhooks: bool = True
    has_locations: bool = False  # one item may have a quantity at each of several locations
    has_queue: bool = False  # it also tells of sales through a queue that we read
    queue_poll_seconds: int = 10
    holds_stock: bool = False  # it keeps stock of the merchant in warehouses of its own
    tells_deleted_orders: bool = True  # otherwise open orders are looked up, to find those that are gone
    orders_settle_seconds: int = 0  # how long an order may be missing from the list of orders
    default_poll_seconds: int = 300
    writes_later: bool = False  # a write may be accepted now and done later
    confirm_every_seconds: int = 15  # how often a write that was accepted to be done later is read back
    confirm_within_seconds: int = 1800  # when it is taken for not done, and shown
    # Sentences for the connect page and the table of platforms.
    address_label: str = ""  # what its address is called, where every store has one of its own
    address_help: str = ""
    where_to_find: tuple[str, ...] = ()  # the steps to the credentials
    app_may: tuple[str, ...] = ()
    app_may_not: tuple[str, ...] = ()
    reads: str = ""  # how its catalogue and quantities are read
    hears_of_sales: str = ""


class CredentialKeeper(Protocol):
    """Keeps credentials that expire. A platform renews them through it, so that one process does and all know."""

    def renewed(
        self, stale: Mapping[str, str], renew: Callable[[Mapping[str, str]], Mapping[str, str]]
    ) -> Mapping[str, str]:
        """Return credentials newer than ``stale``: those someone else has got meanwhile, else those of ``renew``.

        ``renew`` gets the credentials as they are kept and returns all of them anew; they are stored before they are
        returned. One renewal at a time. Raises what ``renew`` raises, having kept the old ones.
        """


class MemoryKeeper:
    """Keeps credentials while a store is being tested and no channel is there to keep them."""

    def __init__(self) -> None:
        self.kept: Mapping[str, str] | None = None

    def renewed(
        self, stale: Mapping[str, str], renew: Callable[[Mapping[str, str]], Mapping[str, str]]
    ) -> Mapping[str, str]:
        self.kept = renew(self.kept or stale)
        return self.kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """What a platform client needs to know of a channel."""

    base_url: str
    account_ref: str
    credentials: Mapping[str, str] = field(repr=False)  # a client that is printed tells no secret
    options: Mapping[str, str] = field(default_factory=dict)
    keeper: CredentialKeeper = field(default_factory=MemoryKeeper, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionReport:
    """What a connection test found."""

    account_ref: str
    account_name: str
    plan: str
    scopes: tuple[str, ...]  # empty: the platform does not tell
    missing_scopes: tuple[str, ...]
    warnings: tuple[str, ...]  # sentences for people; none blocks
    api_address: str = ""  # where its API answers, where that is not the address that was given


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionReport:
    """Whether the platform will tell us of sales, and what was mended."""

    is_healthy: bool
    sentences: tuple[str, ...]
