"""Webhooks of the simulated store: built when sent, signed, never tried again, given up after failures in a row."""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from sandbox.server import wait_until
from sandbox.woocommerce import WooCommerceSimulator
from sandbox.woocommerce.errors import WpError
from sandbox.woocommerce.webhooks import sign


@dataclass
class Receiver:
    """Keeps what arrives: (topic, body, headers). ``answers`` are used up one by one; then 200."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    arrived: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)

    def topics(self) -> list[str]:
        return [topic for topic, _, _ in self.arrived if topic]

    def pings(self) -> list[bytes]:
        return [body for topic, body, _ in self.arrived if not topic]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.arrived.append((self.headers.get("X-WC-Webhook-Topic", ""), body, dict(self.headers.items())))
            is_ping = body.startswith(b"webhook_id=")
            self.send_response(200 if is_ping or not receiver.answers else receiver.answers.pop(0))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield receiver
    server.shutdown()
    server.server_close()


@pytest.fixture
def shop() -> Iterator[WooCommerceSimulator]:
    with WooCommerceSimulator(name="Corner", home="http://shop.example.com") as simulator:
        yield simulator


Subscribe = Callable[..., Any]


@pytest.fixture
def subscribe(shop: WooCommerceSimulator, receiver: Receiver) -> Subscribe:
    """Make webhooks for topics and wait for their pings."""

    def make(*topics: str) -> Any:
        made = [
            shop.webhooks.create({"topic": topic, "delivery_url": receiver.url, "secret": "s3"}) for topic in topics
        ]
        assert wait_until(lambda: len(receiver.pings()) >= len(topics), 5)
        return made[0]

    return make


def test_a_ping_is_a_form_without_signature(subscribe: Subscribe, receiver: Receiver) -> None:
    webhook = subscribe("order.created")

    [(_, body, headers)] = receiver.arrived
    assert body == f"webhook_id={webhook.id}".encode()
    assert "X-WC-Webhook-Signature" not in headers
    assert wait_until(lambda: not webhook.awaits_ping, 5)


def test_a_delivery_is_signed_over_its_body_and_names_the_store(
    shop: WooCommerceSimulator, subscribe: Subscribe, receiver: Receiver
) -> None:
    webhook = subscribe("order.created")
    order = shop.buy(shop.add_product(name="Mug", quantity=5).id)

    assert wait_until(lambda: receiver.topics() == ["order.created"], 5)

    _, body, headers = receiver.arrived[-1]
    expected = base64.b64encode(hmac.new(b"s3", body, hashlib.sha256).digest()).decode()
    assert headers["X-WC-Webhook-Signature"] == expected
    assert headers["X-WC-Webhook-Source"] == "http://shop.example.com/"
    assert headers["X-WC-Webhook-ID"] == str(webhook.id)
    assert f'"id":{order.id}' in body.decode()
    assert r"http:\/\/shop.example.com" in body.decode()
    assert sign("{}", "a&amp;b") == sign("{}", "a&b")


def test_changes_before_the_queue_runs_are_one_delivery_of_the_last_state(
    shop: WooCommerceSimulator, subscribe: Subscribe, receiver: Receiver
) -> None:
    shop.options.cron_seconds = 3600
    subscribe("order.created", "order.updated")
    order = shop.buy(shop.add_product(name="Mug", quantity=5).id)
    shop.set_status(order.id, "completed")
    shop.set_status(order.id, "cancelled")
    gone = shop.buy(shop.add_product(name="Lamp", quantity=5).id)
    shop.trash_order(gone.id, force=True)

    assert shop.webhooks.run_queue() == 4
    assert shop.wait_for_webhooks()

    assert sorted(receiver.topics()) == ["order.created", "order.created", "order.updated", "order.updated"]
    bodies = [body.decode() for topic, body, _ in receiver.arrived if topic]
    assert sum('"status":"cancelled"' in body for body in bodies) == 2
    assert sum("woocommerce_rest_shop_order_invalid_id" in body for body in bodies) == 2


def test_the_id_of_deliveries_in_one_second_is_the_same(
    shop: WooCommerceSimulator, subscribe: Subscribe, receiver: Receiver
) -> None:
    shop.options.clock = lambda: 1_800_000_000.0
    subscribe("product.updated")
    for number in range(3):
        shop.set_quantity(shop.add_product(name=f"P{number}", quantity=5).id, quantity=number)

    assert wait_until(lambda: len(receiver.topics()) == 3, 5)

    assert len({headers["X-WC-Webhook-Delivery-ID"] for topic, _, headers in receiver.arrived if topic}) == 1


def test_the_trash_is_told_and_deleting_for_good_is_not(
    shop: WooCommerceSimulator, subscribe: Subscribe, receiver: Receiver
) -> None:
    subscribe("order.deleted", "product.deleted")
    mug = shop.add_product(name="Mug", quantity=5)
    order, other = shop.buy(mug.id), shop.buy(mug.id)

    shop.trash_order(other.id, force=True)
    shop.trash_order(order.id)
    shop.trash_product(shop.add_product(name="Lamp").id, force=True)
    assert wait_until(lambda: len(receiver.topics()) == 1, 5)
    assert shop.wait_for_webhooks()

    assert receiver.topics() == ["order.deleted"]
    assert receiver.arrived[-1][1] == f'{{"id":{order.id}}}'.encode()
    assert shop.quantity(mug.id) == 3


def test_failures_are_not_tried_again_and_the_seventh_in_a_row_ends_it(
    shop: WooCommerceSimulator, subscribe: Subscribe, receiver: Receiver
) -> None:
    webhook = subscribe("order.created")
    mug = shop.add_product(name="Mug", quantity=50)
    # A redirect counts as delivered and starts the count anew.
    receiver.answers = [500, 302, *([500] * 6)]
    for _ in range(8):
        shop.buy(mug.id)
        assert shop.wait_for_webhooks()
    before = webhook.status
    receiver.answers = [404]
    shop.buy(mug.id)
    assert shop.wait_for_webhooks()

    assert (before, webhook.status) == ("active", "disabled")
    assert len(receiver.topics()) == 9
    shop.buy(mug.id)
    assert shop.wait_for_webhooks()
    assert len(receiver.topics()) == 9

    # Revived, it ends with its first failure: the count was kept.
    shop.webhooks.update(webhook, {"status": "active"})
    receiver.answers = [500]
    shop.buy(mug.id)
    assert shop.wait_for_webhooks()
    assert (webhook.status, len(receiver.topics())) == ("disabled", 10)


def test_private_addresses_are_refused_as_wordpress_refuses_them(
    shop: WooCommerceSimulator, subscribe: Subscribe, receiver: Receiver
) -> None:
    webhook = subscribe("order.created")
    shop.options.refuses_private_addresses = True

    shop.buy(shop.add_product(name="Mug", quantity=50).id)
    assert shop.wait_for_webhooks()

    assert receiver.topics() == []
    assert webhook.failures == 1
    assert [each.state for each in shop.deliveries if each.event_type != "ping"] == ["unsent"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"topic": "order.shipped", "delivery_url": "https://x"}, "woocommerce_rest_shop_webhook_invalid_topic"),
        ({"topic": "order.created", "delivery_url": "x"}, "woocommerce_rest_shop_webhook_invalid_delivery_url"),
        ({"topic": "order.created", "delivery_url": "https://x", "status": "on"}, "rest_invalid_param"),
    ],
)
def test_a_bad_webhook_is_refused(shop: WooCommerceSimulator, body: dict[str, str], code: str) -> None:
    with pytest.raises(WpError) as error:
        shop.webhooks.create(body)

    assert (error.value.status, error.value.code) == (400, code)
    assert shop.webhooks.all() == []
