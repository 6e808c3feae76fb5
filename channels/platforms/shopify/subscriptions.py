"""Webhook subscriptions: made, checked, and made again. Shopify deletes one after eight failed deliveries, silently.

https://shopify.dev/docs/api/admin-graphql/latest/mutations/webhookSubscriptionCreate (2026-10)
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

from channels.contract import Rejected, SubscriptionReport
from channels.platforms.shopify.client import API_VERSION, ShopifyClient
from channels.platforms.shopify.documents import SUBSCRIBE, SUBSCRIPTIONS, UNSUBSCRIBE
from channels.platforms.shopify.values import Json, end_of, inner, nodes, text

# Only what names the order: nothing of the buyer ever comes to us.
_ORDER_FIELDS = ("id", "admin_graphql_api_id", "updated_at")
_LEVEL_FIELDS = ("inventory_item_id", "location_id", "available", "updated_at")
_ITEM_FIELDS = ("id", "admin_graphql_api_id", "updated_at", "tracked", "sku")
TOPICS: Mapping[str, tuple[str, ...]] = {
    "ORDERS_CREATE": _ORDER_FIELDS,
    "ORDERS_UPDATED": _ORDER_FIELDS,
    "ORDERS_CANCELLED": _ORDER_FIELDS,
    "ORDERS_EDITED": (),
    "ORDERS_DELETE": (),
    "REFUNDS_CREATE": ("id", "order_id", "created_at"),
    "FULFILLMENTS_CREATE": ("id", "order_id", "updated_at"),
    "FULFILLMENTS_UPDATE": ("id", "order_id", "updated_at"),
    "FULFILLMENT_ORDERS_MOVED": (),
    "FULFILLMENT_ORDERS_ORDER_ROUTING_COMPLETE": (),
    "INVENTORY_LEVELS_UPDATE": _LEVEL_FIELDS,
    "INVENTORY_LEVELS_CONNECT": _LEVEL_FIELDS,
    "INVENTORY_LEVELS_DISCONNECT": (),
    "INVENTORY_ITEMS_CREATE": _ITEM_FIELDS,
    "INVENTORY_ITEMS_UPDATE": _ITEM_FIELDS,
    "INVENTORY_ITEMS_DELETE": (),
    "APP_UNINSTALLED": (),
    "APP_SCOPES_UPDATE": (),
}


def check_subscriptions(
    client: ShopifyClient, *, webhook_url: str, last_event_at: datetime | None
) -> SubscriptionReport:
    """See that every topic comes to ``webhook_url`` once; make what is missing, drop what is double.

    Subscriptions to other addresses are left alone: another installation may share the app. Raises ChannelError.
    """
    ours, sentences = _ours(client, webhook_url), []
    for topic, ids in ours.items():
        for extra in ids[1:]:
            client.run(UNSUBSCRIBE, {"id": extra})
        if topic not in TOPICS:
            client.run(UNSUBSCRIBE, {"id": ids[0]})
    missing = [topic for topic in TOPICS if topic not in ours]
    refused = {topic: words for topic in missing if (words := _subscribe(client, topic, webhook_url))}
    made = [topic for topic in missing if topic not in refused]
    if refused:
        sentences += _refusals(refused, webhook_url)
    if made and last_event_at is not None:
        sentences.append(
            f"{len(made)} webhook subscriptions had gone and were made again ({_shown(made)}). Shopify deletes them"
            " when deliveries fail for four hours; orders were polled meanwhile."
        )
    elif made:
        sentences.append(f"Webhooks are subscribed: {len(made)} topics.")
    elif not refused:
        sentences.append("Webhooks are subscribed.")
    if client.falls_forward:
        sentences.append(
            f"Shopify answers with version {client.served_version} of its API, because {API_VERSION} has been retired:"
            " update Evenkeel."
        )
    return SubscriptionReport(is_healthy=not refused and not client.falls_forward, sentences=tuple(sentences))


def _ours(client: ShopifyClient, webhook_url: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    after = ""
    while True:
        page = client.run(SUBSCRIPTIONS, {"after": after or None}).get("webhookSubscriptions")
        for each in nodes(page):
            if text(each.get("uri")) == webhook_url:
                found.setdefault(text(each.get("topic")), []).append(text(each.get("id")))
        after = end_of(page)
        if not after:
            return found


def _subscribe(client: ShopifyClient, topic: str, webhook_url: str) -> str:
    """Subscribe to a topic; return Shopify's words when it refuses, else "". Raises ChannelError."""
    sent: dict[str, object] = {"uri": webhook_url, "format": "JSON"}
    if TOPICS[topic]:
        sent["includeFields"] = list(TOPICS[topic])
    try:
        payload = inner(client.run(SUBSCRIBE, {"topic": topic, "sent": sent}).get("webhookSubscriptionCreate"))
    except Rejected as error:
        return str(error)
    errors: list[Json] = [inner(each) for each in payload.get("userErrors") or []]
    words = "; ".join(text(error.get("message")) or "no words" for error in errors)
    if errors and "already been taken" not in words:
        return words[:300]
    return "" if errors or payload.get("webhookSubscription") else "no words"


def _refusals(refused: Mapping[str, str], webhook_url: str) -> list[str]:
    by_words: dict[str, list[str]] = {}
    for topic, words in refused.items():
        by_words.setdefault(words, []).append(topic)
    found = [
        f"Shopify refuses webhooks for {_shown(topics)}: {words.rstrip('.')}." for words, topics in by_words.items()
    ]
    if urlsplit(webhook_url).scheme != "https":
        found.append("Shopify sends webhooks to public https:// addresses only: set PUBLIC_URL to one.")
    return [*found, "Until then orders are polled."]


def _shown(topics: list[str]) -> str:
    shown = [topic.lower().replace("_", " ") for topic in topics]
    return ", ".join(shown[:4]) + (f" and {len(shown) - 4} more" if len(shown) > 4 else "")
