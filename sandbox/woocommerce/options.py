"""The knobs of a simulated WooCommerce store: what hosts, plugins and versions make differ from store to store."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal


@dataclass(slots=True, kw_only=True)
class Options:
    """Every field can be given to ``WooCommerceSimulator``. Durations are real seconds unless said otherwise."""

    # The site and what stands before it.
    home: str = ""
    """The address the site believes to have; empty: the one it listens on. OAuth signatures are made over it."""
    believes_http: bool = False
    """Reached by https, but its PHP isn't told: keys in the header or the query are ignored."""
    strips_authorization: bool = False
    """The server drops the Authorization header before PHP sees it."""
    permalinks: Literal["pretty", "index", "plain"] = "pretty"
    """``index``: only /index.php/wp-json answers; ``plain``: only ?rest_route=, where keys are not looked at."""
    refuses_put: bool = False
    """A firewall answers PUT, PATCH and DELETE with 501 and a web page."""
    time_zone: str = "America/New_York"
    version: str = "11.0.1"
    wordpress_version: str = "7.0.4"
    batch_limit: int = 100
    host_limit: int = 0
    """Calls a minute that the host allows, above that 429; 0: it does not count."""

    # Stock.
    manage_stock: bool = True
    """The setting woocommerce_manage_stock."""
    decimal_stock: bool = False
    """A plugin counts stock in fractions."""
    restores_on_failed: bool = True
    """Whether a failed order gives its units back: since WooCommerce 11.0.0."""
    hold_stock_minutes: int = 60
    item_seconds: float = 0.0
    """How long the store works on each item that is written."""

    # Webhooks.
    sends_webhooks: bool = True
    """False: deliveries are made and logged, and nothing is sent."""
    cron_seconds: float = 0.0
    """How long events wait for WP-Cron; multiplied by ``time_scale``."""
    disabled_after: int = 5
    """Failures in a row that are counted; with the second after them the webhook is disabled."""
    refuses_private_addresses: bool = False
    """As WordPress does; off, so that a receiver on the same machine can be called."""

    currency: str = "EUR"
    time_scale: float = 1.0
    webhook_workers: int = 4
    fault_seed: int = 0
    clock: Callable[[], float] = time.time
