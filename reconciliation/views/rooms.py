"""What the pages of this room share: its tabs, its views, and the query that leads from the queue to a row and back."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.db.models import Count, Q
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from reconciliation.filters import DiscrepancyFilter
from reconciliation.models import CountTask, Discrepancy, SavedView, Severity

SAVED_SHOWN = 12  # saved views that stand in the bar


def user_id(request: HttpRequest) -> int:
    """Return whom the page is drawn for; nobody gets here without having signed in."""
    pk = request.user.pk
    assert pk is not None  # noqa: S101 — for the type checker
    return pk


def tabs(current: str) -> list[dict[str, Any]]:
    """Return the tabs of the room."""
    pages = (
        ("queue", _("Queue"), "reconciliation:queue", Discrepancy.objects.open().count()),
        ("counts", _("To count"), "reconciliation:count_tasks", CountTask.objects.filter(state="open").count()),
        ("runs", _("Runs"), "reconciliation:run_list", None),
        ("levels", _("Tolerances and hold-backs"), "reconciliation:levels", None),
        ("digest", _("Mail"), "reconciliation:digest", None),
    )
    return [
        {"label": label, "url": reverse(name), "is_current": code == current, "count": count or None}
        for code, label, name, count in pages
    ]


def query_of(request: HttpRequest) -> QueryDict:
    """Return the queue's filter: of the page that the browser shows, or of the address itself."""
    shown = getattr(request, "htmx", None) and request.htmx.current_url  # type: ignore[attr-defined]
    query = QueryDict(urlsplit(shown).query, mutable=True) if shown else request.GET.copy()
    for name in [name for name in query if name not in DiscrepancyFilter.base_filters and name != "sort"]:
        del query[name]
    for name in [name for name in query if not query[name]]:
        del query[name]
    return query


def tail_of(query: QueryDict) -> str:
    """Return the query as the end of an address."""
    return f"?{query.urlencode()}" if query else ""


def views(request: HttpRequest, query: QueryDict) -> list[dict[str, Any]]:
    """Return the ready-made views and the person's saved ones, with how much is in each now."""
    state = Discrepancy.State
    counts = Discrepancy.objects.live().aggregate(  # the others are many more, and an index tells them apart
        open=Count("pk", filter=Q(state=state.OPEN)),
        oversell=Count("pk", filter=Q(state=state.OPEN, severity__gte=Severity.HIGH)),
        mine=Count("pk", filter=Q(state=state.OPEN, assignee=request.user.pk)),
        snoozed=Count("pk", filter=Q(state=state.SNOOZED)),
        ignored=Count("pk", filter=Q(state=state.IGNORED)),
    )
    ready: list[tuple[str, str, int | None, bool]] = [
        (_("Open"), "", counts["open"], False),
        (_("May oversell"), f"severity={Severity.HIGH.value}", counts["oversell"], True),
        (_("Mine"), "assignee=me", counts["mine"], False),
        (_("Snoozed"), "status=snoozed", counts["snoozed"], False),
        (_("Ignored"), "status=ignored", counts["ignored"], False),
        (_("Resolved"), "status=resolved&sort=-resolved_at", None, False),
    ]
    for saved in saved_views(request)[:SAVED_SHOWN]:
        rows = DiscrepancyFilter(QueryDict(saved.query), Discrepancy.objects.all(), request=request).qs
        ready.append((saved.name, saved.query, rows.count(), False))
    page, now = reverse("reconciliation:queue"), _canonical(query)
    return [
        {
            "label": label,
            "url": f"{page}?{wanted}" if wanted else page,
            "count": count,
            "is_urgent": is_urgent,
            "is_current": _canonical(QueryDict(wanted)) == now,
        }
        for label, wanted, count, is_urgent in ready
    ]


def saved_views(request: HttpRequest) -> list[SavedView]:
    """Return the views that this person sees in the bar: their own first."""
    found = SavedView.objects.filter(Q(user=request.user.pk) | Q(is_shared=True)).order_by("name", "pk")
    return sorted(found, key=lambda view: view.user_id != request.user.pk)


def saved_as(request: HttpRequest, query: QueryDict) -> SavedView | None:
    """Return the person's own saved view that is shown now, if it is one."""
    now = _canonical(query)
    mine = [view for view in saved_views(request) if view.user_id == request.user.pk]
    return next((view for view in mine if _canonical(QueryDict(view.query)) == now), None)


def _canonical(query: QueryDict) -> list[tuple[str, str]]:
    return sorted((name, str(value)) for name, value in query.items() if value and name != "sort")
