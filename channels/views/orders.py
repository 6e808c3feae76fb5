"""Orders: the list, and one order with what the ledger holds for it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Aggregate, BigIntegerField, Count, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from channels import asking, connection
from channels.contract import ChannelError
from channels.filters import OrderFilter
from channels.models import Order, OrderLine
from channels.registry import capabilities_of
from channels.tables import OrderTable
from channels.views.answers import refuse
from inventory.models import Movement, Reservation
from inventory.tables import list_page

MOVEMENTS = 50


@require_GET
def order_list(request: HttpRequest) -> HttpResponse:
    lines = OrderLine.objects.filter(order=OuterRef("pk")).order_by().values("order")
    waiting = lines.filter(state=OrderLine.State.WAITING)

    def of_each(found: QuerySet[Any], value: Aggregate) -> Coalesce:
        return Coalesce(Subquery(found.annotate(n=value).values("n")), Value(0), output_field=BigIntegerField())

    rows = (
        Order.objects.select_related("channel")
        .defer("channel__credentials", "channel__options", "payload")
        .annotate(
            line_count=of_each(lines, Count("pk")),
            units=of_each(lines, Sum("ordered")),
            waiting=of_each(waiting, Count("pk")),
        )
        .order_by("-placed_at", "-pk")
    )
    orders = OrderFilter(request.GET, rows)
    table = OrderTable(
        orders.qs, order_by="-placed_at", empty_text=_("Orders of a connected store show here within seconds.")
    )
    return list_page(request, "channels/order_list.html", filterset=orders, table=table)


@require_GET
def order_detail(request: HttpRequest, pk: int) -> HttpResponse:
    order = get_object_or_404(Order.objects.select_related("channel"), pk=pk)
    reservation = Reservation.objects.filter(key=order.reservation_key).first()
    places: dict[str, list[object]] = {}
    if reservation is not None:
        held = reservation.lines.select_related("warehouse", "sku").exclude(reserved=0, fulfilled=0, returned=0)
        for place in held.order_by("pk"):
            places.setdefault(place.line_ref, []).append(place)
    lines = list(order.lines.select_related("listing__channel", "sku").order_by("pk"))
    context = {
        "order": order,
        "capabilities": capabilities_of(order.channel),
        "lines": [(line, places.get(line.ref, [])) for line in lines],
        "left_before": any(line.before_start > 0 for line in lines),
        "waiting": sum(1 for line in lines if line.state == OrderLine.State.WAITING),
        "reservation": reservation,
        "movements": list(_movements(order, reservation)[:MOVEMENTS]),
    }
    return render(request, "channels/order_detail.html", context)


def _movements(order: Order, reservation: Reservation | None) -> QuerySet[Movement]:
    """Return what the order moved: booked by its channel, or ended by a person."""
    mine = Q(key__startswith=f"{order.reservation_key}:r")
    if reservation is not None:
        mine |= Q(key__startswith=f"reservation:{reservation.pk}:r")
    return Movement.objects.filter(mine).select_related("sku", "warehouse").order_by("-pk")


@require_POST
def order_fetch(request: HttpRequest, pk: int) -> HttpResponse:
    """Fetch one order again and book it."""
    order = get_object_or_404(Order.objects.select_related("channel"), pk=pk)
    if order.channel.disconnected_at is not None:
        messages.error(request, _("The channel is disconnected: reconnect it first."))
        return redirect("channels:order_detail", pk)
    try:
        asking.fetch_order(order=order, now=timezone.now())
    except ChannelError as error:
        connection.note_failure(order.channel, error, now=timezone.now())
        refuse(request, error)
        return redirect("channels:order_detail", pk)
    waiting = order.lines.filter(state=OrderLine.State.WAITING).count()
    words = ngettext("Fetched. %(n)d line still waits.", "Fetched. %(n)d lines still wait.", waiting)
    messages.success(request, words % {"n": waiting} if waiting else _("Fetched and booked."))
    return redirect("channels:order_detail", pk)
