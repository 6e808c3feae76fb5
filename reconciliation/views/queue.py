"""The queue: what disagrees, worst first, filtered by the address, and taken out as it is filtered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Case, F, Value, When
from django.db.models.functions import Coalesce, NullIf
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from access.roles import Verb, may
from inventory import sheets
from inventory.tables import list_page
from inventory.views import done, form_page
from reconciliation import people, words
from reconciliation.filters import DiscrepancyFilter
from reconciliation.models import Cause, Discrepancy, SavedView, Severity
from reconciliation.tables import QueueTable
from reconciliation.views import rooms

DECIDED = (Discrepancy.State.RESOLVED, Discrepancy.State.HEALED)
EXPORTED = {  # header → what it is read from
    "sku": F("sku__code"),
    "listing": Coalesce(NullIf("listing__title", Value("")), "listing__ref"),
    "channel": Coalesce("channel__name", "source_name"),
    "warehouse": F("warehouse__code"),
    "status": F("state"),
    "severity": F("severity"),
    "ledger_says": F("ledger_says"),
    "channel_shows": F("channel_shows"),
    "difference": Case(When(channel_shows=None, then=None), default=F("difference")),
    "cause": F("cause"),
    "proposal": F("proposal"),
    "proposal_reason": F("proposal_reason"),
    "money_at_risk": F("money_at_risk"),
    "found_at": F("first_seen_at"),
    "read_at": F("read_at"),
    "assignee": F("assignee__username"),
    "decision": F("resolution"),
    "decision_reason": F("resolution_reason"),
    "decided_by": F("resolved_by"),
    "decided_at": F("resolved_at"),
}
_WORDS: Mapping[str, Mapping[Any, Any]] = {  # of the codes under a header
    "status": dict(Discrepancy.State.choices),
    "severity": dict(Severity.choices),
    "cause": dict(Cause.choices),
    "proposal": dict(words.Verb.choices),
    "decision": dict(words.Verb.choices),
}


def _rows(request: HttpRequest) -> DiscrepancyFilter:
    rows = Discrepancy.objects.all().for_list().worst_first()
    return DiscrepancyFilter(request.GET, rows, request=request)


@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    query = rooms.query_of(request)
    filtered = _rows(request)
    table = QueueTable(
        filtered.qs,
        is_decided=query.get("status") in DECIDED,
        empty_text=_("Each channel is compared with the ledger every night, and whenever you ask for it."),
    )
    table.tail = rooms.tail_of(query)
    if not may(request.user, Verb.REVIEW):
        table.exclude = ("pick",)
    context = {
        "tabs": rooms.tabs("queue"),
        "views": rooms.views(request, query),
        "saved": rooms.saved_as(request, query),
        "query": query.urlencode(),
        "tail": table.tail,
    }
    return list_page(request, "reconciliation/queue.html", filterset=filtered, table=table, context=context)


@require_GET
def counts(request: HttpRequest) -> HttpResponse:
    """Answer the bar of views with their counts as they are now."""
    response = render(request, "reconciliation/_views.html", {"views": rooms.views(request, rooms.query_of(request))})
    patch_vary_headers(response, ["HX-Request", "HX-Current-URL"])
    return response


@require_GET
def export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Answer exactly the rows that the filter of this address shows, in their order, as a file.

    Read without objects: there may be many thousand.
    """
    filtered = _rows(request)
    rows = QueueTable(filtered.qs, sort=request.GET.get("sort", ""), is_decided=True).data.data
    cells = rows.values_list(*EXPORTED.values())
    name = f"discrepancies-{timezone.localdate():%Y-%m-%d}"
    try:
        return sheets.answer(name, kind, list(EXPORTED), map(_worded, cells.iterator(chunk_size=2000)))
    except sheets.TooLarge as problem:
        messages.error(request, str(problem))
        return redirect(f"{reverse('reconciliation:queue')}?{request.GET.urlencode()}")


def _worded(cells: Sequence[sheets.Cell]) -> list[sheets.Cell]:
    """Return the cells of a row with words for their codes."""
    return [
        str(_WORDS[header].get(cell, "")) if header in _WORDS else cell
        for header, cell in zip(EXPORTED, cells, strict=True)
    ]


@require_GET
def keys(request: HttpRequest) -> HttpResponse:
    response = render(request, "reconciliation/keys.html")
    patch_vary_headers(response, ["HX-Request"])
    return response


class ViewForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    is_shared = forms.BooleanField(label=gettext_lazy("Everyone sees it"), required=False)
    query = forms.CharField(widget=forms.HiddenInput, required=False, max_length=1000)


@require_http_methods(["GET", "POST"])
def view_save(request: HttpRequest) -> HttpResponse:
    """Keep the queue's filter under a name; the same name again replaces it."""
    initial: dict[str, Any] = {"query": rooms.query_of(request).urlencode()}
    form = ViewForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        view = people.save_view(user_id=rooms.user_id(request), **form.cleaned_data)
        messages.success(request, _("“%(name)s” is in the bar now.") % {"name": view.name})
        return done(request, f"{reverse('reconciliation:queue')}?{view.query}")
    back = f"{reverse('reconciliation:queue')}?{initial['query']}"
    return form_page(request, "reconciliation/view_form.html", form, {"back": back})


@require_POST
def view_delete(request: HttpRequest, pk: int) -> HttpResponse:
    view = get_object_or_404(SavedView, pk=pk, user=request.user.pk)
    people.delete_view(view)
    messages.success(request, _("“%(name)s” is removed.") % {"name": view.name})
    return redirect("reconciliation:queue")
