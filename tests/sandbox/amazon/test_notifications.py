from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

from sandbox.amazon import AmazonSimulator
from sandbox.server import wait_until
from tests.sandbox.amazon.world import Api, Clock, merchant

ROOT = "/notifications/v1"
ACCOUNT = "123456789012"


@pytest.fixture
def app(api: Api) -> Iterator[Api]:
    with api.as_app() as session:
        yield session


@pytest.fixture
def destination(sim: AmazonSimulator, app: Api) -> str:
    asked = {"name": "Evenkeel", "resourceSpecification": {"sqs": {"arn": sim.queue.arn}}}
    return str(app.post(f"{ROOT}/destinations", json=asked).json()["payload"]["destinationId"])


@pytest.fixture
def bus(sim: AmazonSimulator, app: Api) -> str:
    bus = {"eventBridge": {"region": sim.queue.region, "accountId": ACCOUNT}}
    answer = app.post(f"{ROOT}/destinations", json={"name": "Bus", "resourceSpecification": bus}).json()["payload"]
    assert answer["resource"]["eventBridge"]["name"].startswith("aws.partner/sellingpartnerapi.amazon.com/")
    return str(answer["destinationId"])


def subscribe(api: Api, kind: str, destination: str, version: str = "1.0", **more: Any) -> Any:
    asked = {"payloadVersion": version, "destinationId": destination, **more}
    return api.post(f"{ROOT}/subscriptions/{kind}", json=asked)


@pytest.fixture
def sqs(sim: AmazonSimulator) -> Any:
    return client_of(sim, sim.options.queue_key)


def client_of(sim: AmazonSimulator, key: str) -> Any:
    return boto3.session.Session(
        aws_access_key_id=key, aws_secret_access_key="secret", region_name=sim.queue.region
    ).client("sqs", endpoint_url=sim.url)


@pytest.fixture
def received(sim: AmazonSimulator, sqs: Any) -> Callable[[], list[Any]]:
    def receive() -> list[Any]:
        assert sim.wait_for_notifications()
        got = sqs.receive_message(QueueUrl=sim.queue_url, MaxNumberOfMessages=10)
        return [json.loads(each["Body"]) for each in got.get("Messages", [])]

    return receive


@pytest.mark.usefixtures("sqs")
def test_a_sale_is_told_through_the_queue(
    sim: AmazonSimulator, api: Api, destination: str, received: Callable[[], list[Any]]
) -> None:
    directive = {"eventFilter": {"eventFilterType": "ORDER_CHANGE", "orderChangeTypes": ["OrderStatusChange"]}}
    made = subscribe(api, "ORDER_CHANGE", destination, processingDirective=directive).json()["payload"]
    order = sim.buy("TEE-M", 2)
    sim.confirm(order.id)
    sim.request_cancel(order.id)

    told = received()

    assert [each["NotificationType"] for each in told] == ["ORDER_CHANGE", "ORDER_CHANGE"]
    change = told[0]["Payload"]["OrderChangeNotification"]
    assert (change["AmazonOrderId"], change["Summary"]["OrderStatus"]) == (order.id, "Pending")
    assert change["Summary"]["OrderItems"][0]["Quantity"] == 2
    assert told[0]["NotificationMetadata"]["SubscriptionId"] == made["subscriptionId"]


def test_nothing_is_sent_without_a_subscription(sim: AmazonSimulator, received: Callable[[], list[Any]]) -> None:
    sim.buy("TEE-M")

    assert received() == []


def test_quantities_go_through_eventbridge_in_its_envelope(
    sim: AmazonSimulator, api: Api, destination: str, bus: str, received: Callable[[], list[Any]]
) -> None:
    wrong_way = subscribe(api, "LISTINGS_ITEM_MFN_QUANTITY_CHANGE", destination)
    subscribe(api, "LISTINGS_ITEM_MFN_QUANTITY_CHANGE", bus)
    api.patch_item("TEE-M", merchant(7))

    [told] = received()

    assert wrong_way.status_code == 400
    assert (told["detail-type"], told["account"]) == ("LISTINGS_ITEM_MFN_QUANTITY_CHANGE", ACCOUNT)
    assert told["detail"]["Payload"]["Quantity"] == 7


def test_stock_at_amazon_and_feeds_tell_of_themselves(
    sim: AmazonSimulator, api: Api, destination: str, received: Callable[[], list[Any]], clock: Clock
) -> None:
    sim.add_item("LAMP", held=8)
    subscribe(api, "FBA_INVENTORY_AVAILABILITY_CHANGES", destination)
    subscribe(api, "REPORT_PROCESSING_FINISHED", destination, "2020-09-04")
    sim.buy("LAMP", 3)
    asked = {"reportType": "GET_MERCHANT_LISTINGS_ALL_DATA", "marketplaceIds": [sim.options.marketplaces[0]]}
    api.post("/reports/2021-06-30/reports", json=asked)
    clock.skip(46)
    sim.store.schedule.run_due()

    told = {each.get("NotificationType") or each["notificationType"]: each for each in received()}

    held = told["FBA_INVENTORY_AVAILABILITY_CHANGES"]["Payload"]["FulfillmentInventoryByMarketplace"]
    assert [each["FulfillmentInventory"]["Fulfillable"] for each in held] == [5, 5]
    ended = told["REPORT_PROCESSING_FINISHED"]["payload"]["reportProcessingFinishedNotification"]
    assert ended["processingStatus"] == "DONE"


def test_destinations_and_subscriptions_are_there_once(
    sim: AmazonSimulator, api: Api, app: Api, destination: str
) -> None:
    made = subscribe(api, "ORDER_CHANGE", destination).json()["payload"]["subscriptionId"]
    again = {"name": "Other", "resourceSpecification": {"sqs": {"arn": sim.queue.arn}}}
    fifo = {"name": "Fifo", "resourceSpecification": {"sqs": {"arn": f"{sim.queue.arn}.fifo"}}}

    assert app.post(f"{ROOT}/destinations", json=again).status_code == 409
    assert app.post(f"{ROOT}/destinations", json=fifo).status_code == 400
    assert subscribe(api, "ORDER_CHANGE", destination).status_code == 409
    assert subscribe(api, "FEED_PROCESSING_FINISHED", destination).status_code == 400
    assert app.delete(f"{ROOT}/destinations/{destination}").status_code == 409
    assert api.get(f"{ROOT}/subscriptions/ORDER_CHANGE").json()["payload"]["subscriptionId"] == made
    assert app.delete(f"{ROOT}/subscriptions/ORDER_CHANGE/{made}").status_code == 200
    assert api.get(f"{ROOT}/subscriptions/ORDER_CHANGE").status_code == 404
    assert app.delete(f"{ROOT}/destinations/{destination}").status_code == 200


def test_faults_of_notifications(
    sim: AmazonSimulator, api: Api, destination: str, received: Callable[[], list[Any]]
) -> None:
    subscribe(api, "ORDER_CHANGE", destination)
    sim.faults.set("webhook_drop", next=1)
    sim.buy("TEE-M")
    sim.faults.set("webhook_duplicate", next=1)
    sim.buy("TEE-M")
    duplicated = received()
    sim.faults.set("webhook_reorder", next=1, seconds=5)
    first, second = sim.buy("TEE-M"), sim.buy("TEE-M")
    reordered = received()

    ids = [each["NotificationMetadata"]["NotificationId"] for each in duplicated]
    assert (len(ids), len(set(ids))) == (2, 1)
    orders = [each["Payload"]["OrderChangeNotification"]["AmazonOrderId"] for each in reordered]
    assert orders == [second.id, first.id]


def test_a_message_comes_back_until_it_is_deleted_or_dead(sim: AmazonSimulator, sqs: Any) -> None:
    sim.queue.visibility_seconds = 0.0
    sim.queue.put("one")
    sim.queue.put("two")
    first = sqs.receive_message(QueueUrl=sim.queue_url, MaxNumberOfMessages=1)["Messages"][0]
    sqs.delete_message_batch(QueueUrl=sim.queue_url, Entries=[{"Id": "1", "ReceiptHandle": first["ReceiptHandle"]}])
    got = [sqs.receive_message(QueueUrl=sim.queue_url).get("Messages", []) for _ in range(6)]
    sim.queue.visibility_seconds = sim.options.visibility_seconds

    told = sqs.get_queue_attributes(QueueUrl=sim.queue_url, AttributeNames=["All"])["Attributes"]
    dead = json.loads(told["RedrivePolicy"])["deadLetterTargetArn"].rpartition(":")[2]
    dead_url = sqs.get_queue_url(QueueName=dead)["QueueUrl"]
    count = sqs.get_queue_attributes(QueueUrl=dead_url, AttributeNames=["All"])["Attributes"]
    assert [len(each) for each in got] == [1, 1, 1, 1, 1, 0]
    assert (told["ApproximateNumberOfMessages"], count["ApproximateNumberOfMessages"]) == ("0", "1")


def test_a_waiting_receive_ends_when_something_comes(sim: AmazonSimulator, sqs: Any) -> None:
    waited = sqs.receive_message(QueueUrl=sim.queue_url, WaitTimeSeconds=1)
    sent = sqs.send_message(QueueUrl=sim.queue_url, MessageBody="hello")

    got = sqs.receive_message(QueueUrl=sim.queue_url, WaitTimeSeconds=20)["Messages"]

    assert waited.get("Messages", []) == []
    assert got[0]["MessageId"] == sent["MessageId"]


def test_the_queue_refuses_strangers_and_unknown_names(sim: AmazonSimulator, sqs: Any) -> None:
    with pytest.raises(sqs.exceptions.ClientError, match="invalid"):
        client_of(sim, "someone").receive_message(QueueUrl=sim.queue_url)
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.receive_message(QueueUrl=f"{sim.queue_url}-other")


def test_notifications_reach_a_queue_elsewhere(api: Api) -> None:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        with AmazonSimulator(quota_scale=1e6, queue_endpoint=f"http://{host}:{port}") as sim, Api(sim) as seller:
            outside = boto3.session.Session(
                aws_access_key_id="k", aws_secret_access_key="s", region_name="eu-west-1"
            ).client("sqs", endpoint_url=f"http://{host}:{port}")
            url = outside.create_queue(QueueName="orders")["QueueUrl"]
            sim.add_item("TEE-M", quantity=5)
            arn = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:orders"
            asked = {"name": "Evenkeel", "resourceSpecification": {"sqs": {"arn": arn}}}
            made = seller.as_app().post(f"{ROOT}/destinations", json=asked).json()["payload"]["destinationId"]
            subscribe(seller, "ORDER_CHANGE", made)
            order = sim.buy("TEE-M")
            assert wait_until(lambda: all(each.state == "delivered" for each in sim.deliveries), 5)

            [message] = outside.receive_message(QueueUrl=url)["Messages"]
            assert order.id in message["Body"]
    finally:
        server.stop()
