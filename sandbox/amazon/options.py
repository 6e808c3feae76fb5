"""The knobs of a simulated Amazon seller account, above all for what Amazon's documentation leaves open."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

LISTING = "Product Listing"
INVENTORY = "Inventory and Order Tracking"
ALL_ROLES = (LISTING, INVENTORY, "Amazon Fulfillment", "Selling Partner Insights")


@dataclass(slots=True, kw_only=True)
class Options:
    """Every field can be given to ``AmazonSimulator``. Durations are real seconds."""

    # Uncertain in the documentation: both behaviours can be tried.
    notifies_pending: bool = True
    """Whether ORDER_CHANGE is sent when an order is placed, that is, while it is Pending."""
    notifies_fba_orders: bool = True
    """Whether ORDER_CHANGE is sent for orders that Amazon fulfils."""
    echoes_pushes: bool = True
    """Whether LISTINGS_ITEM_MFN_QUANTITY_CHANGE is sent for changes that came through the API."""
    restocks_on_cancel: bool = True
    """Whether a cancelled order's units go back onto the listing."""
    cancelled_quantity: Literal["ordered", "zero"] = "ordered"
    """What a cancelled order says of its items' quantity."""
    unknown_sku: Literal["invalid", "accept"] = "invalid"
    """Patching a SKU that the seller does not have: 200 with INVALID, or accepted and nothing happens."""
    quantity_on_fba: Literal["second_record", "flip"] = "second_record"
    """A merchant quantity for a SKU in Amazon's warehouses adds a record, or makes the offer the merchant's."""
    sales_while_processing: Literal["overwritten", "kept"] = "overwritten"
    """Sales between the acceptance of a quantity and its application: lost under it, or taken off it."""
    order_filter_required: bool = False
    """Whether a subscription to ORDER_CHANGE must name its change types."""
    refuses_without_fba: bool = False
    """Whether a seller without stock at Amazon gets an error instead of an empty list of it."""
    tells_rate: bool = True
    """Whether answers carry x-amzn-RateLimit-Limit."""
    tells_retry_after: bool = False

    # How long things take.
    accept_seconds: float = 60.0
    """From the acceptance of a change to the moment it is live."""
    feed_seconds: float = 120.0
    report_seconds: float = 45.0
    report_cache_seconds: float = 3600.0
    """A listing report asked for again within this time shows what the earlier one showed."""
    orders_told_after: float = 120.0
    """An order that changed less than this ago is not in any list of orders yet."""
    pending_seconds: float = 1800.0
    """How long a new order stays Pending; 0: it never is."""
    document_seconds: float = 300.0
    """How long the address of a document works."""
    token_seconds: float = 3600.0
    fba_page_seconds: float = 30.0

    # Limits.
    quota_scale: float = 1.0
    """Multiplies the documented rate and burst of every operation."""
    search_limit: int = 1000
    """Items that a search returns at most, over all its pages."""

    # The seller and its app.
    region: Literal["na", "eu", "fe"] = "eu"
    marketplaces: tuple[str, ...] = ("A1PA6795UKMFR9", "A1F83G8C2ARO7P")
    """Where the seller takes part; the first is where a listing stands that names none."""
    roles: tuple[str, ...] = ALL_ROLES
    suspended: bool = False
    """Whether the seller's listings are suspended in its marketplaces."""
    report_charset: str = "utf-8"
    compresses: bool = True
    """Whether documents that Amazon makes are gzipped."""

    # Notifications.
    queue_endpoint: str = ""
    """Where queues are that are not the simulator's own: an SQS-compatible server."""
    queue_key: str = "sandbox"
    """Name and secret of the AWS key that is used there, and the only name that the simulator's own queue lets in."""
    event_rule_queue: str = ""
    """ARN of the queue that the merchant's EventBridge rule feeds; empty: the queue of the SQS destination."""
    visibility_seconds: float = 30.0
    max_receives: int = 5
    """Receives after which a message of the own queue goes to the dead letters."""
    time_scale: float = 1.0
    """Multiplies the waits between attempts to put a notification into its queue."""
    notification_workers: int = 2
    fault_seed: int = 0
    clock: Callable[[], float] = time.time
