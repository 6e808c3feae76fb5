"""One channel's settings: each card is a form of its own, saved alone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from channels import connect, ingress
from channels.contract import ChannelError
from channels.forms import HoldBackForm, MirrorForm, OptionsForm, PaceForm, ReconnectForm, WarehousesForm
from channels.models import Channel, HoldBack
from channels.registry import PLATFORMS, capabilities_of
from channels.views.channels import page_of
from inventory.views import actor_of


@require_http_methods(["GET", "POST"])
def channel_settings(request: HttpRequest, uuid: UUID) -> HttpResponse:
    channel = get_object_or_404(Channel, uuid=uuid, disconnected_at=None)
    part = request.POST.get("part", "")
    parts = _parts(channel, request, part)
    form = parts.get(part)
    if request.method == "POST" and form is not None and form.is_valid():
        done = form.keep(channel, actor=actor_of(request.user), now=timezone.now())  # type: ignore[attr-defined]
        messages.success(request, done)
        return redirect("channels:channel_settings", channel.uuid)
    context = {
        # The head of the page names the channel as it is stored, not as a refused form would have it.
        **page_of(Channel.objects.get(pk=channel.pk), "settings"),
        "parts": parts,
        "webhook_secret": _secret_hint(channel),
    }
    return render(request, "channels/channel_settings.html", context, status=422 if request.method == "POST" else 200)


def _parts(channel: Channel, request: HttpRequest, part: str) -> dict[str, forms.BaseForm]:
    """Return the forms by their names; only the one that was sent is bound."""

    def data(name: str) -> dict[str, Any]:
        return {"data": request.POST if request.method == "POST" and name == part else None, "prefix": name}

    placed = dict(channel.feeds.order_by("priority", "pk").values_list("warehouse_id", "location_ref"))
    locations = list(channel.locations.all())
    everywhere = HoldBack.objects.filter(channel=None, sku=None, listing=None).values_list("units", flat=True).first()
    inherited = _("Empty: %(units)d, as set for everything. A SKU or a listing may say otherwise.") % {
        "units": everywhere or 0
    }
    parts: dict[str, forms.BaseForm] = {
        "warehouses": WarehousesForm(
            **data("warehouses"), chosen=list(placed), locations=locations, placed=placed, is_sandbox=channel.is_sandbox
        ),
        "hold_back": HoldBackForm(**data("hold_back"), channel=channel, inherited=inherited),
        "options": OptionsForm(**data("options"), capabilities=capabilities_of(channel), channel=channel),
        "pace": PaceForm(**data("pace"), instance=channel),
    }
    if capabilities_of(channel).holds_stock and channel.mirror is None:
        parts["mirror"] = MirrorForm(**data("mirror"), initial={"code": channel.platform.upper()})
    return parts


def _secret_hint(channel: Channel) -> str:
    """Return the end of the webhook secret, enough to compare by."""
    secret = PLATFORMS[channel.platform].webhook_secret(channel.credentials)
    return f"…{secret[-4:]}" if len(secret) >= 12 else ""


@require_http_methods(["GET", "POST"])
def channel_reconnect(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Give a channel new credentials: after its token died, or after it was disconnected."""
    channel = get_object_or_404(Channel, uuid=uuid)
    data = request.POST if request.method == "POST" else None
    form = ReconnectForm(data, capabilities=capabilities_of(channel), old=channel.credentials)
    if request.method == "POST" and form.is_valid():
        try:
            report = connect.reconnect(
                channel=channel, credentials=form.credentials, actor=actor_of(request.user), now=timezone.now()
            )
        except (ChannelError, connect.ConnectRefused) as error:
            form.add_error(None, str(error))
        else:
            ingress.forget()
            messages.success(
                request, _("Connected to %(account)s again. What waited goes on.") % {"account": report.account_name}
            )
            return redirect("channels:channel_detail", channel.uuid)
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "channels/channel_reconnect.html", {**page_of(channel, ""), "form": form}, status=status)
