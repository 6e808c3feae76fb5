"""The knobs of a simulated Shopify store, above all for what Shopify's documentation leaves open."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

ALL_SCOPES = (
    "read_products",
    "read_inventory",
    "write_inventory",
    "read_locations",
    "read_orders",
    "read_fulfillments",
    "read_merchant_managed_fulfillment_orders",
    "read_assigned_fulfillment_orders",
    "read_third_party_fulfillment_orders",
)
DAY = 86_400.0


@dataclass(slots=True, kw_only=True)
class Options:
    """Every field can be given to ``ShopifySimulator``. Durations are real seconds unless said otherwise."""

    # Uncertain in the documentation: both behaviours can be tried.
    stale_refuses: Literal["call", "entry"] = "call"
    """Whether one stale entry refuses the whole ``inventorySetQuantities`` or only itself."""
    set_where_never_stocked: Literal["inactive", "refuse"] = "inactive"
    """A write to a location that never had the item: an inactive level that sells nothing, or INVALID_LOCATION."""
    test_orders_take_stock: bool = True
    edit_makes_refund: bool = True
    """Whether taking units out of an order by an edit leaves a refund without money behind."""
    refund_lowers_totals: bool = False
    """Whether units taken out of an order also leave the ``totalQuantity`` of its fulfilment orders."""
    routing_seconds: float = 0.0
    """How long after an order its fulfilment orders exist."""
    committed_change_fires_level_update: bool = False
    """Whether ``inventory_levels/update`` is sent when available stays what it was."""

    # The shop and its app.
    currency: str = "EUR"
    plan: str = "Basic"
    scopes: tuple[str, ...] = ALL_SCOPES
    """What the app is granted."""
    same_organisation: bool = True
    """Whether the app may get a token by its client credentials."""
    customer_data_approved: bool = True
    """Whether the app may subscribe to topics with protected customer data."""
    frozen: bool = False
    """402 for every call: the shop has not paid its bill."""
    sends_webhooks: bool = True
    """False: deliveries are made and logged, and nothing is sent."""
    takes_http_webhooks: bool = True
    """Shopify itself insists on HTTPS and a public host."""
    auto_consent: bool = False
    versions: tuple[str, ...] = ("2026-01", "2026-04", "2026-07", "2026-10")
    """Stable versions served, oldest first. A request for an older one is answered by the oldest."""
    unreleased: tuple[str, ...] = ("2027-01", "unstable")

    # Limits and time.
    bucket: float = 2000.0
    """Points the app may save up; the real size is not published."""
    restore_rate: float = 100.0
    max_cost: float = 1000.0
    token_seconds: float = DAY
    """Life of a token made from client credentials."""
    offline_seconds: float = 3600.0
    refresh_seconds: float = 90 * DAY
    code_seconds: float = 600.0
    idempotency_seconds: float = DAY
    bulk_seconds: float = 0.5
    """How long a bulk operation runs."""
    time_scale: float = 1.0
    """Multiplies the waits between webhook retries."""
    webhook_workers: int = 4
    fault_seed: int = 0
    clock: Callable[[], float] = time.time
