"""The setup checklist and its step for the starting stock."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from channels import opening
from channels.models import Channel
from dashboard import setup
from inventory.batches.models import CountBatch
from inventory.models import Sku
from inventory.sources.models import Source
from inventory.views import actor_of

LATEST = 5


@require_GET
@vary_on_headers("HX-Request")
def checklist(request: HttpRequest) -> HttpResponse:
    is_part = bool(getattr(request, "htmx", False))
    return render(request, "dashboard/_setup.html" if is_part else "dashboard/setup.html", setup.page(request.user))


@require_POST
def skip(request: HttpRequest) -> HttpResponse:
    """Leave a step out, or come back to it: ``verb`` is skip, skip-all or take-up."""
    step, verb = request.POST.get("step", ""), request.POST.get("verb", "")
    if verb == "skip-all":
        steps = [each.code for each in setup.look(request.user).steps if each.is_open and each.code != "connect"]
    else:
        steps = [step] if step in setup.STEPS and step != "connect" else []
    if not steps:
        messages.error(request, _("There is no such step to skip."))
    elif verb == "take-up":
        setup.take_up(steps=steps)
    else:
        setup.skip(steps=steps, actor=actor_of(request.user), now=timezone.now())
        if verb == "skip-all":
            messages.success(request, _("The checklist is folded away. You find it again under Channels."))
            return redirect("dashboard:overview")
    return redirect("dashboard:setup")


@require_GET
def stock(request: HttpRequest) -> HttpResponse:
    """The ways to the starting stock, with how much each would bring."""
    channels = list(Channel.objects.filter(disconnected_at=None).order_by("name", "pk"))
    uncounted = opening.rows([channel.pk for channel in channels])
    found = setup.openings(uncounted)
    context = {
        "channels": [{"channel": channel, "openings": found.get(channel.pk)} for channel in channels],
        "sources": Source.objects.connected().count(),
        "skus": Sku.objects.active().exists(),
        "batches": CountBatch.objects.exclude(state=CountBatch.State.DISCARDED).order_by("-pk")[:LATEST],
        "waiting": uncounted.values("sku").distinct().count(),
    }
    return render(request, "dashboard/setup_stock.html", context)
