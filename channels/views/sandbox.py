"""Loading the sandbox and clearing it: one click each, with what clearing removes shown first."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRefresh

from channels.models import Channel, Sandbox
from channels.sandbox import clearing, loading
from inventory.views import actor_of


@require_POST
def sandbox_load(request: HttpRequest) -> HttpResponse:
    try:
        loading.request(actor=actor_of(request.user), now=timezone.now())
    except loading.CantLoad as error:
        messages.error(request, str(error))
    return redirect("channels:sandbox")


@require_http_methods(["GET", "POST"])
def sandbox(request: HttpRequest) -> HttpResponse:
    """Show what the sandbox is made of; a POST clears it."""
    row = Sandbox.objects.first()
    if request.method == "POST":
        try:
            clearing.request(actor=actor_of(request.user), now=timezone.now())
        except clearing.CantClear as error:
            messages.error(request, _("Nothing was removed. %(why)s") % {"why": error})
        return redirect("channels:sandbox")
    is_part = bool(getattr(request, "htmx", False))
    is_working = row is not None and row.state in {Sandbox.State.LOADING, Sandbox.State.CLEARING}
    if is_part and not is_working:
        return HttpResponseClientRefresh()  # what was waited for is over
    pages = {store["base_url"]: store["page"] for store in (row.told or {}).get("stores", [])} if row else {}
    channels = Channel.objects.filter(is_sandbox=True, disconnected_at=None).order_by("name")
    context = {
        "sandbox": row,
        "is_working": is_working,
        "stores": [{"channel": channel, "page": pages.get(channel.base_url, "")} for channel in channels],
        "preview": clearing.preview() if row is not None and not is_working else None,
    }
    return render(request, "channels/_sandbox.html" if is_part else "channels/sandbox.html", context)
