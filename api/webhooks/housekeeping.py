"""What is old goes: events, their deliveries, and answers kept for repeats."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from api.models import Delivery, Event, KeptAnswer
from channels.lanes import Lease

EVENTS_KEPT = timedelta(days=30)
ANSWERS_KEPT = timedelta(days=7)
AT_ONCE = 5000


def has_old(now: datetime) -> bool:
    """Tell whether there is something to clear away."""
    return _events(now).exists() or _answers(now).exists()


def work(lease: Lease) -> bool:
    """Clear one portion away; tell whether anything went."""
    return clear(now=timezone.now()) > 0


def clear(*, now: datetime) -> int:
    """Delete what is older than it is kept, some thousand rows at a time; return how many rows went."""
    events = list(_events(now).order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    answers = list(_answers(now).order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    gone, _ = Event.objects.filter(pk__in=events).delete()
    more, _ = KeptAnswer.objects.filter(pk__in=answers).delete()
    return gone + more


def _events(now: datetime) -> QuerySet[Event]:
    pending = Delivery.objects.filter(event=OuterRef("pk"), state=Delivery.State.PENDING)
    return Event.objects.filter(recorded_at__lt=now - EVENTS_KEPT, spread_at__isnull=False).exclude(Exists(pending))


def _answers(now: datetime) -> QuerySet[KeptAnswer]:
    return KeptAnswer.objects.filter(created_at__lt=now - ANSWERS_KEPT)
