"""What is set aside, kind by kind, and trying it again: alone, what was picked, or all of the filter."""

from __future__ import annotations

from dataclasses import asdict

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from dashboard import parked as kinds
from dashboard.filters import ParkedFilter
from dashboard.links import link
from dashboard.tables import ParkedTable
from inventory.tables import list_page
from inventory.views import actor_of


def _kind(code: str) -> kinds.Kind:
    if code not in kinds.KINDS:
        raise Http404
    return kinds.KINDS[code]


@require_GET
def parked_first(request: HttpRequest) -> HttpResponse:
    """Lead to the first kind of which there is anything."""
    code = next((code for code, kind in kinds.KINDS.items() if kind.rows().exists()), next(iter(kinds.KINDS)))
    return redirect("dashboard:parked", code)


@require_GET
def parked(request: HttpRequest, code: str) -> HttpResponse:
    kind = _kind(code)
    rows = ParkedFilter(request.GET, kind.rows())
    table = ParkedTable(rows.qs, empty_text=str(kind.empty))
    table.kind = kind
    context = {"kind": kind, "tabs": _tabs(code), "most": kinds.AT_ONCE}
    return list_page(request, "dashboard/parked.html", filterset=rows, table=table, context=context)


def _tabs(current: str) -> list[dict[str, object]]:
    tabs: list[dict[str, object]] = [
        {
            "label": kind.label,
            "url": reverse("dashboard:parked", args=[code]),
            "is_current": code == current,
            "count": kind.rows().count() or None,
        }
        for code, kind in kinds.KINDS.items()
    ]
    sent = {"label": _("Webhooks sent"), "url": link("developers:endpoint_list"), "is_current": False, "count": None}
    return [*tabs, sent]


@require_POST
def parked_retry(request: HttpRequest, code: str) -> HttpResponse:
    """Try rows again: those that were picked, or the first AT_ONCE of the filter; then show what came of each."""
    kind = _kind(code)
    rows = ParkedFilter(request.GET, kind.rows()).qs
    if request.POST.get("scope") != "filter":
        picked = [int(pk) for pk in request.POST.getlist("row") if pk.isdecimal() and len(pk) < 19]
        if not picked:
            messages.info(request, _("Nothing was tried: pick rows, or all that match."))
            return redirect("dashboard:parked", code)
        rows = rows.filter(pk__in=picked)
    chosen = list(rows[: kinds.AT_ONCE])
    outcomes = list(kind.retry(chosen, actor_of(request.user), timezone.now()))
    request.session[f"retried-{code}"] = [asdict(outcome) for outcome in outcomes]
    left = rows.count() if request.POST.get("scope") == "filter" else 0
    words = ngettext("%(n)d was tried again.", "%(n)d were tried again.", len(outcomes)) % {"n": len(outcomes)}
    if left and len(outcomes) == kinds.AT_ONCE:
        words = _("%(words)s There are more: press again for the next.") % {"words": words}
    messages.success(request, words)
    return redirect("dashboard:parked_outcomes", code)


@require_GET
def parked_outcomes(request: HttpRequest, code: str) -> HttpResponse:
    kind = _kind(code)
    context = {"kind": kind, "outcomes": request.session.get(f"retried-{code}", []), "left": kind.rows().count()}
    return render(request, "dashboard/parked_outcomes.html", context)
