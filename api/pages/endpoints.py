"""Webhook endpoints: who is told of events, how each does, and what a person does about it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from api.models import Delivery, Endpoint
from api.pages.filters import DeliveryLogFilter
from api.pages.forms import EndpointForm
from api.pages.frame import person, tabs
from api.pages.tables import DeliveryTable
from api.webhooks import endpoints, testing
from api.webhooks.endpoints import RefusedEndpoint
from api.webhooks.kinds import KINDS
from inventory.tables import list_page
from inventory.views import actor_of

STATE_LABELS = {"live": gettext_lazy("Live"), "failing": gettext_lazy("Failing"), "off": gettext_lazy("Off")}


@require_GET
def endpoint_list(request: HttpRequest) -> HttpResponse:
    found = list(Endpoint.objects.existing().with_counts().select_related("owner").order_by("-pk"))
    for endpoint in found:
        endpoint.state_label = STATE_LABELS[endpoint.state]
    return render(request, "developers/endpoint_list.html", {"endpoints": found, "tabs": tabs("endpoints")})


@require_GET
def endpoint_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    endpoint = get_object_or_404(Endpoint.objects.existing().with_counts(), uuid=uuid)
    rows = Delivery.objects.filter(endpoint=endpoint).select_related("event").annotate(tries=Count("attempts"))
    deliveries = DeliveryLogFilter(request.GET, rows.order_by("-pk"))
    table = DeliveryTable(deliveries.qs, empty_text=_("Send a test, or wait for the next event."))
    context = {
        "endpoint": endpoint,
        "state_label": STATE_LABELS[endpoint.state],
        "kinds": [KINDS[code] for code in endpoint.kinds if code in KINDS],
        "ended": Delivery.objects.filter(endpoint=endpoint, state__in=["failed", "cancelled"]).count(),
        "has_two_secrets": len(endpoint.secrets(timezone.now())) > 1,
    }
    return list_page(request, "developers/endpoint_detail.html", filterset=deliveries, table=table, context=context)


@never_cache
@require_http_methods(["GET", "POST"])
def endpoint_new(request: HttpRequest) -> HttpResponse:
    form = EndpointForm(request.POST or None, initial={"kinds": ["stock.available_changed"]})
    if request.method == "POST" and form.is_valid():
        try:
            made = endpoints.make(
                **form.cleaned_data, owner=person(request), actor=actor_of(request.user), now=timezone.now()
            )
        except RefusedEndpoint as error:
            form.refuse(error)
        else:
            return _show_secret(request, made, is_new=True)
    return _form(request, form, {})


@require_http_methods(["GET", "POST"])
def endpoint_edit(request: HttpRequest, uuid: UUID) -> HttpResponse:
    endpoint = _existing(uuid)
    initial = {"url": endpoint.url, "name": endpoint.name, "kinds": endpoint.kinds}
    form = EndpointForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            endpoints.change(endpoint=endpoint, actor=actor_of(request.user), **form.cleaned_data)
        except RefusedEndpoint as error:
            form.refuse(error)
        else:
            messages.success(request, _("Saved."))
            return redirect("developers:endpoint_detail", endpoint.uuid)
    return _form(request, form, {"endpoint": endpoint})


def _form(request: HttpRequest, form: EndpointForm, context: dict[str, object]) -> HttpResponse:
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "developers/endpoint_form.html", {"form": form, **context}, status=status)


def _show_secret(request: HttpRequest, endpoint: Endpoint, *, is_new: bool) -> HttpResponse:
    """Show the secret: this once, in the answer to the request that made it, and in no later one."""
    return render(request, "developers/endpoint_secret.html", {"endpoint": endpoint, "is_new": is_new})


def _existing(uuid: UUID) -> Endpoint:
    endpoint: Endpoint = get_object_or_404(Endpoint.objects.existing(), uuid=uuid)
    return endpoint


@require_POST
def endpoint_test(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Send a test event now and show what came of it."""
    delivery = testing.send(_existing(uuid))
    if delivery.state == Delivery.State.DELIVERED:
        messages.success(request, _("The test arrived: it answered %d.") % (delivery.last_status or 0))
    else:
        messages.error(request, _("The test did not arrive. %s") % delivery.last_problem)
    return redirect("developers:delivery_detail", delivery.pk)


@never_cache
@require_http_methods(["GET", "POST"])
def endpoint_secret(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Give the endpoint a new secret, after saying what that means."""
    endpoint = _existing(uuid)
    if request.method == "POST":
        rotated = endpoints.rotate(endpoint=endpoint, actor=actor_of(request.user), now=timezone.now())
        return _show_secret(request, rotated, is_new=False)
    return render(request, "developers/endpoint_rotate.html", {"endpoint": endpoint})


@require_POST
def endpoint_switch(request: HttpRequest, uuid: UUID) -> HttpResponse:
    endpoint, actor = _existing(uuid), actor_of(request.user)
    if request.POST.get("to") == "on":
        endpoints.switch_on(endpoint=endpoint, actor=actor)
        messages.success(request, _("It is told of events again. What it has missed can be replayed."))
    else:
        endpoints.switch_off(endpoint=endpoint, actor=actor, now=timezone.now())
        messages.success(request, _("Nothing more is sent to it."))
    return redirect("developers:endpoint_detail", endpoint.uuid)


@require_POST
def endpoint_replay(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Send everything again that was given up or cancelled."""
    endpoint = _existing(uuid)
    ended = Delivery.objects.filter(endpoint=endpoint, state__in=["failed", "cancelled"])
    count = endpoints.replay(deliveries=ended, now=timezone.now())
    messages.success(request, ngettext("%d event is sent again.", "%d events are sent again.", count) % count)
    return redirect("developers:endpoint_detail", endpoint.uuid)


@require_http_methods(["GET", "POST"])
def endpoint_remove(request: HttpRequest, uuid: UUID) -> HttpResponse:
    endpoint = _existing(uuid)
    if request.method == "POST":
        endpoints.remove(endpoint=endpoint, actor=actor_of(request.user), now=timezone.now())
        messages.success(request, _("%s is told of nothing any more.") % endpoint)
        return redirect("developers:endpoint_list")
    return render(request, "developers/endpoint_remove.html", {"endpoint": endpoint})
