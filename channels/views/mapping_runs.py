"""Runs that change many mappings: files taken out and brought in, their preview, how far they are, undoing them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, F, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from channels import mapping_runs, mapping_sheets
from channels.filters import ListingFilter, MappingChangeFilter, MappingLineFilter, MappingRunFilter
from channels.forms import MappingFileForm
from channels.mapping_tables import MappingChangeTable, MappingLineTable, MappingRunTable
from channels.models import Channel, Listing, MappingChange, MappingLine, MappingRun
from channels.views.listings import tabs
from channels.views.mapping import ANSWERS_WITHIN
from inventory import sheets
from inventory.tables import ListTable, list_page
from inventory.views import actor_of, done, form_page

FORMATS = ("csv", "xlsx")


@require_GET
def mapping_export(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Take the mappings out, narrowed as the list is; an unmapped listing has its best suggestion beside it."""
    listings = ListingFilter(request.GET, Listing.objects.exclude(state=Listing.State.GONE))
    rows = mapping_sheets.rows(listings.qs.order_by("channel__name", "title", "pk"))
    try:
        return sheets.answer("mappings", kind, mapping_sheets.HEADERS, rows)
    except sheets.TooLarge as error:
        messages.error(request, str(error))
        return redirect("channels:mapping_run_list")


@require_GET
def mapping_run_list(request: HttpRequest) -> HttpResponse:
    rows = MappingRun.objects.exclude(state=MappingRun.State.DISCARDED).select_related("channel")
    runs = MappingRunFilter(request.GET, rows)
    table = MappingRunTable(runs.qs, empty_text=_("Each match, each file and each batch of new SKUs shows here."))
    return list_page(
        request,
        "channels/mapping_run_list.html",
        filterset=runs,
        table=table,
        context={"tabs": tabs("runs")},
    )


@require_http_methods(["GET", "POST"])
def mapping_file(request: HttpRequest) -> HttpResponse:
    """Bring a file in: it is checked and previewed, and nothing is mapped before a person has said so."""
    form = MappingFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            run = mapping_runs.read_file(
                name=form.cleaned_data["file"].name,
                content=form.cleaned_data["file"].read(),
                makes_skus=form.cleaned_data["makes_skus"],
                actor=actor_of(request.user),
                now=timezone.now(),
            )
        except sheets.UnreadableSheet as error:
            form.add_error("file", str(error))
        else:
            mapping_runs.work_for(ANSWERS_WITHIN)
            return done(request, f"/listings/mapping/{run.pk}/")
    return form_page(request, "channels/mapping_file.html", form, {"headers": mapping_sheets.HEADERS})


@require_GET
@vary_on_headers("HX-Request")
def mapping_run(request: HttpRequest, pk: int) -> HttpResponse:
    """A run as it stands: its preview, how far it is, or what it has changed."""
    run = get_object_or_404(MappingRun.objects.select_related("channel"), pk=pk)
    if run.is_at_work:
        template = "channels/_mapping_run_progress.html" if _is_live(request) else "channels/mapping_run_at_work.html"
        return render(request, template, {"run": run})
    if _is_live(request):  # the progress is over: the page has more to show now
        return done(request, request.path)
    lines = run.lines.select_related("listing__channel", "listing__sku", "sku", "before_sku")
    if run.state == MappingRun.State.PREVIEW:
        return _preview(request, run, lines)
    changes = run.changes.select_related("listing__channel", "before_sku", "after_sku")
    narrowed = MappingChangeFilter(request.GET, changes)
    table: ListTable = MappingChangeTable(narrowed.qs, empty_text=_("No mapping was changed."))
    bad = lines.filter(action=MappingLine.Action.BAD)
    context = {"run": run, "bad": list(bad[:20]), "bad_count": bad.count()}
    return list_page(request, "channels/mapping_run.html", filterset=narrowed, table=table, context=context)


def _is_live(request: HttpRequest) -> bool:
    htmx: Any = getattr(request, "htmx", None)
    return bool(htmx) and htmx.target == "run-now"


def _preview(request: HttpRequest, run: MappingRun, lines: QuerySet[MappingLine]) -> HttpResponse:
    narrowed = MappingLineFilter(request.GET, lines)
    table = MappingLineTable(narrowed.qs, empty_text=_("The file has no line of that kind."))
    counts = dict(run.lines.order_by().values_list("action").annotate(n=Count("pk")))
    action = MappingLine.Action
    context = {
        "run": run,
        "counts": {kind.value: counts.get(kind.value, 0) for kind in action},
        "changes": sum(counts.get(kind.value, 0) for kind in (action.LINK, action.MAKE, action.UNLINK, action.IGNORE)),
        "channels": _moves(run),
    }
    return list_page(request, "channels/mapping_preview.html", filterset=narrowed, table=table, context=context)


def _moves(run: MappingRun) -> list[dict[str, Any]]:
    """Return per channel how many quantities the run would change, and whether they are written at once."""
    moving = run.lines.filter(target__isnull=False).exclude(target=F("shows")).order_by()
    rows = moving.values("listing__channel").annotate(
        up=Count("pk", filter=Q(target__gt=F("shows")) | Q(shows=None)),
        down=Count("pk", filter=Q(target__lt=F("shows"))),
        zero=Count("pk", filter=Q(target=0, shows__gt=0)),
    )
    by_channel = {row["listing__channel"]: row for row in rows}
    return [
        {"channel": channel, **by_channel[channel.pk]}
        for channel in Channel.objects.filter(pk__in=by_channel).order_by("name")
    ]


@require_POST
def mapping_run_apply(request: HttpRequest, pk: int) -> HttpResponse:
    return _decide(request, pk, lambda run, actor: mapping_runs.apply(run=run, actor=actor, now=timezone.now()))


@require_POST
def mapping_run_discard(request: HttpRequest, pk: int) -> HttpResponse:
    run = get_object_or_404(MappingRun, pk=pk)
    try:
        mapping_runs.discard(run=run, now=timezone.now())
        messages.success(request, _("%(run)s is discarded. Nothing was changed.") % {"run": run})
    except mapping_runs.NotNow as error:
        messages.error(request, str(error))
    return redirect("channels:mapping_run_list")


@require_http_methods(["GET", "POST"])
def mapping_run_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo a whole run, having said beforehand how many mappings go back and how many stay."""
    if request.method == "POST":
        return _decide(request, pk, lambda run, actor: mapping_runs.undo(run=run, actor=actor, now=timezone.now()))
    run = get_object_or_404(MappingRun, pk=pk)
    kept = mapping_runs.changed_since(run)
    context = {"run": run, "kept": kept, "back": max(0, run.changed - kept)}
    return render(request, "channels/mapping_run_undo.html", context)


def _decide(request: HttpRequest, pk: int, verb: Any) -> HttpResponse:
    run = get_object_or_404(MappingRun, pk=pk)
    try:
        verb(run, actor_of(request.user))
        mapping_runs.work_for(ANSWERS_WITHIN)
    except mapping_runs.NotNow as error:
        messages.error(request, str(error))
    return done(request, f"/listings/mapping/{run.pk}/")


@require_GET
def mapping_history(request: HttpRequest) -> HttpResponse:
    """Every change of a mapping, the newest first."""
    rows = MappingChange.objects.select_related("listing__channel", "before_sku", "after_sku", "run").order_by("-pk")
    changes = MappingChangeFilter(request.GET, rows)
    table = MappingChangeTable(changes.qs, empty_text=_("Each link and unlink shows here, with its reason."))
    context = {"tabs": tabs("runs")}
    return list_page(request, "channels/mapping_history.html", filterset=changes, table=table, context=context)
