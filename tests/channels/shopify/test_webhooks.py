"""Webhooks: the envelope, the signature, what they hint at; subscriptions that are made, checked and made again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from channels.contract import BadPayload, BadSignature, ChannelEvent, EventKind, SubscriptionReport
from channels.platforms.shopify import webhooks
from channels.platforms.shopify.platform import ShopifyPlatform
from channels.platforms.shopify.subscriptions import TOPICS
from sandbox.shopify import ShopifySimulator
from tests.channels.shopify.conftest import DOMAIN, SECRET

URL = "https://stock.example.com/webhooks/shopify/"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("topic", "body", "kind", "ref"),
    [
        ("orders/create", {"id": 820982911946154508}, EventKind.ORDER, "820982911946154508"),
        ("orders/updated", {"id": 5551, "updated_at": "2026-11-20T10:12:33+01:00"}, EventKind.ORDER, "5551"),
        (
            "orders/edited",
            {"order_edit": {"id": 1, "order_id": 5551, "line_items": {"additions": [], "removals": []}}},
            EventKind.ORDER,
            "5551",
        ),
        ("orders/delete", {"id": 5551}, EventKind.ORDER_DELETED, "5551"),
        ("refunds/create", {"id": 890, "order_id": 5551, "refund_line_items": []}, EventKind.ORDER, "5551"),
        ("fulfillments/create", {"id": 12, "order_id": 5551, "status": "success"}, EventKind.ORDER, "5551"),
        (
            "fulfillment_orders/order_routing_complete",
            {"fulfillment_order": {"id": "gid://shopify/FulfillmentOrder/77", "status": "open"}},
            EventKind.ORDER,
            "fo77",
        ),
        (
            "inventory_levels/update",
            {"inventory_item_id": 53, "location_id": 7, "available": None, "updated_at": "2026-11-20T10:12:33+01:00"},
            EventKind.PRODUCT,
            "53",
        ),
        ("inventory_levels/disconnect", {"inventory_item_id": 53, "location_id": 7}, EventKind.PRODUCT, "53"),
        ("inventory_items/delete", {"id": 53}, EventKind.PRODUCT_DELETED, "53"),
        ("app/uninstalled", {"id": 1, "domain": DOMAIN}, EventKind.DISCONNECTED, ""),
        ("app/scopes_update", {"previous": []}, EventKind.OTHER, ""),
        ("products/update", {"id": 79}, EventKind.OTHER, ""),
    ],
)
def test_what_each_topic_hints_at(topic: str, body: dict[str, Any], kind: EventKind, ref: str) -> None:
    assert webhooks.parse_events(topic, json.dumps(body).encode()) == [
        ChannelEvent(kind=kind, ref=ref, description=topic)
    ]


@pytest.mark.parametrize("body", [b"{}", b'{"id": true}', b'{"id": "5551; drop"}', b"[1]", b"\xff", b"{"])
def test_a_body_that_names_nothing_is_refused(body: bytes) -> None:
    with pytest.raises(BadPayload):
        webhooks.parse_events("orders/create", body)


def test_the_envelope_stands_in_the_headers_whatever_their_case() -> None:
    headers = {"X-Shopify-Webhook-ID": "w1", "x-shopify-topic": "orders/create", "X-Shopify-Shop-Domain": DOMAIN}

    delivery = webhooks.read_delivery(headers, b"not even JSON")

    assert (delivery.delivery_id, delivery.topic, delivery.account_ref) == ("w1", "orders/create", DOMAIN)
    with pytest.raises(BadPayload):
        webhooks.read_delivery({"x-shopify-topic": "orders/create"}, b"{}")
    with pytest.raises(BadPayload):
        webhooks.read_delivery({**headers, "X-Shopify-Webhook-ID": "w" * 300}, b"{}")


def test_the_signature_covers_the_raw_body() -> None:
    body = b'{"id":1}'
    good = {"X-Shopify-Hmac-Sha256": webhooks.signature(body, SECRET)}

    webhooks.check_signature(good, body, SECRET)
    for headers, raw, secret in (
        (good, b'{"id": 1}', SECRET),
        (good, body, "another app's secret"),
        (good, body, ""),
        ({"X-Shopify-Hmac-Sha256": "é"}, body, SECRET),
        ({}, body, SECRET),
    ):
        with pytest.raises(BadSignature):
            webhooks.check_signature(headers, raw, secret)


def checked(platform: ShopifyPlatform, *, before: bool = True, url: str = URL) -> SubscriptionReport:
    return platform.check_subscriptions(webhook_url=url, last_event_at=NOW if before else None)


def topics(shop: ShopifySimulator, url: str = URL) -> list[str]:
    return sorted(each.topic for each in shop.webhooks.subscriptions.values() if each.uri == url)


def test_subscriptions_are_made_once_and_carry_nothing_of_the_buyer(
    shop: ShopifySimulator, platform: ShopifyPlatform
) -> None:
    shop.faults.set("webhook_drop", probability=1)
    first = checked(platform, before=False)
    second = checked(platform)
    shop.add_product(sku="TEE", quantity=5)
    shop.buy("TEE", buyer="Aoife Byrne", email="aoife.byrne@example.com")

    assert first == SubscriptionReport(is_healthy=True, sentences=("Webhooks are subscribed: 18 topics.",))
    assert second == SubscriptionReport(is_healthy=True, sentences=("Webhooks are subscribed.",))
    assert topics(shop) == sorted(TOPICS)
    assert not [each.body for each in shop.deliveries if "yrne" in each.body]


def test_what_shopify_deleted_is_made_again_and_told(shop: ShopifySimulator, platform: ShopifyPlatform) -> None:
    checked(platform, before=False)
    shop.webhooks.subscriptions = {
        number: each for number, each in shop.webhooks.subscriptions.items() if not each.topic.startswith("ORDERS_C")
    }
    double = shop.webhooks.subscriptions[next(iter(shop.webhooks.subscriptions))]
    shop.webhooks.subscriptions[1] = double
    shop.subscribe("https://other.example.com/", "ORDERS_CREATE")

    report = checked(platform)

    assert report.is_healthy
    assert topics(shop, "https://other.example.com/") == ["ORDERS_CREATE"]
    assert report.sentences[0].startswith("2 webhook subscriptions had gone and were made again (orders create,")
    assert topics(shop) == sorted(TOPICS)


def test_refused_topics_are_told_with_shopifys_words(shop: ShopifySimulator, platform: ShopifyPlatform) -> None:
    shop.options.customer_data_approved = False
    shop.options.takes_http_webhooks = False

    unapproved = checked(platform, before=False)
    insecure = checked(platform, before=False, url="http://localhost:8000/webhooks/")

    assert not unapproved.is_healthy
    assert "This app is not approved to subscribe" in unapproved.sentences[0]
    assert unapproved.sentences[0].startswith("Shopify refuses webhooks for orders create, orders updated,")
    assert "Until then orders are polled." in unapproved.sentences
    assert "INVENTORY_LEVELS_UPDATE" in topics(shop)
    assert any("public https:// addresses only" in sentence for sentence in insecure.sentences)
    assert topics(shop, "http://localhost:8000/webhooks/") == []


def test_a_version_that_was_retired_is_told(shop: ShopifySimulator, platform: ShopifyPlatform) -> None:
    shop.options.versions = ("2027-01", "2027-04")
    shop.options.unreleased = ()

    report = checked(platform, before=False)

    assert not report.is_healthy
    assert "version 2027-01" in report.sentences[-1]
    assert "update Evenkeel" in report.sentences[-1]
