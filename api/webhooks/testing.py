"""The test button: one event to one endpoint, now."""

from __future__ import annotations

from django.utils import timezone

from api.models import Delivery, Endpoint
from api.webhooks import delivering, outbox
from api.webhooks.kinds import TEST

SECONDS = 10.0  # a person waits


def send(endpoint: Endpoint) -> Delivery:
    """Send a test event, also to an endpoint that is off, and return its delivery with what came of it.

    It is tried once: a test that comes hours later tells nobody anything.
    """
    now = timezone.now()
    event = outbox.event_for(
        endpoint,
        kind=TEST,
        subject=f"webhook:{endpoint.uuid}",
        data={"message": "This is a test. Nothing has happened.", "endpoint": str(endpoint.uuid)},
    )
    delivery = Delivery.objects.create(
        event=event, endpoint=endpoint, state=Delivery.State.FAILED, step=1, created_at=now
    )
    call = delivering.call_for(delivery, now=now)
    call.timeout = SECONDS
    delivering.note_test(delivery, call.run(), now=timezone.now())
    delivery.refresh_from_db()
    return delivery
