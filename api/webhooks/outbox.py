"""Writing events: in the transaction of the change, so that neither stands without the other."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone

from api.models import Endpoint, Event
from api.webhooks.kinds import KINDS
from channels.lanes import wake_soon
from inventory.announcing import News

LANE = "webhooks"


def write(news: Sequence[News]) -> None:
    """Keep the news as events. What is no kind of ours is nobody's business."""
    events = [
        Event(kind=each.kind, subject=each.subject, data=dict(each.data), occurred_at=each.at)
        for each in news
        if each.kind in KINDS
    ]
    if events:
        Event.objects.bulk_create(events, batch_size=500)
        wake()


def wake() -> None:
    """Have the lane look, once what was written is committed; without an endpoint the sweep is soon enough."""
    if Endpoint.objects.active().exists():
        wake_soon(LANE)


def event_for(endpoint: Endpoint, *, kind: str, subject: str, data: dict[str, object]) -> Event:
    """Write an event that is meant for one endpoint alone."""
    now = timezone.now()
    return Event.objects.create(kind=kind, subject=subject, data=data, occurred_at=now, spread_at=now)
