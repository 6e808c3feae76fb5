"""A simulated Shopify store: GraphQL Admin API, OAuth, webhooks, bulk operations, and faults on request."""

from sandbox.shopify.options import Options
from sandbox.shopify.simulator import ShopifySimulator

__all__ = ["Options", "ShopifySimulator"]
