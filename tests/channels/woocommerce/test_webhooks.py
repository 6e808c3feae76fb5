"""Webhooks: their envelope and signature, the events, what is kept of them, and the subscriptions behind them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from channels.contract import BadPayload, BadSignature, Delivery, EventKind
from channels.platforms.woocommerce import webhooks
from channels.platforms.woocommerce.platform import WooCommercePlatform
from channels.platforms.woocommerce.subscriptions import new_secret
from channels.platforms.woocommerce.webhooks import TOPICS
from sandbox.woocommerce import WooCommerceSimulator
from tests.channels.woocommerce.conftest import WEBHOOK_SECRET, Opener

HOOK = "https://evenkeel.example.com/webhooks/woocommerce/5f1b0c1e-6d1f-4c7e-8a53-3d1d1f6f2a10/"
BODY = b'{"id":44,"status":"processing","parent_id":0}'


def headers(topic: str = "order.updated", **fields: str) -> dict[str, str]:
    digest = hmac.new(WEBHOOK_SECRET.encode(), BODY, hashlib.sha256).digest()
    return {
        "Content-Type": "application/json",
        "X-WC-Webhook-Source": "https://Shop.example.com/store/",
        "X-WC-Webhook-Topic": topic,
        "X-WC-Webhook-Signature": base64.b64encode(digest).decode(),
        "X-WC-Webhook-ID": "3",
        "X-WC-Webhook-Delivery-ID": "5c3d7b1f",
        **fields,
    }


def test_the_envelope_names_the_store_by_its_own_address() -> None:
    delivery = webhooks.read_delivery(headers(), BODY)

    assert (delivery.topic, delivery.account_ref, delivery.is_ping) == (
        "order.updated",
        "shop.example.com/store",
        False,
    )


def test_an_id_that_the_store_gives_twice_still_tells_two_deliveries_apart() -> None:
    """Five products written in one second gave five deliveries with one id."""

    def identity(body: bytes, **fields: str) -> str:
        return webhooks.read_delivery(headers(**fields), body).delivery_id

    ids = {
        identity(BODY),
        identity(BODY.replace(b"44", b"45")),
        identity(BODY, **{"X-WC-Webhook-ID": "4"}),
        identity(BODY, **{"X-WC-Webhook-Delivery-ID": "6c3d7b1f"}),
    }

    assert len(ids) == 4
    assert identity(BODY) in ids  # a repetition is known again


def test_a_ping_asks_for_no_signature() -> None:
    sent = {"Content-Type": "application/x-www-form-urlencoded"}

    assert webhooks.read_delivery(sent, b"webhook_id=12") == Delivery(
        delivery_id="ping", topic="ping", account_ref="", is_ping=True
    )


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        ({}, b"webhook_id=12&more=1"),
        ({"X-WC-Webhook-Topic": ""}, BODY),
        ({"X-WC-Webhook-Topic": "order.updated"}, b"<html>"),
        ({"X-WC-Webhook-Topic": "order.updated"}, b"[]"),
        ({}, b""),
    ],
)
def test_what_is_no_webhook_is_refused(fields: dict[str, str], body: bytes) -> None:
    with pytest.raises(BadPayload):
        webhooks.read_delivery(fields, body)


@pytest.mark.parametrize(
    ("sent", "body", "secret"),
    [
        (headers(), BODY + b" ", WEBHOOK_SECRET),
        (headers(), BODY, "b" * 48),
        (headers(), BODY, ""),
        (headers(**{"X-WC-Webhook-Signature": "é"}), BODY, WEBHOOK_SECRET),
        ({}, BODY, WEBHOOK_SECRET),
    ],
)
def test_a_signature_of_another_app_is_refused(sent: dict[str, str], body: bytes, secret: str) -> None:
    webhooks.check_signature(headers(), BODY, WEBHOOK_SECRET)

    with pytest.raises(BadSignature):
        webhooks.check_signature(sent, body, secret)


@pytest.mark.parametrize(
    ("topic", "body", "kind", "ref"),
    [
        ("order.created", {"id": 44}, EventKind.ORDER, "44"),
        ("order.restored", {"id": 44}, EventKind.ORDER, "44"),
        ("order.deleted", {"id": 44}, EventKind.ORDER_DELETED, "44"),
        ("product.updated", {"id": 14, "parent_id": 0}, EventKind.PRODUCT, "14"),
        # A variation arrives under its own id.
        ("product.updated", {"id": 33, "parent_id": 26, "type": "variation"}, EventKind.PRODUCT, "26"),
        ("product.deleted", {"id": 14}, EventKind.PRODUCT_DELETED, "14"),
        ("product.restored", {"id": 14}, EventKind.PRODUCT_DELETED, "14"),
        ("coupon.updated", {"id": 1}, EventKind.OTHER, ""),
        ("action.woocommerce_thankyou", {"arg": 1}, EventKind.OTHER, ""),
        # Gone before it was sent, or the key's user has lost the right to see it.
        (
            "order.updated",
            {"code": "woocommerce_rest_shop_order_invalid_id", "message": "Invalid ID.", "data": {"status": 404}},
            EventKind.OTHER,
            "",
        ),
    ],
)
def test_each_topic_hints_at_something(topic: str, body: dict[str, Any], kind: EventKind, ref: str) -> None:
    kept = webhooks.kept_body(json.dumps(body).encode())

    [event] = webhooks.parse_events(topic, kept)

    assert (event.kind, event.ref) == (kind, ref)


def test_an_event_that_names_nothing_is_refused() -> None:
    with pytest.raises(BadPayload):
        webhooks.parse_events("order.created", b'{"id":"44"}')


def test_of_a_body_nothing_of_the_buyer_is_kept(shop: WooCommerceSimulator, platform: WooCommercePlatform) -> None:
    shop.add_product(name="Mug", sku="MUG", quantity=5)
    platform.check_subscriptions(webhook_url=HOOK, last_event_at=None)
    shop.buy(sku="MUG", buyer="Aoife Byrne", email="aoife@example.com")
    shop.webhooks.run_queue()
    shop.wait_for_webhooks()
    [body] = [each.body for each in shop.deliveries if each.event_type == "order.created"]

    kept = platform.kept_body("order.created", body.encode())

    assert "Aoife" in body
    assert set(json.loads(kept)) == {"id", "parent_id", "status", "date_modified_gmt"}


# Subscriptions


def topics(shop: WooCommerceSimulator) -> list[tuple[str, str, str]]:
    return [(each.topic, each.status, each.delivery_url) for each in shop.webhooks.all()]


def test_webhooks_are_made_once_with_a_secret_of_ours(
    shop: WooCommerceSimulator, platform: WooCommercePlatform
) -> None:
    first = platform.check_subscriptions(webhook_url=HOOK, last_event_at=None)
    second = platform.check_subscriptions(webhook_url=HOOK, last_event_at=None)

    assert topics(shop) == [(topic, "active", HOOK) for topic in TOPICS]
    assert {each.secret for each in shop.webhooks.all()} == {WEBHOOK_SECRET}
    assert (first.is_healthy, second.is_healthy) == (True, True)
    assert first.sentences == (f"Webhooks were made in the store for {', '.join(TOPICS)}.",)
    assert second.sentences == ("All webhooks are there and switched on.",)


def test_a_webhook_that_was_switched_off_is_revived_and_reported(
    shop: WooCommerceSimulator, platform: WooCommercePlatform
) -> None:
    platform.check_subscriptions(webhook_url=HOOK, last_event_at=None)
    shop.webhooks.all()[1].status = "disabled"

    report = platform.check_subscriptions(webhook_url=HOOK, last_event_at=datetime.now(UTC))

    assert not report.is_healthy
    assert "switched off its webhooks for order.updated after failures in a row" in report.sentences[0]
    assert {each.status for each in shop.webhooks.all()} == {"active"}


def test_webhooks_of_an_old_address_or_secret_are_mended_and_repeated_ones_deleted(
    shop: WooCommerceSimulator, platform: WooCommercePlatform, open_platform: Opener
) -> None:
    platform.check_subscriptions(webhook_url=HOOK.replace("evenkeel.", "old."), last_event_at=None)
    shop.webhooks.create({"topic": "order.updated", "delivery_url": HOOK, "name": "Made by hand"})
    shop.webhooks.create(
        {"topic": "order.updated", "delivery_url": "https://other.example.com/", "name": "Another app"}
    )
    anew = open_platform(shop, credentials={"webhook_secret": "c" * 48})

    anew.check_subscriptions(webhook_url=HOOK, last_event_at=None)
    again = anew.check_subscriptions(webhook_url=HOOK, last_event_at=None)

    ours = [each for each in shop.webhooks.all() if each.delivery_url == HOOK]
    assert sorted(each.topic for each in ours) == sorted(TOPICS)
    assert {each.secret for each in ours} == {"c" * 48}
    assert [each.name for each in shop.webhooks.all() if each.delivery_url != HOOK] == ["Another app"]
    assert again.sentences == ("All webhooks are there and switched on.",)


def test_a_port_that_wordpress_does_not_call_is_named_until_something_arrives(
    shop: WooCommerceSimulator, platform: WooCommercePlatform
) -> None:
    local = "http://localhost:8000/webhooks/woocommerce/5f1b0c1e-6d1f-4c7e-8a53-3d1d1f6f2a10/"
    platform.check_subscriptions(webhook_url=local, last_event_at=None)

    silent = platform.check_subscriptions(webhook_url=local, last_event_at=None)
    heard = platform.check_subscriptions(webhook_url=local, last_event_at=datetime.now(UTC))

    assert (silent.is_healthy, heard.is_healthy) == (False, True)
    assert "this address has 8000" in silent.sentences[0]


def test_a_secret_survives_what_wordpress_does_to_it_and_a_reconnect() -> None:
    first = WooCommercePlatform.completed({"consumer_key": "ck_1"}, {})

    assert first["webhook_secret"].isalnum()
    assert len(first["webhook_secret"]) == len(new_secret()) == 48
    assert WooCommercePlatform.completed({"consumer_key": "ck_2"}, first)["webhook_secret"] == first["webhook_secret"]
