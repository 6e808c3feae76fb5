"""What went out: each change of a quantity with its receipt."""

from __future__ import annotations

from typing import Any

from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from channels.filters import PushFilter
from channels.models import Push
from channels.tables import PushTable
from channels.views.activity import tabs
from inventory.tables import list_page


def with_took(pushes: QuerySet[Push]) -> QuerySet[Any]:
    """Annotate ``took``: from the change that made it due to the platform's receipt."""
    return pushes.annotate(took=F("settled_at") - F("cause_at"))


@require_GET
def push_list(request: HttpRequest) -> HttpResponse:
    rows = with_took(
        Push.objects.select_related("channel", "listing__sku").defer("channel__credentials").order_by("-pk")
    )
    pushes = PushFilter(request.GET, rows)
    table = PushTable(
        pushes.qs,
        order_by="-created_at",
        empty_text=_("Once a channel observes or is live, each change shows here with the platform's answer."),
    )
    return list_page(
        request, "channels/push_list.html", filterset=pushes, table=table, context={"tabs": tabs("pushes")}
    )
