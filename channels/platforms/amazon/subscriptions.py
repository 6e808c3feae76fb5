"""The way of Amazon's notifications into the merchant's queue: destinations and subscriptions, made and looked after.

https://developer-docs.amazon.com/sp-api/docs/set-up-notifications-with-amazon-sqs ; …-amazon-eventbridge
"""

from __future__ import annotations

from dataclasses import dataclass

from channels.contract import BadCredentials, ChannelError, NotListed, Store, SubscriptionReport
from channels.platforms.amazon import operations
from channels.platforms.amazon.answers import Conflict
from channels.platforms.amazon.client import AmazonClient
from channels.platforms.amazon.notifications import HELD, ORDER, QUANTITY, STATUS
from channels.platforms.amazon.queue import Address, Queue
from channels.platforms.amazon.values import Json, entries, section, text

PUBLISHER = "437568002678"  # the AWS account that Amazon's notifications come from
VERSION = "1.0"
NAME = "Evenkeel"
ORDER_FILTER = {
    "eventFilter": {"eventFilterType": ORDER, "orderChangeTypes": ["OrderStatusChange", "BuyerRequestedChange"]}
}
TO_QUEUE = (ORDER, HELD)
TO_BUS = (QUANTITY, STATUS)
HEARD = {
    ORDER: "sales",
    HELD: "stock at Amazon",
    QUANTITY: "changes of quantities",
    STATUS: "listings that were deleted or switched off",
}


@dataclass(slots=True)
class _Found:
    """What a check has found so far: sentences for people, and whether sales will be heard of."""

    sentences: list[str]
    hears_sales: bool = False


def check_subscriptions(client: AmazonClient, store: Store) -> SubscriptionReport:
    """See that sales will be told, and make what is missing. Raises ChannelError only where nothing can be asked."""
    if not store.credentials.get("queue_url"):
        sentence = "No queue is given: sales are found by the order poll only. Make an SQS queue and reconnect with it."
        return SubscriptionReport(is_healthy=False, sentences=(sentence,))
    found = _Found(sentences=[])
    try:
        queue = Queue(store.credentials)
        queue.attributes()
    except ChannelError as error:
        return SubscriptionReport(is_healthy=False, sentences=(str(error),))
    _subscribe_all(client, queue.address, TO_QUEUE, found, bus=False)
    if store.options.get("event_bridge") == "yes":
        _subscribe_all(client, queue.address, TO_BUS, found, bus=True)
    return SubscriptionReport(is_healthy=found.hears_sales, sentences=tuple(found.sentences))


def _subscribe_all(client: AmazonClient, queue: Address, kinds: tuple[str, ...], found: _Found, *, bus: bool) -> None:
    try:
        destinations = _destinations(client)
        destination = _destination(client, queue, destinations, bus=bus)
    except ChannelError as error:
        if isinstance(error, BadCredentials) or error.retryable:
            raise
        found.sentences.append(f"{error} {_advice(queue, bus=bus)}")
        return
    if bus:
        name = text(section(section(destination.get("resource")).get("eventBridge")).get("name"))
        found.sentences.append(
            f"EventBridge: associate the partner event source {name} with an event bus in {queue.region}, and let a"
            f" rule for the detail types {' and '.join(TO_BUS)} put them into the queue {queue.name}."
        )
    for kind in kinds:
        _subscribe(client, kind, destination, destinations, found)


def _destinations(client: AmazonClient) -> list[Json]:
    return entries(client.call(operations.GET_DESTINATIONS).get("payload"))


def _destination(client: AmazonClient, queue: Address, known: list[Json], *, bus: bool) -> Json:
    """Return the app's destination for the queue, or for its account's EventBridge; made if it is not there."""
    wanted: Json = (
        {"eventBridge": {"region": queue.region, "accountId": queue.account}} if bus else {"sqs": {"arn": queue.arn}}
    )
    existing = _same(known, wanted)
    if existing is not None:
        return existing
    name = f"{NAME} {'events' if bus else queue.name}"[:256]
    try:
        made = client.call(operations.CREATE_DESTINATION, body={"name": name, "resourceSpecification": wanted}).get(
            "payload"
        )
        return section(made)
    except Conflict:
        # Made by someone else in the meantime: look it up instead of failing.
        existing = _same(_destinations(client), wanted)
        if existing is None:
            raise
        return existing


def _same(known: list[Json], wanted: Json) -> Json | None:
    for each in known:
        resource = section(each.get("resource"))
        for kind, fields in wanted.items():
            there = section(resource.get(kind))
            if there and all(there.get(name) == value for name, value in fields.items()):
                return each
    return None


def _subscribe(client: AmazonClient, kind: str, destination: Json, destinations: list[Json], found: _Found) -> None:
    """See that notifications of a type go to the destination. One that goes elsewhere on purpose is left alone."""
    target = text(destination.get("destinationId"))
    try:
        existing = _subscription(client, kind)
        if existing is not None and text(existing.get("destinationId")) == target:
            _note(found, kind, f"Amazon tells of {HEARD[kind]}.")
            return
        if existing is not None:
            if _is_among(destinations, text(existing.get("destinationId"))):
                found.sentences.append(
                    f"Amazon tells of {HEARD[kind]} ({kind}) to another destination of this app, and to one only: let"
                    " that queue be this channel's, or end that subscription."
                )
                return
            client.call(operations.DELETE_SUBSCRIPTION, type=kind, id=text(existing.get("subscriptionId")))
        client.call(operations.CREATE_SUBSCRIPTION, type=kind, body=_asked(kind, target))
        _note(found, kind, f"Amazon will tell of {HEARD[kind]} from now on.")
    except Conflict:
        _note(found, kind, f"Amazon tells of {HEARD[kind]}.")
    except BadCredentials:
        raise
    except ChannelError as error:
        if error.retryable:
            raise
        found.sentences.append(f"Amazon can't be asked to tell of {HEARD[kind]} ({kind}): {error}")


def _asked(kind: str, destination: str) -> dict[str, object]:
    asked: dict[str, object] = {"payloadVersion": VERSION, "destinationId": destination}
    return {**asked, "processingDirective": ORDER_FILTER} if kind == ORDER else asked


def _subscription(client: AmazonClient, kind: str) -> Json | None:
    try:
        return section(client.call(operations.GET_SUBSCRIPTION, type=kind).get("payload"))
    except NotListed:
        return None


def _is_among(destinations: list[Json], ref: str) -> bool:
    return any(each.get("destinationId") == ref for each in destinations)


def _note(found: _Found, kind: str, sentence: str) -> None:
    found.sentences.append(sentence)
    found.hears_sales = found.hears_sales or kind == ORDER


def _advice(queue: Address, *, bus: bool) -> str:
    if bus:
        return "Check the AWS account and region."
    return (
        f"Its policy must allow the AWS account {PUBLISHER} sqs:SendMessage and sqs:GetQueueAttributes on {queue.arn}."
    )
