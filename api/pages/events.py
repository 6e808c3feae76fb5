"""The event log, and one delivery with its attempts."""

from __future__ import annotations

import json

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from api.models import Delivery, Event
from api.pages.filters import EventLogFilter
from api.pages.frame import tabs
from api.pages.tables import EventTable
from api.webhooks import endpoints, outbox, schedule
from api.webhooks.bodies import shown
from api.webhooks.kinds import KINDS
from inventory.tables import list_page


@require_GET
def event_list(request: HttpRequest) -> HttpResponse:
    rows = Event.objects.annotate(
        told=Count("deliveries"), received=Count("deliveries", filter=Q(deliveries__state="delivered"))
    )
    events = EventLogFilter(request.GET, rows.order_by("-pk"))
    table = EventTable(events.qs, empty_text=_("Sales, changes of stock and whatever needs a person show here."))
    return list_page(
        request, "developers/event_list.html", filterset=events, table=table, context={"tabs": tabs("events")}
    )


@require_GET
def event_detail(request: HttpRequest, pk: int) -> HttpResponse:
    event = get_object_or_404(Event, pk=pk)
    context = {
        "event": event,
        "kind": KINDS.get(event.kind),
        "body": _pretty(event),
        "deliveries": event.deliveries.select_related("endpoint").order_by("-pk"),
    }
    return render(request, "developers/event_detail.html", context)


@require_GET
def delivery_detail(request: HttpRequest, pk: int) -> HttpResponse:
    delivery = get_object_or_404(Delivery.objects.select_related("event", "endpoint"), pk=pk)
    context = {
        "delivery": delivery,
        "endpoint": delivery.endpoint,
        "kind": KINDS.get(delivery.event.kind),
        "body": _pretty(delivery.event),
        "attempts": delivery.attempts.order_by("-pk"),
        "attempts_in_all": schedule.ATTEMPTS,
    }
    return render(request, "developers/delivery_detail.html", context)


@require_POST
def delivery_replay(request: HttpRequest, pk: int) -> HttpResponse:
    """Send one event again, with the same id, so that a receiver that has it knows it."""
    delivery = get_object_or_404(Delivery, pk=pk)
    if endpoints.replay(deliveries=Delivery.objects.filter(pk=delivery.pk), now=timezone.now()):
        outbox.wake()
        messages.success(request, _("It is sent again, with the same id."))
    else:
        messages.error(request, _("Not sent: its endpoint is off, or an attempt is still due."))
    return redirect("developers:delivery_detail", delivery.pk)


def _pretty(event: Event) -> str:
    return json.dumps(shown(event), indent=2, ensure_ascii=False)
