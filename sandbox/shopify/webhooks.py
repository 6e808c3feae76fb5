"""Subscriptions and the webhooks that follow from them: https://shopify.dev/docs/apps/build/webhooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
from urllib.parse import urlsplit

from sandbox.refusals import BadWebhookUrl
from sandbox.server import Json
from sandbox.shopify.access import scopes_of_topic
from sandbox.shopify.errors import user_error
from sandbox.shopify.gids import number_of
from sandbox.shopify.moments import moment
from sandbox.shopify.options import Options
from sandbox.shopify.records import Subscription
from sandbox.webhooks import Courier, Delivery, DeliveryRules

# 8 retries over 4 hours, each wait twice as long as the one before.
SHOPIFY_DELIVERY = DeliveryRules(
    delivered=frozenset(range(200, 300)),
    retry_after=tuple(4 * 3600 * 2**number / (2**8 - 1) for number in range(8)),
    connect_seconds=1.0,
    answer_seconds=5.0,
)
_PROTECTED = ("ORDERS", "REFUNDS", "FULFILLMENTS")
_SUBSCRIPTION = "webhookSubscription"


def sign(body: bytes, secret: str) -> str:
    """Return the value of ``X-Shopify-Hmac-Sha256``: Base64 over the raw body."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def header_topic(topic: str) -> str:
    """Return ``inventory_levels/update`` for ``INVENTORY_LEVELS_UPDATE``."""
    for resource in ("FULFILLMENT_ORDERS", "INVENTORY_LEVELS", "INVENTORY_ITEMS", "BULK_OPERATIONS"):
        if topic.startswith(f"{resource}_"):
            return f"{resource.lower()}/{topic.removeprefix(f'{resource}_').lower()}"
    resource, _, event = topic.partition("_")
    return f"{resource.lower()}/{event.lower()}"


class Webhooks:
    """The app's subscriptions in one shop, and its sender. Call with the shop's lock held."""

    def __init__(self, *, domain: str, secret: str, courier: Courier, options: Options) -> None:
        self.domain = domain
        self.secret = secret
        self.courier = courier
        self.options = options
        self.version = options.versions[-1]
        self.subscriptions: dict[int, Subscription] = {}
        self._sent: dict[int, int] = {}
        courier.on_settled = self._settled

    def emit(self, topic: str, body: Json, action: str) -> None:
        """Send what happened to every subscription of its topic. A topic subscribed twice is sent twice."""
        for each in list(self.subscriptions.values()):
            if each.topic == topic:
                kept = {name: body[name] for name in each.include_fields if name in body}
                self.send(
                    topic, kept if each.include_fields else body, url=each.uri, action=action, subscription=each.id
                )

    def send(
        self,
        topic: str,
        body: Json,
        *,
        url: str,
        action: str = "",
        subscription: int = 0,
        domain: str = "",
        signature: str = "valid",
        delivery_id: str = "",
    ) -> Delivery:
        """Send one webhook whatever it says. ``signature`` is valid, wrong or none, for tests of a receiver."""
        raw = json.dumps(body, ensure_ascii=False)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Shopify-Captain-Hook (simulated)",
            "X-Shopify-Topic": header_topic(topic),
            "X-Shopify-Shop-Domain": domain or self.domain,
            "X-Shopify-API-Version": self.version,
            "X-Shopify-Webhook-Id": delivery_id or str(uuid.uuid4()),
            "X-Shopify-Event-Id": action or str(uuid.uuid4()),
            "X-Shopify-Triggered-At": moment(self.options.clock()),
        }
        if signature != "none":
            secret = self.secret if signature == "valid" else f"not {self.secret}"
            headers["X-Shopify-Hmac-Sha256"] = sign(raw.encode(), secret)
        delivery = self.courier.submit(
            event_id=headers["X-Shopify-Webhook-Id"],
            event_type=headers["X-Shopify-Topic"],
            entity_id=body.get("id") or body.get("inventory_item_id") or "",
            url=url if self.options.sends_webhooks else "",
            body=raw,
            headers=headers,
        )
        if subscription:
            self._sent[delivery.id] = subscription
        return delivery

    def _settled(self, delivery: Delivery) -> None:
        """Delete the subscription whose webhook failed to the last: Shopify does, and says nothing."""
        if delivery.state == "gave_up":
            self.subscriptions.pop(self._sent.get(delivery.id, 0), None)

    # Mutations

    def create(self, topic: str, sent: Json, *, scopes: frozenset[str], number: int) -> Json:
        wanted = scopes_of_topic(topic)
        if wanted and not any(each in scopes for each in wanted):
            message = f"You cannot create a webhook subscription with the specified topic {topic}"
            return _refused(message, ["topic"])
        if topic.startswith(_PROTECTED) and not self.options.customer_data_approved:
            message = "This app is not approved to subscribe to webhook topics containing protected customer data."
            return _refused(message, ["topic"])
        uri = sent.get("uri") or sent.get("callbackUrl") or ""
        try:
            self.check_address(uri)
        except BadWebhookUrl as error:
            # The path says callbackUrl whatever was sent.
            return _refused(str(error), ["webhookSubscription", "callbackUrl"])
        if any(each.topic == topic and each.uri == uri for each in self.subscriptions.values()):
            return _refused("Address for this topic has already been taken", ["webhookSubscription", "callbackUrl"])
        now = self.options.clock()
        made = Subscription(id=number, topic=topic, uri=uri, created_at=now, updated_at=now)
        _change(made, sent)
        self.subscriptions[made.id] = made
        return {_SUBSCRIPTION: made, "userErrors": []}

    def update(self, text: str, sent: Json) -> Json:
        found = self.subscriptions.get(number_of(text, "WebhookSubscription") or 0)
        if found is None:
            return _refused("Webhook subscription does not exist", ["id"])
        uri = sent.get("uri") or sent.get("callbackUrl")
        try:
            if uri:
                self.check_address(uri)
                found.uri = uri
        except BadWebhookUrl as error:
            return _refused(str(error), ["webhookSubscription", "callbackUrl"])
        _change(found, sent)
        found.updated_at = self.options.clock()
        return {_SUBSCRIPTION: found, "userErrors": []}

    def delete(self, text: str) -> Json:
        found = self.subscriptions.pop(number_of(text, "WebhookSubscription") or 0, None)
        if found is None:
            gone = [user_error("Webhook subscription does not exist", ["id"])]
            return {"deletedWebhookSubscriptionId": None, "userErrors": gone}
        return {"deletedWebhookSubscriptionId": text, "userErrors": []}

    def check_address(self, uri: str) -> None:
        """Raise BadWebhookUrl for an address that Shopify does not take."""
        if not uri:
            raise BadWebhookUrl("Address can't be blank")
        split = urlsplit(uri)
        if split.scheme == "http" and not self.options.takes_http_webhooks:
            raise BadWebhookUrl("Address protocol http:// is not supported")
        if split.scheme not in ("https", "http") or not split.hostname:
            raise BadWebhookUrl("Address is invalid")
        if split.hostname.endswith((".shopify.com", ".myshopify.com")):
            raise BadWebhookUrl("Address cannot be a Shopify or an internal domain")


def _change(found: Subscription, sent: Json) -> None:
    if sent.get("includeFields") is not None:
        found.include_fields = tuple(sent["includeFields"])
    found.filter = sent.get("filter", found.filter)
    found.name = sent.get("name", found.name)


def _refused(message: str, field: list[str]) -> Json:
    return {_SUBSCRIPTION: None, "userErrors": [user_error(message, field)]}
