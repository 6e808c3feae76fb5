from __future__ import annotations

from typing import Any

import requests

from sandbox.ecwid import EcwidSimulator
from tests.sandbox.conftest import Api, Receiver


def control(shop: EcwidSimulator, method: str, path: str, body: Any = None) -> requests.Response:
    return requests.request(method, f"{shop.url}/_control/{path}", json=body, timeout=5)


def test_an_order_can_be_led_through_its_life(shop: EcwidSimulator, tee: tuple[int, int, int]) -> None:
    order = control(shop, "POST", "buy", {"sku": "TEE-S", "quantity": 2}).json()["order"]
    path = f"orders/{order['id']}"

    shipped = control(shop, "POST", f"{path}/ship").json()["order"]
    edited = control(shop, "POST", f"{path}/lines/{order['items'][0]['id']}", {"quantity": 1}).json()["order"]
    stock_after_edit = shop.quantity_of("TEE-S")
    partly = control(shop, "POST", f"{path}/refund", {"amount": 2.5}).json()["order"]
    cancelled = control(shop, "POST", f"{path}/cancel").json()["order"]

    assert shipped["fulfillmentStatus"] == "SHIPPED"
    assert edited["items"][0]["quantity"] == 1
    assert stock_after_edit == 1
    assert partly["paymentStatus"] == "PARTIALLY_REFUNDED"
    assert cancelled["paymentStatus"] == "CANCELLED"
    assert shop.quantity_of("TEE-S") == 2
    assert control(shop, "DELETE", path).json() == {"ok": True}
    assert control(shop, "GET", path).status_code == 404


def test_stock_can_be_edited_by_hand(shop: EcwidSimulator, tee: tuple[int, int, int]) -> None:
    assert control(shop, "POST", "quantity", {"sku": "TEE-M", "quantity": 12}).json() == {"quantity": 12}
    assert control(shop, "POST", "unlimited", {"product_id": tee[0], "unlimited": True}).json() == {"quantity": None}
    new_id = control(shop, "POST", "recreate-variation", {"sku": "TEE-S"}).json()["combination_id"]
    assert shop.quantity(tee[0], new_id) == 3


def test_faults_are_set_all_or_none(shop: EcwidSimulator) -> None:
    refused = control(shop, "POST", "faults", {"html": {"next": 1}, "gremlins": {"next": 1}})
    unchanged = shop.faults.get("html").next
    answer = control(shop, "POST", "faults", {"html": {"next": 1}, "slow": {"probability": 0.5, "seconds": 2}})

    assert (refused.status_code, unchanged) == (404, 0)
    assert answer.json()["faults"]["html"] == {"next": 1, "probability": 0.0, "seconds": 0.0, "struck": 0}
    assert answer.json()["faults"]["slow"]["seconds"] == 2.0
    assert control(shop, "DELETE", "faults").json()["faults"]["html"]["next"] == 0


def test_webhooks_can_be_pointed_forged_and_sent_again(shop: EcwidSimulator, receiver: Receiver) -> None:
    assert control(shop, "POST", "webhook", {"url": "http://example.com:7/"}).status_code == 400
    control(shop, "POST", "webhook", {"url": receiver.url, "client_secret": "other"})

    sent = {"eventType": "moon.risen", "entityId": 7, "storeId": 999, "signature": "none"}
    control(shop, "POST", "webhooks/send", sent)
    receiver.wait_for(1)
    assert shop.wait_for_webhooks()
    [entry] = control(shop, "GET", "webhooks").json()["deliveries"]
    control(shop, "POST", f"webhooks/{entry['id']}/redeliver")
    receiver.wait_for(2)

    assert receiver.arrived[0]["body"]["storeId"] == 999
    assert "X-Ecwid-Webhook-Signature" not in receiver.arrived[0]["headers"]
    assert (entry["state"], entry["attempts"][0]["status"]) == ("delivered", 200)
    assert control(shop, "POST", "webhooks/99/redeliver").status_code == 404


def test_tokens_and_limits(shop: EcwidSimulator, api: Api) -> None:
    control(shop, "POST", "token/expire")
    dead = api.get("/profile").status_code
    token = control(shop, "POST", "token/renew", {"scopes": ["read_store_profile"]}).json()["token"]
    api.headers["Authorization"] = f"Bearer {token}"
    control(shop, "POST", "rate-limit", {"calls": 1})

    assert [dead, api.get("/profile").status_code, api.get("/profile").status_code] == [403, 200, 429]
    assert [each["status"] for each in control(shop, "GET", "requests").json()["requests"]] == [403, 200, 429]


def test_bad_control_calls_are_refused(shop: EcwidSimulator, tee: tuple[int, int, int]) -> None:
    assert control(shop, "POST", "buy", {"sku": "TEE-M"}).status_code == 409
    assert control(shop, "POST", "buy", {"sku": "NOPE"}).status_code == 404
    assert control(shop, "POST", "buy", {"sku": "TEE-S", "quantity": "2"}).status_code == 400
    assert control(shop, "POST", "quantity", {"sku": "TEE-S"}).status_code == 400
    assert control(shop, "POST", "buy", [1]).status_code == 400
    assert control(shop, "GET", "nothing").status_code == 404
    assert shop.quantity_of("TEE-S") == 3
