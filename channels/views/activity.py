"""What came in: the inbox with replay, and what people changed."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from channels import inbox, trail
from channels.filters import ChangeFilter, EventFilter
from channels.models import InboundEvent
from channels.tables import ChangeTable, EventTable
from channels.views.answers import back
from inventory import sheets
from inventory.filters import MovementFilter
from inventory.models import AuditEntry, Movement
from inventory.tables import StockChangeTable, list_page


def tabs(current: str) -> list[dict[str, Any]]:
    """Return the tabs of the room: in, out, and what people changed."""
    pages = (
        ("inbox", _("Inbox"), "channels:activity"),
        ("pushes", _("Pushes"), "channels:push_list"),
        ("changes", _("Changes by people"), "channels:activity_changes"),
        ("stock", _("Stock by people"), "channels:activity_stock"),
    )
    return [
        {"label": label, "url": reverse(name), "is_current": code == current, "count": None}
        for code, label, name in pages
    ]


@require_GET
def activity(request: HttpRequest) -> HttpResponse:
    rows = InboundEvent.objects.select_related("channel").defer("channel__credentials", "body", "headers")
    events = EventFilter(request.GET, rows.order_by("-received_at", "-pk"))
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
    subject = request.GET.get("subject", "")
    thing = trail.things([AuditEntry(subject=subject)])[subject] if subject else None
    context = {"tabs": tabs("changes"), "thing": thing, "query": request.GET.urlencode()}
    return list_page(request, "channels/changes.html", filterset=changes, table=table, context=context)


@require_GET
def changes_export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Answer the entries that the filter of this address shows, as a file; times in UTC, values as JSON."""
    entries = ChangeFilter(request.GET, AuditEntry.objects.order_by("-pk")).qs
    rows = (
        (entry.at, entry.actor, entry.action, entry.subject, json.dumps(entry.before), json.dumps(entry.after))
        for entry in entries.iterator(chunk_size=2000)
    )
    name = f"changes-{timezone.localdate():%Y-%m-%d}"
    try:
        return sheets.answer(name, kind, ("at", "actor", "action", "subject", "before", "after"), rows)
    except sheets.TooLarge as error:
        messages.error(request, str(error))
        return redirect(f"{reverse('channels:activity_changes')}?{request.GET.urlencode()}")


@require_GET
def activity_stock(request: HttpRequest) -> HttpResponse:
    """Show what people did to stock by hand: the ledger's movements that name a person."""
    rows = Movement.objects.filter(actor__startswith="user:").select_related("sku", "warehouse").order_by("-pk")
    moved = MovementFilter(request.GET, rows)
    table = StockChangeTable(moved.qs, empty_text=_("Receipts, adjustments, counts and transfers show here."))
    return list_page(
        request, "channels/stock_changes.html", filterset=moved, table=table, context={"tabs": tabs("stock")}
    )
