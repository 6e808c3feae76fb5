"""Ecwid's webhook events: their shape, their signature and their delivery rules."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from sandbox.ecwid.options import Options
from sandbox.refusals import BadWebhookUrl
from sandbox.server import Json
from sandbox.webhooks import Courier, Delivery, DeliveryRules

MINUTE = 60.0
HOUR = 3600.0

ECWID_DELIVERY = DeliveryRules(
    delivered=frozenset({200, 201, 202, 204, 209}),
    # Tries at 15, 30, 45 and 60 minutes, then hourly until 24 hours have passed: 27 retries.
    retry_after=(15 * MINUTE, 15 * MINUTE, 15 * MINUTE, 15 * MINUTE, *([HOUR] * 23)),
    connect_seconds=3.0,
    answer_seconds=10.0,
)

_SCOPE_OF = {
    "order": "read_orders",
    "unfinished_order": "read_orders",
    "product": "read_catalog",
    "category": "read_catalog",
    "application": "read_store_profile",
    "profile": "read_store_profile",
}


def sign(event_created: int, event_id: str, client_secret: str) -> str:
    """Return the value of ``X-Ecwid-Webhook-Signature``: standard Base64 of the raw HMAC-SHA256."""
    message = f"{event_created}.{event_id}".encode()
    return base64.b64encode(hmac.new(client_secret.encode(), message, hashlib.sha256).digest()).decode()


def check_webhook_url(url: str) -> None:
    """Raise BadWebhookUrl unless ``url`` is http(s) on port 80, 443 or 1024 to 65535.

    Ecwid itself insists on HTTPS with a trusted certificate; plain HTTP is let through here so that a
    receiver on the same machine needs none.
    """
    split = urlsplit(url)
    try:
        port = split.port or (443 if split.scheme == "https" else 80)
    except ValueError as error:
        raise BadWebhookUrl(str(error)) from error
    if split.scheme not in ("http", "https") or not split.hostname:
        raise BadWebhookUrl("the webhook URL must be an absolute http or https address")
    if port not in (80, 443) and port < 1024:
        raise BadWebhookUrl("the port must be 80, 443 or 1024 to 65535")


@dataclass(slots=True, kw_only=True)
class Webhooks:
    """The app's webhook settings and its sender."""

    store_id: int
    client_secret: str
    url: str
    courier: Courier
    options: Options

    def emit(self, event_type: str, entity_id: int | str, data: Json | None = None) -> None:
        """Send one event if the app's scopes let it have this type."""
        scope = _SCOPE_OF.get(event_type.partition(".")[0], "read_store_profile")
        if scope in self.options.app_scopes:
            self.send(event_type, entity_id, data)

    def send(
        self,
        event_type: str,
        entity_id: int | str,
        data: Json | None = None,
        *,
        store_id: int | None = None,
        signature: str = "valid",
        event_id: str = "",
    ) -> Delivery:
        """Send one event whatever it says. ``signature`` is valid, wrong or none, for tests of a receiver."""
        event_id = event_id or str(uuid.uuid4())
        created = int(self.options.clock())
        body: Json = {
            "eventId": event_id,
            "eventCreated": created,
            "storeId": self.store_id if store_id is None else store_id,
            "entityId": entity_id,
            "eventType": event_type,
        }
        if data is not None:
            body["data"] = data
        headers = {
            "Content-Type": "application/json; charset=UTF-8",
            "User-Agent": "Ecwid webhooks (simulated)",
        }
        if signature != "none":
            secret = self.client_secret if signature == "valid" else f"not {self.client_secret}"
            headers["X-Ecwid-Webhook-Signature"] = sign(created, event_id, secret)
        headers.update(self.options.webhook_headers)
        return self.courier.submit(
            event_id=event_id,
            event_type=event_type,
            entity_id=entity_id,
            url=_with_event_type(self.url, event_type),
            body=json.dumps(body, ensure_ascii=False),
            headers=headers,
        )

    def address_for(self, event_type: str) -> str:
        """Return the URL this event type goes to at present; empty when none is set."""
        return _with_event_type(self.url, event_type)


def _with_event_type(url: str, event_type: str) -> str:
    if not url:
        return ""
    split = urlsplit(url)
    query = [*parse_qsl(split.query, keep_blank_values=True), ("eventtype", event_type)]
    return urlunsplit((split.scheme, split.netloc, split.path or "/", urlencode(query), ""))
