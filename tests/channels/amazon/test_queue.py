"""The SQS queue: against a server of SQS's own protocol (moto), and through the core's inbox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from unittest.mock import Mock

import boto3
import pytest
from moto.server import ThreadedMotoServer

from channels import inbox
from channels.contract import BadPayload, BadSignature, EventKind, Rejected, Unreachable
from channels.models import Channel, InboundEvent
from channels.platforms.amazon import notifications, queue
from channels.platforms.amazon.platform import AmazonPlatform
from sandbox.amazon import AmazonSimulator
from tests.amazon_models import load, needs_models
from tests.channels.amazon.world import Account, connect_account

SELLER = "A3TH9S8BH6GOGM"


# What messages say --------------------------------------------------------------------------------------------------


def message(kind: str, payload: dict[str, Any], *, notification: str = "n-1", seller: str = SELLER) -> dict[str, Any]:
    """Return a notification as Amazon documents it."""
    return {
        "NotificationVersion": "1.0",
        "NotificationType": kind,
        "PayloadVersion": "1.0",
        "EventTime": "2026-11-21T09:00:00Z",
        "Payload": {"SellerId": seller, **payload},
        "NotificationMetadata": {
            "ApplicationId": "app",
            "SubscriptionId": "sub",
            "PublishTime": "2026-11-21T09:00:00Z",
            "NotificationId": notification,
        },
    }


def order_change(ref: str = "303-1234567-1234567", by: str = "MFN", **more: Any) -> dict[str, Any]:
    change = {
        "NotificationLevel": "OrderLevel",
        "SellerId": SELLER,
        "AmazonOrderId": ref,
        "OrderChangeType": "OrderStatusChange",
        "Summary": {
            "OrderStatus": "Pending",
            "FulfillmentType": by,
            "DestinationPostalCode": "48110",
            "OrderItems": [],
        },
    }
    found = message("ORDER_CHANGE", {"OrderChangeNotification": change}, **more)
    del found["Payload"]["SellerId"]
    return found


def bridged(inner: Any) -> dict[str, Any]:
    """Return a message as the target of an EventBridge rule gets it."""
    kind = "LISTINGS_ITEM_MFN_QUANTITY_CHANGE"
    return {"version": "0", "id": "eb-1", "detail-type": kind, "source": "aws.partner/x", "detail": inner}


QUANTITY = {"FulfillmentChannelCode": "DEFAULT", "Sku": "TEE", "Quantity": 99}
STATUS = message("LISTINGS_ITEM_STATUS_CHANGE", {"Sku": "TEE", "Status": ["DELETED"]})


@pytest.mark.parametrize(
    ("body", "kind", "ref"),
    [
        (order_change(), EventKind.ORDER, "303-1234567-1234567"),
        (order_change(by="AFN"), EventKind.OTHER, ""),
        (message("LISTINGS_ITEM_MFN_QUANTITY_CHANGE", QUANTITY), EventKind.PRODUCT, "TEE"),
        (bridged(message("LISTINGS_ITEM_MFN_QUANTITY_CHANGE", QUANTITY)), EventKind.PRODUCT, "TEE"),
        (bridged({"SellerId": SELLER, **QUANTITY}), EventKind.PRODUCT, "TEE"),
        (STATUS, EventKind.PRODUCT_DELETED, "TEE"),
        (message("LISTINGS_ITEM_ISSUES_CHANGE", {"Sku": "TEE"}), EventKind.PRODUCT, "TEE"),
        (message("FBA_INVENTORY_AVAILABILITY_CHANGES", {"SKU": "LAMP"}), EventKind.HELD_STOCK, "LAMP"),
        (message("SOMETHING_NEW", {}), EventKind.OTHER, ""),
        (message("LISTINGS_ITEM_MFN_QUANTITY_CHANGE", QUANTITY, seller="A2OTHER"), EventKind.OTHER, ""),
    ],
)
def test_what_each_notification_hints_at(body: dict[str, Any], kind: EventKind, ref: str) -> None:
    [event] = notifications.parse_events(json.dumps(body).encode(), SELLER)

    assert (event.kind, event.ref) == (kind, ref)


@pytest.mark.parametrize(
    "body",
    [
        b"[",
        b"{}",
        b"\xff",
        b"<html>",
        json.dumps(message("ORDER_CHANGE", {})).encode(),
        json.dumps(bridged({})).encode(),
    ],
)
def test_what_can_not_be_read_is_refused_but_kept(body: bytes) -> None:
    with pytest.raises(BadPayload):
        notifications.parse_events(body, SELLER)

    kept = notifications.message_of("handle", "m-1", body.decode(errors="replace"))
    assert (kept.handle, bool(kept.delivery_id)) == ("handle", True)


def test_where_an_order_goes_is_not_kept() -> None:
    kept = notifications.message_of("handle", "m-1", json.dumps(order_change()))

    assert b"48110" not in kept.body
    assert (kept.delivery_id, kept.topic, kept.account_ref) == ("n-1", "ORDER_CHANGE", SELLER)


@needs_models
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("OrderChangeNotification", EventKind.ORDER),
        ("ListingsItemMfnQuantityChange", EventKind.PRODUCT),
        ("ListingsItemStatusChangeNotification", EventKind.PRODUCT),
        ("ListingsItemIssuesChangeNotification_2023-12-13", EventKind.PRODUCT),
        ("FeedProcessingFinishedNotification", EventKind.OTHER),
        ("ReportProcessingFinishedNotification", EventKind.OTHER),
    ],
)
def test_amazons_own_samples_can_be_read(name: str, kind: EventKind) -> None:
    for sample in load(f"notifications/{name}.json")["examples"]:
        envelope = notifications.envelope_of(json.dumps(sample).encode())
        [event] = notifications.parse_events(json.dumps(sample).encode(), notifications.seller_of(envelope))

        assert envelope.id
        assert event.kind is kind


def test_amazon_sends_no_webhooks(platform: AmazonPlatform) -> None:
    with pytest.raises(BadPayload):
        platform.read_delivery({}, b"{}")
    with pytest.raises(BadSignature):
        platform.check_signature({}, b"{}")


@pytest.mark.parametrize(
    ("url", "region", "arn"),
    [
        ("https://sqs.eu-west-1.amazonaws.com/123456789012/q", "", "arn:aws:sqs:eu-west-1:123456789012:q"),
        ("https://sqs.cn-north-1.amazonaws.com.cn/123456789012/q", "", "arn:aws-cn:sqs:cn-north-1:123456789012:q"),
        ("http://127.0.0.1:5000/123456789012/q", "us-east-1", "arn:aws:sqs:us-east-1:123456789012:q"),
    ],
)
def test_an_address_tells_everything_about_a_queue(url: str, region: str, arn: str) -> None:
    address = queue.address_of(url, region)

    assert address.arn == arn
    assert address.endpoint == ("" if "amazonaws" in url else "http://127.0.0.1:5000")


@pytest.mark.parametrize(
    "url", ["", "nonsense", "https://sqs.eu-west-1.amazonaws.com/12/q", "http://127.0.0.1/123456789012/q"]
)
def test_what_is_no_queue_is_refused(url: str) -> None:
    with pytest.raises(Rejected):
        queue.address_of(url)


# Against moto -------------------------------------------------------------------------------------------------------


@dataclass
class Sqs:
    """A queue on moto's server, with its dead letters."""

    client: Any
    url: str
    dead: str
    address: str

    def put(self, body: object) -> None:
        self.client.send_message(QueueUrl=self.url, MessageBody=body if isinstance(body, str) else json.dumps(body))

    def left(self) -> int:
        """Return how many messages are in the queue, hidden ones included."""
        told = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=["All"])["Attributes"]
        return int(told["ApproximateNumberOfMessages"]) + int(told["ApproximateNumberOfMessagesNotVisible"])


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def sqs(moto: str, request: pytest.FixtureRequest) -> Sqs:
    client = boto3.session.Session(aws_access_key_id="k", aws_secret_access_key="s", region_name="eu-west-1").client(
        "sqs", endpoint_url=moto
    )
    name = f"q{abs(hash(request.node.name))}"
    dead = client.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    arn = f"arn:aws:sqs:eu-west-1:123456789012:{name}-dead"
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": "2"})
    url = client.create_queue(QueueName=name, Attributes={"RedrivePolicy": policy})["QueueUrl"]
    return Sqs(client=client, url=url, dead=dead, address=moto)


@pytest.fixture
def account(db: None, sim: AmazonSimulator, sqs: Sqs) -> Account:
    """A channel whose queue is moto's."""
    made = connect_account(sim)
    made.channel.credentials = {**sim.credentials, "queue_url": sqs.url, "aws_region": "eu-west-1"}
    made.channel.save()
    return made


def stored(account: Account) -> list[str]:
    return list(
        InboundEvent.objects.filter(channel=account.channel).order_by("pk").values_list("delivery_id", flat=True)
    )


def test_messages_are_stored_and_only_then_deleted(account: Account, sqs: Sqs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "HIDDEN_SECONDS", 0)  # what was not deleted comes again at once
    sqs.put(order_change(notification="n-1"))
    keep = inbox.keep
    monkeypatch.setattr(inbox, "keep", Mock(side_effect=OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        account.receive()
    left = sqs.left()
    monkeypatch.setattr(inbox, "keep", keep)

    account.receive()

    assert left == 1
    assert stored(account) == ["n-1"]
    assert sqs.left() == 0


def test_repetitions_and_any_order_end_in_one_row_each(account: Account, sqs: Sqs) -> None:
    for number in (3, 1, 2, 1, 3):
        sqs.put(order_change(notification=f"n-{number}"))

    while account.receive():
        pass

    assert sorted(stored(account)) == ["n-1", "n-2", "n-3"]
    assert sqs.left() == 0


def test_more_than_one_call_can_bring(account: Account, sqs: Sqs) -> None:
    for number in range(25):
        sqs.put(message("SOMETHING_NEW", {}, notification=f"n-{number}"))

    while account.receive():
        pass

    assert len(stored(account)) == 25
    assert sqs.left() == 0


def test_what_can_not_be_read_is_stored_and_shown(account: Account, sqs: Sqs) -> None:
    sqs.put("this is no JSON")
    sqs.put(bridged(message("LISTINGS_ITEM_MFN_QUANTITY_CHANGE", QUANTITY, notification="n-2")))

    account.hear()

    rows = InboundEvent.objects.filter(channel=account.channel).order_by("topic")
    assert [(row.topic, row.state) for row in rows] == [
        ("LISTINGS_ITEM_MFN_QUANTITY_CHANGE", "done"),
        ("unreadable", "failed"),
    ]
    assert rows[1].problem == "The message is not JSON in UTF-8."
    assert sqs.left() == 0


def test_dead_letters_are_counted(account: Account, sqs: Sqs) -> None:
    sqs.client.send_message(QueueUrl=sqs.dead, MessageBody="given up on")

    account.receive()

    assert Channel.objects.get(pk=account.channel.pk).dead_letters == 1


def test_a_queue_that_is_gone_says_so(account: Account, sqs: Sqs) -> None:
    sqs.client.delete_queue(QueueUrl=sqs.url)

    with account.platform() as platform, pytest.raises(Rejected, match="AWS knows no queue"):
        platform.receive()


def test_a_queue_nobody_answers_for_is_unreachable(account: Account) -> None:
    account.channel.credentials = {**account.channel.credentials, "queue_url": "http://127.0.0.1:9/123456789012/q"}
    account.channel.save()

    with account.platform() as platform, pytest.raises(Unreachable):
        platform.receive()


def test_a_channel_without_a_queue_receives_nothing(account: Account) -> None:
    account.channel.credentials = {**account.channel.credentials, "queue_url": ""}
    account.channel.save()

    with account.platform() as platform:
        assert list(platform.receive()) == []
        assert platform.dead_letters() is None
        platform.forget(["h"])
