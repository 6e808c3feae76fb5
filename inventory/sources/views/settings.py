"""Connecting a source, and one source's settings: each card is a form of its own, saved alone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inventory.addresses import ForbiddenAddress
from inventory.sources import connecting, holds, lane, signatures
from inventory.sources.contract import Capabilities, Report, ReportedLocation, SourceError
from inventory.sources.forms import (
    ConnectForm,
    LocationsForm,
    OptionsForm,
    ReconnectForm,
    RulesForm,
    sealed_secrets,
)
from inventory.sources.models import Source
from inventory.sources.registry import KINDS, capabilities_of
from inventory.sources.views.sources import page_of
from inventory.views import actor_of, done


@require_GET
def connect_choice(request: HttpRequest) -> HttpResponse:
    return render(request, "sources/connect.html", {"kinds": [kind.capabilities for kind in KINDS.values()]})


def _capabilities(kind: str) -> Capabilities:
    if kind not in KINDS:
        raise Http404
    return KINDS[kind].capabilities


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def connect_kind(request: HttpRequest, kind: str) -> HttpResponse:
    """Test a source, or connect it."""
    capabilities = _capabilities(kind)
    user_id = request.user.pk or 0
    data = request.POST if request.method == "POST" else None
    form = ConnectForm(data, capabilities=capabilities, user_id=user_id)
    report: Report | None = None
    locations: list[ReportedLocation] = []
    if request.method == "POST" and form.is_valid():
        try:
            if "test" not in request.POST:
                return _connect(request, form)
            report, connection, locations = connecting.test(
                kind=kind, base_url=form.base_url, credentials=form.credentials, options=form.options
            )
        except ForbiddenAddress as error:
            form.add_error("base_url", str(error))
        except (SourceError, connecting.ConnectRefused) as error:
            form.add_error(None, str(error))
        else:
            again = request.POST.copy()
            again["kept"] = sealed_secrets(connection.credentials, kind=kind, user_id=user_id)
            form = ConnectForm(again, capabilities=capabilities, user_id=user_id)
            form.is_valid()
    context = {"kind": capabilities, "form": form, "report": report, "locations": locations}
    return render(request, "sources/connect_form.html", context, status=422 if form.errors else 200)


def _connect(request: HttpRequest, form: ConnectForm) -> HttpResponse:
    source, report = connecting.connect(
        kind=form.capabilities.kind,
        name=form.cleaned_data["name"],
        base_url=form.base_url,
        credentials=form.credentials,
        options=form.options,
        actor=actor_of(request.user),
        now=timezone.now(),
    )
    for warning in report.warnings:
        messages.warning(request, warning)
    if not form.capabilities.pulls:
        messages.success(request, _("%(source)s is ready for files.") % {"source": source})
        return redirect("sources:source_detail", source.uuid)
    messages.success(
        request, _("%(source)s is connected. Nothing is read before its places are mapped.") % {"source": source}
    )
    if form.capabilities.signs_with_ours:
        return _show_secret(request, source)
    return redirect("sources:source_locations", source.uuid)


def _show_secret(request: HttpRequest, source: Source) -> HttpResponse:
    """Show the events secret, in the answer to the post that made it and nowhere else."""
    context = {
        **page_of(source, "settings"),
        "secret": source.credentials["events_secret"],
        "old_until": signatures.old_until(source.credentials, now=timezone.now()),
    }
    return render(request, "sources/source_secret.html", context)


@never_cache
@require_POST
def source_secret(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Make a new events secret, or end the old one before its day is over."""
    source = get_object_or_404(Source, uuid=uuid, disconnected_at=None)
    if not capabilities_of(source).signs_with_ours:
        raise Http404
    if "end_old" in request.POST:
        connecting.end_old_secret(source, actor=actor_of(request.user))
        messages.success(request, _("The old secret has ended."))
        return redirect("sources:source_settings", source.uuid)
    return _show_secret(request, connecting.renew_secret(source, actor=actor_of(request.user), now=timezone.now()))


@require_http_methods(["GET", "POST"])
def source_locations(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Say which of the source's places is which warehouse; its stock is read then."""
    source = get_object_or_404(Source, uuid=uuid, disconnected_at=None)
    form = LocationsForm(request.POST or None, source=source)
    if request.method == "POST" and form.is_valid() and form.keep(actor=actor_of(request.user)):
        now = timezone.now()
        if source.locations.exclude(warehouse=None).exists():
            Source.objects.filter(pk=source.pk).update(next_pull_at=now)
            lane.wake(source)
            messages.success(request, _("Saved. The source is read now."))
        else:
            messages.success(request, _("Saved. Nothing is mapped, so nothing is read."))
        return redirect("sources:source_detail", source.uuid)
    context = {**page_of(source, "settings"), "form": form, "example": _example()}
    return render(request, "sources/source_locations.html", context, status=422 if form.errors else 200)


def _example() -> dict[str, int]:
    """Return a worked example of who reserves: ten on hand, two sold here, three promised by telephone there."""
    on_hand, ours, theirs = 10, 2, 3
    held = holds.foreign(told_reserved=ours + theirs, ours=ours, ours_unknown=0)
    return {
        "on_hand": on_hand,
        "ours": ours,
        "theirs": theirs,
        "told": ours + theirs,
        "ledger": on_hand - ours,
        "source": on_hand - ours - held,
        "held": held,
        "twice": on_hand - ours - (ours + theirs),
    }


@require_http_methods(["GET", "POST"])
def source_settings(request: HttpRequest, uuid: UUID) -> HttpResponse:
    source = get_object_or_404(Source, uuid=uuid, disconnected_at=None)
    part = request.POST.get("part", "")
    parts = _parts(source, request, part)
    form = parts.get(part)
    if request.method == "POST" and form is not None and form.is_valid() and _keep(source, form, request):
        messages.success(request, _("Saved."))
        return redirect("sources:source_settings", source.uuid)
    context = {
        **page_of(Source.objects.get(pk=source.pk), "settings"),
        "parts": parts,
        "example": _example(),
        "old_until": signatures.old_until(source.credentials, now=timezone.now()),
    }
    return render(request, "sources/source_settings.html", context, status=422 if request.method == "POST" else 200)


def _parts(source: Source, request: HttpRequest, part: str) -> dict[str, forms.BaseForm]:
    """Return the forms by their names; only the one that was sent is bound."""
    capabilities = capabilities_of(source)

    def data(name: str) -> dict[str, Any]:
        return {"data": request.POST if request.method == "POST" and name == part else None, "prefix": name}

    parts: dict[str, forms.BaseForm] = {"rules": RulesForm(**data("rules"), instance=source, capabilities=capabilities)}
    if capabilities.options:
        parts["options"] = OptionsForm(**data("options"), source=source, capabilities=capabilities)
    return parts


def _keep(source: Source, form: forms.BaseForm, request: HttpRequest) -> bool:
    now = timezone.now()
    if isinstance(form, RulesForm):
        return form.keep(actor=actor_of(request.user), now=now)
    connecting.change(source, actor=actor_of(request.user), now=now, options=dict(form.cleaned_data))
    return True


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def source_reconnect(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Give a source new credentials or a new address; they are tested first."""
    source = get_object_or_404(Source, uuid=uuid)
    capabilities = capabilities_of(source)
    if not capabilities.pulls:
        raise Http404
    form = ReconnectForm(request.POST or None, source=source, capabilities=capabilities)
    if request.method == "POST" and form.is_valid():
        try:
            report = connecting.reconnect(
                source,
                credentials=form.credentials,
                base_url=form.cleaned_data["base_url"].strip(),
                actor=actor_of(request.user),
                now=timezone.now(),
            )
        except ForbiddenAddress as error:
            form.add_error("base_url", str(error))
        except SourceError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("%(account)s answers. What waited goes on.") % {"account": report.account})
            lane.wake(source)
            return redirect("sources:source_detail", source.uuid)
    context = {**page_of(source, "settings"), "form": form}
    return render(request, "sources/source_reconnect.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def source_disconnect(request: HttpRequest, uuid: UUID) -> HttpResponse:
    source = get_object_or_404(Source, uuid=uuid, disconnected_at=None)
    if request.method == "POST":
        connecting.disconnect(source, actor=actor_of(request.user), now=timezone.now())
        messages.success(request, _("%(source)s is disconnected. Its history stays.") % {"source": source})
        return done(request, reverse("sources:source_list"))
    return render(request, "sources/source_disconnect.html", page_of(source, "settings"))
