"""The counts that someone has to go and make."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from inventory.tables import arrange
from reconciliation.models import CountTask
from reconciliation.tables import CountTaskTable
from reconciliation.views import rooms


@require_GET
def count_tasks(request: HttpRequest) -> HttpResponse:
    rows = CountTask.objects.filter(state=CountTask.State.OPEN).select_related("sku", "warehouse", "discrepancy")
    table = CountTaskTable(
        rows.order_by("warehouse__code", "asked_at"),
        empty_text=_("“Recount” in the queue puts a SKU here; counting it takes it off again."),
    )
    context = {"tabs": rooms.tabs("counts"), "table": arrange(request, table)}
    return render(request, "reconciliation/count_tasks.html", context)
