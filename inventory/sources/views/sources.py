"""The stock sources: their list, one source's pages, and what can be asked of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Case, Count, Prefetch, Q, QuerySet, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from inventory import formats
from inventory.actors import name_of
from inventory.models import Warehouse
from inventory.sources import comparing, connecting, events, health, lane, mapping
from inventory.sources.contract import SourceError
from inventory.sources.csv_files import folder
from inventory.sources.filters import EventFilter, ReadingFilter, ShipmentFilter
from inventory.sources.models import Pull, PullProblem, Reading, Source, SourceEvent, SourceLocation
from inventory.sources.pulls import note_failure
from inventory.sources.registry import capabilities_of
from inventory.sources.tables import EventTable, ReadingTable, ShipmentTable
from inventory.tables import list_page
from inventory.views import actor_of

LATEST = 6


def with_counts() -> QuerySet[Source]:
    """Return the sources with what their rows show."""
    sources: QuerySet[Source] = Source.objects.annotate(
        readings_total=Count("readings", distinct=True),
        flagged=Count("readings", filter=Q(readings__outcome=Reading.Outcome.FLAGGED), distinct=True),
        waiting=Count("pulls", filter=Q(pulls__state=Pull.State.WAITING), distinct=True),
    )
    return sources


@require_GET
def source_list(request: HttpRequest) -> HttpResponse:
    mapped = Prefetch(
        "locations", SourceLocation.objects.exclude(warehouse=None).select_related("warehouse"), to_attr="mapped"
    )
    rows = []
    past = []
    for source in with_counts().prefetch_related(mapped).order_by("name", "pk"):
        if source.disconnected_at is not None:
            past.append(source)
            continue
        warehouses = dict.fromkeys(str(location.warehouse) for location in source.mapped)
        capabilities = capabilities_of(source)
        rows.append(
            {
                "source": source,
                "capabilities": capabilities,
                "warehouses": ", ".join(warehouses),
                "standing": health.standing(source),
                "standing_words": health.standing_words(source),
                "last": health.last_applied(source, capabilities),
            }
        )
    held = ~Q(levels__on_hand=0)
    kept = Warehouse.objects.exclude(kept_by="").annotate(skus=Count("levels", filter=held)).order_by("name", "pk")
    context = {"rows": rows, "past": past, "kept": [(place, name_of(place.kept_by)) for place in kept]}
    return render(request, "sources/source_list.html", context)


def page_of(source: Source, current: str) -> dict[str, Any]:
    """Return what the head of every page of a source draws."""
    capabilities = capabilities_of(source)
    pages = [("overview", _("Overview"), "sources:source_detail"), ("stock", _("Stock"), "sources:source_stock")]
    pages.append(("history", _("Readings"), "sources:source_history"))
    if capabilities.tells_shipments:
        pages.append(("shipments", _("Shipments"), "sources:source_shipments"))
    if capabilities.sends_events:
        pages.append(("events", _("Events"), "sources:source_events"))
    pages.append(("settings", _("Settings"), "sources:source_settings"))
    return {
        "source": source,
        "capabilities": capabilities,
        "standing": health.standing(source),
        "standing_words": health.standing_words(source),
        "tabs": [
            {"label": label, "url": reverse(name, args=[source.uuid]), "is_current": code == current, "count": None}
            for code, label, name in pages
        ],
    }


@require_GET
@vary_on_headers("HX-Request")
def source_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    source = get_object_or_404(Source, uuid=uuid)
    context = {**page_of(source, "overview"), **_overview(source)}
    is_part = bool(getattr(request, "htmx", False))
    return render(request, "sources/_source.html" if is_part else "sources/source_detail.html", context)


def _overview(source: Source) -> dict[str, Any]:
    now = timezone.now()
    capabilities = capabilities_of(source)
    last = health.last_applied(source, capabilities)
    found = []
    if source.disconnected_at is None:
        for concern in health.concerns(source, capabilities, now=now):
            name, _colon, pk = concern.page.partition("detail:")
            url = ""
            if pk:
                url = reverse(f"{name}detail", args=[source.uuid, int(pk)])
            elif concern.page:
                url = reverse(concern.page, args=[source.uuid])
            found.append({"concern": concern, "url": url})
    problems = PullProblem.objects.filter(pull=last) if last is not None else PullProblem.objects.none()
    places = mapping.warehouses(source)
    return {
        "concerns": found,
        "last": last,
        "reading": source.pulls.filter(state__in=[Pull.State.READING, Pull.State.DECIDED]).order_by("pk").first(),
        "pulls": list(source.pulls.order_by("-pk")[:LATEST]),
        "problems": list(problems[:LATEST]),
        "problem_count": problems.count(),
        "readings_total": source.readings.filter(sku__merged_into=None).count(),
        "flagged": source.readings.filter(outcome=Reading.Outcome.FLAGGED).count(),
        "mapped": [location for location in source.locations.select_related("warehouse") if location.warehouse],
        "places": len(places),
        "folder": folder.folder_of(source) if not capabilities.pulls else None,
        "secret_end": str(source.credentials.get("events_secret", ""))[-4:] if source.credentials else "",
    }


def _why_empty(source: Source) -> str:
    last = source.pulls.filter(state=Pull.State.APPLIED).order_by("-pk").first()
    if last is not None and last.skipped:
        return _("No row of the last reading could be used. The overview says why.")
    return _("Map its places; what it says of your SKUs shows here after the next reading.")


@require_GET
def source_stock(request: HttpRequest, uuid: UUID) -> HttpResponse:
    source = get_object_or_404(Source, uuid=uuid)
    worst_first = Case(When(outcome=Reading.Outcome.FLAGGED, then=0), default=1)
    told = source.readings.filter(sku__merged_into=None)  # those of merged SKUs are part of the others
    rows = told.select_related("sku", "warehouse", "source").order_by(worst_first, "sku__code", "pk")
    readings = ReadingFilter(request.GET, rows)
    table = ReadingTable(readings.qs, empty_text=_why_empty(source))
    return list_page(
        request, "sources/source_list_page.html", filterset=readings, table=table, context=page_of(source, "stock")
    )


@require_GET
def source_shipments(request: HttpRequest, uuid: UUID) -> HttpResponse:
    source = get_object_or_404(Source, uuid=uuid)
    rows = source.shipments.select_related("reservation").prefetch_related("lines").order_by("-pk")
    found = ShipmentFilter(request.GET, rows)
    table = ShipmentTable(found.qs, empty_text=_("Confirmed shipments lower on hand and reserved, each once."))
    return list_page(
        request, "sources/source_list_page.html", filterset=found, table=table, context=page_of(source, "shipments")
    )


@require_GET
def source_events(request: HttpRequest, uuid: UUID) -> HttpResponse:
    source = get_object_or_404(Source, uuid=uuid)
    found = EventFilter(request.GET, source.events.order_by("-pk"))
    table = EventTable(found.qs, empty_text=_("Enter the events address there, and they show here."))
    return list_page(
        request, "sources/source_list_page.html", filterset=found, table=table, context=page_of(source, "events")
    )


# What can be asked of a source ----------------------------------------------------------------------------------


def _connected(uuid: UUID) -> Source:
    return get_object_or_404(Source, uuid=uuid, disconnected_at=None)


@require_POST
def source_read(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Have the source read now."""
    source = _connected(uuid)
    now = timezone.now()
    if not capabilities_of(source).pulls:
        Source.objects.filter(pk=source.pk).update(next_pull_at=now)
        messages.success(request, _("The drop folder is looked at."))
    elif not mapping.deciding(source):
        messages.error(request, _("Nothing was read: first say which of its places is which warehouse."))
        return redirect("sources:source_locations", source.uuid)
    elif connecting.read_now(source, actor=actor_of(request.user), now=now):
        messages.success(request, _("It is being read. You can leave this page."))
    else:
        messages.info(request, _("A reading is under way already."))
    lane.wake(source)
    return redirect("sources:source_detail", source.uuid)


@require_POST
def source_check(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Test the connection."""
    source = _connected(uuid)
    try:
        report = connecting.check(source, now=timezone.now())
    except SourceError as error:
        note_failure(source, error, now=timezone.now())
        messages.error(request, str(error))
        return redirect("sources:source_detail", source.uuid)
    messages.success(request, _("%(account)s answers.") % {"account": report.account or source.name})
    for warning in report.warnings:
        messages.warning(request, warning)
    return redirect("sources:source_detail", source.uuid)


@require_POST
def event_again(request: HttpRequest, uuid: UUID, pk: int) -> HttpResponse:
    source = _connected(uuid)
    event = get_object_or_404(SourceEvent, source=source, pk=pk)
    if events.try_again(event):
        messages.success(request, _("It is worked on again. What counted already does not count twice."))
        lane.wake(source)
    return redirect("sources:source_events", source.uuid)


@require_POST
def reading_accept(request: HttpRequest, uuid: UUID, pk: int) -> HttpResponse:
    """Follow the source on one place that waits for review."""
    source = _connected(uuid)
    reading = get_object_or_404(Reading, source=source, pk=pk)
    reason = _("%(source)s was followed after review.") % {"source": source.name}
    movement = comparing.accept(reading, actor=actor_of(request.user), now=timezone.now(), reason=reason)
    if movement is None:
        messages.info(request, _("The two agree by now; nothing was changed."))
    else:
        messages.success(
            request,
            _("%(sku)s: on hand changed by %(units)s.")
            % {"sku": reading.sku, "units": formats.change(movement.on_hand_delta)},
        )
    return redirect("sources:source_stock", source.uuid)
