"""The oversold desk: where units are missing, and what a person does about each order that waits for them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dashboard import oversold as desk
from dashboard.tables import ShortTable
from inventory import backorders
from inventory.models import ReservationLine, Sku
from inventory.tables import arrange
from inventory.views import actor_of


@require_GET
def oversold(request: HttpRequest) -> HttpResponse:
    table = ShortTable(desk.short_levels(), empty_text=_("Every unit that is promised is there."))
    return render(request, "dashboard/oversold.html", {"table": arrange(request, table)})


@require_GET
def oversold_sku(request: HttpRequest, pk: int) -> HttpResponse:
    sku = get_object_or_404(Sku, pk=pk)
    return render(request, "dashboard/oversold_sku.html", {"sku": sku, "shortages": desk.of(sku)})


@require_POST
def backorder(request: HttpRequest, pk: int) -> HttpResponse:
    """Put an order's line on backorder, or back into the queue."""
    line = get_object_or_404(ReservationLine.objects.select_related("sku", "reservation"), pk=pk)
    actor = actor_of(request.user)
    if request.POST.get("wait") == "yes":
        changed = backorders.put(line=line, actor=actor, now=timezone.now())
        words = _("Order %(order)s waits for the next delivery of %(code)s.")
    else:
        changed = backorders.take_off(line=line, actor=actor)
        words = _("Order %(order)s stands in the queue for %(code)s again.")
    if changed:
        messages.success(request, words % {"order": line.reservation, "code": line.sku.code})
    else:
        messages.info(request, _("Nothing was changed: it is so already, or it holds no units any more."))
    return redirect("dashboard:oversold_sku", line.sku_id)
