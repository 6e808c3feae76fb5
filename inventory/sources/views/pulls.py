"""Readings: their history, one of them in full, the decision on one that waits, and uploaded files."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inventory.models import Sku, Warehouse
from inventory.sheets import UnreadableSheet
from inventory.sources import comparing, lane, plans, pulls
from inventory.sources.csv_files import files
from inventory.sources.filters import PullFilter
from inventory.sources.forms import UploadForm
from inventory.sources.models import Pull, PullDifference, Source
from inventory.sources.registry import capabilities_of
from inventory.sources.tables import DifferenceTable, ProblemTable, PullTable
from inventory.sources.views.sources import page_of
from inventory.tables import arrange, list_page
from inventory.views import actor_of

PREVIEWED = 200  # differences that the page of a waiting reading shows


@require_GET
def source_history(request: HttpRequest, uuid: UUID) -> HttpResponse:
    source = get_object_or_404(Source, uuid=uuid)
    found = PullFilter(request.GET, source.pulls.select_related("source").order_by("-pk"))
    table = PullTable(found.qs, empty_text=_("Each time it is read, a line shows here for a month."))
    return list_page(
        request, "sources/source_list_page.html", filterset=found, table=table, context=page_of(source, "history")
    )


@require_GET
def pull_detail(request: HttpRequest, uuid: UUID, pk: int) -> HttpResponse:
    """Show one reading: what it changed, or what it would."""
    source = get_object_or_404(Source, uuid=uuid)
    pull = get_object_or_404(Pull.objects.select_related("source"), source=source, pk=pk)
    preview: list[PullDifference] = []
    tally = None
    if pull.state == Pull.State.WAITING:
        plan = plans.gather(pull, capabilities_of(source))
        tally = comparing.compare(source, plan)
        preview = _preview(pull, tally.verdicts)
    rows = pull.differences.select_related("sku", "warehouse").order_by("pk")
    hidden = ("outcome", "note") if tally is not None else ()
    differences = DifferenceTable(preview if tally is not None else rows, prefix="d-", exclude=hidden)
    problems = ProblemTable(pull.problems.order_by("kind", "sku_code", "pk"), prefix="p-")
    context = {
        **page_of(source, "history"),
        "pull": pull,
        "tally": tally,
        "differing": len(tally.verdicts) if tally is not None else 0,
        "shown": len(preview),
        "differences": arrange(request, differences, page_size=50),
        "problems": arrange(request, problems, page_size=25),
    }
    return render(request, "sources/pull_detail.html", context)


def _preview(pull: Pull, verdicts: list[comparing.Verdict]) -> list[PullDifference]:
    """Return the largest differences as rows that are not saved."""
    largest = sorted(verdicts, key=lambda each: (each.told.on_hand != 0, -abs(each.difference)))[:PREVIEWED]
    skus = Sku.objects.in_bulk([each.place[0] for each in largest])
    warehouses = Warehouse.objects.in_bulk([each.place[1] for each in largest])
    return [
        PullDifference(
            pull=pull,
            sku=skus[each.place[0]],
            warehouse=warehouses[each.place[1]],
            expected=each.expected,
            reported=each.told.on_hand,
            as_of=each.told.as_of,
            outcome=each.outcome,
        )
        for each in largest
    ]


@require_POST
def pull_decide(request: HttpRequest, uuid: UUID, pk: int) -> HttpResponse:
    """Apply or discard a reading that waits."""
    source = get_object_or_404(Source, uuid=uuid, disconnected_at=None)
    pull = get_object_or_404(Pull, source=source, pk=pk)
    is_wanted = request.POST.get("verb") == "apply"
    if not pulls.decide(pull, apply=is_wanted, actor=actor_of(request.user), now=timezone.now()):
        messages.error(request, _("It did not wait any more; nothing was changed."))
        return redirect("sources:pull_detail", source.uuid, pull.pk)
    if not is_wanted:
        messages.success(request, _("Discarded. Nothing was changed."))
        return redirect("sources:pull_detail", source.uuid, pull.pk)
    messages.success(request, _("It is being applied. You can leave this page."))
    lane.wake(source)
    return redirect("sources:source_detail", source.uuid)


@require_http_methods(["GET", "POST"])
def source_upload(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Take a file and show what it would change; nothing is changed by it yet."""
    source = get_object_or_404(Source, uuid=uuid, disconnected_at=None, kind="csv")
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        now = timezone.now()
        try:
            pull, _plan = files.stage(
                source,
                file.read(),
                name=file.name or "",
                is_full=form.cleaned_data["mode"] == "full",
                trigger=Pull.Trigger.UPLOAD,
                actor=actor_of(request.user),
                as_of=now,
                now=now,
            )
        except (UnreadableSheet, files.SameFile, files.Busy) as error:
            form.add_error("file", str(error))
        else:
            return redirect("sources:pull_detail", source.uuid, pull.pk)
    context = {**page_of(source, "overview"), "form": form}
    return render(request, "sources/source_upload.html", context, status=422 if form.errors else 200)
