"""Destinations, subscriptions, and the notifications that go through them into queues.

Notifications v1, https://developer-docs.amazon.com/sp-api/docs/notifications-api ; the bodies as in
https://github.com/amzn/selling-partner-api-models/tree/main/schemas/notifications
"""

from __future__ import annotations

import json
import re
import threading
import uuid
from dataclasses import dataclass
from typing import Any

from sandbox.amazon.options import Options
from sandbox.amazon.queue import Queue
from sandbox.amazon.wire import iso
from sandbox.faults import Faults
from sandbox.server import Json
from sandbox.webhooks import Courier, Delivery, DeliveryRules

VERSIONS = {
    "ORDER_CHANGE": "1.0",
    "FBA_INVENTORY_AVAILABILITY_CHANGES": "1.0",
    "FEED_PROCESSING_FINISHED": "2020-09-04",
    "REPORT_PROCESSING_FINISHED": "2020-09-04",
    "LISTINGS_ITEM_MFN_QUANTITY_CHANGE": "1.0",
    "LISTINGS_ITEM_STATUS_CHANGE": "1.0",
}
"""The types that are simulated, and the version of each one's payload."""

THROUGH_EVENT_BRIDGE = frozenset({"LISTINGS_ITEM_MFN_QUANTITY_CHANGE", "LISTINGS_ITEM_STATUS_CHANGE"})
_CAMEL_CASE = frozenset({"FEED_PROCESSING_FINISHED", "REPORT_PROCESSING_FINISHED"})
_SENT = DeliveryRules(delivered=frozenset({200}), retry_after=(1.0, 5.0, 30.0, 120.0, 600.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A queue (``arn``) or an EventBridge account where notifications may go."""

    id: str
    name: str
    arn: str = ""
    account: str = ""
    region: str = ""
    app_id: str = ""

    @property
    def is_queue(self) -> bool:
        return bool(self.arn)

    def as_json(self) -> Json:
        if self.is_queue:
            return {"destinationId": self.id, "name": self.name, "resource": {"sqs": {"arn": self.arn}}}
        bus = {
            "name": f"aws.partner/sellingpartnerapi.amazon.com/{self.account}/{self.app_id}",
            "region": self.region,
            "accountId": self.account,
        }
        return {"destinationId": self.id, "name": self.name, "resource": {"eventBridge": bus}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A type of notification and where it goes; ``directive`` filters it."""

    id: str
    type: str
    version: str
    destination_id: str
    directive: Json | None = None

    def as_json(self) -> Json:
        found: Json = {
            "subscriptionId": self.id,
            "payloadVersion": self.version,
            "destinationId": self.destination_id,
        }
        return {**found, "processingDirective": self.directive} if self.directive else found


class Notifications:
    """Sends what is subscribed to. Safe to use from any thread."""

    def __init__(self, *, app_id: str, seller_id: str, queue: Queue, options: Options, faults: Faults) -> None:
        self.app_id = app_id
        self.seller_id = seller_id
        self.destinations: dict[str, Destination] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.queue = queue
        self._options = options
        self._lock = threading.Lock()
        self._outside: dict[str, tuple[Any, str]] = {}
        self.courier = Courier(
            _SENT,
            faults,
            time_scale=options.time_scale,
            workers=options.notification_workers,
            send=self._put,
        )

    def clear(self) -> None:
        """Forget destinations, subscriptions and what was sent."""
        self.destinations.clear()
        self.subscriptions.clear()
        self.courier.clear()
        self.queue.clear()

    def of_type(self, kind: str) -> Subscription | None:
        return next((each for each in list(self.subscriptions.values()) if each.type == kind), None)

    def tell(self, kind: str, payload: Json) -> Delivery | None:
        """Send a notification if someone subscribed to it and its filter lets it through."""
        subscription = self.of_type(kind)
        destination = self.destinations.get(subscription.destination_id) if subscription else None
        if subscription is None or destination is None or not _passes(subscription, payload):
            return None
        return self.send(kind, payload, subscription_id=subscription.id, to=destination)

    def send(
        self,
        kind: str,
        payload: Json,
        *,
        subscription_id: str = "none",
        to: Destination | None = None,
        notification_id: str = "",
    ) -> Delivery:
        """Send a notification whatever it says; without ``to`` into the own queue."""
        notification_id = notification_id or str(uuid.uuid4())
        now = iso(self._options.clock())
        body: Json = {
            "NotificationVersion": "1.0",
            "NotificationType": kind,
            "PayloadVersion": VERSIONS.get(kind, "1.0"),
            "EventTime": now,
            "Payload": payload,
            "NotificationMetadata": {
                "ApplicationId": self.app_id,
                "SubscriptionId": subscription_id,
                "PublishTime": now,
                "NotificationId": notification_id,
            },
        }
        if kind in _CAMEL_CASE:
            body = _lowered(body)
        url = to.arn if to and to.is_queue else self.queue.arn
        if to and not to.is_queue:
            body, url = self._envelope(kind, body, to), self._rule_target()
        return self.courier.submit(
            event_id=notification_id,
            event_type=kind,
            entity_id=_subject(payload),
            url=url,
            body=json.dumps(body, ensure_ascii=False),
            headers={},
        )

    def _envelope(self, kind: str, body: Json, destination: Destination) -> Json:
        """Wrap a notification as EventBridge hands it to the target of a rule."""
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": kind,
            "source": f"aws.partner/sellingpartnerapi.amazon.com/{destination.account}/{self.app_id}",
            "account": destination.account,
            "time": body["EventTime"],
            "region": destination.region,
            "resources": [],
            "detail": body,
        }

    def _rule_target(self) -> str:
        if self._options.event_rule_queue:
            return self._options.event_rule_queue
        return next((each.arn for each in self.destinations.values() if each.is_queue), self.queue.arn)

    # Queues -----------------------------------------------------------------------------------------------------

    def _put(self, delivery: Delivery) -> tuple[int | None, str]:
        if delivery.url == self.queue.arn:
            self.queue.put(delivery.body)
            return 200, ""
        try:
            client, url = self._outside_queue(delivery.url)
            client.send_message(QueueUrl=url, MessageBody=delivery.body)
        except Exception as error:  # whatever the other queue says is logged, as Amazon would
            return None, f"{type(error).__name__}: {error}"[:200]
        return 200, ""

    def _outside_queue(self, arn: str) -> tuple[Any, str]:
        """Return a client for the queue's region and its URL. boto3 is loaded only for a queue that is not our own."""
        with self._lock:
            if arn not in self._outside:
                import boto3

                client = boto3.session.Session(
                    aws_access_key_id=self._options.queue_key,
                    aws_secret_access_key=self._options.queue_key,
                    region_name=arn.split(":")[3],
                ).client("sqs", endpoint_url=self._options.queue_endpoint or None)
                self._outside[arn] = client, client.get_queue_url(QueueName=arn.split(":")[5])["QueueUrl"]
            return self._outside[arn]


def _passes(subscription: Subscription, payload: Json) -> bool:
    """Tell whether a subscription's filter wants an order's change; other types have no filter here."""
    change = payload.get("OrderChangeNotification")
    wanted = ((subscription.directive or {}).get("eventFilter") or {}).get("orderChangeTypes")
    return change is None or wanted is None or change["OrderChangeType"] in wanted


def _subject(payload: Json) -> str:
    inner = payload.get("OrderChangeNotification") or next(
        (value for value in payload.values() if isinstance(value, dict)), payload
    )
    for name in ("AmazonOrderId", "Sku", "SKU", "feedId", "reportId"):
        if name in inner or name in payload:
            return str(inner.get(name) or payload.get(name))
    return ""


def _lowered(value: Any) -> Any:
    """Return the same with names in camelCase."""
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _lowered(each) for name, each in value.items()}
    return value


def queue_arn(text: object) -> str:
    """Return an ARN of a standard queue, or "" for anything else: Amazon takes no FIFO queue."""
    found = isinstance(text, str) and re.fullmatch(r"arn:aws[a-z-]*:sqs:[a-z0-9-]+:\d{12}:[\w-]{1,80}", text)
    return str(text) if found else ""
