"""A public client library that we did not write talks to the simulator as it talks to Amazon."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from sp_api.api import Feeds, Inventories, ListingsItemsV20210801, Notifications, OrdersV20260101, Sellers
from sp_api.auth import AccessTokenClient
from sp_api.auth.exceptions import AuthorizationError
from sp_api.base import SellingApiForbiddenException, SellingApiNotFoundException

from sandbox.amazon import AmazonSimulator
from tests.sandbox.amazon.world import DE, Clock, merchant


@pytest.fixture
def client(sim: AmazonSimulator) -> Iterator[Any]:
    """Return what makes a client of an API for the simulated seller."""
    place = SimpleNamespace(endpoint=sim.url, marketplace_id=DE, region="eu-west-1")
    address = sim.url.removeprefix("http://")
    made: list[Any] = []
    login = type("Login", (AccessTokenClient,), {"scheme": "http://", "host": address})

    def make(api: Any, **credentials: str) -> Any:
        given = {
            "refresh_token": sim.access.refresh_token,
            "lwa_app_id": sim.access.client_id,
            "lwa_client_secret": sim.access.client_secret,
            **credentials,
        }
        made.append(api(marketplace=place, credentials=given, auth_token_client_class=login))
        return made[-1]

    yield make
    for each in made:
        each.close()
        each._auth._transport.close()


def test_listings_orders_and_stock(sim: AmazonSimulator, client: Any, clock: Clock) -> None:
    sim.access.authorise()  # the library keeps tokens by refresh token, for longer than a simulator lives
    patches = [{"op": "merge", "path": "/attributes/fulfillment_availability", "value": merchant(9)}]
    listings = client(ListingsItemsV20210801)

    patched = listings.patch_listings_item(
        sim.seller_id, "TEE-M", marketplaceIds=[DE], body={"productType": "PRODUCT", "patches": patches}
    )
    read = listings.get_listings_item(
        sim.seller_id, "TEE-M", marketplaceIds=[DE], includedData=["fulfillmentAvailability"]
    )
    order = sim.buy("TEE-M", 4)
    clock.skip(130)
    orders = client(OrdersV20260101).search_orders(
        lastUpdatedAfter="2020-01-01T00:00:00Z",
        includedData=["FULFILLMENT"],
        fulfilledBy=["MERCHANT"],
        marketplaceIds=[DE],
    )
    stock = client(Inventories).get_inventory_summary_marketplace(details=True, marketplaceIds=[DE])

    assert patched.payload["status"] == "ACCEPTED"
    assert read.payload["fulfillmentAvailability"] == [{"fulfillmentChannelCode": "DEFAULT", "quantity": 9}]
    assert [each["orderId"] for each in orders.payload["orders"]] == [order.id]
    assert orders.payload["orders"][0]["fulfillment"]["fulfillmentStatus"] == "PENDING"
    assert stock.payload["inventorySummaries"] == []
    assert client(Sellers).get_marketplace_participation().payload[0]["storeName"] == sim.name


def test_feeds_and_notifications(sim: AmazonSimulator, client: Any) -> None:
    sim.access.authorise()
    document = client(Feeds).create_feed_document(file=None, content_type="application/json; charset=UTF-8")
    notifications = client(Notifications)

    made = notifications.create_destination("Evenkeel", arn=sim.queue.arn)
    subscription = notifications.create_subscription("ORDER_CHANGE", destination_id=made.payload["destinationId"])

    assert document.payload["feedDocumentId"].startswith("amzn1.tortuga.")
    assert subscription.payload["destinationId"] == made.payload["destinationId"]


def test_refusals_are_understood(sim: AmazonSimulator, client: Any) -> None:
    sim.access.authorise()
    with pytest.raises(SellingApiNotFoundException):
        client(ListingsItemsV20210801).get_listings_item(sim.seller_id, "NONE", marketplaceIds=[DE])
    with pytest.raises(SellingApiForbiddenException):
        client(ListingsItemsV20210801).get_listings_item("SOMEONE", "TEE-M", marketplaceIds=[DE])
    with pytest.raises(AuthorizationError, match="invalid grant"):
        client(Sellers, refresh_token="Atzr|dead").get_marketplace_participation()
