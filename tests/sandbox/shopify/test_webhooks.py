"""Subscriptions, deliveries, their signature, and the subscription that vanishes."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.server import wait_until
from sandbox.shopify import ShopifySimulator
from sandbox.shopify.webhooks import SHOPIFY_DELIVERY, sign
from tests.sandbox.conftest import Receiver
from tests.sandbox.shopify.conftest import Admin

SUBSCRIBE = """mutation($topic: WebhookSubscriptionTopic!, $sent: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $sent) {
    webhookSubscription { id topic uri includeFields apiVersion { handle } } userErrors { field message } } }"""


def subscribed(admin: Admin, topic: str, **sent: Any) -> Any:
    return admin.ask(SUBSCRIBE, topic=topic, sent=sent)["webhookSubscriptionCreate"]


def test_a_sale_is_told_in_rests_words_and_signed(shop: ShopifySimulator, admin: Admin, receiver: Receiver) -> None:
    for topic in ("ORDERS_CREATE", "INVENTORY_LEVELS_UPDATE"):
        assert subscribed(admin, topic, uri=receiver.url)["userErrors"] == []
    order = shop.buy("TEE", quantity=2)
    receiver.wait_for(2)
    by_topic = {each["headers"]["X-Shopify-Topic"]: each for each in receiver.arrived}
    created, level = by_topic["orders/create"], by_topic["inventory_levels/update"]

    assert created["body"]["id"] == order.id
    assert created["body"]["line_items"][0]["fulfillable_quantity"] == 2
    assert (level["body"]["available"], level["body"]["inventory_item_id"]) == (8, shop.variant("TEE").item_id)
    assert created["headers"]["X-Shopify-Hmac-Sha256"] == sign(created["raw"], shop.client_secret)
    assert created["headers"]["X-Shopify-Shop-Domain"] == "north.myshopify.com"
    # One action, two topics: the event is the same, the webhook is not.
    assert created["headers"]["X-Shopify-Event-Id"] == level["headers"]["X-Shopify-Event-Id"]
    assert created["headers"]["X-Shopify-Webhook-Id"] != level["headers"]["X-Shopify-Webhook-Id"]


def test_fields_can_be_left_out_and_a_topic_taken_twice(
    shop: ShopifySimulator, admin: Admin, receiver: Receiver
) -> None:
    fields = ["id", "updated_at"]
    subscribed(admin, "ORDERS_CREATE", uri=receiver.url, includeFields=fields)
    again = subscribed(admin, "ORDERS_CREATE", uri=receiver.url)
    subscribed(admin, "ORDERS_CREATE", uri=f"{receiver.url}?twice")
    shop.buy("TEE")
    receiver.wait_for(2)

    assert again["userErrors"][0]["message"] == "Address for this topic has already been taken"
    assert sorted(len(each["body"]) for each in receiver.arrived)[0] == len(fields)


def test_what_is_refused_is_told_at_callback_url(shop: ShopifySimulator, admin: Admin) -> None:
    shop.options.takes_http_webhooks = False
    shop.options.customer_data_approved = False

    def said(topic: str, uri: str) -> str:
        error = subscribed(admin, topic, uri=uri)["userErrors"][0]
        return f"{error['field'][-1]}: {error['message']}"

    assert said("APP_UNINSTALLED", "http://x.example/") == "callbackUrl: Address protocol http:// is not supported"
    assert said("APP_UNINSTALLED", "") == "callbackUrl: Address can't be blank"
    assert said("ORDERS_CREATE", "https://x.example/").startswith("topic: This app is not approved")
    shop.access.expire()
    with Admin(shop, shop.access.renew(scopes=("read_products",))) as poor:
        assert subscribed(poor, "ORDERS_CREATE", uri="https://x.example/")["userErrors"] != []


def test_eight_failed_tries_delete_the_subscription(shop: ShopifySimulator, receiver: Receiver) -> None:
    receiver.answers = [500] * 9
    shop.subscribe(receiver.url, "ORDERS_CREATE", "ORDERS_UPDATED")
    shop.buy("TEE")
    receiver.wait_for(9)

    assert wait_until(lambda: len(shop.webhooks.subscriptions) == 1, 5)
    assert sum(SHOPIFY_DELIVERY.retry_after) == pytest.approx(4 * 3600)
    assert len({each["headers"]["X-Shopify-Webhook-Id"] for each in receiver.arrived}) == 1
    assert shop.deliveries[-1].state == "gave_up"


def test_topics_and_their_spelling(shop: ShopifySimulator, receiver: Receiver) -> None:
    topics = (
        "ORDERS_EDITED",
        "REFUNDS_CREATE",
        "FULFILLMENT_ORDERS_ORDER_ROUTING_COMPLETE",
        "INVENTORY_ITEMS_UPDATE",
        "INVENTORY_LEVELS_DISCONNECT",
    )
    shop.subscribe(receiver.url, *topics)
    order = shop.buy("TEE", quantity=2)
    shop.edit_line(order.id, order.lines[0].id, 1)
    shop.set_tracked("TEE", tracked=False)
    shop.set_active("TEE", next(iter(shop.shop.locations)), active=False)
    receiver.wait_for(5)
    bodies = {each["headers"]["X-Shopify-Topic"]: each["body"] for each in receiver.arrived}

    assert bodies["orders/edited"]["order_edit"]["line_items"]["removals"] == [{"id": order.lines[0].id, "delta": 1}]
    assert bodies["refunds/create"]["refund_line_items"][0]["restock_type"] == "cancel"
    assert bodies["fulfillment_orders/order_routing_complete"]["fulfillment_order"]["status"] == "open"
    assert bodies["inventory_items/update"]["tracked"] is False
    assert set(bodies["inventory_levels/disconnect"]) == {"inventory_item_id", "location_id"}
