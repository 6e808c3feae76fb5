"""The channels: their list, one channel's page, and what can be asked of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Avg, Count, IntegerField, Max, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from channels import asking, breaker, catalog, connect, connection, limiter, modes, opening, problems, tasks
from channels.contract import ChannelError
from channels.models import Channel, ChannelWarehouse, Listing
from channels.registry import capabilities_of, opened
from channels.views.answers import back, refuse
from inventory.errors import LedgerError
from inventory.views import actor_of, done

LATEST = 6  # rows of each kind that the channel's page shows


def with_counts() -> QuerySet[Channel]:
    """Return the channels with what their rows show: listings by mapping, work ahead, and what waits for a person."""
    listings = Listing.objects.filter(channel=OuterRef("pk")).order_by()
    kept = listings.exclude(state=Listing.State.GONE)
    mapped = Listing.Mapping.MAPPED

    def count(rows: QuerySet[Listing]) -> Coalesce:
        each = rows.values("channel").annotate(n=Count("*")).values("n")
        return Coalesce(Subquery(each, output_field=IntegerField()), 0)

    return Channel.objects.annotate(
        # All but the few others, which have indexes: to look at each that is mapped would take most of a page's time.
        mapped=count(listings)
        - count(listings.exclude(mapping=mapped))
        - count(listings.filter(mapping=mapped, state=Listing.State.GONE)),
        unmapped=count(listings.unmapped()),
        due=count(kept.filter(due_at__isnull=False)),
        parked=count(kept.filter(parked_at__isnull=False)),
        drifting=count(kept.exclude(drift=0)),
    )


def mode_sentences() -> dict[str, str]:
    """Return what each mode does, in a sentence."""
    return {
        Channel.Mode.OBSERVE: _("Reads orders and works out every quantity, but writes nothing to the store."),
        Channel.Mode.PART_LIVE: _("Writes to the listings that you chose, and observes all others."),
        Channel.Mode.LIVE: _("Writes every change of quantity to the store."),
        Channel.Mode.SELL_DOWN: _("Writes only decreases: the store sells what it shows and gets nothing new."),
        Channel.Mode.PAUSED: _("Writes nothing and works nothing out. Orders are still read and booked."),
    }


@require_GET
def channel_list(request: HttpRequest) -> HttpResponse:
    feeds = Prefetch("feeds", ChannelWarehouse.objects.select_related("warehouse").order_by("priority", "pk"))
    channels = with_counts().prefetch_related(feeds).order_by("name", "pk")
    connected = [channel for channel in channels if channel.disconnected_at is None]
    past = [channel for channel in channels if channel.disconnected_at is not None]
    return render(request, "channels/channel_list.html", {"channels": connected, "past": past})


@require_GET
@vary_on_headers("HX-Request")
def channel_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    channel = get_object_or_404(with_counts(), uuid=uuid)
    context = {**page_of(channel, "overview"), **_overview(channel)}
    is_part = bool(getattr(request, "htmx", False))
    return render(request, "channels/_channel.html" if is_part else "channels/channel_detail.html", context)


@require_GET
def channel_by_number(request: HttpRequest, pk: int) -> HttpResponse:
    """Lead from the number, which scripts and the API know, to the page."""
    return redirect("channels:channel_detail", get_object_or_404(Channel, pk=pk).uuid)


def page_of(channel: Channel, current: str) -> dict[str, Any]:
    """Return what the head of every page of a channel draws."""
    pages = (
        ("overview", _("Overview"), "channels:channel_detail"),
        ("observe", _("Observe"), "channels:channel_observe"),
        ("settings", _("Settings"), "channels:channel_settings"),
    )
    return {
        "channel": channel,
        "capabilities": capabilities_of(channel),
        "tabs": [
            {"label": label, "url": reverse(name, args=[channel.uuid]), "is_current": code == current, "count": None}
            for code, label, name in pages
        ],
    }


def _overview(channel: Channel) -> dict[str, Any]:
    sentences = mode_sentences()
    now = timezone.now()
    found = problems.of(channel, problems.facts_of(channel, now=now), now=now)
    imports = list(channel.imports.order_by("-pk")[:3])
    return {
        "problems": found,
        "milder": [problem for problem in found if problem.tone != "critical"],
        "mode_sentence": sentences[channel.mode],
        "modes": [
            {"code": code, "label": label, "sentence": sentences[code], "is_current": code == channel.mode}
            for code, label in Channel.Mode.choices
        ],
        "feeds": list(channel.feeds.select_related("warehouse").order_by("priority", "pk")),
        "imports": imports,
        "running": next((run for run in imports if run.state == "running"), None),
        "pushes": list(channel.pushes.select_related("listing__sku").order_by("-pk")[:LATEST]),
        "events": list(channel.events.order_by("-pk")[:LATEST]),
        "calls_wait_until": limiter.blocked_until(_budget_keys(channel)),
        "locations": (locations := _locations(channel)),
        # With one that a warehouse stands for, the others may be left out on purpose.
        "bare_locations": [place["location"] for place in locations if place["location"].is_usable]
        if not any(place["warehouses"] for place in locations)
        else [],
        "window": channel.pushes.filter(window__isnull=False, created_at__gt=now - timedelta(days=1)).aggregate(
            pushes=Count("pk"), longest=Max("window"), usual=Avg("window")
        ),
        "failed_events": channel.events.filter(state="failed").count(),
    }


def _budget_keys(channel: Channel) -> Sequence[str]:
    try:
        with opened(channel) as platform:  # nothing is asked over the network here
            return platform.budget_keys()
    except ChannelError:
        return ()  # credentials that are no use open nothing, and the page says so


def _locations(channel: Channel) -> list[dict[str, Any]]:
    """Return the store's locations with the names of the warehouses that stand for each."""
    feeds: dict[str, list[str]] = {}
    for ref, name in channel.feeds.order_by("priority", "pk").values_list("location_ref", "warehouse__name"):
        feeds.setdefault(ref, []).append(name)
    return [{"location": place, "warehouses": feeds.get(place.ref, [])} for place in channel.locations.all()]


# What can be asked of a channel ---------------------------------------------------------------------------------


def _connected(uuid: UUID) -> Channel:
    return get_object_or_404(Channel, uuid=uuid, disconnected_at=None)


@require_http_methods(["GET", "POST"])
def channel_mode(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Change the mode. Going live is shown first: what would be written, before it is."""
    channel = _connected(uuid)
    mode = (request.POST if request.method == "POST" else request.GET).get("mode", Channel.Mode.LIVE)
    if mode not in Channel.Mode.values:
        return redirect("channels:channel_detail", channel.uuid)
    if mode == Channel.Mode.PART_LIVE:
        return redirect("channels:channel_observe", channel.uuid)  # which listings, is chosen there
    preview = modes.preview(channel) if mode == Channel.Mode.LIVE else None
    must_agree = preview is not None and preview.empties and channel.mode != mode
    if request.method == "POST" and must_agree and not request.POST.get("empties"):
        messages.error(request, _("Nothing was changed: tick that the quantities going to zero are meant."))
        return redirect(f"{reverse('channels:channel_mode', args=[channel.uuid])}?mode={mode}")
    if request.method == "POST":
        changed = modes.change_mode(channel=channel, mode=mode, actor=actor_of(request.user), now=timezone.now())
        messages.success(
            request, _("%(channel)s: %(mode)s.") % {"channel": changed.name, "mode": changed.get_mode_display()}
        )
        return done(request, reverse("channels:channel_detail", args=[channel.uuid]))
    context = {
        **page_of(channel, "observe"),
        "mode": mode,
        "mode_label": Channel.Mode(mode).label,
        "mode_sentence": mode_sentences()[mode],
        "preview": preview,
        "must_agree": must_agree,
        "openings": opening.rows([channel.pk]).count() if preview and preview.to_zero else 0,
    }
    return render(request, "channels/channel_mode.html", context)


@require_http_methods(["GET", "POST"])
def channel_opening(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Take the quantities that the store shows for the stock of SKUs that have none; they are named beforehand."""
    channel = _connected(uuid)
    feeds = list(channel.feeds.select_related("warehouse").order_by("priority", "pk"))
    found = opening.openings(channel)
    must_choose = any(each.warehouse is None for each in found)
    if request.method == "POST":
        chosen = next(
            (feed.warehouse for feed in feeds if str(feed.warehouse_id) == request.POST.get("warehouse")), None
        )
        if must_choose and chosen is None:
            messages.error(request, _("Nothing was changed: choose a warehouse that the channel sells from."))
            return redirect("channels:channel_opening", channel.uuid)
        try:
            batch = opening.take(channel=channel, warehouse=chosen, actor=actor_of(request.user), now=timezone.now())
        except LedgerError as error:
            messages.error(request, str(error))
            return redirect("channels:channel_opening", channel.uuid)
        count = batch.counts.count()
        words = ngettext("%(n)d SKU has its opening stock.", "%(n)d SKUs have their opening stock.", count)
        messages.success(request, words % {"n": count})
        return done(request, reverse("inventory:count_batch", args=[batch.pk]))
    context = {
        **page_of(channel, "overview"),
        "feeds": feeds,
        "openings": found[:50],
        "count": len(found),
        "units": sum(each.on_hand for each in found),
        "must_choose": must_choose,
    }
    return render(request, "channels/channel_opening.html", context)


@require_POST
def channel_allow(request: HttpRequest, uuid: UUID) -> HttpResponse:
    channel = _connected(uuid)
    breaker.allow(channel=channel, actor=actor_of(request.user), now=timezone.now())
    modes.publish_all(channel=channel, now=timezone.now())
    messages.success(request, _("The wave goes out. Waves of any size pass for the next 15 minutes."))
    return redirect("channels:channel_detail", channel.uuid)


@require_POST
def channel_import(request: HttpRequest, uuid: UUID) -> HttpResponse:
    channel = _connected(uuid)
    catalog.start_import(channel=channel, now=timezone.now())
    messages.success(request, _("The catalogue is being read. You can leave this page."))
    return back(request, reverse("channels:channel_detail", args=[channel.uuid]))


@require_POST
def channel_push(request: HttpRequest, uuid: UUID) -> HttpResponse:
    channel = _connected(uuid)
    due = modes.publish_all(channel=channel, now=timezone.now())
    messages.success(
        request,
        ngettext(
            "%(due)d listing is compared with its quantity and written where it differs.",
            "%(due)d listings are compared with their quantities and written where they differ.",
            due,
        )
        % {"due": due},
    )
    return redirect("channels:channel_detail", channel.uuid)


@require_POST
def channel_poll(request: HttpRequest, uuid: UUID) -> HttpResponse:
    channel = _connected(uuid)
    asking.poll_soon(channel=channel, now=timezone.now())
    messages.success(request, _("The store's orders are being read."))
    return redirect("channels:channel_detail", channel.uuid)


@require_POST
def channel_check(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Ask the store whether it still knows us, and whether its webhooks will come."""
    channel = _connected(uuid)
    try:
        report = connect.check(channel=channel, now=timezone.now())
    except ChannelError as error:
        connection.note_failure(channel, error, now=timezone.now())
        refuse(request, error)
        return redirect("channels:channel_detail", channel.uuid)
    tasks.check_subscriptions(channel, now=timezone.now())
    messages.success(request, _("%(account)s answers.") % {"account": report.account_name})
    for warning in report.warnings:
        messages.warning(request, warning)
    return redirect("channels:channel_detail", channel.uuid)


@require_http_methods(["GET", "POST"])
def channel_disconnect(request: HttpRequest, uuid: UUID) -> HttpResponse:
    channel = _connected(uuid)
    if request.method == "POST":
        connect.disconnect(channel=channel, actor=actor_of(request.user), now=timezone.now())
        messages.success(request, _("%(channel)s is disconnected. Its history stays.") % {"channel": channel.name})
        return done(request, reverse("channels:channel_list"))
    context = {**page_of(channel, "settings"), "open_orders": channel.orders.filter(state="open").count()}
    return render(request, "channels/channel_disconnect.html", context)
