"""The webhooks that tell us of sales: made through the API, looked at every hour, mended.

https://woocommerce.github.io/woocommerce-rest-api-docs/#webhooks (wc/v3). WooCommerce never sends a delivery again and
disables a webhook after some failures in a row; one that is revived is disabled again by its next failure.
"""

from __future__ import annotations

import hashlib
import secrets
import string
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from channels.contract import SubscriptionReport
from channels.platforms.woocommerce.client import WooClient, id_of
from channels.platforms.woocommerce.refs import text
from channels.platforms.woocommerce.webhooks import TOPICS

NAME = "Evenkeel"
OPEN_PORTS = frozenset({80, 443, 8080})  # WordPress calls no others, unless it is told to


def new_secret() -> str:
    """Return a secret of letters and digits: HTML entities in one would be decoded before it signs."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(48))


def check_subscriptions(
    client: WooClient, *, webhook_url: str, secret: str, last_event_at: datetime | None
) -> SubscriptionReport:
    """See that there is one active webhook of ours for each topic; make, mend and revive. Raises ChannelError."""
    ours: dict[str, list[Mapping[str, Any]]] = {}
    for page in client.walk("/webhooks", {"status": "all"}):
        for webhook in page:
            if isinstance(webhook, dict) and _is_ours(webhook, webhook_url):
                ours.setdefault(text(webhook.get("topic")), []).append(webhook)
    made, mended, revived = [], [], []
    for topic in TOPICS:
        wanted = {"name": _name(topic, secret), "delivery_url": webhook_url}
        found, *repeated = ours.get(topic, [{}])
        for each in repeated:
            client.delete(f"/webhooks/{id_of(each)}")
        number = id_of(found)
        if number is None:
            client.post("/webhooks", {**wanted, "topic": topic, "secret": secret, "status": "active"})
            made.append(topic)
            continue
        if any(found.get(name) != value for name, value in wanted.items()):
            client.post(f"/webhooks/{number}", {**wanted, "secret": secret, "status": "active"})
            mended.append(topic)
        elif found.get("status") != "active":
            client.post(f"/webhooks/{number}", {"status": "active"})
            revived.append(topic)
    sentences = _sentences(webhook_url, made=made, mended=mended, revived=revived)
    port = _port(webhook_url)
    is_odd = port not in OPEN_PORTS and last_event_at is None  # a site may allow more, or stand on the same machine
    if is_odd:
        sentences.append(
            f"WordPress calls the ports 80, 443 and 8080 only, and this address has {port}: webhooks may not arrive."
        )
    return SubscriptionReport(
        is_healthy=not revived and not is_odd,
        sentences=tuple(sentences) or ("All webhooks are there and switched on.",),
    )


def _sentences(webhook_url: str, *, made: list[str], mended: list[str], revived: list[str]) -> list[str]:
    sentences = []
    if made:
        sentences.append(f"Webhooks were made in the store for {', '.join(made)}.")
    if mended:
        sentences.append(f"Webhooks were pointed to this address anew: {', '.join(mended)}.")
    if revived:
        sentences.append(
            f"The store had switched off its webhooks for {', '.join(revived)} after failures in a row; they are on"
            f" again. Can the store reach {webhook_url}? What it did not tell meanwhile, the order poll finds."
        )
    return sentences


def _name(topic: str, secret: str) -> str:
    """Return the webhook's name. It tells which secret it was made with: the secret itself is never shown again."""
    return f"{NAME} {topic} {hashlib.sha256(secret.encode()).hexdigest()[:8]}"


def _is_ours(webhook: Mapping[str, Any], webhook_url: str) -> bool:
    """Whether a webhook leads to this channel, perhaps by an address that the installation had before."""
    url = text(webhook.get("delivery_url"))
    try:
        is_same_path = urlsplit(url).path.rstrip("/") == urlsplit(webhook_url).path.rstrip("/")
    except ValueError:
        return False
    return url == webhook_url or (is_same_path and text(webhook.get("name")).startswith(f"{NAME} "))


def _port(url: str) -> int:
    split = urlsplit(url)
    return split.port or (443 if split.scheme == "https" else 80)
