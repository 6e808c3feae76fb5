"""Deciding one discrepancy: what will be written where, then doing it; and taking it back."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from channels import connection
from channels.contract import ChannelError
from channels.tracking import CantStart
from inventory.errors import LedgerError
from inventory.views import actor_of, done, form_page
from reconciliation import verbs
from reconciliation.forms import DecideForm
from reconciliation.models import Discrepancy
from reconciliation.verbs import NotPossible, PictureMoved
from reconciliation.views import rooms
from reconciliation.views.discrepancy import load
from reconciliation.words import Verb


@require_http_methods(["GET", "POST"])
def decide(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Show what a verb would write for one row, and do it once the person has confirmed."""
    if verb not in Verb.values:
        raise Http404
    row = load(pk)
    if not row.is_live:
        words = _("It is decided already: %(state)s.") % {"state": row.get_state_display().lower()}
        messages.warning(request, words)
        return done(request, _page_of(row, request))
    data = request.POST if request.method == "POST" else None
    form = DecideForm(data, verb=Verb(verb), rows=[row])
    if request.method == "POST" and form.is_valid():
        answer = _do(request, row, form)
        if answer is not None:
            return answer
        row = load(pk)
        if not row.is_live:
            messages.warning(request, " ".join(map(str, form.non_field_errors())))
            return done(request, _page_of(row, request))
        # What is confirmed next are the numbers that are shown now.
        form.data = {**{name: form.data.get(name, "") for name in form.data}, "version": row.version}
    return _page(request, row, form)


def _page(request: HttpRequest, row: Discrepancy, form: DecideForm) -> HttpResponse:
    # A field that the person changes asks for the preview anew, with what is filled in by then.
    asked = request.GET if request.method == "GET" and "version" in request.GET else None
    draft = DecideForm(asked or (form.data if form.is_bound else None), verb=form.verb, rows=[row])
    shown = verbs.preview(row, draft.draft(version=row.version))
    context: dict[str, Any] = {
        "row": row,
        "verb": form.verb,
        "preview": shown,
        "tail": rooms.tail_of(rooms.query_of(request)),
    }
    return form_page(request, "reconciliation/decide.html", form, context)


def _do(request: HttpRequest, row: Discrepancy, form: DecideForm) -> HttpResponse | None:
    """Act, and lead on; None when it was refused, which the form then says."""
    now = timezone.now()
    try:
        effects = verbs.act(
            row, form.choice(version=form.cleaned_data["version"] or 0), actor=actor_of(request.user), now=now
        )
    except NotPossible as problem:
        form.add_error(problem.field if problem.field in form.fields else None, str(problem))
        return None
    except (PictureMoved, LedgerError, CantStart) as problem:
        form.add_error(None, _("Nothing was done. %(why)s") % {"why": problem})
        return None
    except ChannelError as error:
        if row.channel is not None:
            connection.note_failure(row.channel, error, now=now)
        form.add_error(None, _("Nothing was done: the store could not be asked. %(why)s") % {"why": error})
        return None
    name = row.sku.code if row.sku is not None else str(row.listing)
    undo = reverse("reconciliation:undo", args=[row.pk])
    words = " ".join(effect.sentence for effect in effects)
    messages.success(
        request,
        format_html('{}: {}. {} <a href="{}">{}</a>', name, form.verb.label.lower(), words, undo, _("Take it back")),
    )
    return done(request, _next(request, row))


def _next(request: HttpRequest, row: Discrepancy) -> str:
    """Return where the person goes on: the queue if they came from there, else the row itself."""
    htmx = getattr(request, "htmx", None)
    shown = urlsplit((htmx.current_url if htmx else None) or "")
    if shown.path == reverse("reconciliation:queue"):
        return f"{shown.path}?{shown.query}" if shown.query else shown.path
    return _page_of(row, request)


def _page_of(row: Discrepancy, request: HttpRequest) -> str:
    return reverse("reconciliation:discrepancy", args=[row.pk]) + rooms.tail_of(rooms.query_of(request))


@require_http_methods(["GET", "POST"])
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what taking a decision back would write, and do it."""
    row = load(pk)
    if request.method == "POST":
        try:
            verbs.undo(row, actor=actor_of(request.user), now=timezone.now())
        except (NotPossible, PictureMoved, LedgerError) as problem:
            messages.warning(request, _("Nothing was done. %(why)s") % {"why": problem})
        except ChannelError as error:
            messages.error(request, _("Nothing was done: the store could not be asked. %(why)s") % {"why": error})
        else:
            messages.success(request, _("Taken back. It is open again."))
        return redirect(_page_of(row, request))
    shown = verbs.preview_undo(row)
    if shown.problem:
        messages.warning(request, shown.problem)
        return done(request, _page_of(row, request))
    return form_page(
        request, "reconciliation/undo.html", DecideForm(verb=Verb.KEEP_OURS, rows=[]), {"row": row, "preview": shown}
    )
