"""What is sent: one JSON text per event, the same on every attempt."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TypedDict

from standardwebhooks import Webhook

from api.models import Event
from inventory.announcing import Json


class EventAnswer(TypedDict):
    """An event as others see it. Of one ``type`` and ``subject`` only the largest ``version`` counts."""

    id: str
    type: str
    timestamp: str
    subject: str
    version: int
    data: Json


def shown(event: Event) -> EventAnswer:
    """Return the event as receivers and the API's readers get it."""
    return EventAnswer(
        id=event.ref,
        type=event.kind,
        timestamp=event.occurred_at.astimezone(UTC).isoformat(),
        subject=event.subject,
        version=event.pk,
        data=event.data,
    )


def body_of(event: Event) -> str:
    return json.dumps(shown(event), ensure_ascii=True, separators=(",", ":"))


def headers_for(event: Event, body: str, *, secrets: list[str], now: datetime) -> dict[str, str]:
    """Return the headers of Standard Webhooks 1.0.0 for an attempt at ``now``, signed with every secret."""
    moment = now.astimezone(UTC)  # the library replaces the zone instead of converting it
    return {
        "content-type": "application/json",
        "user-agent": "Evenkeel-Webhooks/1",
        "webhook-id": event.ref,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(Webhook(secret).sign(event.ref, moment, body) for secret in secrets),
    }
