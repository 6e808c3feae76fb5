"""A running simulated shop, put back to the start before each test, and a caller that knows nothing of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox.shopify import ShopifySimulator
from sandbox.shopify.options import Options

VERSION = "2026-10"


class Admin(requests.Session):
    """Calls one shop's GraphQL API."""

    def __init__(self, shop: ShopifySimulator, token: str = "") -> None:
        super().__init__()
        self.shop = shop
        self.headers["X-Shopify-Access-Token"] = token or shop.token

    def send_query(self, document: str, /, *, version: str = VERSION, **variables: Any) -> requests.Response:
        url = f"{self.shop.base_url}/admin/api/{version}/graphql.json"
        return self.post(url, json={"query": document, "variables": variables}, timeout=5)

    def ask(self, document: str, /, **variables: Any) -> Any:
        """Return ``data`` of an answer without errors."""
        answer = self.send_query(document, **variables).json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def refused(self, document: str, /, **variables: Any) -> tuple[str, str]:
        """Return (code, message) of the first error."""
        error = self.send_query(document, **variables).json()["errors"][0]
        return error["extensions"]["code"], error["message"]


@pytest.fixture(scope="module")
def running() -> Iterator[ShopifySimulator]:
    with ShopifySimulator(domain="north.myshopify.com", time_scale=0.00001, bulk_seconds=0.01) as simulator:
        yield simulator


@pytest.fixture
def shop(running: ShopifySimulator) -> ShopifySimulator:
    """The shop with two locations and a TEE: 10 in the first one, none stocked in the second."""
    for name in Options.__dataclass_fields__:
        if name not in ("time_scale", "bulk_seconds"):
            setattr(running.options, name, getattr(Options(), name))
    running.webhooks.subscriptions.clear()
    running.reset()
    running.add_location("Shop floor")
    running.add_product(sku="TEE", name="Tee", quantity=10)
    return running


@pytest.fixture
def admin(shop: ShopifySimulator) -> Iterator[Admin]:
    with Admin(shop) as session:
        yield session
