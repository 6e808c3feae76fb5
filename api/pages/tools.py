"""How tools for automation are connected, with this installation's own addresses."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from api.pages.frame import tabs


@require_GET
def tools(request: HttpRequest) -> HttpResponse:
    base = f"{settings.PUBLIC_URL}/api/v1"
    addresses = (
        (_("Test the connection"), f"GET {base}/me/"),
        (_("Subscribe"), f"POST {base}/hooks/"),
        (_("Unsubscribe"), f"DELETE {base}/hooks/{{id}}/"),
        (_("Samples"), f"GET {base}/hooks/samples/?event=stock.low"),
    )
    context = {"tabs": tabs("tools"), "addresses": addresses, "is_public": settings.PUBLIC_URL.startswith("https://")}
    return render(request, "developers/tools.html", context)
