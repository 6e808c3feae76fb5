"""What came in: the inbox with replay, and what people changed."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from channels import inbox
from channels.filters import ChangeFilter, EventFilter
from channels.models import InboundEvent
from channels.tables import ChangeTable, EventTable
from channels.views.answers import back
from inventory.models import AuditEntry
from inventory.tables import list_page


def tabs(current: str) -> list[dict[str, Any]]:
    """Return the tabs of the room: in, out, and what people changed."""
    pages = (
        ("inbox", _("Inbox"), "channels:activity"),
        ("pushes", _("Pushes"), "channels:push_list"),
        ("changes", _("Changes by people"), "channels:activity_changes"),
    )
    return [
        {"label": label, "url": reverse(name), "is_current": code == current, "count": None}
        for code, label, name in pages
    ]


@require_GET
def activity(request: HttpRequest) -> HttpResponse:
    rows = InboundEvent.objects.select_related("channel").defer("body", "headers").order_by("-received_at", "-pk")
    events = EventFilter(request.GET, rows)
    table = EventTable(
        events.qs,
        order_by="-received_at",
        empty_text=_("A connected store sends one for each order and product that changes."),
    )
    failed = events.qs.filter(state=InboundEvent.State.FAILED).count()
    context = {"tabs": tabs("inbox"), "failed": failed}
    return list_page(request, "channels/activity.html", filterset=events, table=table, context=context)


@require_GET
def event_detail(request: HttpRequest, pk: int) -> HttpResponse:
    event = get_object_or_404(InboundEvent.objects.select_related("channel"), pk=pk)
    context = {"event": event, "body": pretty(event.body), "headers": sorted(event.headers.items())}
    return render(request, "channels/event_detail.html", context)


def pretty(body: str) -> str:
    """Return JSON with its lines broken and its letters readable; anything else as it came."""
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body


@require_POST
def event_replay(request: HttpRequest, pk: int) -> HttpResponse:
    event = get_object_or_404(InboundEvent, pk=pk)
    inbox.replay(event, now=timezone.now())
    messages.success(request, _("The event is worked on again. Only what differs is booked."))
    return back(request, reverse("channels:event_detail", args=[pk]))


@require_POST
def event_replay_failed(request: HttpRequest) -> HttpResponse:
    """Replay all failed events under the filter that the list had."""
    found = EventFilter(request.GET, InboundEvent.objects.filter(state=InboundEvent.State.FAILED)).qs
    replayed = inbox.replay_all(found, now=timezone.now())
    words = ngettext("%(n)d event is worked on again.", "%(n)d events are worked on again.", replayed)
    messages.success(request, words % {"n": replayed})
    return redirect("channels:activity")


@require_GET
def activity_changes(request: HttpRequest) -> HttpResponse:
    changes = ChangeFilter(request.GET, AuditEntry.objects.order_by("-pk"))
    table = ChangeTable(changes.qs, empty_text=_("Mappings, modes and settings that people change leave their trace."))
    context = {"tabs": tabs("changes")}
    return list_page(request, "channels/changes.html", filterset=changes, table=table, context=context)
