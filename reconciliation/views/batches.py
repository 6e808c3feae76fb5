"""Deciding many at once: what it would do, the work in progress, a result per row, and taking it back."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from channels import breaker
from channels.models import Channel
from inventory import formats
from inventory.tables import arrange
from inventory.views import actor_of, done, form_page
from reconciliation import batches, verbs
from reconciliation.filters import DiscrepancyFilter
from reconciliation.forms import DecideForm
from reconciliation.models import Batch, BatchItem, Discrepancy
from reconciliation.tables import BatchItemTable
from reconciliation.verbs import BulkPreview, Choice, Where
from reconciliation.views import rooms
from reconciliation.words import Verb

SAMPLE = 20  # rows that a preview names one by one


@require_http_methods(["GET", "POST"])
def batch_new(request: HttpRequest) -> HttpResponse:
    """Show what a verb would do to the chosen rows together; start it once a person has confirmed just that."""
    verb = request.GET.get("verb", "")
    back = reverse("reconciliation:queue") + rooms.tail_of(QueryDict(request.GET.get("query", "")))
    if verb and verb not in Verb.values:
        messages.error(request, _("There is no such decision."))
        return redirect(back)
    rows = chosen(request)
    if not rows:
        messages.warning(request, _("None of the rows you picked waits for a decision."))
        return redirect(back)
    if len(rows) > batches.MOST:
        words = _("That is more than %(most)s rows: narrow the filter.")
        messages.warning(request, words % {"most": formats.number(batches.MOST)})
        return redirect(back)
    form = _form(request, verb, rows)
    choice = form.draft(version=0) if form else None
    shown = verbs.preview_many(rows, choice)
    seen = _digest(rows, choice)
    problem = ""
    if request.method == "POST" and (form is None or form.is_valid()):
        if request.POST.get("seen") == seen:
            return _start(request, [row.discrepancy for row in shown.rows if row.is_possible], form)
        problem = _("Nothing was done: the rows or your choice have changed since you saw this. Look once more.")
    context = {
        "form": form,
        "verb": Verb(verb) if verb else None,
        "preview": shown,
        "channels": shown.units(Where.CHANNEL),
        "stops": _that_would_stop(shown),
        "warehouses": shown.units(Where.LEDGER),
        "problems": Counter(row.problem for row in shown.rows if row.problem).most_common(8),
        "sample": [row for row in shown.rows if row.is_possible][:SAMPLE],
        "seen": seen,
        "problem": problem,
        "back": back,
        "tabs": rooms.tabs("queue"),
    }
    status = (
        422 if problem or (form is not None and form.is_bound and form.errors and request.method == "POST") else 200
    )
    return render(request, "reconciliation/batch_new.html", context, status=status)


def _that_would_stop(shown: BulkPreview) -> list[tuple[Channel, str]]:
    """Return the channels that would take the whole for an accident, and why: a person lets it go out there."""
    writes = Counter(
        row.discrepancy.listing.channel
        for row in shown.rows
        if row.discrepancy.listing is not None
        for effect in row.effects
        if effect.where == Where.CHANNEL and effect.units and effect.is_certain
    )
    reasons = [(channel, breaker.too_many(channel, many, now=timezone.now())) for channel, many in writes.items()]
    return [(channel, reason) for channel, reason in reasons if reason]


def chosen(request: HttpRequest) -> list[Discrepancy]:
    """Return the rows that still wait, of those picked or of the whole filter, worst first; one more than allowed."""
    rows = Discrepancy.objects.all().for_list().select_related("listing__sku", "listing__channel", "proposed_sku")
    if request.GET.get("scope") == "filter":
        found = DiscrepancyFilter(QueryDict(request.GET.get("query", "")), rows, request=request).qs
    else:
        found = rows.filter(pk__in=[int(pk) for pk in request.GET.getlist("row") if pk.isdecimal() and len(pk) < 19])
    return list(found.filter(state__in=Discrepancy.LIVE).worst_first()[: batches.MOST + 1])


def _form(request: HttpRequest, verb: str, rows: Sequence[Discrepancy]) -> DecideForm | None:
    """Return the form of the verb; accepting each row's own proposal needs none."""
    if not verb:
        return None
    asked = request.POST if request.method == "POST" else request.GET if "version" in request.GET else None
    return DecideForm(asked, verb=Verb(verb), rows=rows)


def _digest(rows: Sequence[Discrepancy], choice: Choice | None) -> str:
    """Return a mark of what was shown: the rows as they were, and what was chosen, but for the reason's words."""
    kept = {**choice.kept(), "reason": "", "until": str(choice.until.date()) if choice.until else ""} if choice else {}
    facts = json.dumps([kept, sorted((row.pk, row.version) for row in rows)])
    return hashlib.sha256(facts.encode()).hexdigest()[:32]


def _start(request: HttpRequest, rows: Sequence[Discrepancy], form: DecideForm | None) -> HttpResponse:
    choice = form.choice(version=0) if form else None
    try:
        batch = batches.start(rows, choice, actor=actor_of(request.user), now=timezone.now())
    except ValidationError as problem:
        messages.warning(request, " ".join(problem.messages))
        return redirect("reconciliation:queue")
    return redirect("reconciliation:batch", batch.pk)


@require_GET
def batch(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far a batch is, and what became of each row."""
    row: Batch = get_object_or_404(Batch.objects.select_related("undoes"), pk=pk)
    progress = batches.progress(row)
    items = row.items.select_related("discrepancy__sku", "discrepancy__listing", "discrepancy__channel")
    wanted = request.GET.get("state", "")
    if wanted in BatchItem.State.values:
        items = items.filter(state=wanted)
    table = BatchItemTable(items.order_by("pk"))
    table.is_filtered = wanted in BatchItem.State.values
    context = {
        "batch": row,
        "undone_by": Batch.objects.filter(undoes=row).first(),
        "progress": progress,
        "ended": row.total - progress["waiting"],
        "states": [(code, label, progress[code]) for code, label in BatchItem.State.choices if progress[code]],
        "wanted": wanted,
        "table": arrange(request, table),
        "tabs": rooms.tabs("queue"),
    }
    is_part = bool(getattr(request, "htmx", False))
    response = render(request, "reconciliation/_batch.html" if is_part else "reconciliation/batch.html", context)
    patch_vary_headers(response, ["HX-Request"])
    if is_part and row.state != Batch.State.RUNNING:
        response["HX-Refresh"] = "true"  # what can be done with it has changed
    return response


@require_http_methods(["GET", "POST"])
def batch_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back every row that a batch has done and that nothing has moved since."""
    row = get_object_or_404(Batch, pk=pk)
    if request.method == "POST":
        try:
            undoing = batches.start_undo(row, actor=actor_of(request.user), now=timezone.now())
        except ValidationError as problem:
            messages.warning(request, " ".join(problem.messages))
            return redirect("reconciliation:batch", pk)
        return redirect("reconciliation:batch", undoing.pk)
    context: dict[str, Any] = {"batch": row, "rows": batches.progress(row)["done"]}
    return form_page(request, "reconciliation/batch_undo.html", forms.Form(), context)


@require_POST
def batch_stop(request: HttpRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(Batch, pk=pk)
    left = batches.stop(row, actor=actor_of(request.user), now=timezone.now())
    messages.success(request, _("Stopped. %(left)d rows were left as they are.") % {"left": left})
    return done(request, reverse("reconciliation:batch", args=[pk]))
