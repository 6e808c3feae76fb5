"""WooCommerce's webhooks: what is queued, when it is sent, how it is signed, and when a webhook is given up."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import ipaddress
import itertools
import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from sandbox.server import Json
from sandbox.webhooks import Courier, Delivery, DeliveryRules
from sandbox.woocommerce.errors import WpError, invalid_param
from sandbox.woocommerce.options import Options
from sandbox.woocommerce.records import Webhook

# A failed delivery is never tried again; a redirect counts as delivered though nothing follows it.
WOO_DELIVERY = DeliveryRules(
    delivered=frozenset({*range(200, 300), 301, 302}), retry_after=(), connect_seconds=5.0, answer_seconds=60.0
)
EVENTS = {
    "order": ("created", "updated", "deleted", "restored"),
    "product": ("created", "updated", "deleted", "restored", "published"),
    "customer": ("created", "updated", "deleted"),
    "coupon": ("created", "updated", "deleted", "restored"),
}
PING = "ping"

Resource = Callable[[str, int], Json]
"""Returns a resource as the API would answer it now, or the body of the error it would answer."""


def sign(body: str, secret: str) -> str:
    """Return ``X-WC-Webhook-Signature``. HTML entities in the secret are decoded first."""
    key = html.unescape(secret).encode()
    return base64.b64encode(hmac.new(key, body.encode(), hashlib.sha256).digest()).decode()


@dataclass(frozen=True, slots=True)
class Job:
    """A delivery that waits for WP-Cron. Equal ones are one."""

    webhook_id: int
    resource_id: int


class Webhooks:
    """The webhooks of a store, their queue and their sender. Safe to use from any thread.

    ``home`` returns the site's address without a closing slash.
    """

    def __init__(self, options: Options, courier: Courier, home: Callable[[], str], resource: Resource) -> None:
        self.options = options
        self.courier = courier
        courier.on_settled = self._settled
        self._home = home
        self._resource = resource
        self._lock = threading.RLock()
        self._wake = threading.Condition(self._lock)
        self._webhooks: dict[int, Webhook] = {}
        self._ids = itertools.count(1)
        self._queue: dict[Job, float] = {}
        self._running = False
        self._busy = False

    # Managing

    def all(self) -> list[Webhook]:
        with self._lock:
            return [each for _, each in sorted(self._webhooks.items())]

    def find(self, webhook_id: int) -> Webhook | None:
        with self._lock:
            return self._webhooks.get(webhook_id)

    def create(self, body: Json) -> Webhook:
        """Add a webhook and ping it; a ping that fails does not fail the creation. Raises WpError."""
        topic, url = str(body.get("topic") or ""), str(body.get("delivery_url") or "")
        _check(topic, url)
        now = self.options.clock()
        with self._lock:
            number = next(self._ids)
            webhook = Webhook(
                id=number,
                name=str(body.get("name") or f"Webhook created on {int(now)}"),
                topic=topic,
                delivery_url=url,
                secret=str(body.get("secret") or hashlib.sha256(str(number).encode()).hexdigest()[:50]),
                status=_status(body) or "active",
                created_at=now,
                modified_at=now,
            )
            self._webhooks[number] = webhook
        self._ping(webhook)
        return webhook

    def update(self, webhook: Webhook, body: Json) -> None:
        """Change a webhook. Setting it active does not forget its failures."""
        topic, url = str(body.get("topic") or webhook.topic), str(body.get("delivery_url") or webhook.delivery_url)
        _check(topic, url)
        with self._lock:
            webhook.awaits_ping = webhook.awaits_ping or url != webhook.delivery_url
            webhook.topic, webhook.delivery_url = topic, url
            webhook.status = _status(body) or webhook.status
            webhook.name = str(body.get("name") or webhook.name)
            webhook.secret = str(body.get("secret") or webhook.secret)
        self._saved(webhook)

    def delete(self, webhook: Webhook) -> None:
        with self._lock:
            self._webhooks.pop(webhook.id, None)
            self._queue = {job: due for job, due in self._queue.items() if job.webhook_id != webhook.id}

    # Sending

    def emit(self, resource: str, event: str, resource_id: int) -> None:
        """Queue a delivery for every active webhook of this topic; one that waits already covers it."""
        due = time.monotonic() + self.options.cron_seconds * self.options.time_scale
        with self._wake:
            for webhook in self._webhooks.values():
                if webhook.status == "active" and webhook.topic == f"{resource}.{event}":
                    self._queue.setdefault(Job(webhook.id, resource_id), due)
            self._wake.notify_all()

    def run_queue(self) -> int:
        """Send what waits, whatever its time, as a visit of the site may do; return how many there were."""
        with self._lock:
            jobs, self._queue = list(self._queue), {}
        for job in jobs:
            self._deliver(job)
        return len(jobs)

    def idle(self) -> bool:
        with self._lock:
            return not self._queue and not self._busy and self.courier.idle()

    def start(self) -> None:
        self._running = True
        threading.Thread(target=self._work, name="wp-cron", daemon=True).start()

    def stop(self) -> None:
        with self._wake:
            self._running = False
            self._wake.notify_all()

    def clear(self) -> None:
        """Forget all webhooks and what waits."""
        with self._lock:
            self._webhooks.clear()
            self._queue.clear()

    def send(self, webhook: Webhook, body: str, *, topic: str = "", signature: str = "valid") -> Delivery:
        """Send any body in a webhook's name. ``signature`` is valid, wrong or none, for tests of a receiver."""
        topic = topic or webhook.topic
        resource, _, event = topic.partition(".")
        # Not unique: a hash of the webhook and the second.
        delivery_id = hashlib.sha256(f"{webhook.id}{int(self.options.clock())}".encode()).hexdigest()[:32]
        headers = {
            "Content-Type": "application/json",
            "User-Agent": self._agent(),
            "X-WC-Webhook-Source": f"{self._home()}/",
            "X-WC-Webhook-Topic": topic,
            "X-WC-Webhook-Resource": resource,
            "X-WC-Webhook-Event": event,
            "X-WC-Webhook-ID": str(webhook.id),
            "X-WC-Webhook-Delivery-ID": delivery_id,
        }
        if signature != "none":
            secret = webhook.secret if signature == "valid" else f"not {webhook.secret}"
            headers["X-WC-Webhook-Signature"] = sign(body, secret)
        return self._submit(webhook, topic, body, headers, delivery_id)

    def _work(self) -> None:
        while True:
            with self._wake:
                if not self._running:
                    return
                now = time.monotonic()
                jobs = [job for job, due in self._queue.items() if due <= now]
                if not jobs:
                    waits = [due - now for due in self._queue.values()]
                    self._wake.wait(min(waits) if waits else None)
                    continue
                self._busy = True
                for job in jobs:
                    del self._queue[job]
            for job in jobs:
                self._deliver(job)
            with self._wake:
                self._busy = False

    def _deliver(self, job: Job) -> None:
        webhook = self.find(job.webhook_id)
        if webhook is None or webhook.status != "active":
            return
        # Built now, not when it was caused: several changes arrive as the last of them.
        payload: Json = {"id": job.resource_id}
        if webhook.event != "deleted":
            payload = self._resource(webhook.resource, job.resource_id)
        self.send(webhook, json.dumps(payload, separators=(",", ":")).replace("/", "\\/"))

    def _ping(self, webhook: Webhook) -> None:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": self._agent()}
        self._submit(webhook, PING, f"webhook_id={webhook.id}", headers, f"ping-{webhook.id}")

    def _submit(self, webhook: Webhook, kind: str, body: str, headers: dict[str, str], delivery_id: str) -> Delivery:
        refused = self.options.refuses_private_addresses and not _is_public(webhook.delivery_url)
        delivery = self.courier.submit(
            event_id=delivery_id,
            event_type=kind,
            entity_id=webhook.id,
            url="" if refused or not self.options.sends_webhooks else webhook.delivery_url,
            body=body,
            headers=headers,
        )
        if refused:
            self._failed(webhook)
        return delivery

    def _settled(self, delivery: Delivery) -> None:
        webhook = self.find(int(delivery.entity_id))
        if webhook is None or delivery.state == "pending":
            return
        if delivery.event_type == PING:
            with self._lock:
                webhook.awaits_ping = webhook.awaits_ping and delivery.attempts[-1].status != 200
        elif delivery.attempts[-1].status in WOO_DELIVERY.delivered:
            with self._lock:
                webhook.failures = 0
            self._saved(webhook)
        else:
            self._failed(webhook)

    def _failed(self, webhook: Webhook) -> None:
        with self._lock:
            if webhook.failures > self.options.disabled_after:
                webhook.status = "disabled"
            else:
                webhook.failures += 1
        self._saved(webhook)

    def _saved(self, webhook: Webhook) -> None:
        webhook.modified_at = self.options.clock()
        if webhook.awaits_ping:
            self._ping(webhook)

    def _agent(self) -> str:
        return f"WooCommerce/{self.options.version} Hookshot (WordPress/{self.options.wordpress_version})"


def _check(topic: str, url: str) -> None:
    resource, _, event = topic.partition(".")
    if event not in EVENTS.get(resource, ()) and not (resource == "action" and event):
        words = "Webhook topic is required and must be valid."
        raise WpError(400, "woocommerce_rest_shop_webhook_invalid_topic", words)
    if not url.startswith(("http://", "https://")):
        words = "Webhook delivery URL must be a valid URL starting with http:// or https://."
        raise WpError(400, "woocommerce_rest_shop_webhook_invalid_delivery_url", words)


def _status(body: Json) -> str:
    status = str(body.get("status") or "")
    if status and status not in ("active", "paused", "disabled"):
        raise invalid_param("status", "rest_not_in_enum", "status is not one of active, paused, and disabled.")
    return status


def _is_public(url: str) -> bool:
    split = urlsplit(url)
    try:
        port = split.port or (443 if split.scheme == "https" else 80)
        found = socket.getaddrinfo(split.hostname or "", port, type=socket.SOCK_STREAM)
    except (OSError, ValueError):
        return False
    return port in (80, 443, 8080) and all(ipaddress.ip_address(each[4][0]).is_global for each in found)
