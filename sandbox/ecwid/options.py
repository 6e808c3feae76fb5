"""The knobs of a simulated Ecwid store, above all for what Ecwid's documentation leaves open."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

ALL_SCOPES = (
    "read_store_profile",
    "read_catalog",
    "update_catalog",
    "create_catalog",
    "read_orders",
    "update_orders",
    "create_orders",
)


@dataclass(slots=True, kw_only=True)
class Options:
    """Every field can be given to ``EcwidSimulator``. Durations are real seconds unless said otherwise."""

    # Uncertain in the documentation: both behaviours can be tried.
    take_stock_at: Literal["checkout", "paid"] = "checkout"
    """When a checkout order lowers stock: at once, even AWAITING_PAYMENT, or when it becomes PAID."""
    take_when_paid_later: bool = True
    """Whether an API order placed unpaid lowers stock when it becomes PAID."""
    take_again_on_reopen: bool = True
    """Whether CANCELLED or REFUNDED set back to PAID lowers stock again."""
    restock_on_delete: bool = False
    restock_on_returned: bool = False
    restock_amount: Literal["current", "taken"] = "current"
    """After an edit of lines, a cancel gives back the lines as they are now, or what checkout took."""
    numeric_order_ids: bool = False
    """Whether ``/orders/{id}`` takes the internal number beside the text id."""
    delta_on_unlimited: Literal["ignore", "refuse"] = "ignore"
    """200 with updateCount 0, or 400."""
    accept_negative_quantity: bool = False
    """Whether an absolute ``quantity`` below zero is stored or refused with 400."""
    sale_moves_update_timestamp: bool = True
    batch_counts_towards_limit: bool = False
    accept_token_post: bool = False
    """Whether the OAuth token address answers POST beside GET."""
    echo_state: bool = True
    """Whether the OAuth consent hands ``state`` back."""
    dead_token_blocks_address: bool = False
    """Whether the penalty for hammering with a dead token also hits good tokens from that address."""

    # The store and its app.
    currency: str = "EUR"
    scopes: tuple[str, ...] = ALL_SCOPES
    """What the custom-app token may do."""
    app_scopes: tuple[str, ...] = ALL_SCOPES
    """What the app is registered for: consent to anything else is refused."""
    plan_has_api: bool = True
    plan_has_variations: bool = True
    suspended: bool = False
    allow_preorders: bool = True
    non_unique_skus: bool = False
    auto_consent: bool = False
    """Skip the consent page and redirect at once."""

    # Limits and time.
    rate_limit: int = 600
    rate_window_seconds: float = 60.0
    dead_token_limit: int = 20
    dead_token_total: int = 600
    dead_token_block_seconds: float = 3600.0
    search_lag_seconds: float = 0.0
    """How far ``GET /products`` lags behind ``GET /products/{id}``."""
    time_scale: float = 1.0
    """Multiplies the waits between webhook retries and between tries of a batch entry."""
    batch_queued_seconds: float = 0.0
    """How long a batch waits before its first entry is performed."""
    code_seconds: float = 600.0
    dedup_seconds: float = 3600.0
    webhook_headers: dict[str, str] = field(default_factory=dict)
    webhook_workers: int = 4
    fault_seed: int = 0
    clock: Callable[[], float] = time.time
