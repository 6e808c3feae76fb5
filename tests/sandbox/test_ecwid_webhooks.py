from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from sandbox.ecwid import EcwidSimulator
from sandbox.ecwid.events import ECWID_DELIVERY, check_webhook_url, sign
from sandbox.ecwid.orders import Wanted
from sandbox.refusals import BadWebhookUrl
from sandbox.server import wait_until
from tests.sandbox.conftest import Api, Receiver


def test_the_signature_has_the_published_check_value() -> None:
    signature = sign(1234567, "80aece08-40e8-4145-8764-6c2f0d38678", "test_client_secret")

    assert signature == "ekmGPQc/IpCwO6woAiM+L8uvY6chew4n6JVQCiDrEVw="


def test_the_schedule_is_27_retries_over_24_hours() -> None:
    waits = ECWID_DELIVERY.retry_after

    assert (len(waits), sum(waits)) == (27, 24 * 3600)
    assert [sum(waits[: count + 1]) / 60 for count in range(5)] == [15, 30, 45, 60, 120]


def test_one_sale_sends_one_order_event_and_one_event_per_product(shop: EcwidSimulator, receiver: Receiver) -> None:
    first = shop.add_product(sku="A", quantity=9).id
    second = shop.add_product(sku="B", quantity=9).id
    shop.set_webhook(receiver.url, "app_secret")
    shop.options.webhook_headers["X-Shop-Key"] = "blue"

    wanted = [Wanted(product_id=first), Wanted(product_id=second), Wanted(product_id=first)]
    order = shop.buy(lines=wanted)
    receiver.wait_for(3)
    assert shop.wait_for_webhooks()

    assert sorted(receiver.types()) == ["order.created", "product.updated", "product.updated"]
    created = next(each for each in receiver.arrived if each["body"]["eventType"] == "order.created")
    body, headers = created["body"], created["headers"]
    assert body["storeId"] == 1003
    assert body["entityId"] == order.internal_id
    assert body["data"] == {
        "orderId": order.id,
        "newPaymentStatus": "PAID",
        "newFulfillmentStatus": "AWAITING_PROCESSING",
    }
    assert created["path"] == "/hook?eventtype=order.created"
    assert headers["Content-Type"] == "application/json; charset=UTF-8"
    assert headers["X-Shop-Key"] == "blue"
    message = f"{body['eventCreated']}.{body['eventId']}".encode()
    expected = base64.b64encode(hmac.new(b"app_secret", message, hashlib.sha256).digest()).decode()
    assert headers["X-Ecwid-Webhook-Signature"] == expected


def test_a_stock_write_by_api_is_announced_too(shop: EcwidSimulator, api: Api, receiver: Receiver) -> None:
    product_id = shop.add_product(sku="A", quantity=9).id
    shop.set_webhook(receiver.url)

    api.put(f"/products/{product_id}/inventory", json={"quantityDelta": -1})
    receiver.wait_for(1)

    [event] = receiver.arrived
    assert (event["body"]["eventType"], event["body"]["entityId"]) == ("product.updated", product_id)
    assert "data" not in event["body"]


def test_order_events_carry_old_and_new_statuses(shop: EcwidSimulator, receiver: Receiver) -> None:
    order = shop.buy(shop.add_product(sku="W", unlimited=True).id)
    shop.set_webhook(receiver.url)

    shop.ship(order.id)
    receiver.wait_for(1)
    shop.delete_order(order.id)
    receiver.wait_for(2)

    assert receiver.arrived[0]["body"]["data"] == {
        "orderId": order.id,
        "oldPaymentStatus": "PAID",
        "newPaymentStatus": "PAID",
        "oldFulfillmentStatus": "AWAITING_PROCESSING",
        "newFulfillmentStatus": "SHIPPED",
    }
    assert receiver.arrived[1]["body"]["eventType"] == "order.deleted"
    assert receiver.arrived[1]["body"]["data"] == {"orderId": order.id}


def test_a_cart_is_unfinished_until_it_is_paid(shop: EcwidSimulator, receiver: Receiver) -> None:
    product_id = shop.add_product(sku="W", unlimited=True).id
    shop.set_webhook(receiver.url)

    order = shop.buy(product_id, payment_status="INCOMPLETE")
    receiver.wait_for(1)
    shop.pay(order.id)
    receiver.wait_for(3)

    assert receiver.types()[0] == "unfinished_order.created"
    # No order is promised between events that follow each other closely.
    assert sorted(receiver.types()[1:]) == ["order.created", "product.updated"]
    assert receiver.arrived[0]["body"]["data"]["cartId"]


@pytest.mark.parametrize("refusal", [500, 302, 203, 208, 404])
def test_other_answers_are_retried_with_the_same_event_id(
    shop: EcwidSimulator, receiver: Receiver, refusal: int
) -> None:
    receiver.answers = [refusal, refusal, 204]
    shop.set_webhook(receiver.url)

    shop.webhooks.send("product.updated", 5)
    receiver.wait_for(3)
    assert shop.wait_for_webhooks()

    [delivery] = shop.deliveries
    assert [each.status for each in delivery.attempts] == [refusal, refusal, 204]
    assert delivery.state == "delivered"
    assert len({each["body"]["eventId"] for each in receiver.arrived}) == 1
    assert {each["path"] for each in receiver.arrived} == {"/hook?eventtype=product.updated"}


def test_it_gives_up_after_27_retries(receiver: Receiver) -> None:
    receiver.answers = [500] * 40
    with EcwidSimulator(webhook_url=receiver.url, time_scale=0) as shop:
        shop.webhooks.send("product.updated", 5)

        assert wait_until(lambda: shop.deliveries[0].state == "gave_up", 5)
        assert len(shop.deliveries[0].attempts) == 28


def test_a_receiver_that_is_away_is_tried_again(shop: EcwidSimulator, receiver: Receiver) -> None:
    shop.set_webhook("http://127.0.0.1:1024/nobody")
    shop.webhooks.send("product.updated", 5)
    assert wait_until(lambda: len(shop.deliveries[0].attempts) > 1, 5)

    shop.deliveries[0].url = receiver.url
    receiver.wait_for(1)

    assert shop.deliveries[0].attempts[0].status is None
    assert shop.deliveries[0].attempts[0].error.startswith("ConnectionRefusedError")


def test_dropped_webhooks_can_be_sent_by_hand(shop: EcwidSimulator, receiver: Receiver) -> None:
    shop.set_webhook(receiver.url)
    shop.faults.set("webhook_drop", next=1)

    dropped = shop.webhooks.send("product.updated", 5)
    shop.webhooks.send("product.updated", 6)
    receiver.wait_for(1)
    assert [each["body"]["entityId"] for each in receiver.arrived] == [6]
    assert dropped.state == "dropped"

    assert shop.redeliver(dropped.id)
    receiver.wait_for(2)
    assert receiver.arrived[1]["body"]["entityId"] == 5


def test_a_duplicate_repeats_the_event_id(shop: EcwidSimulator, receiver: Receiver) -> None:
    shop.set_webhook(receiver.url)
    shop.faults.set("webhook_duplicate", next=1)

    shop.webhooks.send("product.updated", 5)
    receiver.wait_for(2)
    assert shop.wait_for_webhooks()

    assert len(receiver.arrived) == 2
    assert receiver.arrived[0]["raw"] == receiver.arrived[1]["raw"]


def test_a_reordered_webhook_is_overtaken_by_the_next(shop: EcwidSimulator, receiver: Receiver) -> None:
    shop.set_webhook(receiver.url)
    shop.faults.set("webhook_reorder", next=1, seconds=60)

    shop.webhooks.send("product.updated", 1)
    shop.webhooks.send("product.updated", 2)
    receiver.wait_for(2)

    assert [each["body"]["entityId"] for each in receiver.arrived] == [2, 1]


def test_a_delayed_webhook_is_logged_as_waiting(shop: EcwidSimulator, receiver: Receiver) -> None:
    shop.set_webhook(receiver.url)
    shop.faults.set("webhook_delay", next=1, seconds=600)

    delayed = shop.webhooks.send("product.updated", 1)
    shop.webhooks.send("product.updated", 2)
    receiver.wait_for(1)

    assert [each["body"]["entityId"] for each in receiver.arrived] == [2]
    assert delayed.state == "pending"
    assert delayed.next_attempt_at is not None
    assert round(delayed.next_attempt_at - delayed.created_at) == 600


def test_events_outside_the_app_scopes_are_not_sent(receiver: Receiver) -> None:
    with EcwidSimulator(app_scopes=("read_orders",), webhook_url=receiver.url) as shop:
        shop.buy(shop.add_product(sku="A", quantity=9).id)
        receiver.wait_for(1)
        assert shop.wait_for_webhooks()

    assert receiver.types() == ["order.created"]


def test_installing_and_uninstalling_send_the_store_id_as_text(
    shop: EcwidSimulator, api: Api, receiver: Receiver
) -> None:
    shop.set_webhook(receiver.url)

    shop.uninstall()
    receiver.wait_for(1)
    dead = api.get("/profile").status_code
    api.headers["Authorization"] = f"Bearer {shop.install()}"
    receiver.wait_for(2)

    assert receiver.types() == ["application.uninstalled", "application.installed"]
    assert [each["body"]["entityId"] for each in receiver.arrived] == ["1003", "1003"]
    assert (dead, api.get("/profile").status_code) == (403, 200)


@pytest.mark.parametrize("url", ["ftp://example.com/x", "example.com/x", "http://example.com:81/x", "http://a:b/x"])
def test_addresses_that_ecwid_does_not_take_are_refused(url: str) -> None:
    with pytest.raises(BadWebhookUrl):
        check_webhook_url(url)
