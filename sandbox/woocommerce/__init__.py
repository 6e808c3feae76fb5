"""A simulated WooCommerce store: REST API wc/v3, webhooks, and faults on request."""

from sandbox.woocommerce.options import Options
from sandbox.woocommerce.simulator import WooCommerceSimulator

__all__ = ["Options", "WooCommerceSimulator"]
